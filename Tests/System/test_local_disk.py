"""A camera without any storage keeps its recordings on its own disk, over power cuts, until there is a storage; beside one it writes nothing there."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from Harness.demo import BINARY, Client, temporary_directory, wait_for
from Harness.lone import LoneNode

PASSPHRASE = "five words are quite enough"


def signed_in(node):
    client = Client(node.url)
    wait_for(lambda: client.sign_in(password=PASSPHRASE, user="ann").status == 200, 30, "its admin signs in")
    return client


@pytest.fixture
def camera(request):
    """A mesh of one with a disk; its storage is what the test asks for."""
    directory = temporary_directory("disk")
    node = LoneNode(directory / "gate", "gate")
    node.disk = directory / "gate/footage"
    node.disk.mkdir()
    storage = f'disk = "{node.disk}"\ndisk_quota = "64 MiB"\n'
    text = node.config.read_text()
    node.config.write_text(text.replace("[recording]", f"{storage}[recording]") if request.param == "beside a storage" else text.replace(f'directories = ["{node.directory / "nas"}"]\n', storage))
    try:
        node.start()
        client = Client(node.url)
        made = client.post("/founding", {"code": node.code(), "mesh": "our house", "username": "ann", "password": PASSPHRASE})
        assert made.status == 201, made.body
        wait_for(lambda: node.mesh() == made.json["mesh"], 20, "the camera is a mesh of one")
        yield node
    finally:
        print(node.read_log())
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)


def record(client):
    """Sets off a recording, and answers how to look for it."""
    event = client.post(f"/cameras/{client.cameras()[0]['id']}/trigger", {"kind": "manual"}).json["event"]
    return lambda: next((clip for clip in client.clips(limit=100) if event in clip["events"]), None)


def in_state(look, state):
    return lambda: look() if look() and look()["state"] == state else None


@pytest.mark.parametrize("camera", ["no storage"], indirect=True)
def test_recordings_outlive_power_cuts_and_move_to_the_storage_that_comes(camera):
    client = signed_in(camera)
    assert not any("no storage" in problem["message"] for problem in client.get("/nodes").json[0]["problems"])
    first = wait_for(in_state(record(client), "stored"), 60, "it is on the disk")
    assert first["holders"] == ["gate"]
    video, = camera.disk.glob("gate/*/*.mp4")
    assert video.stat().st_size == first["bytes"] and video.with_suffix(".json").exists() and video.with_suffix(".jpg").exists()
    told = client.get("/storage").json["nodes"][0]
    assert told["waitingClips"] == 0 and told["spooledBytes"] == 0 and told["disk"]["usedBytes"] >= first["bytes"] and told["disk"]["path"] == str(camera.disk)
    listed = subprocess.run([BINARY, "storage", "--node", camera.url], capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin", "MESHCAM_USER": "ann", "MESHCAM_PASSWORD": PASSPHRASE})
    print(listed.stdout, listed.stderr)

    look = record(client)
    growing = wait_for(lambda: look() if look() and look()["durationSeconds"] > 3 else None, 30, "another one is under way")
    camera.kill()
    camera.start()
    client = signed_in(camera)
    def again(clip):
        return client.get(f"/clips/{clip['id']}").json
    assert again(first)["bytes"] == first["bytes"] and client.get(f"/clips/{first['id']}/video.mp4").body == video.read_bytes()
    cut = again(growing)
    assert cut["state"] == "interrupted" and cut["durationSeconds"] >= growing["durationSeconds"] - 1
    file = camera.directory / "cut.mp4"
    file.write_bytes(client.get(f"/clips/{cut['id']}/video.mp4").body)
    probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json", file], capture_output=True, text=True, timeout=60)
    assert not probe.stderr and float(json.loads(probe.stdout)["format"]["duration"]) > cut["durationSeconds"] - 0.2

    assert client.post("/session/unlock", {"passphrase": PASSPHRASE}).status == 200
    assert client.post("/storage/targets", {"location": str(camera.directory / "nas")}).status == 201
    wait_for(lambda: all(again(clip)["holders"] == ["nas"] for clip in (first, cut)), 60, "the storage has both")
    # Nothing leaves the disk before the storage has shown it again, a minute after it was written (LocalDiskTests).
    assert len(list(camera.disk.glob("gate/*/*.mp4"))) == 2
    moved = sorted((camera.directory / "nas").glob("gate/*/*.mp4"))
    assert [one.stat().st_size for one in moved] == [first["bytes"], cut["bytes"]] and client.get(f"/clips/{first['id']}/video.mp4").status == 200


@pytest.mark.parametrize("camera", ["beside a storage"], indirect=True)
def test_beside_a_storage_nothing_is_written_there(camera):
    client = signed_in(camera)
    wait_for(in_state(record(client), "stored"), 60, "it is on the storage")
    assert not [path for path in camera.disk.rglob("*") if path.is_file()], "not even a note"
    assert client.get("/storage").json["nodes"][0]["disk"]["usedBytes"] == 0


def bytes_to_disks(pid):
    """What a process and its children have had written to block devices."""
    total = int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M).group(1))
    children = " ".join(task.read_text() for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"))
    return total + sum(bytes_to_disks(int(child)) for child in children.split())


def test_a_card_does_not_wear_out():
    """The storage is no disk of this machine: while somebody is recorded there, no byte goes to any."""
    directory, nas = temporary_directory("card"), pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))
    node = LoneNode(directory / "gate", "gate")
    node.config.write_text(node.config.read_text().replace(str(node.directory / "nas"), str(nas)))
    node.log_file = nas / "log"
    try:
        node.start()

        def stored():
            facts = [json.loads(file.read_text())["facts"] for file in nas.glob("gate/*/*.json")]
            return len([one for one in facts if one["state"] == "closed"])
        first = wait_for(stored, 120, "somebody walked by")
        before = bytes_to_disks(node.process.pid)
        wait_for(lambda: stored() > first, 240, "and again")
        assert bytes_to_disks(node.process.pid) - before == 0
    finally:
        print(node.read_log())
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)
        shutil.rmtree(nas, ignore_errors=True)


@pytest.mark.parametrize("camera", ["no storage"], indirect=True)
def test_a_disk_that_is_not_there_is_told(camera):
    client = signed_in(camera)
    shutil.rmtree(camera.disk)
    camera.kill()
    camera.start()
    client = signed_in(camera)
    wait_for(lambda: any("local disk" in problem["message"] and problem["cure"] for problem in client.get("/nodes").json[0]["problems"]), 20, "its fault is told")
    look = record(client)
    clip = wait_for(in_state(look, "spooled"), 60, "it waits in memory")
    camera.disk.mkdir()
    wait_for(in_state(look, "stored"), 60, "it is on the disk that is back")
    assert client.get(f"/clips/{clip['id']}/video.mp4").status == 200
