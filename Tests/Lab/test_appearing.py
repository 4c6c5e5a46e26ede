"""A node shows up, wherever its neighbours can be heard or are known."""

import time

import pytest

from Harness.demo import wait_for
from mesh import let_pass

#: product.md: seconds from a node's address to its row on another node's dashboard.
APPEARS = 3
#: Seconds until nodes that were just started see each other where no bound is promised: the start of a process is in it.
STARTED = 20


def test_a_node_appears_on_another_dashboard_within_3_seconds_of_its_address(lab):
    mesh = lab(3)
    first, second, late = mesh.nodes
    mesh.plug(first, second)
    mesh.start(first, second)
    mesh.wait_until_all_see_all(first, second)
    # It runs and has a cable; only the lease is missing, as on a Pi whose DHCP server takes its time.
    late.host.plug().start_avahi()
    late.start()
    wait_for(late.is_up, STARTED, "the node without an address runs")
    assert late.online() == {late.name}
    began = time.monotonic()
    late.host.address()
    for node in (first, second):
        wait_for(lambda: node.sees(late), APPEARS - (time.monotonic() - began), f"{late.name} on {node.name}'s dashboard")
    wait_for(lambda: late.sees(first, second), APPEARS - (time.monotonic() - began), f"both on {late.name}'s dashboard")


def test_a_node_without_avahi_finds_all_through_one_known_address(lab):
    mesh = lab(3)
    first, second, silent = mesh.nodes
    mesh.plug(first, second)
    mesh.plug(silent, avahi=False)
    mesh.start(first, second)
    # It knows the first; the second it finds in what the first tells, and the second finds it likewise.
    silent.start(seeds=[first.host.v4()])
    mesh.wait_until_all_see_all(limit=STARTED)
    assert "avahi" in silent.problems(), "a node that cannot be found by mDNS says so"
    assert "avahi" not in first.problems() + second.problems()
    assert mesh.deaths() == []


def test_known_addresses_do_where_multicast_is_blocked(lab):
    mesh = lab(3)
    mesh.plug()
    mesh.start()
    mesh.wait_until_all_see_all(limit=STARTED)
    for node in mesh.nodes:
        node.stop()
    with mesh.network.faults({"no_multicast": True}):
        # As after a power cut in a house whose new access point swallows multicast: nobody hears mDNS, all remember.
        for node in mesh.nodes:
            node.host.kill_avahi()
            node.host.start_avahi()
        mesh.start()
        mesh.wait_until_all_see_all(limit=STARTED)


def test_a_seed_does_where_multicast_is_blocked_and_nothing_is_known(lab):
    mesh = lab(3)
    mesh.plug()
    with mesh.network.faults({"no_multicast": True}):
        first, *others = mesh.nodes
        first.start()
        mesh.start(*others, seeds=[first.host.v4()])
        mesh.wait_until_all_see_all(limit=STARTED)


def test_without_multicast_and_seeds_nobody_is_found(lab):
    """The control: were anybody found here, the two tests above would show nothing."""
    mesh = lab(2)
    mesh.plug()
    with mesh.network.faults({"no_multicast": True}):
        mesh.start()
        for node in mesh.nodes:
            wait_for(node.is_up, STARTED, f"{node.name} runs")
        let_pass(5)
        assert [node.online() for node in mesh.nodes] == [{node.name} for node in mesh.nodes]


def test_notes_on_a_shared_storage_do_where_multicast_is_blocked_and_nothing_is_known(lab, tmp_path):
    mesh = lab(3)
    mesh.plug()
    with mesh.network.faults({"no_multicast": True}):
        for node in mesh.nodes:
            node.start(storage=tmp_path / "nas")
        # Each leaves a note where it is; whoever misses somebody looks at the notes.
        mesh.wait_until_all_see_all(limit=30)
        notes = {path.parent.name: path.read_text() for path in tmp_path.glob("nas/*/discovery.txt")}
        assert set(notes) == {node.name for node in mesh.nodes}
        for node in mesh.nodes:
            assert f"gossip {node.host.v4()}:7462" in notes[node.name] and "\nsignature " in notes[node.name]
    assert mesh.deaths() == []


def test_a_note_that_a_thief_wrote_is_not_heeded(lab, tmp_path):
    mesh = lab(2)
    mesh.plug()
    first, second = mesh.nodes
    with mesh.network.faults({"no_multicast": True}):
        first.start(storage=tmp_path / "nas")
        note = tmp_path / "nas" / first.name / "discovery.txt"
        text = wait_for(lambda: note.exists() and f"gossip {first.host.v4()}" in note.read_text() and note.read_text(), 30, "a note")
        first.stop()
        # Somebody else's place, under the name of the first one.
        note.write_text(text.replace(first.host.v4(), second.host.v4(last=99)))
        second.start(storage=tmp_path / "nas", level="debug")
        wait_for(second.is_up, STARTED, "it runs")
        let_pass(10)
        assert "left a note" not in second.log()
        note.write_text(text)
        second.stop()
        second.start(storage=tmp_path / "nas", level="debug")
        wait_for(lambda: "left a note" in second.log(), 30, "the control: the true one is")


def test_ipv6_only(lab):
    mesh = lab(3)
    for node in mesh.nodes:
        node.host.plug()
        node.host.add_address(f"{node.host.v6()}/64")
        node.host.start_avahi()
        assert "inet " not in node.host.run("ip", "-4", "address", "show", "dev", "eth0")
    mesh.start()
    mesh.wait_until_all_see_all(limit=STARTED)
    assert all(":" in address for node in mesh.nodes for entry in node.nodes().values() for address in entry["addresses"])
    assert mesh.deaths() == []


def test_link_local_addresses_only(lab):
    """Two Pis and a cable: no router, no DHCP, nothing but what IPv6 makes by itself."""
    mesh = lab(2)
    for node in mesh.nodes:
        node.host.plug().start_avahi()
    mesh.start()
    mesh.wait_until_all_see_all(limit=STARTED)
    # Gossip alone is not enough: `uptimeSeconds` is what only the node itself tells, over TLS.
    for node, other in (mesh.nodes, mesh.nodes[::-1]):
        wait_for(lambda: node.nodes()[other.name].get("uptimeSeconds") is not None, STARTED, f"{node.name} is answered by {other.name}")
        assert "missing" not in node.nodes()[other.name]
    let_pass(12)
    assert mesh.deaths() == []
