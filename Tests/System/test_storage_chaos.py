"""Two storages that fail in every way, at random and at once, and a camera that is killed again and again: every second is there in the end, once, on both."""

import random
import shutil
import signal
import time

import pytest

from Harness.checker import Ledger, all_is_there, unbroken
from Harness.demo import wait_for
from Harness.flaky_disk import FlakyDisk
from Harness.house import House, clips, trigger
from Harness.nas import PASSWORD, USER, Samba


class Disk:
    """The directory of the nodes' own settings: a small disk under FUSE."""
    faults = ("hangs", "fails", "is stale", "is read-only", "is full")

    def __init__(self, house):
        self.disk = FlakyDisk(house.demo.nas, house.directory, "400M")
        self.kept = self.disk.behind

    def begin(self, fault):
        match fault:
            case "hangs": self.disk.tell(hang=True)
            case "fails": self.disk.tell(error="EIO")
            case "is stale": self.disk.tell(error="ESTALE")
            case "is read-only": self.disk.tell(error="EROFS")
            case "is full": self.disk.fill()

    def end(self):
        self.disk.tell()
        self.disk.clear()

    def close(self):
        self.disk.close()


class Share:
    """The mesh's own: a real smbd."""
    faults = ("is stopped", "is switched off")

    def __init__(self, house):
        self.nas = Samba()
        self.kept = self.nas.share
        answer = house.clients[0].post("/storage/targets", {"location": self.nas.location, "user": USER, "password": PASSWORD})
        assert answer.status == 201, answer.body

    def begin(self, fault):
        match fault:
            case "is stopped": self.nas.signal(signal.SIGSTOP)
            case "is switched off": self.nas.stop()

    def end(self):
        self.nas.signal(signal.SIGCONT)
        if self.nas.process.poll() is not None:
            self.nas.start()

    def close(self):
        self.nas.signal(signal.SIGCONT)
        self.nas.close()


@pytest.fixture
def stormy(footage):
    house, storages = House(footage, "chaos"), {}
    try:
        house.start()
        # Nothing is recorded yet: the disk that is put there now is the one there is.
        storages["nas"] = Disk(house)
        storages["cam"] = Share(house)
        for client in house.clients:
            wait_for(lambda: len(reaches(client)) == 6 and all("problem" not in one and "freeBytes" in one for one in reaches(client)), 40, "all reach both")
        yield house, storages
    finally:
        for storage in storages.values():
            storage.end()
        house.demo.stop()
        for storage in storages.values():
            storage.close()
        shutil.rmtree(house.directory, ignore_errors=True)


def reaches(client):
    return [one for target in client.get("/storage").json["targets"] for one in target["reach"]]


class Storm:
    """Draws what happens when."""

    def __init__(self, seed, storages):
        self.random, self.storages = random.Random(seed), storages
        self.failing, self.next = {}, {name: self.random.uniform(1, 5) for name in storages}

    def blow(self, now):
        for name, storage in self.storages.items():
            if now < self.next[name]:
                continue
            if fault := self.failing.pop(name, None):
                storage.end()
                self.next[name] = now + self.random.uniform(3, 12)
            else:
                fault = self.failing[name] = self.random.choice(storage.faults)
                storage.begin(fault)
                self.next[name] = now + self.random.uniform(4, 16)
            print(f"{now:5.1f} s: {name} {fault if name in self.failing else 'works again'}")

    def end(self):
        for storage in self.storages.values():
            storage.end()


@pytest.mark.parametrize("length, kills", [(40, 1), pytest.param(600, 15, marks=pytest.mark.long)])
def test_every_second_is_there_in_the_end(stormy, length, kills):
    house, storages = stormy
    client = house.clients[0]
    nodes = [one.get("/node").json for one in house.clients]
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    storm, ledger = Storm(seed, storages), Ledger()
    moments = sorted(storm.random.uniform(15, length - 5) for _ in range(kills))
    events, back, comes_back, holes = [], None, None, set()
    began = time.monotonic()

    def goes_on():
        nonlocal back, comes_back
        now = time.monotonic() - began
        storm.blow(now)
        if not events or all(one["state"] != "recording" for one in clips(client, events[-1])):
            events.append(trigger(client, nodes[len(events) % 2]["id"]))
        listed = client.clips(limit=1000)
        ledger.see(listed)
        if moments and now > moments[0] and comes_back is None:
            moments.pop(0)
            ledger.kill(nodes[2]["id"], listed)
            if back:
                back.kill()
                back.wait()
            else:
                house.kill(2)
            comes_back = now + storm.random.uniform(0, 6)
            print(f"{now:5.1f} s: {nodes[2]['name']} is killed")
        if comes_back is not None and now > comes_back:
            back, comes_back = house.start_again(nodes[2]["name"]), None
        return now > length
    try:
        wait_for(goes_on, length + 60, "it goes on")
        storm.end()
        if comes_back is not None:
            back = house.start_again(nodes[2]["name"])
        all_is_there(ledger, house.clients, {name: storage.kept for name, storage in storages.items()}, house.demo.read_log)
        listed = client.clips(limit=1000)
        for event in events:
            for node in nodes[:2]:
                holes |= {(event, node["name"], *hole) for hole in unbroken(listed, node["id"], event)}
        assert not holes, "who was not killed recorded without a break"
    finally:
        if back:
            back.terminate()
            back.wait(15)
