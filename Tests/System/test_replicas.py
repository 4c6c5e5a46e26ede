"""What no storage takes in time is kept by another node: a camera that is stolen in the middle of an event takes next to nothing along."""

import random
import shutil
import subprocess
import time

import pytest

from Harness.checker import Ledger, all_is_there, seconds, verdict
from Harness.demo import BINARY, wait_for
from Harness.house import House, clips, of, trigger


@pytest.fixture
def house(footage):
    house = House(footage, "replicas")
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


def test_a_thief_who_deletes_its_footage_too_finds_another_copy(house):
    """The storage works all along; the camera is taken in the middle of an event, and its folder on the storage is deleted."""
    client = house.clients[0]
    stolen = house.clients[2].get("/node").json
    name = stolen["name"]
    event = trigger(client, stolen["id"])
    before = wait_for(lambda: (of(client, event, stolen["id"]) or {}).get("durationSeconds", 0) > 6 and of(client, event, stolen["id"]), 60, "a clip that grows")
    house.kill(2)
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
    events, ledger, back = [], Ledger(), None
    began = time.monotonic()

    def goes_on():
        nonlocal back
        if not events or all(one["state"] != "recording" for one in clips(client, events[-1])):
            events.append(trigger(client, nodes[len(events) % 2]["id"]))
        listed = client.clips(limit=1000)
        ledger.see(listed)
        if moments and time.monotonic() - began > moments[0]:
            moments.pop(0)
            ledger.kill(nodes[2]["id"], listed)
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
        all_is_there(ledger, house.clients[:2], {"nas": house.demo.nas}, house.demo.read_log)
    finally:
        if back:
            back.terminate()
            back.wait(15)


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
