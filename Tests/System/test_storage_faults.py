"""A disk that is full, read-only, hangs or fails: the camera records on, says what is wrong, and everything is stored once it works again."""

import contextlib
import json
import shutil
import subprocess

import pytest

from Harness.checker import verdict
from Harness.demo import Client, command_line, temporary_directory, wait_for
from Harness.flaky_disk import FlakyDisk
from Harness.lone import LoneNode

PASSPHRASE = "five words are quite enough"


class Camera:
    """A camera of its own, whose storage can be made to fail."""

    def __init__(self):
        self.directory = temporary_directory("faults")
        self.node = LoneNode(self.directory / "gate", "gate")
        self.nas = self.node.directory / "nas"
        self.undo = []

    def start(self):
        self.node.start()
        self.client = Client(self.node.url)
        made = self.client.post("/founding", {"code": self.node.code(), "mesh": "our house", "username": "ann", "password": PASSPHRASE})
        assert made.status == 201, made.body
        wait_for(lambda: self.client.sign_in(password=PASSPHRASE, user="ann").status == 200, 20, "its admin signs in")
        wait_for(lambda: self.works(), 20, "the storage works")
        return self

    def reach(self):
        return self.client.get("/storage").json["targets"][0]["reach"][0]

    def works(self):
        return "problem" not in self.reach() and "freeBytes" in self.reach()

    def record(self):
        """Triggers and waits until the clip is closed, wherever it is."""
        event = self.client.post(f"/cameras/{self.node.id}/trigger", {"kind": "manual"}).json["event"]
        wait_for(lambda: self.clip(event) and self.clip(event)["state"] != "recording", 60, "the clip is closed")
        return event

    def clip(self, event):
        return next((clip for clip in self.client.clips(limit=100) if event in clip["events"]), None)

    def plays(self, event):
        """Its bytes come from wherever they are."""
        clip = self.clip(event)
        answer = self.client.request("GET", f"/api/mesh/v1/clips/{clip['id']}/video.mp4")
        return answer.status == 200 and len(answer.body) == clip["bytes"]

    def is_stored(self, event):
        """Once, whole, and as a player wants it."""
        clip = self.clip(event)
        if clip["state"] != "stored":
            return False
        files = sorted(self.nas.glob(f"gate/*/*_{event}*.mp4"))
        assert len(files) == 1, f"stored once: {files}"
        assert files[0].stat().st_size == clip["bytes"]
        found = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json", str(files[0])], capture_output=True, text=True)
        assert not found.stderr and abs(float(json.loads(found.stdout)["format"]["duration"]) - clip["durationSeconds"]) < 0.3, found.stderr
        return True

    def mount(self, *arguments):
        subprocess.run(["mount", *arguments, str(self.nas)], check=True)
        self.undo.append(lambda: subprocess.run(["umount", "--lazy", str(self.nas)], check=True))

    def close(self):
        try:
            self.node.stop()
        finally:
            for act in reversed(self.undo):
                act()
            shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture
def camera():
    made = Camera()
    try:
        yield made
    finally:
        print(made.node.read_log()[-4000:] if made.node.log_file.exists() else "")
        made.close()


def test_a_full_disk(camera):
    camera.mount("-t", "tmpfs", "-o", "size=4M", "tmpfs")
    camera.start()
    ballast = camera.nas / "other people's files"
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    event = camera.record()
    problem = wait_for(lambda: camera.reach().get("problem"), 30, "it is said")
    assert "No space left" in problem["message"] and problem["cure"].startswith("Free space"), problem
    waiting = camera.client.get("/storage").json["nodes"][0]
    assert waiting["waitingClips"] == 1 and "cannot be written" in waiting["reason"]
    assert camera.clip(event)["state"] == "spooled" and camera.plays(event)
    ballast.unlink()
    wait_for(lambda: camera.is_stored(event), 30, "what waited is stored")
    wait_for(camera.works, 20, "all is well again")


def test_a_disk_that_became_read_only(camera):
    camera.mount("-t", "tmpfs", "tmpfs")
    camera.start()
    first = camera.record()
    wait_for(lambda: camera.is_stored(first), 20, "it is stored")
    subprocess.run(["mount", "-o", "remount,ro", str(camera.nas)], check=True)
    event = camera.record()
    problem = wait_for(lambda: camera.reach().get("problem"), 30, "it is said")
    assert "mounted read-only" in problem["cure"], problem
    assert camera.plays(event) and camera.plays(first)
    subprocess.run(["mount", "-o", "remount,rw", str(camera.nas)], check=True)
    wait_for(lambda: camera.is_stored(event), 30, "what waited is stored")


def flaky(camera):
    """Puts a disk that fails on demand where the storage is; answers how it is told."""
    disk = FlakyDisk(camera.nas, camera.directory)
    camera.undo.append(disk.close)
    return disk.tell


def children(camera):
    """What speaks to the storage for it."""
    found = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(camera.node.process.pid)], capture_output=True, text=True).stdout.split("\n")
    return [line.split() for line in found if line and "meshcam-directory" in command_line(int(line.split()[0]))]


def test_a_disk_that_hangs_in_the_kernel(camera):
    tell = flaky(camera)
    camera.start()
    first = camera.record()
    wait_for(lambda: camera.is_stored(first), 20, "it is stored")
    tell(hang=True)
    event = camera.record()
    assert camera.plays(event), "from memory"
    problem = wait_for(lambda: camera.reach().get("problem"), 40, "it is said")
    assert "hangs" in problem["cure"], problem
    # The kernel lets nobody die there; the camera waits with what it has, and starts no more.
    assert len(children(camera)) <= 2
    assert camera.client.get("/cameras").json[0]["state"] == "running"
    tell()
    wait_for(lambda: camera.is_stored(event), 60, "what waited is stored")
    wait_for(camera.works, 20, "all is well again")
    wait_for(lambda: all("Z" not in state for _, state in children(camera)), 10, "nothing is left behind")


def test_directories_that_cannot_be_listed(camera):
    """They cost nothing of what is known of them, and are looked at again: a list that breaks off is not taken for a whole one."""
    tell = flaky(camera)
    camera.start()
    first = camera.record()
    wait_for(lambda: camera.is_stored(first), 20, "it is stored")
    # The storage comes back, and what it holds is looked at.
    tell(lists="EIO", error="EIO")
    second = camera.record()
    wait_for(lambda: camera.reach().get("problem"), 30, "it is said")
    tell(lists="EIO")
    wait_for(lambda: camera.clip(second)["state"] == "stored", 30, "what waited is stored")
    wait_for(lambda: "cannot all be listed" in camera.node.read_log(), 20, "the lists break off")
    assert camera.clip(first)["state"] == "stored" and camera.plays(first)
    # What a node that starts again knows is what it finds.
    camera.node.stop()
    camera.node.start()
    wait_for(camera.works, 20, "the storage works")
    wait_for(lambda: camera.node.read_log().count("cannot all be listed") == 2, 20, "the lists break off")
    tell()
    wait_for(lambda: camera.clip(first) and camera.clip(second), 30, "all is found")
    assert camera.plays(first) and camera.plays(second)


def test_a_disk_that_fails_now_and_then(camera):
    """And one that keeps something else than it was given: read back a minute later, and written again."""
    tell = flaky(camera)
    camera.start()

    def is_proven(event):
        file, = camera.nas.glob(f"gate/*/*_{event}*.mp4")
        return verdict(file)["verdict"] == "proven"
    tell(damage=True)
    damaged = camera.record()
    wait_for(lambda: camera.clip(damaged)["state"] == "stored", 20, "it is taken for stored")
    tell()
    assert not is_proven(damaged)
    events = []
    for error in ("EIO", "ESTALE", "EIO"):
        tell(error=error)
        events.append(camera.record())
        wait_for(lambda: camera.reach().get("problem"), 30, "it is said")
        tell()
    for event in events:
        wait_for(lambda: camera.is_stored(event), 40, "what waited is stored")
    wait_for(lambda: is_proven(damaged), 90, "what it had changed is written again")
    assert camera.is_stored(damaged) and camera.plays(damaged)
