"""Who may do what, at every door."""

from Harness.demo import Client, wait_for


def test_nothing_without_a_session(demo):
    for url in demo.urls + demo.http_urls:
        stranger = Client(url)
        for path in ["/cameras", "/clips", "/incidents", "/nodes", "/events", "/session"]:
            answer = stranger.get(path)
            assert answer.status == 401 and answer.headers["Content-Type"] == "application/problem+json", path
        introduction = stranger.get("/node").json
        assert set(introduction) == {"id", "mesh", "name", "version"}
        assert stranger.request("GET", "/healthz").status == 200


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
    for path in ["/clips?from=yesterday", "/clips?limit=0", "/clips?cursor=x", f"/cameras/{camera}/snapshot.jpg?width=9", f"/cameras/{camera}/stream.mjpeg?fps=0"]:
        answer = clients[0].get(path)
        assert answer.status == 400 and answer.json["detail"], path
    for path in ["/cameras/nobody", "/clips/nobody", "/incidents/nobody", "/nothing"]:
        assert clients[0].get(path).status == 404, path
    assert clients[0].post(f"/cameras/{camera}/trigger", b"{").status == 400
    assert clients[0].post(f"/cameras/{camera}/trigger", {"kind": "earthquake"}).status == 400
