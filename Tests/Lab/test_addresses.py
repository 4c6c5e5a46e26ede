"""Addresses that change, links that come and go, avahi-daemons that die: nobody is lost, and nobody is declared dead."""

import time

import pytest

from Harness.demo import wait_for
from mesh import let_pass

#: Seconds until all reach a node at its new address: less than the shortest suspicion (mesh.md §3), which would end in a death.
MOVED = 8


def test_a_node_whose_address_changes_is_reached_again_and_never_dead(lab):
    mesh = lab(3)
    mesh.plug(ipv6=False)
    mesh.start()
    mesh.wait_until_all_see_all()
    moving, *others = mesh.nodes
    old, new = moving.host.v4(), moving.host.v4(last=77)
    began = time.time()
    moving.host.remove_address(f"{old}/24")
    moving.host.address(last=77, ipv6=False)
    for node in others:
        wait_for(lambda: node.nodes()[moving.name]["addresses"] == [new], MOVED, f"{node.name} knows the new address")
        # `missing` is there where TLS did not get through; gossip alone is not enough.
        wait_for(lambda: "missing" not in node.nodes()[moving.name], MOVED, f"{node.name} is answered from the new address")
        assert node.sees(moving)
    let_pass(MOVED)
    assert mesh.deaths(began) == []


@pytest.mark.parametrize("lost", ["eth0", pytest.param("wlan0", marks=pytest.mark.long)])
def test_a_node_on_wire_and_wifi_may_lose_either(lab, lost):
    mesh = lab(3)
    mesh.plug(links=("eth0", "wlan0"), ipv6=False)
    mesh.start()
    mesh.wait_until_all_see_all()
    both, *others = mesh.nodes
    began = time.time()
    # The addresses stay: nothing tells the programs that this way leads nowhere any more.
    both.host.set_link(lost, False)
    let_pass(12)
    assert mesh.deaths(began) == []
    for node in others:
        wait_for(lambda: "missing" not in node.nodes()[both.name], 5, f"{node.name} is answered over the other link")
    both.host.set_link(lost, True)
    mesh.wait_until_all_see_all(limit=5)


def test_an_avahi_daemon_that_dies_and_comes_back_is_followed(lab):
    mesh = lab(3)
    first, second, third = mesh.nodes
    mesh.plug()
    mesh.start(first, second)
    mesh.wait_until_all_see_all(first, second)

    def browsed() -> str:
        return third.host.run("avahi-browse", "--parsable", "--resolve", "--terminate", "_meshcam._tcp")
    wait_for(lambda: f"id={first.id}" in browsed(), 10, "the service is published")
    began = time.time()
    first.host.kill_avahi()
    wait_for(lambda: "avahi" in first.problems(), 10, "the dashboard says that mDNS does not work")
    first.host.start_avahi()
    wait_for(lambda: "avahi" not in first.problems(), 15, "the dashboard says no more that mDNS does not work")
    wait_for(lambda: f"id={first.id}" in browsed(), 15, "the service is published again")
    # Browsing works again as well: somebody new, whose own mDNS finds nobody, is found by this node.
    third.start()
    wait_for(lambda: first.sees(third) and second.sees(third), 10, "a newcomer is found")
    assert mesh.deaths(began) == []
