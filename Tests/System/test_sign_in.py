"""Who may do what, at every door."""

import http.client
import os
import shutil
import signal
import socket
import time
import urllib.parse

from Harness.demo import TLS, Client, Demo, temporary_directory, wait_for


def test_nothing_without_a_session(demo):
    for url in demo.urls + demo.http_urls:
        stranger = Client(url)
        for path in ["/cameras", "/clips", "/incidents", "/nodes", "/events", "/session"]:
            answer = stranger.get(path)
            assert answer.status == 401 and answer.headers["Content-Type"] == "application/problem+json", path
        introduction = stranger.get("/node").json
        assert set(introduction) == {"id", "mesh", "name", "version"}
        assert stranger.request("GET", "/healthz").status == 200


def spoken(demo, text: bytes) -> bytes:
    """What the first node answers, as it is on the wire, to a request as it is on the wire."""
    host = urllib.parse.urlsplit(demo.urls[0])
    with socket.create_connection((host.hostname, host.port), timeout=30) as plain:
        with TLS.wrap_socket(plain, server_hostname=host.hostname) as connection:
            connection.sendall(text)
            answer = b""
            while b"\r\n\r\n" not in answer:
                part = connection.recv(4096)
                assert part, answer
                answer += part
    return answer


def test_a_request_that_names_no_host_is_refused(demo):
    assert spoken(demo, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert spoken(demo, b"GET /healthz HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_body_that_does_not_come_is_not_waited_for(demo):
    client = Client(demo.urls[0])
    assert client.sign_in().status == 200
    for method, path in [("PUT", "/groups"), ("POST", f"/cameras/{client.cameras()[0]['id']}/trigger")]:
        head = f"{method} /api/mesh/v1{path} HTTP/1.1\r\nHost: x\r\nCookie: {client.cookie}\r\n"
        began = time.monotonic()
        answer = spoken(demo, (head + "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{").encode())
        assert answer.startswith(b"HTTP/1.1 408 "), answer
        assert 9 < time.monotonic() - began < 20


def test_a_session_is_good_at_every_node_and_ends_everywhere(demo):
    client = Client(demo.urls[1])
    assert client.sign_in().status == 200
    others = [Client(url) for url in demo.urls]
    for other in others:
        other.cookie = client.cookie
    for other in others:
        wait_for(lambda: other.get("/session").status == 200, 5, "the session is known there")
    # Signed out at a node that did not issue it.
    assert others[2].request("DELETE", "/api/mesh/v1/session").status == 204
    for other in others:
        wait_for(lambda: other.get("/session").status == 401, 5, "the session is over there")


def test_live_streams_end_with_their_session(demo):
    viewer = Client(demo.urls[0])
    assert viewer.sign_in().status == 200
    there = next(camera["id"] for camera in viewer.cameras() if camera["node"] != viewer.get("/node").json["id"])
    host = urllib.parse.urlsplit(demo.urls[0])
    streams = []
    for path in ["/events", f"/cameras/{there}/stream.mjpeg?fps=5"]:
        stream = http.client.HTTPSConnection(host.hostname, host.port, context=TLS, timeout=30)
        stream.request("GET", "/api/mesh/v1" + path, headers={"Cookie": viewer.cookie})
        answer = stream.getresponse()
        assert answer.status == 200 and answer.read(1)
        streams.append((path, answer))
    elsewhere = Client(demo.urls[2])
    elsewhere.cookie = viewer.cookie
    wait_for(lambda: elsewhere.get("/session").status == 200, 5, "the session is known there")
    assert elsewhere.request("DELETE", "/api/mesh/v1/session").status == 204
    for path, answer in streams:
        limit = time.monotonic() + 30
        try:
            while answer.read(4096):
                assert time.monotonic() < limit, f"{path} goes on without its session"
        except (http.client.IncompleteRead, ConnectionError):
            pass  # The node cut it.


def test_sessions_survive_restarts_and_endings_too():
    directory = temporary_directory("sessions")
    running = Demo(directory / "demo").wait_until_ready()
    try:
        kept, ended = Client(running.urls[0]), Client(running.urls[0])
        assert kept.sign_in().status == 200 and ended.sign_in().status == 200
        there = [Client(url) for url in running.urls[1:]]
        for client in there:
            client.cookie = ended.cookie
            wait_for(lambda: client.get("/session").status == 200, 5, "the session is known there")
        # Signed out while the node that issued it is gone.
        os.kill(running.node_pid(0), signal.SIGKILL)
        assert there[0].request("DELETE", "/api/mesh/v1/session").status == 204
        wait_for(lambda: there[1].get("/session").status == 401, 5, "the third node knows that it is over")
    finally:
        running.stop()
    again = Demo(directory / "demo").wait_until_ready()
    try:
        for url in again.urls:
            client = Client(url)
            client.cookie = kept.cookie
            wait_for(lambda: client.get("/session").status == 200, 10, "the session survived the restart")
            client.cookie = ended.cookie
            wait_for(lambda: client.get("/session").status == 401, 5, "what was ended stays ended")
    finally:
        again.stop()
        shutil.rmtree(directory)


def test_other_sites_cannot_use_a_session(clients, demo):
    camera = clients[0].cameras()[0]["id"]
    path = f"/cameras/{camera}/trigger"
    for headers in [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]:
        assert clients[0].post(path, {"kind": "manual"}, headers=headers).status == 403
    rebound = Client(demo.http_urls[0])
    assert rebound.request("GET", "/api/mesh/v1/node", headers={"Host": "evil.example"}).status == 421


def test_cookies_are_out_of_reach(demo):
    for url in [demo.urls[2], demo.http_urls[2]]:
        cookie = Client(url).sign_in().headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert ("Secure" in cookie) == url.startswith("https")


def test_bad_requests_are_told_why(clients):
    camera = clients[0].cameras()[0]["id"]
    for path in ["/clips?from=yesterday", "/clips?limit=0", "/clips?cursor=x", "/clips?limit=1001", f"/clips?cursor=9223372036854775807_{camera}-00000001-00000001", f"/cameras/{camera}/snapshot.jpg?width=9", f"/cameras/{camera}/stream.mjpeg?fps=0"]:
        answer = clients[0].get(path)
        assert answer.status == 400 and answer.json["detail"], path
    for path in ["/cameras/nobody", "/clips/nobody", "/incidents/nobody", "/nothing"]:
        assert clients[0].get(path).status == 404, path
    assert clients[0].post(f"/cameras/{camera}/trigger", b"{").status == 400
    assert clients[0].post(f"/cameras/{camera}/trigger", {"kind": "earthquake"}).status == 400
