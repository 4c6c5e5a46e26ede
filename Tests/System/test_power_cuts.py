"""What a node has answered is on its disk: it loses power right after the answer, and there is nobody who could remind it."""

import os
import shutil
import signal

import pytest

from Harness.demo import Client, temporary_directory, wait_for
from Harness.lone import LoneNode

PASSPHRASE = "five words are quite enough"


@pytest.fixture
def founded():
    """A mesh of one, and its admin."""
    directory = temporary_directory("power")
    node = LoneNode(directory / "gate", "gate")
    try:
        node.start()
        client = Client(node.url)
        made = client.post("/founding", {"code": node.code(), "mesh": "our house", "username": "ann", "password": PASSPHRASE})
        assert made.status == 201, made.body
        wait_for(lambda: node.mesh() == made.json["mesh"], 20, "the camera is a mesh of one")
        wait_for(lambda: client.sign_in(password=PASSPHRASE, user="ann").status == 200, 20, "its admin signs in")
        yield node, client
    finally:
        print(node.read_log())
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)


def lose_power(node):
    os.kill(node.process.pid, signal.SIGKILL)
    node.process.wait()


def test_what_was_taken_away_does_not_come_back(founded):
    node, client = founded
    for round in range(4):
        made = client.post("/tokens", {"name": f"wall {round}", "role": "viewer"})
        assert made.status == 201
        program = {"Authorization": f"Bearer {made.json['token']}"}
        assert Client(node.url).request("GET", "/api/mesh/v1/cameras", headers=program).status == 200
        assert client.request("DELETE", f"/api/mesh/v1/tokens/{made.json['id']}").status == 204
        lose_power(node)
        node.start()
        assert Client(node.url).request("GET", "/api/mesh/v1/cameras", headers=program).status == 401, f"round {round}"
        assert client.sign_in(password=PASSPHRASE, user="ann").status == 200


def test_a_disk_that_keeps_nothing_is_told(founded):
    node, client = founded
    kept = node.state / "mesh"
    # A directory in its place: nothing can be renamed to it.
    os.rename(kept, node.state / "mesh.away")
    kept.mkdir()
    made = client.post("/tokens", {"name": "wall", "role": "viewer"})
    assert made.status == 507 and made.json["type"].endswith("not-kept") and made.json["cure"], made.body
    # What changes nothing is answered as ever, and the camera goes on.
    assert client.post("/session/unlock", {"passphrase": PASSPHRASE}).status in (200, 507)
    assert client.get("/cameras").status == 200
    kept.rmdir()
    os.rename(node.state / "mesh.away", kept)
    assert wait_for(lambda: client.post("/tokens", {"name": "wall", "role": "viewer"}).status == 201, 20, "it is kept again")


def test_nobody_gets_a_name_that_no_route_reaches(founded):
    _, client = founded
    for name in ("me", "local", "a/b"):
        refused = client.post("/recovery", {"username": name, "password": PASSPHRASE, "phrase": "no phrase"})
        assert refused.status in (400, 422), refused.body
    assert client.post("/recovery", {"username": "me", "password": PASSPHRASE, "phrase": "0" * 64}).status == 400


def test_a_sign_out_that_is_not_kept_is_told(founded):
    node, client = founded
    kept = node.state / "sessions"
    os.rename(kept, node.state / "sessions.away")
    kept.mkdir()
    answer = client.request("DELETE", "/api/mesh/v1/session")
    assert answer.status == 507 and answer.json["type"].endswith("not-kept") and answer.json["cure"], answer.body
    assert "Max-Age=0" in answer.headers["Set-Cookie"], "the browser forgets it all the same"
    assert client.get("/session").status == 401, "and here it is over"
