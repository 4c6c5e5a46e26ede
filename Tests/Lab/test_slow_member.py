"""A member with valid keys that takes its time changes nothing for the others: no missed probe, no late trigger, no growth."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from Harness.demo import wait_for
from before import Before
from mesh import CAMERA, PEERS, let_pass
from test_faults import MERGED, SEEN_DEAD, triggers_reach_all

SCRIPT = pathlib.Path(__file__).with_name("slow_member.py")
#: Where the slow member's connections end up instead of at its node.
DETOUR = 7999
#: Connections of the slow member to each of the others: more than one host may have at once.
CALLS = 90
#: How long it goes on: longer than the 20 s in which a connection has to bring its first request, and than a round of comparisons.
SPELL = 40


@contextlib.contextmanager
def slow(host, *arguments):
    """The script on that host, from its first word on."""
    with subprocess.Popen(host.command(sys.executable, SCRIPT, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout.readline().strip() in ("listening", "calling")
        try:
            yield script
        finally:
            script.stdin.close()
            report = script.stdout.read().strip()
            print(report)
            script.report = report


def a_mesh_with_a_slow_member(lab):
    """Three nodes with cameras and a fourth one, all of which have met."""
    mesh = lab(4)
    mesh.plug()
    mesh.start(camera=CAMERA)
    mesh.wait_until_all_see_all()
    for node in mesh.nodes:
        wait_for(node.camera_runs, 20, f"{node.name}'s camera runs")
    # A clip's writer and encoder, and the connections to the others, are there before anything is compared.
    triggers_reach_all(mesh.nodes)
    return mesh, mesh.nodes[3], mesh.nodes[:3]


def go_on(nodes, seconds):
    """The others' life: triggers, and lists that ask everybody."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        triggers_reach_all(nodes)
        for node in nodes:
            began = time.monotonic()
            node.request("GET", "/clips?limit=20")
            assert time.monotonic() - began < 5, f"{node.name}'s list waits for the slow one"
        let_pass(2)


@pytest.mark.parametrize("how", ["mute", "trickle"])
def test_a_member_whose_port_is_slow(lab, how):
    mesh, member, others = a_mesh_with_a_slow_member(lab)
    before = [Before(node) for node in others]
    with slow(member.host, "listen", DETOUR, how) as door:
        member.host.run("nft", "add table inet lab; add chain inet lab detour { type nat hook prerouting priority -100; }; "
                        f"add rule inet lab detour tcp dport {PEERS} redirect to :{DETOUR}")
        # Connections from before go on; it is its next start that has none.
        member.kill()
        member.start(camera=CAMERA)
        wait_for(lambda: all(node.sees(member) for node in others) and member.sees(*others), 30, "the slow one is back")
        since = time.time()
        go_on(others, SPELL)
        # Gossip's UDP is all that it has, and enough.
        assert [line for node in others for line in node.mourned(since)] == []
        assert all(node.sees(*mesh.nodes) for node in others)
    assert int(door.report.split()[0]) > 5, "nobody called it, so nothing was tried"
    for one in before:
        one.judge(but=member)


def test_a_member_that_calls_and_is_slow(lab):
    mesh, member, others = a_mesh_with_a_slow_member(lab)
    before = [Before(node) for node in others]
    identity = mesh.prepared / member.name / "state" / "identity"
    with slow(member.host, "call", identity, CALLS, *(f"{node.host.v4()}:{PEERS}" for node in others)) as calls:
        go_on(mesh.nodes, SPELL)
    opened, proven, lost = (int(word) for word in calls.report.replace(",", "").split() if word.isdigit())
    assert opened >= 3 * CALLS and proven > CALLS, "it was let in as a member"
    assert lost > CALLS, "whoever is slow is sent away"
    for one in before:
        one.judge()
    wait_for(lambda: others[0].descriptors() < before[0].descriptors + 40, 30, "its connections are gone")


def test_a_member_that_stands_still(lab):
    mesh, member, others = a_mesh_with_a_slow_member(lab)
    before = [Before(node) for node in others]
    # Its kernel goes on: connections are taken, requests are acknowledged, and nobody ever answers.
    os.kill(member.process.pid, signal.SIGSTOP)
    try:
        for node in others:
            wait_for(lambda: not node.sees(member), SEEN_DEAD + 2, f"{node.name} misses it")
        go_on(others, SPELL)
    finally:
        os.kill(member.process.pid, signal.SIGCONT)
    mesh.wait_until_all_see_all(limit=MERGED)
    for one in before:
        one.judge(but=member)
