"""What no storage takes in time is kept by another node: a camera that is stolen in the middle of an event takes next to nothing along."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from Harness.demo import BINARY, Demo, temporary_directory, wait_for


def trigger(client, camera):
    return client.post(f"/cameras/{camera}/trigger", {"kind": "manual"}).json["event"]


def clips(client, event):
    return [clip for clip in client.clips(limit=200) if event in clip["events"]]


def of(client, event, camera):
    return next((clip for clip in clips(client, event) if clip["camera"] == camera), None)


def seconds(path):
    """As long as the pictures last that a player gets out of the file."""
    answer = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-of", "json",
                             "-show_entries", "stream=nb_read_frames,avg_frame_rate", str(path)], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0 and not answer.stderr, f"{path}: {answer.stderr}"
    stream, = json.loads(answer.stdout)["streams"]
    count, per = map(int, stream["avg_frame_rate"].split("/"))
    return int(stream["nb_read_frames"]) * per / count


def verdict(*arguments):
    answer = subprocess.run([BINARY, "verify", "--json", "--config", "/dev/null", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert not answer.stderr, answer.stderr
    return json.loads(answer.stdout)[0]


class House:
    """Three cameras and a storage that can be taken away and brought back."""

    def __init__(self, footage):
        self.directory = temporary_directory("replicas")
        self.demo = Demo(self.directory / "demo", footage=footage)
        self.away = self.directory / "away"

    def start(self):
        self.demo.wait_until_ready()
        self.clients = self.demo.clients()
        return self

    def take_away(self):
        self.demo.nas.rename(self.away)

    def bring_back(self):
        self.away.rename(self.demo.nas)

    def kill(self, index):
        os.kill(self.demo.node_pid(index), signal.SIGKILL)

    def start_again(self, name):
        return subprocess.Popen([BINARY, "run", "--config", self.demo.directory / name / "meshcam.toml"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        self.demo.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture
def house(footage):
    house = House(footage)
    try:
        yield house.start()
    finally:
        house.close()


def test_a_camera_is_stolen_while_the_storage_is_away(house, tmp_path):
    """Its footage plays from another node at once, and is on the storage when that is back: once, and proven."""
    client = house.clients[0]
    stolen = house.clients[2].get("/node").json
    house.take_away()
    event = trigger(client, stolen["id"])
    before = wait_for(lambda: (of(client, event, stolen["id"]) or {}).get("durationSeconds", 0) > 6 and of(client, event, stolen["id"]), 60, "a clip that grows")
    assert before["state"] == "recording"
    house.kill(2)
    clip = wait_for(lambda: (of(client, event, stolen["id"]) or {}).get("state") == "interrupted" and of(client, event, stolen["id"]), 20, "another node answers for it")
    assert clip["durationSeconds"] >= before["durationSeconds"] - 2, "no more than its last two seconds are lost"
    for other in house.clients[:2]:
        answer = other.request("GET", f"/api/mesh/v1/clips/{clip['id']}/video.mp4")
        assert answer.status == 200 and len(answer.body) == clip["bytes"]
        file = tmp_path / "clip.mp4"
        file.write_bytes(answer.body)
        assert seconds(file) >= before["durationSeconds"] - 2
        assert other.get(f"/clips/{clip['id']}").json["holders"] == clip["holders"]

    house.bring_back()
    stored = wait_for(lambda: [file for file in house.demo.nas.glob(f"{stolen['name']}/*/*_{event}.json") if "interrupted" in file.read_text()], 30, "it is brought to the storage")
    assert len(list(house.demo.nas.glob(f"{stolen['name']}/*/*{event}*.mp4"))) == 1
    video = stored[0].with_suffix(".mp4")
    wait_for(lambda: video.stat().st_size == clip["bytes"], 20, "all of it is there")
    proof = verdict(video)
    assert proof["verdict"] == "proven" and "which kept the recording, closed it" in proof["detail"] and proof["camera"] == stolen["name"], proof
    listed = wait_for(lambda: (of(client, event, stolen["id"]) or {}).get("holders") == ["nas"] and of(client, event, stolen["id"]), 120, "the peer lets go of what was read back")
    assert listed["durationSeconds"] == clip["durationSeconds"] and len([one for one in clips(client, event) if one["camera"] == stolen["id"]]) == 1
    # Back home, it finds what the others kept for it, and nothing twice.
    back = house.start_again(stolen["name"])
    try:
        mine = wait_for(lambda: [one for one in house.clients[2].clips(limit=200) if one["id"] == clip["id"]], 40, "it shows its clip again")
        assert [(one["state"], one["bytes"]) for one in mine] == [("interrupted", clip["bytes"])]
    finally:
        back.terminate()
        back.wait(15)


def test_an_outage_with_events_all_along(house):
    """Most of a minute without storage, a camera killed in it: nothing but its last two seconds is lost, and nothing is there twice."""
    client = house.clients[0]
    nodes = [one.get("/node").json for one in house.clients]
    house.take_away()
    events, seen = [], {}
    began = time.monotonic()
    killed = None

    def goes_on():
        nonlocal killed
        if not events or all(one["state"] != "recording" for one in clips(client, events[-1])):
            events.append(trigger(client, nodes[len(events) % 2]["id"]))
        for clip in client.clips(limit=200):
            seen[clip["id"]] = max(seen.get(clip["id"], 0), clip["durationSeconds"])
        if killed is None and time.monotonic() - began > 20:
            killed = {clip["id"]: clip["durationSeconds"] for clip in client.clips(limit=200) if clip["camera"] == nodes[2]["id"]}
            house.kill(2)
        return time.monotonic() - began > 45
    wait_for(goes_on, 90, "the outage lasts")
    house.bring_back()
    wait_for(lambda: all(clip["state"] in ("stored", "interrupted") for clip in client.clips(limit=200)), 120, "all is stored")

    def on_storage():
        found = {}
        for file in house.demo.nas.glob("*/*/*.json"):
            facts = json.loads(file.read_text())["facts"]
            assert facts["id"] not in found, "nothing is there twice"
            if facts["state"] == "recording" or file.with_suffix(".mp4").stat().st_size != facts["bytes"]:
                return None
            found[facts["id"]] = (facts, file.with_suffix(".mp4"))
        return found if set(seen) <= set(found) else None
    found = wait_for(on_storage, 90, "every clip is on the storage, whole")
    for clip, length in seen.items():
        facts, file = found[clip]
        assert facts["durationSeconds"] >= length - (2 if clip in killed else 0), f"{facts} of {length} s"
        assert seconds(file) >= facts["durationSeconds"] - 0.3
        assert verdict(file)["verdict"] == "proven", facts
    # Whoever walks by meanwhile is recorded, too.
    listed = [clip["id"] for clip in client.clips(limit=200)]
    assert set(found) <= set(listed) and len(set(listed)) == len(listed)
