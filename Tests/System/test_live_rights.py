"""Who may watch no more sees no more: sessions by WebRTC, whose pictures come past every request, as aiortc sees them."""

import asyncio
import concurrent.futures
import http.client
import os
import signal
import time

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from Harness.demo import PASSWORD, Client, wait_for
from Harness.lan import lan
from Harness.thief import Thief, listening

VIEWER = "vic's own password"
# mesh.md and the issue of a stolen camera: every connection closes within 10 s.
LIMIT = 10


@pytest.fixture(scope="module", autouse=True)
def network():
    with lan():
        yield


async def watch(post, until):
    """Watches, lets `until` happen, and answers after how many seconds the pictures ended; None if they went on beyond the limit."""
    connection = RTCPeerConnection()
    pictures = []
    connection.addTransceiver("video", direction="recvonly")

    @connection.on("track")
    def track(incoming):
        async def read():
            while True:
                await incoming.recv()
                pictures.append(time.monotonic())
        asyncio.ensure_future(read())

    await connection.setLocalDescription(await connection.createOffer())
    status, answer = await asyncio.to_thread(post, connection.localDescription.sdp)
    assert status == 201, answer
    await connection.setRemoteDescription(RTCSessionDescription(answer.decode(), "answer"))
    for _ in range(300):
        if len(pictures) > 5:
            break
        await asyncio.sleep(0.1)
    assert len(pictures) > 5, "there are pictures before"
    await asyncio.to_thread(until)
    began = time.monotonic()
    while time.monotonic() - began < LIMIT + 3:
        await asyncio.sleep(0.2)
        if time.monotonic() - pictures[-1] > 2:
            await connection.close()
            return max(0, pictures[-1] - began)
    await connection.close()
    return None


def run(work):
    with concurrent.futures.ThreadPoolExecutor() as threads:
        return threads.submit(asyncio.run, work).result()


def by(client, camera, query=""):
    def post(offer):
        answer = client.request("POST", f"/api/mesh/v1/cameras/{camera}/whep{query}", offer.encode(), headers={"Content-Type": "application/sdp"})
        return answer.status, answer.body
    return post


def viewer(admin, url, name):
    assert admin.post("/users", {"name": name, "password": VIEWER, "role": "viewer"}).status == 201
    client = Client(url)
    wait_for(lambda: client.sign_in(user=name, password=VIEWER).status == 200, 20, f"{name} signs in")
    return client


def removed(admin, name):
    return lambda: wait_for(lambda: admin.request("DELETE", f"/api/mesh/v1/users/{name}").status == 204, 5, f"{name} is removed")


@pytest.mark.parametrize("at, of, query", [(0, 0, ""), (0, 1, ""), (0, 1, "?relay=true")])
def test_who_is_removed_sees_no_more(demo, clients, admin, at, of, query):
    """At the camera's own node, at another, and through another."""
    vic = viewer(admin, demo.urls[at], f"vic{at}{of}{len(query)}")
    camera = clients[of].get("/node").json["id"]
    took = run(watch(by(vic, camera, query), removed(admin, f"vic{at}{of}{len(query)}")))
    print(f"pictures ended after {took} s")
    assert took is not None and took < LIMIT


def test_the_opencamera_door(demo, clients, admin):
    """`POST /api/v1/media/live/session` of one camera, for apps: a token in `x-token`, an offer and an answer in JSON."""
    camera, url = clients[1].get("/node").json["id"], demo.urls[1]
    other = clients[0].get("/node").json["id"]
    made = admin.post("/tokens", {"name": "app", "role": "viewer", "cameras": [camera], "expires": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))})
    assert made.status == 201, made.body
    foreign = admin.post("/tokens", {"name": "other app", "role": "viewer", "cameras": [other]}).json["token"]
    path, token = "/api/v1/media/live/session", made.json["token"]

    def ask(body, **headers):
        return Client(url).request("POST", path, body, headers=headers)

    wait_for(lambda: ask({}, **{"x-token": token}).status == 400, 10, "the token is known there")
    assert ask({"type": "offer", "sdp": "v=0"}).status == 401
    assert ask({"type": "offer", "sdp": "v=0"}, Authorization=f"Bearer {token}").status == 401, "only x-token counts"
    assert ask({"type": "offer", "sdp": "v=0"}, Cookie=clients[1].cookie).status == 401, "and no cookie"
    wait_for(lambda: ask({}, **{"x-token": foreign}).status == 403, 10, "a token for another camera")
    for wrong in ({}, {"type": "answer", "sdp": "v=0"}, {"type": "offer"}, {"type": "offer", "sdp": "v=0"}, b"offer"):
        refused = ask(wrong, **{"x-token": token})
        assert refused.status == 400 and refused.json["detail"], (wrong, refused.body)
    until = []

    def post(offer):
        answer = ask({"type": "offer", "sdp": offer}, **{"x-token": token})
        assert answer.json["type"] == "answer"
        until.append(answer.json["valid_until"])
        return 201 if answer.status == 200 else answer.status, answer.json["sdp"].encode()

    took = run(watch(post, lambda: wait_for(lambda: admin.request("DELETE", f"/api/mesh/v1/tokens/{made.json['id']}").status == 204, 5, "the token ends")))
    assert took is not None and took < LIMIT, "with the token the pictures end"
    assert until[0].endswith("Z") and until[0] <= made.json["expires"]


def test_programs_of_a_member_s_own_machine_see_on(demo, clients, admin):
    """They have no sign-in that could end: nothing ends them but the member's end."""
    token = demo.local_token(0)
    camera = clients[1].get("/node").json["id"]

    def post(offer):
        connection = http.client.HTTPConnection("localhost", demo.http, timeout=30)
        connection.request("POST", f"/api/mesh/v1/cameras/{camera}/whep", body=offer.encode(),
                           headers={"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    assert run(watch(post, lambda: None)) is None


def test_a_stolen_camera_sees_no_more(demo, clients, admin, lone, tmp_path):
    """The thief asks another member's door for a stream, with the keys on the card."""
    card = lone().start()
    added = admin.post("/pairings", {"node": card.door, "code": card.code()})
    assert added.status == 201, added.body
    for client in clients:
        wait_for(lambda: added.json["node"] in [node["id"] for node in client.get("/nodes").json], 20, "every node knows it")
    camera = clients[1].get("/node").json["id"]
    context = Thief(card.state, tmp_path).tls

    def post(offer):
        known = {demo.web + 1, demo.http + 1}
        for port in [port for port in listening(demo.node_pid(1)) if port not in known]:
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
            try:
                connection.request("POST", f"/api/mesh/v1/cameras/{camera}/whep", body=offer.encode(), headers={"Content-Type": "application/sdp"})
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                continue
        raise AssertionError("no door for members")

    def stolen():
        assert admin.post(f"/nodes/{added.json['node']}/stolen", {"passphrase": PASSWORD}).status == 200

    took = run(watch(post, stolen))
    print(f"pictures ended after {took} s")
    assert took is not None and took < LIMIT


def test_whoever_let_a_viewer_in_may_be_gone(demo, clients, admin):
    """The last one: it takes a node away."""
    vic = viewer(admin, demo.urls[2], "vic")
    camera = clients[1].get("/node").json["id"]

    def until():
        os.kill(demo.node_pid(2), signal.SIGKILL)
        removed(admin, "vic")()

    took = run(watch(by(vic, camera), until))
    print(f"pictures ended after {took} s")
    assert took is not None and took < LIMIT
