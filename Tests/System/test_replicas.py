"""What no storage takes in time is kept by another node: a camera that is stolen in the middle of an event takes next to nothing along."""

import json
import os
import random
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

    def start_again(self, name, under=()):
        """`under`: a program, with arguments, that becomes the node's."""
        return subprocess.Popen([*under, BINARY, "run", "--config", self.demo.directory / name / "meshcam.toml"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

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
    listed = wait_for(lambda: "nas" in (of(client, event, stolen["id"]) or {}).get("holders", []) and of(client, event, stolen["id"]), 60, "it is listed as stored")
    assert listed["durationSeconds"] == clip["durationSeconds"] and len([one for one in clips(client, event) if one["camera"] == stolen["id"]]) == 1
    # Back home, it finds what the others kept for it, and nothing twice.
    back = house.start_again(stolen["name"])
    try:
        mine = wait_for(lambda: [one for one in house.clients[2].clips(limit=200) if one["id"] == clip["id"]], 40, "it shows its clip again")
        assert [(one["state"], one["bytes"]) for one in mine] == [("interrupted", clip["bytes"])]
    finally:
        back.terminate()
        back.wait(15)


@pytest.fixture
def careful(house):
    """A house of which one camera always wants a copy at another until the storage is sure to have it: that one's name and process."""
    name = house.clients[2].get("/node").json["name"]
    config = house.demo.directory / name / "meshcam.toml"
    house.kill(2)
    text = config.read_text()
    assert "[storage]\n" in text
    config.write_text(text.replace("[storage]\n", '[storage]\npeer_copies = "always"\n'))
    process = house.start_again(name)
    try:
        wait_for(lambda: [camera for camera in house.clients[0].cameras() if camera["name"] == name and camera["online"] and camera["state"] == "running"], 40, "it is back")
        yield name, process
    finally:
        process.kill()
        process.wait()


def test_a_thief_who_deletes_its_footage_too_finds_another_copy(house, careful):
    """The storage works all along; the camera is taken in the middle of an event, and its folder on the storage is deleted."""
    client, (name, process) = house.clients[0], careful
    stolen = next(camera for camera in client.cameras() if camera["name"] == name)
    event = trigger(client, stolen["id"])
    before = wait_for(lambda: (of(client, event, stolen["id"]) or {}).get("durationSeconds", 0) > 6 and of(client, event, stolen["id"]), 60, "a clip that grows")
    process.kill()
    process.wait()
    shutil.rmtree(house.demo.nas / name)
    stored = wait_for(lambda: [file for file in house.demo.nas.glob(f"{stolen['name']}/*/*_{event}.json") if "interrupted" in file.read_text()], 40, "it is brought to the storage")
    clip = wait_for(lambda: (of(client, event, stolen["id"]) or {}).get("state") == "interrupted" and of(client, event, stolen["id"]), 20, "others list it")
    assert clip["durationSeconds"] >= before["durationSeconds"] - 2
    video = stored[0].with_suffix(".mp4")
    wait_for(lambda: video.stat().st_size == clip["bytes"], 20, "all of it is there")
    assert verdict(video)["verdict"] == "proven" and seconds(video) >= before["durationSeconds"] - 2
    answer = house.clients[1].get(f"/clips/{clip['id']}/video.mp4")
    assert answer.status == 200 and answer.body == video.read_bytes()


@pytest.mark.parametrize("length, kills", [(45, 1), pytest.param(600, 8, marks=pytest.mark.long)])
def test_an_outage_with_events_all_along(house, length, kills):
    """Without storage for a while, a camera killed in it, again and again: nothing but its last two seconds is lost, and nothing is there twice."""
    client = house.clients[0]
    nodes = [one.get("/node").json for one in house.clients]
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    moments = sorted(random.Random(seed).uniform(15, length - 15) for _ in range(kills))
    house.take_away()
    events, seen, killed, back = [], {}, set(), None
    began = time.monotonic()

    def goes_on():
        nonlocal back
        if not events or all(one["state"] != "recording" for one in clips(client, events[-1])):
            events.append(trigger(client, nodes[len(events) % 2]["id"]))
        listed = client.clips(limit=1000)
        for clip in listed:
            seen[clip["id"]] = max(seen.get(clip["id"], 0), clip["durationSeconds"])
        if moments and time.monotonic() - began > moments[0]:
            moments.pop(0)
            killed.update(clip["id"] for clip in listed if clip["camera"] == nodes[2]["id"] and clip["state"] == "recording")
            if back:
                back.kill()
                back.wait()
            else:
                house.kill(2)
            if kills > 1:
                back = house.start_again(nodes[2]["name"])
        return time.monotonic() - began > length
    try:
        wait_for(goes_on, length + 60, "the outage lasts")
        house.bring_back()
        all_is_there(house, client, seen, killed)
    finally:
        if back:
            back.terminate()
            back.wait(15)


def all_is_there(house, client, seen, killed):
    """What was seen is on the storage once, whole and proven."""
    wait_for(lambda: all(clip["state"] in ("stored", "interrupted") for clip in client.clips(limit=1000)), 180, "all is stored")

    # Of one that had lasted no longer than what may be lost there may be nothing.
    seen = {clip: length for clip, length in seen.items() if clip not in killed or length > 2}
    found, missing = {}, set(seen)

    def on_storage():
        found.clear()
        for file in house.demo.nas.glob("*/*/*.json"):
            facts = json.loads(file.read_text())["facts"]
            assert facts["id"] not in found, "nothing is there twice"
            if facts["state"] != "recording" and file.with_suffix(".mp4").stat().st_size == facts["bytes"]:
                found[facts["id"]] = (facts, file.with_suffix(".mp4"))
        missing.intersection_update(set(seen) - set(found))
        return not missing
    print(f"{len(seen)} clips, {sum(seen.values()):.0f} s; {sum(clip['bytes'] for clip in client.clips(limit=1000)) / 1e6:.0f} MB")
    try:
        wait_for(on_storage, 180, "every clip is on the storage, whole")
    except AssertionError:
        told = {clip["id"]: clip for clip in client.clips(limit=1000)}
        files = {json.loads(file.read_text())["facts"]["id"]: (str(file), file.with_suffix(".mp4").stat().st_size, file.read_text()) for file in house.demo.nas.glob("*/*/*.json")}
        print(house.demo.read_log()[-6000:])
        raise AssertionError("\n".join(f"{clip}: seen {seen[clip]} s, killed {clip in killed}, told {told.get(clip)}, there {files.get(clip)}" for clip in missing))
    for clip, length in seen.items():
        facts, file = found[clip]
        assert facts["durationSeconds"] >= length - (2 if clip in killed else 0), f"{facts} of {length} s"
        assert seconds(file) >= facts["durationSeconds"] - 0.3
        assert verdict(file)["verdict"] == "proven", facts
    # Whoever walks by meanwhile is recorded, too.
    listed = [clip["id"] for clip in client.clips(limit=1000)]
    assert set(found) <= set(listed) and len(set(listed)) == len(listed)


def test_an_empty_mount_point_is_told(house):
    """One camera's share is not mounted: its recordings go somewhere else, and that is said."""
    name = house.clients[2].get("/node").json["name"]
    house.kill(2)
    process = house.start_again(name, under=("unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(house.demo.nas)))
    try:
        def told():
            reach = next((one for target in house.clients[0].get("/storage").json["targets"] for one in target["reach"] if one["nodeName"] == name), {})
            return reach.get("sharing", {}).get("problem")
        problem = wait_for(told, 90, "it is told")
        assert "not the same storage" in problem["message"] and "mount" in problem["cure"]
        shown = subprocess.run([BINARY, "storage", "--node", house.demo.http_urls[0]], capture_output=True, text=True, timeout=30)
        assert f"{name}: " in shown.stdout and "not the same storage" in shown.stdout, shown
    finally:
        process.kill()
        process.wait()
