"""Twenty real processes: they find each other, cost next to nothing, and see at once when one of them dies."""

import time

import pytest

from Harness.demo import wait_for
from mesh import let_pass

pytestmark = pytest.mark.long

NODES = 20
#: mesh.md §7, invariants 8 and 10.
SEEN_DEAD, IDLE_BYTES_PER_SECOND, LARGEST_DATAGRAM = 8, 1000, 1232
#: Percent of one core that an idle node without a camera may use. product.md's bar is 1 % for the mesh alone; this is the whole
#: process, in a debug build.
IDLE_CPU_PERCENT = 3


@pytest.fixture
def twenty(lab):
    mesh = lab(NODES)
    mesh.plug()
    mesh.start()
    mesh.wait_until_all_see_all(limit=90)
    return mesh


def test_twenty_processes_idle_cheaply_and_see_a_death(twenty):
    # What comes with the start (all the records, once) is over after two rounds of anti-entropy.
    let_pass(25)
    window, quiet = 40, time.time()
    counted = {node.name: (twenty.network.counters()[node.host.port()], node.cpu_seconds()) for node in twenty.nodes}
    began = time.monotonic()
    let_pass(window)
    after, passed = twenty.network.counters(), time.monotonic() - began
    bytes_per_second = {
        node.name: (after[node.host.port()]["gossipBytes"] - counted[node.name][0]["gossipBytes"]) / passed for node in twenty.nodes}
    cpu_percent = {node.name: 100 * (node.cpu_seconds() - counted[node.name][1]) / passed for node in twenty.nodes}
    largest = max(counters["largestGossip"] for counters in after.values())
    resident = max(node.resident_bytes() for node in twenty.nodes)
    print(f"idle: {sum(bytes_per_second.values()) / NODES:.0f} B/s of gossip sent by a node (most: {max(bytes_per_second.values()):.0f}), "
          f"{sum(cpu_percent.values()) / NODES:.2f} % of a core (most: {max(cpu_percent.values()):.2f}), "
          f"{resident >> 20} MiB resident at most, largest datagram {largest} B; "
          f"{len(twenty.deaths())} false deaths while all were starting")
    assert max(bytes_per_second.values()) <= IDLE_BYTES_PER_SECOND, bytes_per_second
    assert largest <= LARGEST_DATAGRAM
    assert sum(cpu_percent.values()) / NODES <= IDLE_CPU_PERCENT, cpu_percent
    assert twenty.deaths(quiet) == []

    victim, *others = twenty.nodes
    killed = time.time()
    victim.kill()

    def mourners():
        return [node for node in others if node.said(f"{victim.name} is gone", since=killed)]
    wait_for(lambda: len(mourners()) == len(others), SEEN_DEAD + 2, "all see the death")
    seen = sorted(node.said(f"{victim.name} is gone", since=killed)[0] - killed for node in others)
    print(f"death seen after {seen[0]:.1f} to {seen[-1]:.1f} s")
    assert seen[-1] <= SEEN_DEAD
    assert all(victim.name in line for line in twenty.deaths(killed)), "only the dead one is mourned"
    assert not any(victim.name in node.online() for node in others)
    victim.start()
    twenty.wait_until_all_see_all(limit=20)
