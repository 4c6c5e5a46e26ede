"""Servers that help viewers behind other routers: an app or its owner names them, the camera asks them, and all are told."""

import asyncio
import concurrent.futures

import pytest
from aiortc import RTCPeerConnection

from Harness.demo import Client, wait_for
from Harness.stun import StunServer

PATH = "/api/v1/media/live/config"
SEEN = ("203.0.113.7", 40404)


@pytest.fixture(scope="module")
def offer():
    async def make():
        connection = RTCPeerConnection()
        connection.addTransceiver("video", direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        try:
            return connection.localDescription.sdp.encode()
        finally:
            await connection.close()

    with concurrent.futures.ThreadPoolExecutor() as threads:
        return threads.submit(asyncio.run, make()).result()


@pytest.fixture(scope="module")
def token(demo):
    """An admin's, known to every node."""
    admin = Client(demo.urls[0])
    assert admin.sign_in().status == 200
    made = admin.post("/tokens", {"name": "ice", "role": "admin"}).json["token"]
    for url in demo.urls:
        wait_for(lambda: put(url, made, []).status == 200, 10, "the token is known")
    return made


def put(url, token, servers):
    return Client(url).request("PUT", PATH, {"ice_servers": servers}, headers={"x-token": token} if token else {})


def whep(client, camera, offer):
    answer = client.request("POST", f"/api/mesh/v1/cameras/{camera}/whep", offer, headers={"Content-Type": "application/sdp"})
    assert answer.status == 201, answer.body
    client.request("DELETE", answer.headers["Location"])
    return answer


def test_what_a_stun_server_sees_is_in_the_answer(demo, clients, token, offer):
    """Set at one node, of its camera; asked for at another."""
    server = StunServer(mapped=SEEN)
    camera = clients[1].get("/node").json["id"]
    uri = f"stun:127.0.0.1:{server.port}"
    try:
        assert "typ srflx" not in whep(clients[1], camera, offer).body.decode() and server.asked == 0
        assert put(demo.urls[1], token, [f"127.0.0.1:{server.port}", uri, "turn:turn.example.net:3478"]).status == 200
        for client in clients:
            wait_for(lambda: client.get(f"/cameras/{camera}").json.get("iceServers") == [uri, "turn:turn.example.net:3478"], 10, "everybody is told")
            answer = whep(client, camera, offer)
            candidates = [line for line in answer.body.decode().splitlines() if line.startswith("a=candidate:")]
            seen = [line.split() for line in candidates if "typ srflx" in line]
            assert [line[4:8] for line in seen] == [[SEEN[0], str(SEEN[1]), "typ", "srflx"]], candidates
            # Where it is from (RFC 8839 §5.1): its own address as it knows it.
            assert seen[0][8] == "raddr" and seen[0][9] == "127.0.0.1"
            assert [link.strip() for link in answer.headers.get_all("Link")] == [f'<{uri}>; rel="ice-server"', '<turn:turn.example.net:3478>; rel="ice-server"']
        assert server.asked == len(clients)
        # Another camera has none of them.
        other = clients[0].get("/node").json["id"]
        assert "typ srflx" not in whep(clients[1], other, offer).body.decode() and server.asked == len(clients)
        assert put(demo.urls[1], token, []).status == 200
        assert "typ srflx" not in whep(clients[1], camera, offer).body.decode() and server.asked == len(clients)
        assert "iceServers" not in clients[1].get(f"/cameras/{camera}").json
    finally:
        server.close()


def test_a_server_that_does_not_answer_keeps_nobody_from_watching(demo, clients, token, offer):
    server = StunServer()
    server.close()
    camera = clients[2].get("/node").json["id"]
    assert put(demo.urls[2], token, [f"127.0.0.1:{server.port}", "no.such.name.invalid:3478"]).status == 200
    try:
        for _ in range(3):
            assert "typ host" in whep(clients[2], camera, offer).body.decode()
    finally:
        assert put(demo.urls[2], token, []).status == 200


def test_only_an_admin_s_token_names_servers_and_only_servers(demo, clients, admin, token):
    camera = clients[0].get("/node").json["id"]
    made = admin.post("/tokens", {"name": "watcher", "role": "viewer", "cameras": [camera]}).json["token"]
    wait_for(lambda: put(demo.urls[0], made, []).status == 403, 10, "a viewer's does not")
    assert put(demo.urls[0], None, []).status == 401
    assert put(demo.urls[0], "wrong", []).status == 401
    assert Client(demo.urls[0]).request("PUT", PATH, {"ice_servers": []}, headers={"Authorization": f"Bearer {token}"}).status == 401
    for wrong in ([""], ["http://example.net"], ["stun:"], ["example.net"], ["stun:a:1\r\nX: y"], [5], "stun:a:1", None, [f"stun{n}.example.net:1" for n in range(9)]):
        refused = put(demo.urls[0], token, wrong)
        assert refused.status == 400 and refused.json["detail"], (wrong, refused.body)
    assert Client(demo.urls[0]).request("PUT", PATH, b"{", headers={"x-token": token}).status == 400
    assert "iceServers" not in clients[0].get(f"/cameras/{camera}").json
    acts = [entry for entry in admin.get("/audit").json["entries"] if entry["act"] == "ice-servers-changed"]
    assert acts and acts[0]["who"] == "token ice"
