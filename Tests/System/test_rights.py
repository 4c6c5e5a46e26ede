"""What everybody may see and do: every route, by every door, for every kind of caller; and that what is taken away is gone at once."""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.parse
import uuid

import pytest

from Harness.demo import BINARY, PASSWORD, ROOT, TLS, Client, wait_for

VIEWER = "a viewer's password"
NEIGHBOUR = "the neighbour's one"

# What each kind of caller gets: of a route, or of one that names a resource, (its own, another's). Callers: nobody, a viewer of the porch
# alone, a viewer's token for the porch alone, a viewer of all cameras, an admin's token, an admin.
OPEN, LOOK, OWN, ADMIN, ACT, SELF = "open", "look", "own", "admin", "act", "self"
TABLE = {
    ("GET", "node"): OPEN, ("POST", "session"): OPEN, ("POST", "founding"): None,
    ("GET", "session"): LOOK, ("DELETE", "session"): SELF, ("POST", "session/unlock"): ADMIN, ("PUT", "users/me/password"): SELF,
    ("GET", "cameras"): LOOK, ("GET", "clips"): LOOK, ("GET", "incidents"): LOOK, ("GET", "nodes"): LOOK, ("GET", "events"): LOOK,
    ("GET", "cameras/:id"): OWN, ("GET", "cameras/:id/snapshot.jpg"): OWN, ("GET", "cameras/:id/stream.mjpeg"): OWN,
    ("GET", "cameras/:id/live.mp4"): OWN, ("POST", "cameras/:id/whep"): OWN,
    # Between nodes alone.
    ("GET", "replicas/:id"): None, ("GET", "replicas/:id/video.mp4"): None, ("GET", "replicas/:id/thumbnail.jpg"): None, ("GET", "replicas/:id/facts.json"): None,
    ("PUT", "replicas/:id/manifest"): None, ("PUT", "replicas/:id/video"): None, ("PUT", "replicas/:id/poster"): None, ("DELETE", "replicas/:id"): None, ("POST", "replicas/brought"): None,
    ("POST", "storage/races"): None,
    ("GET", "cameras/:id/feed"): None, ("POST", "cameras/:id/key-frame"): None,
    ("PATCH", "cameras/:id/whep/:session"): OWN, ("DELETE", "cameras/:id/whep/:session"): OWN,
    ("GET", "clips/:id"): OWN, ("GET", "clips/:id/video.mp4"): OWN, ("GET", "clips/:id/thumbnail.jpg"): OWN, ("GET", "incidents/:event"): OWN,
    ("GET", "clips/:id/facts.json"): ADMIN, ("GET", "exports"): ADMIN, ("POST", "exports"): ADMIN,
    ("POST", "cameras/:id/trigger"): ADMIN, ("GET", "groups"): ADMIN, ("PUT", "groups"): ACT, ("GET", "discovered"): ADMIN,
    ("GET", "storage"): ADMIN, ("POST", "storage/targets"): ACT, ("PATCH", "storage/targets/:id"): ACT, ("DELETE", "storage/targets/:id"): ACT,
    ("POST", "pairings"): ADMIN, ("DELETE", "nodes/:id"): ADMIN,
    ("GET", "users"): ADMIN, ("POST", "users"): ACT, ("PATCH", "users/:name"): ACT, ("DELETE", "users/:name"): ACT,
    ("GET", "tokens"): ADMIN, ("POST", "tokens"): ACT, ("DELETE", "tokens/:id"): ACT, ("GET", "audit"): ADMIN,
    ("GET", "tickets"): ADMIN, ("POST", "tickets"): ADMIN, ("DELETE", "tickets/:id"): ADMIN, ("GET", "join"): OPEN, ("POST", "join"): None,
    ("POST", "nodes/:id/stolen"): ADMIN, ("POST", "recovery"): None, ("GET", "ca"): OPEN, ("GET", "ca.crt"): OPEN, ("GET", "ca.pem"): OPEN,
}


def routes():
    """Every route of the API, from its source."""
    found = set()
    for file in (ROOT / "Sources/MeshCam/API/Routes").glob("*.swift"):
        for method, path in re.findall(r'\bgroup\.(get|post|put|patch|delete)\("([^"]+)"\)', file.read_text()):
            found.add((method.upper(), path))
    return found


class Bearer(Client):
    """A program that has a token."""

    def __init__(self, base, token):
        super().__init__(base)
        self.token = token

    def request(self, method, path, body=None, headers=None, timeout=20):
        return super().request(method, path, body=body, headers={**(headers or {}), "Authorization": f"Bearer {self.token}"}, timeout=timeout)


def api(client, method, path, body=None, **more):
    return client.request(method, f"/api/mesh/v1/{path}", body=body, **more)


def shut(stream, what, limit=8):
    """Reads until the node ends the answer."""
    deadline = time.monotonic() + limit
    try:
        while stream.read1(65536):
            assert time.monotonic() < deadline, f"{what} goes on"
    except (http.client.IncompleteRead, OSError):
        pass


def opened(client, path, headers=None):
    host = urllib.parse.urlsplit(client.base)
    connection = http.client.HTTPSConnection(host.hostname, host.port, context=TLS, timeout=30)
    connection.request("GET", "/api/mesh/v1" + path, headers=headers or {"Cookie": client.cookie})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read1(1), path
    return answer


def add(admin, name, password, role="viewer", cameras=()):
    answer = admin.post("/users", {"name": name, "password": password, "role": role, "cameras": list(cameras)})
    assert answer.status == 201, answer.body
    return answer


def signed_in(url, user, password):
    """Signs in as soon as that node knows the user: until then each try is a wrong one there, and it says how long the next has to wait."""
    client = Client(url)
    deadline = time.monotonic() + 60
    pause = threading.Event()
    while (answer := client.sign_in(user=user, password=password)).status != 200:
        assert answer.status in (401, 429) and time.monotonic() < deadline, (user, url, answer.status, answer.body)
        pause.wait(float(answer.headers.get("Retry-After") or 0.3))
    return client


@pytest.fixture(autouse=True)
def settled(clients):
    """Of two changes at two nodes that have not heard of each other yet, one is lost (Trust.md): each test begins with one list everywhere."""
    def lists(client):
        return client.get("/users").headers["ETag"], tuple(sorted(token["id"] for token in client.get("/tokens").json))

    wait_for(lambda: len({lists(client) for client in clients}) == 1, 10, "every node has the same users and tokens")


@pytest.fixture(scope="module")
def ids(clients):
    return {camera["name"]: camera["id"] for camera in clients[0].cameras()}


@pytest.fixture(scope="module")
def clip(clients, ids):
    """One incident, with a stored clip of every camera."""
    event = clients[0].post(f"/cameras/{ids['porch']}/trigger", {"label": "for all"}).json["event"]

    def stored():
        clips = {one["camera"]: one for one in clients[0].clips(limit=100, event=event) if one["state"] == "stored"}
        return clips if len(clips) == len(ids) else None

    clips = wait_for(stored, 60, "every camera has a stored clip of it")
    return {"event": event, **{name: clips[camera]["id"] for name, camera in ids.items()}}


@pytest.fixture(scope="module")
def people(demo, clients, ids):
    """A client for each kind of caller, at each node."""
    add(clients[0], "ben", VIEWER, cameras=[ids["porch"]])
    add(clients[0], "eve", VIEWER)
    tokens = {}
    for name, role, cameras, scopes in [("screen", "viewer", [ids["porch"]], []), ("house", "admin", [], []), ("figures", "viewer", [], ["metrics"])]:
        answer = clients[0].post("/tokens", {"name": name, "role": role, "cameras": cameras, "scopes": scopes})
        assert answer.status == 201, answer.body
        tokens[name] = answer.json["token"]
    found = []
    for url in demo.urls:
        found.append({
            "nobody": Client(url), "ben": signed_in(url, "ben", VIEWER), "eve": signed_in(url, "eve", VIEWER),
            **{name: Bearer(url, token) for name, token in tokens.items()},
        })
        for name, token in tokens.items():
            wait_for(lambda: Bearer(url, token).get("/session").status == (403 if name == "figures" else 200), 10, "the token is known there")
    return found


def test_the_table_names_every_route():
    assert routes() == set(TABLE)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_every_route_for_every_caller(people, ids, clip, at):
    """At each node, so that each resource is once the node's own and twice another's that it has to ask."""
    named = {"cameras": ids, "clips": clip, "incidents": {name: clip["event"] for name in ids}}
    for (method, path), kind in sorted(TABLE.items()):
        if kind in (None, OPEN):
            continue
        for name, client in people[at].items():
            limited = name in ("ben", "screen")
            for camera in ids if ":" in path else ["porch"]:
                thing = named.get(path.split("/")[0], {}).get(camera, "nobody")
                place = re.sub(":[a-z]+", thing, path)
                allowed = kind == LOOK or kind == OWN or name == "house" and kind == ADMIN
                if name == "nobody":
                    wanted = {401}
                elif name == "figures":
                    wanted = {403}
                elif kind == SELF or path == "session/unlock" and name == "house":
                    continue  # below
                elif not allowed:
                    wanted = {403}
                elif kind == OWN and limited and camera != "porch" and not path.startswith("incidents"):
                    wanted = {404}
                elif path == "exports":
                    wanted = {400}  # of nothing that was named
                elif path in ("pairings", "nodes/:id", "nodes/:id/stolen", "tickets/:id") or (method, path) == ("POST", "tickets"):
                    wanted = {400, 403}
                elif "/whep" in path:
                    # Let in as far as the body that is none; a session that is nobody's is over already.
                    wanted = {200} if method == "DELETE" else {415}
                else:
                    wanted = {200, 202}
                if kind in (LOOK, OWN) and path.endswith(("events", "stream.mjpeg", "live.mp4")) and wanted == {200, 202}:
                    headers = {"Authorization": f"Bearer {client.token}"} if isinstance(client, Bearer) else None
                    opened(client, "/" + place, headers).close()
                    continue
                for head in [False, True] if method == "GET" and wanted != {200, 202} else [False]:
                    answer = api(client, "HEAD" if head else method, place, None if method in ("GET", "DELETE") else {})
                    assert answer.status in wanted, (name, method, place, camera, answer.status, answer.body[:200])


@pytest.mark.parametrize("at", [0, 1, 2])
def test_lists_hold_what_one_may_see_and_nothing_else(people, clients, ids, clip, at):
    everything = {name: clients[at].get(path).body for name, path in [("clips", "/clips"), ("incidents", "/incidents")]}
    assert all(camera.encode() in body for camera in ids.values() for body in everything.values())
    for name in ("ben", "screen"):
        client = people[at][name]
        assert [camera["name"] for camera in client.cameras()] == ["porch"]
        clips = client.clips(limit=100)
        assert clips and {one["camera"] for one in clips} == {ids["porch"]}
        assert client.get(f"/clips?camera={ids['garage']}").json["clips"] == []
        assert {one["camera"] for one in client.get(f"/clips?camera={ids['garage']}&camera={ids['porch']}").json["clips"]} == {ids["porch"]}
        incidents = client.incidents()
        assert incidents and {one["camera"] for incident in incidents for one in incident["clips"]} == {ids["porch"]}
        assert {incident["origin"] for incident in incidents} == {ids["porch"]}
        one = client.get(f"/incidents/{clip['event']}").json
        assert {angle["camera"] for angle in one["clips"]} == {ids["porch"]}
        nodes = client.get("/nodes").json
        assert {camera for node in nodes for camera in node["cameras"]} == {ids["porch"]}
        assert all(not node["addresses"] and not node["problems"] and "version" not in node for node in nodes)
        # Page by page it is the same, and each page is full.
        pages, cursor = [], ""
        while cursor is not None:
            page = client.get(f"/clips?limit=1{cursor and '&cursor=' + cursor}").json
            pages += page["clips"]
            cursor = page["cursor"]
        assert {one["id"] for one in pages} >= {one["id"] for one in clips} and {one["camera"] for one in pages} == {ids["porch"]}
    eve = people[at]["eve"]
    assert len(eve.cameras()) == len(ids)
    assert {one["camera"] for one in eve.get(f"/clips?camera={ids['garage']}&camera={ids['porch']}").json["clips"]} == {ids["garage"], ids["porch"]}


def test_events_of_other_cameras_are_not_told(people, clients, ids):
    streams = {name: opened(people[1][name], "/events") for name in ("ben", "eve")}
    label = uuid.uuid4().hex[:8]
    assert clients[1].post(f"/cameras/{ids['porch']}/trigger", {"label": label}).status == 202

    def until_clips(stream, wanted):
        text, limit = b"", time.monotonic() + 30
        while not all(re.search(b'event: clip\ndata: [^\n]*"camera":"' + camera.encode(), text) for camera in wanted):
            assert time.monotonic() < limit, text[-2000:]
            text += stream.read1(65536)
        return text

    until_clips(streams["eve"], ids.values())
    text = until_clips(streams["ben"], [ids["porch"]])
    for kind, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", text.decode()):
        data = json.loads(data)
        told = {"camera": [data.get("id")], "node": data.get("cameras"), "resync": []}.get(kind, [data.get("camera")])
        assert set(told) <= {ids["porch"]}, (kind, data)
    for stream in streams.values():
        stream.close()


def test_what_is_taken_away_is_gone_at_once_and_everywhere(demo, clients, people, ids):
    admin = clients[0]
    add(admin, "carol", VIEWER, cameras=[ids["porch"], ids["garage"]])
    there = [signed_in(url, "carol", VIEWER) for url in demo.urls]
    garage = opened(there[2], f"/cameras/{ids['garage']}/stream.mjpeg?fps=5")
    # One camera less: also for what is open.
    assert admin.request("PATCH", "/api/mesh/v1/users/carol", {"cameras": [ids["porch"]]}).status == 200
    shut(garage, "the garage's picture")
    for client in there:
        wait_for(lambda: [camera["name"] for camera in client.cameras()] == ["porch"], 5, "the porch is left")
        assert client.get(f"/cameras/{ids['garage']}/snapshot.jpg").status == 404
    # A new password ends every session; the old one opens nothing.
    events = opened(there[1], "/events")
    assert admin.request("PATCH", "/api/mesh/v1/users/carol", {"password": NEIGHBOUR}).status == 200
    shut(events, "the event stream")
    for client in there:
        wait_for(lambda: client.get("/session").status == 401, 5, "the session is over")
    assert Client(demo.urls[0]).sign_in(user="carol", password=VIEWER).status == 401
    # Removed: so is the session; and a new user of that name does not revive it.
    again = signed_in(demo.urls[2], "carol", NEIGHBOUR)
    live = opened(again, f"/cameras/{ids['porch']}/live.mp4?stream=small")
    assert admin.request("DELETE", "/api/mesh/v1/users/carol").status == 204
    shut(live, "the porch's picture")
    wait_for(lambda: again.get("/session").status == 401, 5, "nobody any more")
    add(admin, "carol", NEIGHBOUR)
    signed_in(demo.urls[2], "carol", NEIGHBOUR)
    assert again.get("/session").status == 401
    assert admin.request("DELETE", "/api/mesh/v1/users/carol").status == 204


def test_tokens_end_everywhere(demo, clients, ids):
    made = clients[1].post("/tokens", {"name": "wall", "role": "viewer"})
    assert made.status == 201 and made.json["token"].startswith("meshcam_"), made.body
    token, path = made.json["token"], f"/tokens/{made.json['id']}"
    listed = clients[2]
    wait_for(lambda: made.json["id"] in [one["id"] for one in listed.get("/tokens").json], 10, "it is listed at another node")
    assert token.encode() not in listed.get("/tokens").body
    programs = [Bearer(url, token) for url in demo.urls + demo.http_urls]
    for program in programs:
        wait_for(lambda: program.get("/cameras").status == 200, 10, "the token opens every door")
    live = opened(programs[2], f"/cameras/{ids['porch']}/stream.mjpeg?fps=5", {"Authorization": f"Bearer {token}"})
    assert clients[0].request("DELETE", "/api/mesh/v1" + path).status == 204
    shut(live, "the token's picture")
    for program in programs:
        wait_for(lambda: program.get("/cameras").status in (401, 429), 5, "it opens nothing any more")
    kept = b"".join(file.read_bytes() for file in pathlib.Path(demo.directory).rglob("*") if file.is_file() and file.stat().st_size < 1 << 20)
    assert token.encode() not in kept and token not in demo.read_log()
    # A time that is over, a camera that nobody has, an admin with few cameras.
    for wrong in [{"expires": "2020-01-01T00:00:00Z"}, {"cameras": ["nobody"]}, {"role": "admin", "cameras": [ids["porch"]]}, {"name": ""}, {"role": "king"}]:
        assert clients[0].post("/tokens", {"name": "x", "role": "viewer", **wrong}).status == 400, wrong


def test_a_token_of_who_is_no_admin_any_more_is_worth_nothing(demo, clients):
    admin = clients[0]
    assert admin.post("/session/unlock", {"passphrase": PASSWORD}).status == 200
    add(admin, "dora", "dora's own passphrase", role="admin")
    dora = signed_in(demo.urls[1], "dora", "dora's own passphrase")
    token = dora.post("/tokens", {"name": "dora's", "role": "admin"}).json["token"]
    program = Bearer(demo.urls[2], token)
    wait_for(lambda: program.get("/users").status == 200, 10, "it works")
    assert program.post("/session/unlock", {"passphrase": "dora's own passphrase"}).status == 403, "never the root"
    assert admin.request("PATCH", "/api/mesh/v1/users/dora", {"role": "viewer"}).status == 200
    wait_for(lambda: program.get("/users").status in (401, 429), 5, "with its maker's role it ends")
    wait_for(lambda: dora.get("/users").status == 403, 5, "the open session is a viewer's")
    assert dora.post("/users", {"name": "mole", "password": VIEWER, "role": "viewer"}).status == 403
    assert admin.request("DELETE", "/api/mesh/v1/users/dora").status == 204
    wait_for(lambda: "dora's" not in [one["name"] for one in clients[2].get("/tokens").json], 10, "and goes with its maker")


def test_admins_are_made_with_the_root_and_never_all_removed(demo, clients):
    admin = clients[2]
    wanted = {"name": "anna", "password": "anna's own passphrase", "role": "admin"}
    assert admin.post("/users", {**wanted, "password": "too short"}).status == 400
    locked = admin.post("/users", wanted)
    assert locked.status == 403 and locked.json["type"] == "/problems/root-locked", locked.body
    last = admin.request("DELETE", "/api/mesh/v1/users/admin")
    assert last.status == 409 and last.json["type"] == "/problems/last-admin"
    assert admin.request("PATCH", "/api/mesh/v1/users/admin", {"role": "viewer"}).status == 409
    assert admin.post("/session/unlock", {"passphrase": PASSWORD}).status == 200
    assert admin.post("/users", wanted).status == 201
    # The new admin has keys of their own: signs, and opens the root.
    anna = signed_in(demo.urls[0], "anna", "anna's own passphrase")
    assert anna.post("/session/unlock", {"passphrase": "anna's own passphrase"}).status == 200
    add(anna, "fred", VIEWER)
    assert anna.request("PATCH", "/api/mesh/v1/users/fred", {"role": "admin"}).status == 400, "an admin needs a password for the keys"
    assert anna.request("PATCH", "/api/mesh/v1/users/fred", {"role": "admin", "password": "fred's own passphrase"}).status == 200
    fred = signed_in(demo.urls[2], "fred", "fred's own passphrase")
    # A new passphrase of one's own: the keys go along.
    assert api(fred, "PUT", "users/me/password", {"old": "wrong", "new": "fred's new passphrase"}).status == 403
    answer = api(fred, "PUT", "users/me/password", {"old": "fred's own passphrase", "new": "fred's new passphrase"})
    assert answer.status == 200 and answer.json == {"signedIn": True}, answer.body
    assert fred.get("/session").status == 401
    fred.cookie = answer.headers["Set-Cookie"].split(";")[0]
    assert fred.get("/session").status == 200
    assert fred.post("/session/unlock", {"passphrase": "fred's own passphrase"}).status == 403
    assert fred.post("/session/unlock", {"passphrase": "fred's new passphrase"}).status == 200
    for name in ("fred", "anna"):
        wait_for(lambda: admin.request("DELETE", f"/api/mesh/v1/users/{name}").status == 204, 10, f"{name} goes")


def test_a_viewer_changes_their_own_password(demo, clients, ids):
    add(clients[0], "gus", VIEWER, cameras=[ids["porch"]])
    # Before the other node knows him, each try there is a wrong one, and the tests before have made enough of them.
    wait_for(lambda: "gus" in {user["name"] for user in clients[1].get("/users").json}, 10, "the other node knows gus")
    gus = signed_in(demo.urls[1], "gus", VIEWER)
    assert api(gus, "PUT", "users/me/password", {"old": VIEWER, "new": "short"}).status == 400
    assert api(gus, "PUT", "users/me/password", {"old": VIEWER, "new": NEIGHBOUR}).status == 200
    other = signed_in(demo.urls[2], "gus", NEIGHBOUR)
    assert [camera["name"] for camera in other.cameras()] == ["porch"], "nothing else changed"
    assert clients[0].request("DELETE", "/api/mesh/v1/users/gus").status == 204


def test_at_a_node_that_did_not_issue_the_session(demo, clients):
    elsewhere = Client(demo.urls[2])
    elsewhere.cookie = clients[1].cookie
    wait_for(lambda: elsewhere.get("/session").status == 200, 5, "the session is known there")
    made = add(elsewhere, "hugo", VIEWER)
    assert made.headers["Location"] == "/api/mesh/v1/users/hugo" and made.headers["ETag"]
    wait_for(lambda: {client.get("/users").headers["ETag"] for client in clients} == {made.headers["ETag"]}, 10, "one list at every node")
    stale = elsewhere.request("DELETE", "/api/mesh/v1/users/hugo", headers={"If-Match": '"another"'})
    assert stale.status == 412 and "If-Match" in stale.json["cure"]
    assert elsewhere.request("DELETE", "/api/mesh/v1/users/hugo", headers={"If-Match": made.headers["ETag"]}).status == 204


def test_commands(demo, clients):
    """From a terminal: with a session, and as a program on the node's own machine, which has to know the passphrase."""
    signed = {"MESHCAM_USER": "admin", "MESHCAM_PASSWORD": PASSWORD}
    local = {"MESHCAM_PASSPHRASE": PASSWORD}

    def run(*arguments, as_whom=signed, **more):
        environment = {**{key: value for key, value in os.environ.items() if not key.startswith("MESHCAM_")}, **as_whom, **more}
        return subprocess.run([BINARY, *arguments, "--node", demo.urls[0], *(["--insecure"] if as_whom is signed else [])],
                              capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)

    # Who can read the node's access file, and does not know the passphrase, changes nobody.
    add(clients[0], "lea", VIEWER)
    refused = run("users", "remove", "lea", as_whom={"MESHCAM_PASSPHRASE": "not it"})
    assert refused.returncode == 1 and "does not open" in refused.stderr, refused.stderr
    assert run("users", "remove", "lea").returncode == 0

    for number, as_whom in enumerate([signed, local]):
        name = f"kim {number}"
        assert "no password" in run("users", "add", name, as_whom=as_whom).stderr
        assert run("users", "add", name, "--admin", "--camera", "porch", as_whom=as_whom).returncode == 64
        added = run("users", "add", name, "--camera", "porch", as_whom=as_whom, MESHCAM_NEW_PASSWORD=VIEWER)
        assert added.returncode == 0 and "as a viewer" in added.stdout, added.stderr
        assert re.search(rf"^{name} +viewer +porch$", run("users", as_whom=as_whom).stdout, re.M)
        token = run("tokens", "add", f"frame {number}", "--days", "2", as_whom=as_whom)
        assert token.returncode == 0 and token.stdout.startswith("meshcam_"), token.stderr
        with_token = run("cameras", "--json", as_whom={"MESHCAM_TOKEN": token.stdout.strip()})
        assert len(json.loads(with_token.stdout)) == demo.cameras, with_token.stderr
        listed = json.loads(run("tokens", "list", "--json", as_whom=as_whom).stdout)
        assert [one["madeBy"] for one in listed if one["name"] == f"frame {number}"] == ["admin"]
        assert "opens nothing any more" in run("tokens", "remove", f"frame {number}", as_whom=as_whom).stdout
        assert "may not sign in any more" in run("users", "remove", name, as_whom=as_whom).stdout
        assert "nobody" in run("tokens", "remove", "nobody", as_whom=as_whom).stderr


def test_nonsense_is_refused_with_the_reason(clients):
    good = {"name": "ida", "password": VIEWER, "role": "viewer"}
    for wrong in [{"name": ""}, {"name": "me"}, {"name": "local"}, {"name": "a/b"}, {"name": "x" * 33}, {"name": "a\nb"}, {"role": "king"},
                  {"password": "1234567"}, {"password": "x" * 1025}, {"cameras": ["nobody"]}, {"cameras": "porch"}]:
        answer = clients[0].post("/users", {**good, **wrong})
        assert answer.status == 400 and answer.json["detail"], (wrong, answer.body)
    assert clients[0].post("/users", {**good, "name": "ADMIN"}).status == 409
    assert clients[0].request("DELETE", "/api/mesh/v1/users/nobody").status == 404
    assert clients[0].get("/audit?limit=0").status == 400 and clients[0].get("/audit?cursor=x").status == 400


def test_other_sites_cannot_change_users(clients):
    for headers in [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]:
        for method, path in [("POST", "users"), ("PATCH", "users/admin"), ("DELETE", "users/admin"), ("PUT", "users/me/password"), ("POST", "tokens")]:
            assert api(clients[0], method, path, {}, headers=headers).status == 403


def test_wrong_tokens_are_slowed_down(demo, people):
    wrong = Bearer(demo.urls[1], "meshcam_" + "A" * 43)
    answer = wait_for(lambda: (lambda got: got if got.status == 429 else None)(wrong.get("/cameras")), 10, "too many wrong tokens")
    assert int(answer.headers["Retry-After"]) >= 1
    assert people[1]["house"].get("/cameras").status == 200, "a right one is never locked out"


def test_the_audit_log_tells_who_did_what(demo, clients, people):
    assert Client(demo.urls[0]).sign_in(user="admin", password="not the password").status == 401
    assert Client(demo.urls[0]).sign_in(user="my secret passphrase", password="x").status == 401
    add(clients[1], "jo", VIEWER)
    assert clients[1].request("DELETE", "/api/mesh/v1/users/jo").status == 204

    def everything(client):
        entries, cursor = [], ""
        while cursor is not None:
            page = client.get(f"/audit?limit=25{cursor and '&cursor=' + urllib.parse.quote(cursor)}").json
            assert page["missing"] == [] and len(page["entries"]) <= 25
            entries += page["entries"]
            cursor = page["cursor"]
        return entries

    wait_for(lambda: "user-removed" in {one["act"] for one in everything(clients[0]) if one.get("subject") == "jo"}, 10, "jo's end is noted")
    lists = [everything(client) for client in clients]
    assert [one["id"] for one in lists[0]] == [one["id"] for one in lists[2]], "the same from any node"
    entries = lists[0]
    assert len({one["id"] for one in entries}) == len(entries)
    assert [one["at"] for one in entries] == sorted((one["at"] for one in entries), reverse=True)
    assert {one["nodeName"] for one in entries} == {"porch", "garage", "garden"}
    by_act = {one["act"]: one for one in reversed(entries)}
    for act in ["signed-in", "sign-in-refused", "unlocked", "user-added", "user-changed", "user-removed", "password-changed", "token-made", "token-removed", "token-refused", "triggered"]:
        assert act in by_act, act
    assert by_act["triggered"]["who"] == "admin" and by_act["triggered"]["subject"] in ("porch", "garage", "garden")
    assert {one["who"] for one in entries if one["act"] == "sign-in-refused"} <= {
        "somebody", "admin", "anna", "ben", "carol", "dora", "eve", "fred", "gus", "hugo", "jo", "lea"}
    assert "127.0.0.1" in {one["from"] for one in entries} or "::1" in {one["from"] for one in entries}
    text = json.dumps(entries)
    for secret in [PASSWORD, VIEWER, NEIGHBOUR, "my secret passphrase", people[0]["house"].token]:
        assert secret not in text and secret not in demo.read_log()
    files = list(pathlib.Path(demo.directory).rglob("audit"))
    assert len(files) == 3 and all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_what_an_absent_node_recorded_is_cut_alike(demo, clients, people, ids, clip):
    """The last one: it takes a node away. Its clips come from the storage then, from whichever node is asked."""
    gone = [client.get("/node").json["name"] for client in clients].index("garage")
    at = (gone + 1) % 3
    ben, eve = people[at]["ben"], people[at]["eve"]
    os.kill(demo.node_pid(gone), signal.SIGKILL)
    wait_for(lambda: [camera["name"] for camera in eve.cameras() if not camera["online"]] == ["garage"], 30, "the garage is gone")
    assert [camera["name"] for camera in ben.cameras()] == ["porch"]
    for path in [f"/clips/{clip['garage']}", f"/clips/{clip['garage']}/video.mp4", f"/clips/{clip['garage']}/thumbnail.jpg", f"/cameras/{ids['garage']}"]:
        wait_for(lambda: eve.get(path).status == 200, 20, f"{path} from the storage")
        assert ben.get(path).status == 404, path
    assert eve.get(f"/cameras/{ids['garage']}/snapshot.jpg").status == 503 and ben.get(f"/cameras/{ids['garage']}/snapshot.jpg").status == 404
    page, whole = ben.get("/clips?limit=100").json, eve.get("/clips?limit=100").json
    assert {one["camera"] for one in page["clips"]} == {ids["porch"]} and page["missing"] == []
    assert ids["garage"] in {one["camera"] for one in whole["clips"]} and [one["name"] for one in whole["missing"]] == ["garage"]
    assert "garage" not in [node["name"] for node in ben.get("/nodes").json]
    assert [one["name"] for one in clients[at].get("/audit").json["missing"]] == ["garage"]
    # Revoked, it is a member no more; what it recorded stays, for the same eyes.
    assert clients[at].post("/session/unlock", {"passphrase": PASSWORD}).status == 200
    assert clients[at].request("DELETE", f"/api/mesh/v1/nodes/{ids['garage']}").status == 204
    wait_for(lambda: eve.get("/clips?limit=100").json["missing"] == [], 20, "it is missed no more")
    assert ids["garage"] in {one["camera"] for one in eve.get("/clips?limit=100").json["clips"]}
    assert eve.get(f"/clips/{clip['garage']}/video.mp4").status == 200 and ben.get(f"/clips/{clip['garage']}").status == 404
    assert {one["camera"] for one in ben.get("/clips?limit=100").json["clips"]} == {ids["porch"]}
