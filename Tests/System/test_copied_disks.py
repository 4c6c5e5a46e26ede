"""Disks that are not what they seem, on real nodes: put back as they were weeks ago, or copied to another board."""

import pathlib
import shutil
import socket
import time

from Harness.demo import Client, wait_for
from Harness.lone import LoneNode
from Harness.thief import Thief

#: Where a board's number is read, best first; where there is none, its host name is its number.
SERIALS = ("/proc/device-tree/serial-number", "/etc/machine-id", "/var/lib/dbus/machine-id")


def entry(client, identity):
    """What a node's list says of another; None for one that it does not show as alive."""
    return next((node for node in client.get("/nodes").json if node["id"] == identity and node["online"]), None)


def member(admin, clients, node) -> str:
    added = admin.post("/pairings", {"node": node.door, "code": node.code()})
    assert added.status == 201, added.body
    wait_for(node.mesh, 20, "a member")
    there(clients, node)
    return node.id


def there(clients, node) -> Client:
    """Waits until all see it and it sees all; answers who is signed in there."""
    identity = node.id
    for client in clients:
        wait_for(lambda: entry(client, identity), 20, "every node sees it")
    inside = Client(node.url)
    wait_for(lambda: inside.sign_in().status == 200, 20, "the mesh's admin signs in there")
    wait_for(lambda: sum(one["online"] for one in inside.get("/nodes").json) >= len(clients) + 1, 20, "it sees every node")
    wait_for(lambda: [one for one in inside.cameras() if one["node"] == identity and one["state"] == "running"], 20, "its camera runs")
    return inside


def triggers_all(inside, clients, node, label) -> float:
    """An event of that node makes every node record. Answers how long it took."""
    camera = next(camera["id"] for camera in inside.cameras() if camera["node"] == node.id)
    began = time.monotonic()
    event = inside.post(f"/cameras/{camera}/trigger", {"kind": "manual", "label": label}).json["event"]
    for client in clients:
        own = client.get("/node").json["id"]
        wait_for(lambda: [clip for clip in client.clips(limit=50) if clip["node"] == own and event in clip["events"]], 10, f"{label}: recorded")
    return time.monotonic() - began


def test_a_disk_that_was_rolled_back(demo, clients, admin, lone):
    node = lone().start()
    identity = member(admin, clients, node)
    node.stop()
    old = node.directory / "old"
    shutil.copytree(node.state, old)
    # It goes on: three more starts, events and words of its own.
    for number in range(3):
        node.start()
        triggers_all(there(clients, node), clients, node, f"before {number}")
        node.stop()
    last = Thief(node.state, node.directory / "tls").boot
    shutil.rmtree(node.state)
    shutil.copytree(old, node.state)
    assert Thief(node.state, node.directory / "tls").boot == last - 3, "its disk has forgotten three starts"
    began = time.monotonic()
    node.start()
    assert node.id == identity
    inside = there(clients, node)
    took = triggers_all(inside, clients, node, "after")
    print(f"back {time.monotonic() - began:.1f} s after its start; its first event took {took:.1f} s to all")
    assert "its disk was rolled back; going on with start" in node.read_log()
    wait_for(lambda: Thief(node.state, node.directory / "tls").boot > last, 10, "it goes on where it was")
    # What it says now counts, and is what the others believe: another name.
    node.stop()
    node.config.write_text(node.config.read_text().replace(f'"{node.name}"', '"another name"'))
    node.start()
    for client in clients:
        wait_for(lambda: (entry(client, identity) or {}).get("name") == "another name", 20, "its new name is known")
    triggers_all(there(clients, node), clients, node, "at the end")
    assert admin.request("DELETE", f"/api/mesh/v1/nodes/{identity}").status == 204


def on_another_board(node: LoneNode):
    """Its process finds another serial number, where this machine has one; nobody else does."""
    serial = next((place for place in SERIALS if pathlib.Path(place).exists() and pathlib.Path(place).read_text().strip("\0\n ")), None)
    if serial:
        other = node.directory / "serial"
        other.write_text("0123456789abcdef0123456789abcdef\n")
        node.within = ["unshare", "--mount", "sh", "-c", f'mount --bind "{other}" {serial} && exec "$@"', "board"]
    else:
        node.within = ["unshare", "--uts", "sh", "-c", f'hostname not-{socket.gethostname()} && exec "$@"', "board"]


def test_a_card_that_was_copied_to_another_board(demo, clients, admin, lone):
    original = lone().start()
    identity = member(admin, clients, original)
    original.stop()
    card = original.directory / "card"
    shutil.copytree(original.state, card)
    original.start()
    # Made now: its ports are others than those of the original that runs.
    copy = lone()
    shutil.copytree(card, copy.state)
    on_another_board(copy)
    copy.start()
    assert "the identity was replaced: it belongs to another board" in copy.read_log()
    assert copy.id not in ("", identity)
    # It has nothing of the mesh any more, and waits to be added as every new camera does; nobody takes it for the original or for a member.
    assert copy.mesh() is None and "the mesh that this card knew has another node of its name" in copy.read_log()
    assert not [kept for kept in ("mesh", "peers", "sessions") if (copy.state / kept).exists()]
    secrets = Thief(card, original.directory / "tls")
    left = b"".join(file.read_bytes() for file in copy.state.rglob("*") if file.is_file())
    assert secrets.genesis not in left and secrets.dh not in left and secrets.dh in (card / "identity").read_bytes()
    triggers_all(there(clients, original), clients, original, "the original")
    for client in clients:
        nodes = client.get("/nodes").json
        assert copy.id not in [node["id"] for node in nodes] and entry(client, identity)["name"] == original.name
        wait_for(lambda: [found["name"] for found in client.get("/discovered").json if found["id"] == copy.id] == [copy.name], 20, "it waits")
    # The new identity is its own on that board, with its code it becomes a member, and both are there at once.
    copied = copy.id
    copy.stop()
    copy.start()
    assert copy.id == copied and member(admin, clients, copy) == copied
    triggers_all(there(clients, copy), clients, copy, "the copy")
    for client in clients:
        wait_for(lambda: entry(client, identity) and entry(client, copied), 20, "both are there")
    for node in (identity, copied):
        assert admin.request("DELETE", f"/api/mesh/v1/nodes/{node}").status == 204
