"""Who records with whom: set at any node, obeyed by all."""

import uuid

from Harness.demo import Client, wait_for

PATH = "/api/mesh/v1/groups"


def put(client, groups):
    return client.request("PUT", PATH, body=groups)


def all_show(clients, groups):
    def same():
        return all([strip(client.get("/groups").json) == groups for client in clients])

    wait_for(same, 10, f"all nodes show {groups}")


def strip(groups):
    """Without what is as by default."""
    return [{key: value for key, value in group.items() if value not in ([], 0)} for group in groups]


def recorded(client, camera):
    """Triggers a camera by hand; answers which cameras record it."""
    event = client.post(f"/cameras/{camera}/trigger", {"kind": "manual", "label": uuid.uuid4().hex[:8]}).json["event"]

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
