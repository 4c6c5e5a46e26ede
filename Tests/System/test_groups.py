"""Who records with whom: set at any node, obeyed by all."""

import re
import uuid

from Harness.demo import Client, wait_for

PATH = "/api/mesh/v1/groups"


def put(client, groups, headers=None):
    return client.request("PUT", PATH, body=groups, headers=headers)


def all_show(clients, groups):
    def same():
        return all([strip(client.get("/groups").json) == groups for client in clients])

    wait_for(same, 10, f"all nodes show {groups}")


def strip(groups):
    """Without what is as by default."""
    return [{key: value for key, value in group.items() if value not in ([], 0)} for group in groups]


def recorded(client, camera, kind="manual"):
    """Triggers a camera by hand, or as if it had noticed something; answers which cameras record it."""
    event = client.post(f"/cameras/{camera}/trigger", {"kind": kind, "label": uuid.uuid4().hex[:8]}).json["event"]

    def cameras():
        return {clip["camera"] for clip in client.clips(limit=100) if event in clip["events"]}

    wait_for(lambda: camera in cameras(), 10, "the camera itself records")
    return cameras


def test_every_camera_starts_at_home(clients):
    all_show(clients, [{"name": "home", "cameras": ["*"]}])
    assert all(camera["groups"] == ["home"] for camera in clients[2].cameras())


def test_set_at_a_node_that_did_not_issue_the_session(demo, clients):
    stranger = Client(demo.urls[0])
    assert put(stranger, []).status == 401
    elsewhere = Client(demo.urls[2])
    elsewhere.cookie = clients[1].cookie
    ids = {camera["name"]: camera["id"] for camera in clients[0].cameras()}
    yard = {"name": "yard", "cameras": sorted([ids["porch"], ids["garage"]]), "triggers": [ids["porch"]], "coolDownSeconds": 1}
    wait_for(lambda: elsewhere.get("/session").status == 200, 5, "the session is known there")
    answer = put(elsewhere, [yard])
    assert answer.status == 200 and strip(answer.json) == [yard], answer.body
    all_show(clients, [yard])
    wait_for(lambda: {tuple(camera["groups"]) for camera in clients[0].cameras()} == {("yard",), ()}, 10, "the cameras say so")
    # A token that no node issued opens nothing, and a node asks nobody about it.
    elsewhere.cookie = clients[1].cookie.split("=")[0] + "=" + "A" * 43
    assert put(elsewhere, []).status == 401


def test_the_policy_is_obeyed(clients):
    ids = {camera["name"]: camera["id"] for camera in clients[0].cameras()}
    porch, garage, garden = ids["porch"], ids["garage"], ids["garden"]
    home = {"name": "home", "cameras": ["*"], "triggers": [porch], "recorders": sorted([porch, garden])}
    assert put(clients[0], [home]).status == 200
    all_show(clients, [home])
    by_porch = recorded(clients[0], porch)
    wait_for(lambda: garden in by_porch(), 10, "the garden records what the porch noticed")
    assert garage not in by_porch()
    by_garage = recorded(clients[1], garage)
    # What the porch notices afterwards reaches the garden; by then the garage's would have, too.
    later = recorded(clients[0], porch)
    wait_for(lambda: garden in later(), 10, "the garden hears the porch")
    assert by_garage() == {garage}


def test_nonsense_is_refused_with_the_reason(clients):
    before = clients[0].get("/groups").json
    porch = clients[0].cameras()[0]["id"]
    bad = [
        b"{", {"name": "x"}, [{"name": "x"}], [{"name": "", "cameras": []}], [{"name": "x" * 65, "cameras": []}],
        [{"name": "x", "cameras": ["nobody"]}], [{"name": "x", "cameras": [porch], "coolDownSeconds": -1}],
        [{"name": "x", "cameras": [porch], "coolDownSeconds": 86401}], [{"name": "x", "cameras": [], "triggers": [porch]}],
        [{"name": "x", "cameras": []}, {"name": "x", "cameras": []}], [{"name": str(n), "cameras": []} for n in range(65)],
    ]
    for groups in bad:
        answer = put(clients[0], groups)
        assert answer.status == 400 and answer.headers["Content-Type"] == "application/problem+json", (groups, answer.body)
        assert answer.json["detail"], groups
    assert clients[1].get("/groups").json == before


def test_a_group_cools_down(clients):
    """After an incident nothing starts another one for an hour, neither at the camera itself nor at who hears of it; except a person."""
    client = clients[0]
    ids = {camera["name"]: camera["id"] for camera in client.cameras()}
    porch, garage, garden = ids["porch"], ids["garage"], ids["garden"]

    def of_porch():
        return {clip["id"] for clip in client.clips(camera=porch, limit=100) if clip["kind"] == "motion"}

    def is_quiet():
        return not any(clip["state"] == "recording" for clip in client.clips(limit=100))

    # In a group of its own that knows no pause: somebody walks by, again and again.
    groups = [{"name": "pair", "cameras": sorted([garage, garden]), "coolDownSeconds": 3600}, {"name": "street", "cameras": [porch]}]
    assert put(client, groups).status == 200
    all_show(clients, groups)
    wait_for(of_porch, 90, "the porch sees somebody")
    groups[1]["coolDownSeconds"] = 3600
    assert put(client, groups).status == 200
    all_show(clients, groups)
    wait_for(is_quiet, 60, "what was running has ended")
    before = of_porch()

    first = recorded(client, garden)
    wait_for(lambda: garage in first(), 10, "the garage hears the garden")
    wait_for(is_quiet, 60, "that has ended")
    noticed = recorded(client, garden, "sound")
    wait_for(is_quiet, 60, "that has ended, too")
    asked = recorded(client, garden)
    wait_for(lambda: garage in asked(), 10, "a person is never refused")
    assert noticed() == {garden}

    def moves():
        return next(camera for camera in client.cameras() if camera["id"] == porch)["motion"]
    wait_for(moves, 60, "somebody walks by again")
    wait_for(lambda: not moves(), 60, "and is gone")
    assert of_porch() == before


def test_a_change_over_another_one_is_refused(demo, clients):
    """Two people edit at the same time: the second is told, and overwrites nothing."""
    first = clients[0].get("/groups")
    tag = first.headers["ETag"]
    assert re.fullmatch('"[0-9a-f]+"', tag)
    wait_for(lambda: {client.get("/groups").headers["ETag"] for client in clients} == {tag}, 10, "one tag at every node")
    mine, theirs = [{"name": "mine", "cameras": ["*"]}], [{"name": "theirs", "cameras": ["*"]}]
    changed = put(clients[0], theirs, {"If-Match": tag})
    assert changed.status == 200 and strip(changed.json) == theirs, changed.body
    assert changed.headers["ETag"] != tag and clients[0].get("/groups").headers["ETag"] == changed.headers["ETag"]
    all_show(clients, theirs)
    # A node that passes the request on passes the condition on, too.
    elsewhere = Client(demo.urls[2])
    elsewhere.cookie = clients[1].cookie
    wait_for(lambda: elsewhere.get("/session").status == 200, 5, "the session is known there")
    for client in [clients[0], clients[1], elsewhere]:
        refused = put(client, mine, {"If-Match": tag})
        assert refused.status == 412 and refused.headers["Content-Type"] == "application/problem+json", refused.body
        assert "GET /api/mesh/v1/groups" in refused.json["cure"] and "If-Match" in refused.json["cure"]
    assert all(strip(client.get("/groups").json) == theirs for client in clients)
    # With what holds now, with any of several, with any at all, and without a condition it is set.
    now = changed.headers["ETag"]
    for condition in [{"If-Match": now}, {"If-Match": "*"}, {}]:
        assert put(clients[0], mine, condition).status == 200, condition
    all_show(clients, mine)
    now = clients[0].get("/groups").headers["ETag"]
    answer = put(elsewhere, theirs, {"If-Match": f'"0123", {now}'})
    assert answer.status == 200 and answer.headers["ETag"] == changed.headers["ETag"]
    assert put(clients[0], mine, {"If-Match": "W/" + now}).status == 412
