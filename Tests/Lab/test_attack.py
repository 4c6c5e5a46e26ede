"""A hostile machine on the same network changes nothing: no crash, no growth, no missed probe, no log that fills a disk."""

import pathlib
import subprocess
import sys

import pytest

from Harness.demo import wait_for
from before import Before
from mesh import PEERS, WEB, let_pass

ATTACKER = pathlib.Path(__file__).with_name("attacker.py")
#: Datagrams a second: as many as a Fast Ethernet port of a Pi would bring of this size.
RATE = 20_000


def attacked_mesh(lab):
    """Three nodes that have been quiet for a while, their datagrams on file, and a host that is no member."""
    mesh = lab(3)
    mesh.network.tell("capture", datagrams=400)
    mesh.plug()
    attacker = mesh.network.host("attacker")
    attacker.plug().address(last=200)
    mesh.start()
    mesh.wait_until_all_see_all()
    corpus = mesh.directory / "corpus"

    def captured():
        datagrams = mesh.network.tell("captures")
        return len(datagrams) >= 200 and datagrams
    datagrams = wait_for(captured, 60, "enough datagrams to mutate")
    assert len({one["from"] for one in datagrams}) == 3
    corpus.write_text("\n".join(one["bytes"] for one in datagrams))
    return mesh, attacker, corpus


def the_mesh_works(mesh):
    for node in mesh.nodes:
        others = {name: entry for name, entry in node.nodes().items() if name != node.name}
        assert len(others) == 2 and all(entry["online"] for entry in others.values()), others
        assert not any("missing" in entry for entry in others.values()), others


@pytest.mark.parametrize("datagrams", [100_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_a_flood_of_random_mutated_replayed_and_reflected_datagrams(lab, datagrams):
    mesh, attacker, corpus = attacked_mesh(lab)
    victim, neighbour, _ = mesh.nodes
    before = [Before(node) for node in mesh.nodes]
    arrived = victim.host.udp_arrived()
    with subprocess.Popen(
            attacker.command(sys.executable, ATTACKER, "flood", datagrams, RATE, corpus, victim.host.v4(), neighbour.host.v4()),
            stdout=subprocess.PIPE, text=True) as flood:
        # The dashboard answers meanwhile, and for all.
        wait_for(lambda: the_mesh_works(mesh) or True, 10, "the mesh works under attack")
        report = flood.stdout.read()
        assert "sent" in report
    print(report.strip())
    assert victim.host.udp_arrived() - arrived > datagrams * 0.9, "the flood reached the victim"
    let_pass(5)
    for one in before:
        one.judge()
    the_mesh_works(mesh)


@pytest.mark.long
def test_hundreds_of_slow_peers_on_every_tcp_port(lab):
    mesh, attacker, _ = attacked_mesh(lab)
    victim = mesh.nodes[0]
    before = [Before(node) for node in mesh.nodes]
    targets = [f"{victim.host.v4()}:{port}" for port in (WEB, PEERS)]
    with subprocess.Popen(attacker.command(sys.executable, ATTACKER, "stall", 300, *targets), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as stalled:
        report = stalled.stdout.readline()
        assert "opened" in report
        print(report.strip())
        # Longer than the 20 s in which a connection has to bring its first request.
        let_pass(30, lambda: the_mesh_works(mesh))
        wait_for(lambda: victim.descriptors() < before[0].descriptors + 40, 10, "the slow ones were sent away")
        stalled.stdin.close()
    for one in before:
        one.judge()
    the_mesh_works(mesh)
