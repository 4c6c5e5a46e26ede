"""What should have been recorded, and whether it is there: once, whole and proven, on every storage that is said to hold it."""

import datetime
import json
import subprocess
import time

from Harness.demo import BINARY, wait_for

#: A camera that is killed may take that much along.
LOST_AT_MOST = 2


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


class Ledger:
    """What cameras said that they had recorded, while it happened."""

    def __init__(self):
        self.seen = {}
        self.killed = set()

    def see(self, clips):
        for clip in clips:
            self.seen[clip["id"]] = max(self.seen.get(clip["id"], 0), clip["durationSeconds"])

    def kill(self, camera, clips):
        """That camera is about to be killed."""
        self.killed.update(clip["id"] for clip in clips if clip["camera"] == camera and clip["state"] == "recording")

    def due(self):
        """How long each clip must be now. Of one that had lasted no longer than what may be lost there may be nothing."""
        return {clip: length - (LOST_AT_MOST if clip in self.killed else 0) for clip, length in self.seen.items()
                if clip not in self.killed or length > LOST_AT_MOST}

    def __str__(self):
        return f"{len(self.seen)} clips, {sum(self.seen.values()):.0f} s, {len(self.killed)} cut off"


def on_storage(directory):
    """Every clip that is there and whole, by id: what its sidecar says, and its video."""
    found = {}
    for file in directory.glob("*/*/*.json"):
        facts = json.loads(file.read_text())["facts"]
        assert facts["id"] not in found, f"{facts['id']} is there twice: {file}, {found[facts['id']][1]}"
        found[facts["id"]] = (facts, file.with_suffix(".mp4"))
    return {clip: (facts, file) for clip, (facts, file) in found.items() if facts["state"] != "recording" and file.stat().st_size == facts["bytes"]}


def all_is_there(ledger, clients, storages, log=lambda: "", limit=180):
    """What a living camera recorded is on every storage. What one was killed over is on one at least: what it had for another went with it.

    `storages`: the directories, by what the API calls each.
    """
    due, client, began = ledger.due(), clients[0], time.monotonic()

    def says(what):
        print(f"{time.monotonic() - began:5.1f} s later: {what}")
    print(ledger)
    wait_for(lambda: all(clip["state"] in ("stored", "interrupted") for clip in client.clips(limit=1000)), limit, "all is stored")

    def missing():
        there = {name: on_storage(directory) for name, directory in storages.items()}
        on_all = {clip for clip in due if clip not in ledger.killed}
        lacking = {(clip, name) for name, found in there.items() for clip in on_all - set(found)}
        return lacking | {(clip, "any") for clip in set(due) - on_all if not any(clip in found for found in there.values())}
    try:
        wait_for(lambda: not missing(), limit, "every clip is stored, whole")
    except AssertionError:
        told = {clip["id"]: clip for clip in client.clips(limit=1000)}
        print(log()[-6000:])
        raise AssertionError("\n".join(f"{clip}: due {due[clip]} s on {name}, cut off {clip in ledger.killed}, told {told.get(clip)}" for clip, name in missing()))
    says("all is stored, whole")
    there = {name: on_storage(directory) for name, directory in storages.items()}
    for clip, length in due.items():
        copies = [found[clip] for found in there.values() if clip in found]
        for facts, file in {file.read_bytes(): (facts, file) for facts, file in copies}.values():
            assert seconds(file) >= facts["durationSeconds"] - 0.3, facts
        for facts, file in copies:
            proof = verdict(file)
            # What a camera that was killed had not closed it vouches for itself, and nobody says whether there was more.
            assert proof["verdict"] in (["proven", "partly"] if clip in ledger.killed else ["proven"]), f"{proof}: {facts}"
        assert max(facts["durationSeconds"] for facts, _ in copies) >= length, f"{copies} of {length} s"
        if clip not in ledger.killed:
            assert all(not facts.get("gaps") for facts, _ in copies), copies
            assert len({file.read_bytes() for _, file in copies}) == 1, f"not the same: {copies}"
    says("all is proven and plays")
    # Every node says so. Whoever walks by meanwhile is recorded, too.
    for one in clients:
        def told():
            listed = {clip["id"]: clip for clip in one.clips(limit=1000)}
            return all(clip in listed and {name for name, found in there.items() if clip in found} <= set(listed[clip]["holders"]) for clip in due) and listed
        listed = wait_for(told, 150, "every node says where all is")
        says(f"{one.base} says where all is")
        assert len(listed) == len(one.clips(limit=1000)), "and nothing twice"
        for clip in sorted(due, key=lambda clip: (clip in ledger.killed, listed[clip]["start"]))[-5:]:
            answer = one.get(f"/clips/{clip}/video.mp4")
            longest = max((found[clip][1].read_bytes() for found in there.values() if clip in found), key=len)
            assert answer.status == 200 and answer.body == longest, f"{clip}: {len(answer.body)} of {len(longest)} bytes"


def unbroken(clips, camera, event):
    """Whether a camera's clips of an event follow one another without a hole, and where not."""
    mine = sorted(((moment(clip["start"]), moment(clip["end"])) for clip in clips if clip["camera"] == camera and event in clip["events"]))
    return [(end, start) for (_, end), (start, _) in zip(mine, mine[1:]) if (start - end).total_seconds() > 0.3]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
