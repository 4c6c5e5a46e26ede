"""Storage that the mesh is told of on any dashboard: a real NAS, used by all cameras, through trouble."""

import json
import os
import signal
import subprocess
import urllib.parse

import pytest

from Harness.demo import BINARY, PASSWORD, Client, session_members, command_line, wait_for
from Harness.nas import PASSWORD as NAS_PASSWORD
from Harness.nas import USER as NAS_USER
from Harness.nas import Samba


@pytest.fixture(scope="module")
def nas():
    server = Samba()
    try:
        yield server
    finally:
        server.close()


def storage(client):
    return client.get("/storage").json


def target(client, location):
    return next((one for one in storage(client)["targets"] if one["location"] == location), None)


def works(client, location, nodes=3):
    """Whether every node reaches it."""
    known = target(client, location)
    return known is not None and len(known["reach"]) == nodes and all("problem" not in one and one.get("freeBytes") for one in known["reach"])


def trigger(client, camera):
    return client.post(f"/cameras/{camera}/trigger", {"kind": "manual"}).json["event"]


def clips(client, event):
    return [clip for clip in client.clips(limit=200) if event in clip["events"]]


def all_stored(client, event, count=3):
    found = clips(client, event)
    return found if len(found) == count and all(clip["state"] == "stored" for clip in found) else None


def decoded(path):
    """Seconds of pictures that a player gets out of the file."""
    answer = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-of", "json",
                             "-show_entries", "stream=nb_read_frames,avg_frame_rate:format=duration", str(path)], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0 and not answer.stderr, f"{path}: {answer.stderr}"
    return float(json.loads(answer.stdout)["format"]["duration"])


def cli(demo, *arguments, **environment):
    return subprocess.run([BINARY, *arguments, "--node", demo.http_urls[1]], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})


@pytest.fixture(scope="module")
def added(demo, clients, nas):
    answer = clients[1].post("/storage/targets", {"location": nas.location, "user": NAS_USER, "password": NAS_PASSWORD})
    assert answer.status == 201, answer.body
    for client in clients:
        wait_for(lambda: works(client, nas.location), 20, "every node reaches the share")
    return answer.json


def test_set_at_one_node_and_used_by_all(demo, clients, nas, added):
    assert added["scope"] == "mesh" and added["user"] == NAS_USER
    here = clients[0].cameras()[0]["id"]
    event = trigger(clients[2], here)
    found = wait_for(lambda: all_stored(clients[0], event), 60, "every camera's clip is stored")
    for clip in found:
        # On both storages: the mesh's, and the one of the nodes' own settings.
        assert {"cam", "nas"} <= set(clip["holders"]), clip
        files = nas.files(f"{clip['cameraName']}/*/*_{event}.mp4")
        assert len(files) == 1 and abs(decoded(files[0]) - clip["durationSeconds"]) < 0.3
        assert files[0].stat().st_size == clip["bytes"]
        assert files[0].with_suffix(".jpg").exists() and files[0].with_suffix(".json").exists()
        proof = subprocess.run([BINARY, "verify", "--config", "/dev/null", str(files[0])], capture_output=True, text=True, timeout=60)
        assert proof.returncode == 0, proof.stdout + proof.stderr
    assert sorted(one.parent.name for one in nas.files("*/discovery.txt")) == sorted(clip["cameraName"] for clip in found)


def test_nodes_try_it_with_each_other(clients, nas, added):
    """Whether only one of two can make a file there: what a lease will stand on."""
    def tried():
        found = [one.get("sharing", {}) for each in storage(clients[1])["targets"] for one in each["reach"]]
        return found if len(found) == 6 and all(one.get("state") == "exclusive" and "problem" not in one for one in found) else None
    names = {clients[n].get("/node").json["name"] for n in range(3)}
    assert {one["withName"] for one in wait_for(tried, 90, "every node has tried every storage with another")} <= names
    wait_for(lambda: not nas.files(".meshcam/race/*"), 20, "nothing stays behind")


def test_the_password_is_shown_to_nobody(demo, clients, nas, added):
    assert NAS_PASSWORD not in json.dumps(storage(clients[0])) and NAS_PASSWORD not in demo.read_log()
    for process in session_members(demo.process.pid):
        assert NAS_PASSWORD not in command_line(process)
    secret = NAS_PASSWORD.encode()
    held = [path for path in demo.directory.rglob("*") if path.is_file() and path.suffix not in (".mp4", ".jpg") and secret in path.read_bytes()]
    assert held == []


def test_viewers_and_strangers_learn_nothing_and_change_nothing(demo, clients, admin, nas, added):
    assert admin.post("/users", {"name": "guest", "password": "eight-chars", "role": "viewer"}).status == 201
    viewer, stranger = Client(demo.urls[0]), Client(demo.urls[0])
    assert viewer.sign_in("eight-chars", "guest").status == 200
    for client, status in ((viewer, 403), (stranger, 401)):
        assert client.get("/storage").status == status
        assert client.post("/storage/targets", {"location": "/tmp"}).status == status
        for method in ("PATCH", "DELETE"):
            assert client.request(method, f"/api/mesh/v1/storage/targets/{added['id']}", body={}).status == status
    assert works(clients[0], nas.location)


@pytest.mark.parametrize("wish, status", [
    ({"location": "nas"}, 400), ({"location": "smb://nas"}, 400), ({"location": "smb://u:p@nas/cam"}, 400), ({"location": "/a/../b"}, 400),
    ({"location": "/mnt/x", "user": "u", "password": "p"}, 400), ({"location": "smb://nas/cam", "password": "p"}, 400),
    ({"location": "smb://nas/cam", "user": "a\nb", "password": "p"}, 400), ({"location": "smb://nas/cam", "user": "u" * 300}, 400), ({}, 400), ([], 400),
])
def test_nonsense_is_refused_with_a_cure(clients, wish, status):
    before = storage(clients[0])["targets"]
    answer = clients[0].post("/storage/targets", wish)
    assert answer.status == status and answer.json["detail"], answer.body
    assert [one["id"] for one in storage(clients[0])["targets"]] == [one["id"] for one in before]


def test_a_wrong_password_says_so_and_the_right_one_mends_it(demo, clients, nas, added):
    path = f"/api/mesh/v1/storage/targets/{added['id']}"
    assert clients[0].request("PATCH", path, body={"password": "wrong"}).status == 200

    def refused():
        reach = target(clients[2], nas.location)["reach"]
        return len(reach) == 3 and all("password" in one.get("problem", {}).get("cure", "") for one in reach)

    event = trigger(clients[0], clients[0].cameras()[0]["id"])
    wait_for(refused, 60, "every node says what is wrong")
    text = cli(demo, "storage")
    assert text.returncode == 0 and "0 of 3 nodes" in text.stdout and "Check its user and password" in text.stdout, text.stdout + text.stderr
    assert all(clip["state"] in ("recording", "spooled", "replicated") for clip in clips(clients[1], event))
    answer = cli(demo, "storage", "change", nas.location, "--share-user", NAS_USER, MESHCAM_STORAGE_PASSWORD=NAS_PASSWORD, MESHCAM_PASSPHRASE=PASSWORD)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    wait_for(lambda: works(clients[0], nas.location), 60, "every node reaches it again")
    wait_for(lambda: all_stored(clients[0], event), 60, "what waited is stored")


def test_a_share_that_hangs_stops_nothing_and_loses_nothing(demo, clients, nas, added):
    camera = clients[0].cameras()[0]["id"]
    nas.signal(signal.SIGSTOP)
    try:
        events = [trigger(clients[1], camera)]
        wait_for(lambda: len(clips(clients[1], events[0])) == 3 and all(clip["state"] in ("spooled", "replicated") for clip in clips(clients[1], events[0])), 60,
                 "the clips are whole, in memory")
        assert storage(clients[1])["nodes"][0]["waitingClips"] >= 1
        # Its bytes are to be had all the same, at any node.
        for clip in clips(clients[2], events[0]):
            answer = clients[2].request("GET", f"/api/mesh/v1/clips/{clip['id']}/video.mp4")
            assert answer.status == 200 and len(answer.body) == clip["bytes"]
        wait_for(lambda: all("problem" in one for one in target(clients[1], nas.location)["reach"]), 60, "it is said")
        events.append(trigger(clients[1], camera))
    finally:
        nas.signal(signal.SIGCONT)
    for event in events:
        for clip in wait_for(lambda: all_stored(clients[0], event), 90, "what waited is stored"):
            files = nas.files(f"{clip['cameraName']}/*/*_{clip['event']}*.mp4")
            assert len(files) == 1, "nothing is doubled"
            assert files[0].stat().st_size == clip["bytes"] and abs(decoded(files[0]) - clip["durationSeconds"]) < 0.3
    wait_for(lambda: works(clients[0], nas.location), 30, "all is well again")


def test_removed_it_is_let_go(demo, clients, nas, added):
    path = f"/api/mesh/v1/storage/targets/{added['id']}"
    assert clients[2].request("DELETE", path).status == 204
    assert clients[2].request("DELETE", path).status in (404, 204)
    for client in clients:
        wait_for(lambda: target(client, nas.location) is None, 10, "nobody uses it")

    def speakers():
        return [line for line in map(command_line, session_members(demo.process.pid)) if "meshcam-smb" in line]

    wait_for(lambda: not speakers(), 10, "no process speaks to it")
    event = trigger(clients[0], clients[0].cameras()[0]["id"])
    wait_for(lambda: all_stored(clients[0], event), 60, "the other storage goes on")
    assert not nas.files(f"*/*/*_{event}.mp4")
    acts = [entry for entry in clients[0].get("/audit").json["entries"] if entry["act"] == "storage-changed"]
    assert {entry["detail"] for entry in acts} == {"added", "changed", "removed"}
