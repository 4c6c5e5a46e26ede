"""Live pictures on bad networks, as Chromium shows them: packets lost, late and out of order, a link that halves, and who else watches."""

import contextlib
import json
import pathlib
import subprocess
import sys

import pytest

from Harness import judge
from Harness.demo import wait_for
from mesh import CAMERA, WEB, let_pass

# Minutes, and what they judge is a few tenths of a second: on a machine that does nothing else.
pytestmark = pytest.mark.long

VIEWER = pathlib.Path(__file__).with_name("viewer.py")
#: Width, height, pictures and kilobits a second; a quarter of that is the small stream.
PICTURE = WIDTH, _, RATE, _ = (1280, 720, 15, 2000)
SMALL = 640
#: Seconds without a new picture: by chance losses, and where the link itself has changed.
FREEZE, STEP_FREEZE = 0.5, 1.5
#: The share of the camera's pictures that moving ones show at least. A browser on a busy machine draws two at once now and then.
MOVING = 0.8
#: A frame of the switch may be so late, in seconds.
KEEPS_UP = 0.05
SEED = 20261129


class Viewer:
    """Somebody before a browser on a host of their own."""

    def __init__(self, process):
        self.process = process

    def look(self) -> "Look":
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return Look(json.loads(self.process.stdout.readline()))


class Look:
    """All that a viewer has seen so far. Times are the browser's, in seconds."""

    def __init__(self, told):
        self.now, self.counters = told["now"], told["counters"]
        self.pictures = [(shown, timestamp, width) for shown, timestamp, width in told["pictures"]]

    def longest_freeze(self, since=0.0, until=None) -> float:
        """Between two pictures that follow each other, the end included."""
        moments = [shown for shown, _, _ in self.pictures if since <= shown and (until is None or shown <= until)]
        assert moments, f"no picture after {since:.1f}"
        edges = [*([since] if since else []), *moments, until or self.now]
        return max(after - before for before, after in zip(edges, edges[1:]))

    def widths(self, since=0.0) -> list:
        """Each change of size, as (when, width)."""
        changes = []
        for shown, _, width in self.pictures:
            if shown >= since and (not changes or changes[-1][1] != width):
                changes.append((round(shown - since, 2), width))
        return changes

    def rate(self, since: float, until=None) -> float:
        """Pictures in a second."""
        until = until or self.now
        return sum(since <= shown <= until for shown, _, _ in self.pictures) / (until - since)

    def __str__(self):
        names = ("packetsReceived", "packetsLost", "retransmittedPacketsReceived", "nackCount", "pliCount", "framesReceived", "framesDecoded")
        return f"{len(self.pictures)} pictures; " + ", ".join(f"{name} {self.counters.get(name, 0)}" for name in names)


@contextlib.contextmanager
def watching(host, node):
    """From the first picture on."""
    command = host.command(sys.executable, VIEWER, f"https://{node.host.v4()}:{WEB}", node.id)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "watching\n", "nothing is seen; why stands above"
            yield Viewer(process)
        finally:
            process.stdin.close()


@pytest.fixture
def watched(lab):
    """A node whose camera runs."""
    mesh = lab(1)
    mesh.plug(avahi=False)
    mesh.start(camera=CAMERA, picture=PICTURE)
    [node] = mesh.nodes
    wait_for(lambda: node.is_up() and node.camera_runs(), 20, "the camera runs")
    return node


def viewers_host(node, name):
    # Without IPv6, whose own addresses come a second later: browsers give up what they load when their network changes.
    host = node.mesh.network.host(name).plug(ipv6=False).address(ipv6=False)
    # Browsers look for their own address on the way to everywhere.
    host.run("ip", "route", "add", "default", "via", node.host.v4())
    return host


def lossy(there, back):
    """What is asked for again is lost like anything else, and so is the asking."""
    return {"from": there, "to": back, "loss": 5, "delay": 50}, {"from": back, "to": there, "loss": 5}


def disordered(there, back):
    """A packet is overtaken by all that is sent up to 10 ms later; a few come twice, and a few never."""
    return [{"from": source, "to": target, "loss": 1, "delay": 40, "jitter": 5, "duplicate": 2} for source, target in ((there, back), (back, there))]


@pytest.mark.parametrize("network", [lossy, disordered])
def test_the_picture_recovers_without_a_freeze(watched, network):
    """Judged are the stretches in which the switch keeps up: on a machine that is busy elsewhere, it makes a worse network than was asked for."""
    host, switch = viewers_host(watched, "far"), watched.mesh.network
    judged = 0
    with switch.faults(*network([watched.host.ports], [host.ports]), seed=SEED), watching(host, watched) as viewer:
        since = viewer.look().now
        for stretch in range(3):
            switch.tell("lateness")
            let_pass(6)
            seen, late = viewer.look(), switch.tell("lateness")
            freeze, rate = seen.longest_freeze(since), seen.rate(since)
            print(f"{network.__name__}, seed {SEED}, stretch {stretch}: longest freeze {1000 * freeze:.0f} ms, {rate:.1f} pictures a second, "
                  f"switch late by {1000 * late:.0f} ms; in all {seen}")
            if late <= KEEPS_UP:
                judged += 1
                assert freeze <= FREEZE and rate >= MOVING * RATE
            since = seen.now
    assert judged, "this machine is too busy for its switch"
    assert seen.counters["nackCount"] > 10 and seen.counters["retransmittedPacketsReceived"] > 10, "the network was bad"


def test_a_link_that_halves_keeps_moving_pictures_and_disturbs_nobody(watched):
    far, near = viewers_host(watched, "far"), viewers_host(watched, "near")
    far.carry("3mbit")
    with watching(near, watched) as good, watching(far, watched) as slow:
        let_pass(3)
        before, step = good.look(), slow.look()
        assert [width for _, width in step.widths()] == [WIDTH], "3 Mbit/s carry the main stream"
        far.carry("1500kbit")
        let_pass(7)
        # Its clip shows the ten seconds before, and those are what it is about.
        event = watched.trigger("the link has halved")
        let_pass(5)
        after, seen = good.look(), slow.look()
    print(f"slow: {seen.widths(step.now)}, longest freeze {1000 * seen.longest_freeze(step.now):.0f} ms, {seen}\n"
          f"good: longest freeze {1000 * after.longest_freeze(before.now):.0f} ms, {after}")
    # It gets the small stream, and every picture of that.
    assert seen.widths(step.now)[-1][1] == SMALL
    assert seen.longest_freeze(step.now) <= STEP_FREEZE
    settled = step.now + 4
    assert seen.longest_freeze(settled) <= FREEZE and seen.rate(settled) > MOVING * RATE

    # The good link's viewer has every picture of the large stream meanwhile,
    assert [width for _, width in after.widths()] == [WIDTH] and after.counters["packetsLost"] == 0
    assert after.counters["framesDecoded"] - before.counters["framesDecoded"] > 0.9 * RATE * (after.now - before.now)
    assert after.longest_freeze(before.now) <= FREEZE
    # and so has the recorder.
    [clip] = wait_for(lambda: list(watched.mesh.prepared.glob(f"{watched.name}/storage/*/*/*_{event}.mp4")), 10, "the clip is stored")
    moments = judge.moments(clip)
    assert judge.decode(clip) == len(moments) > 11 * RATE
    assert max(after - before for before, after in zip(moments, moments[1:])) < 1.5 / RATE


def test_a_link_that_was_next_to_nothing_for_a_while_carries_moving_pictures_again(watched):
    host = viewers_host(watched, "far")
    with watching(host, watched) as viewer:
        let_pass(2)
        host.carry("300kbit")
        let_pass(5)
        host.carry()
        again = viewer.look().now

        def moves():
            seen = viewer.look()
            return seen if seen.rate(seen.now - 2) > MOVING * RATE else None
        seen = wait_for(moves, 15, "pictures move")
    print(f"moves {seen.now - again:.1f} s after; {seen.widths(again)}, {seen}")
