"""Live pictures as programs of others see them: aiortc, which shares no code with us or with any browser."""

import asyncio
import concurrent.futures

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from Harness.demo import wait_for
from Harness.lan import lan


@pytest.fixture(scope="module", autouse=True)
def network():
    with lan():
        yield


async def watch(client, camera, pictures, query="", before_end=None, sound=False):
    """What aiortc decodes of a camera: sizes and mean brightness of so many pictures, and what became of the session."""
    connection = RTCPeerConnection()
    seen, enough = [], asyncio.Event()
    connection.addTransceiver("video", direction="recvonly")
    if sound:
        connection.addTransceiver("audio", direction="recvonly")

    @connection.on("track")
    def track(incoming):
        async def read():
            while len(seen) < pictures:
                picture = await incoming.recv()
                luma = bytes(picture.planes[0])[::97]
                seen.append((picture.width, picture.height, sum(luma) / len(luma)))
            enough.set()
        if incoming.kind == "video":
            asyncio.ensure_future(read())

    await connection.setLocalDescription(await connection.createOffer())
    offer = connection.localDescription.sdp
    answer = await asyncio.to_thread(
        lambda: client.request("POST", f"/api/mesh/v1/cameras/{camera}/whep{query}", offer.encode(), headers={"Content-Type": "application/sdp"}))
    assert answer.status == 201, answer.body
    await connection.setRemoteDescription(RTCSessionDescription(answer.body.decode(), "answer"))
    await asyncio.wait_for(enough.wait(), 30)
    if before_end:
        await before_end(connection)
    state = connection.connectionState
    await connection.close()
    return seen, state, answer.headers["Location"]


def run(work):
    """On a thread of its own: others' loops may run on this one."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return threads.submit(asyncio.run, work).result()


@pytest.mark.parametrize("at, query, width", [(0, "", None), (1, "?stream=small", 640), (2, "?relay=true", None)])
def test_aiortc_sees_every_camera(demo, clients, at, query, width):
    for camera in clients[at].cameras():
        seen, state, _ = run(watch(clients[at], camera["id"], 20, query))
        assert state == "connected"
        assert {size[:2] for size in seen} == {(min(width or camera["width"], camera["width"]), seen[0][1])}
        assert all(5 < brightness < 250 for _, _, brightness in seen), "pictures, and neither black nor white ones"


def test_sound_is_refused_and_pictures_come(demo, clients):
    seen, _, _ = run(watch(clients[0], clients[0].cameras()[0]["id"], 10, sound=True))
    assert all(5 < brightness < 250 for _, _, brightness in seen)


def test_what_comes_later_names_its_generation(demo, clients):
    """RFC 9725 §4.3: the ETag of an answer names the ICE generation that candidates by PATCH are for."""
    async def offer():
        connection = RTCPeerConnection()
        connection.addTransceiver("video", direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        await connection.close()
        return connection.localDescription.sdp.encode()

    camera = clients[1].get("/node").json["id"]
    answer = clients[0].request("POST", f"/api/mesh/v1/cameras/{camera}/whep", run(offer()), headers={"Content-Type": "application/sdp"})
    assert answer.status == 201 and answer.headers["ETag"].startswith('"'), answer.headers

    def patch(text, **headers):
        headers["Content-Type"] = "application/trickle-ice-sdpfrag"
        return clients[0].request("PATCH", answer.headers["Location"], text.encode(), headers=headers)

    candidate = "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
    new = "a=ice-ufrag:abcdefgh\r\na=ice-pwd:abcdefghabcdefghabcdefgh\r\n"
    assert patch(candidate).status == 204
    assert patch(candidate, **{"If-Match": answer.headers["ETag"]}).status == 204
    assert patch(candidate, **{"If-Match": '"another"'}).status == 412
    restarted = patch(new + candidate, **{"If-Match": "*"})
    assert restarted.status == 200 and restarted.headers["ETag"] not in ("", answer.headers["ETag"]), restarted.headers
    assert patch(new + candidate, **{"If-Match": answer.headers["ETag"]}).status == 412
    assert patch(new + candidate, **{"If-Match": restarted.headers["ETag"]}).status == 204
    assert patch("a=ice-ufrag:ab\r\na=ice-pwd:x\r\n").status == 400
    assert clients[0].request("DELETE", answer.headers["Location"]).status == 200


def test_who_is_sent_away_hears_it(demo, clients):
    camera = clients[1].cameras()[0]["id"]

    async def sent_away(connection):
        # The node's own end of it, as any other program may ask for.
        await asyncio.to_thread(lambda: wait_for(lambda: clients[1].request("DELETE", sessions[0]).status == 200, 5, "it is ended"))
        for _ in range(100):
            if connection.connectionState == "closed":
                return
            await asyncio.sleep(0.1)
        raise AssertionError(connection.connectionState)

    sessions = []

    class Noting:
        """Keeps where the session is."""

        def request(self, *words, **more):
            answer = clients[1].request(*words, **more)
            sessions.append(answer.headers["Location"])
            return answer

    seen, state, _ = run(watch(Noting(), camera, 5, before_end=sent_away))
    assert len(seen) == 5 and state == "closed"
