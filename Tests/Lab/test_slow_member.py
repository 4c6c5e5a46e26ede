"""A member with valid keys that takes its time changes nothing for the others: no missed probe, no late trigger, no growth."""

import contextlib
import pathlib
import subprocess
import sys
import time

import pytest

from Harness.demo import wait_for
from before import Before
from mesh import CAMERA, PEERS, let_pass
from test_faults import triggers_reach_all

SCRIPT = pathlib.Path(__file__).with_name("slow_member.py")
#: Where the slow member's connections end up instead of at its node.
DETOUR = 7999
#: How long it goes on: longer than a round of comparisons, and than a request may take.
SPELL = 40


@contextlib.contextmanager
def slow(host, *arguments):
    """The script on that host, from its first word on."""
    with subprocess.Popen(host.command(sys.executable, SCRIPT, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout.readline().strip() == "listening"
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
