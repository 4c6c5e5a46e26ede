"""A camera is stolen, and every password is lost: real nodes, and a thief who has everything that was on the card."""

import http.client
import os
import shutil
import subprocess
import threading
import time

import pytest

from Harness.demo import BINARY, PASSWORD, Client, temporary_directory, wait_for
from Harness.lone import LoneNode
from Harness.thief import Thief, listening

NEW = "five other words for ann"


@pytest.fixture
def lone():
    directory = temporary_directory("lone")
    node = LoneNode(directory / "gate", "gate")
    try:
        yield node.start()
    finally:
        print(node.read_log())
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)


def unlock(client, passphrase=PASSWORD):
    return client.post("/session/unlock", {"passphrase": passphrase})


def add(client, lone):
    assert unlock(client).status == 200
    added = client.post("/pairings", {"node": lone.door, "code": lone.code()})
    assert added.status == 201, added.body
    wait_for(lone.mesh, 20, "the camera is a member")
    return added.json["node"]


def peer_stream(context, demo, index):
    """An event stream from the peers' door of a node, as a member has it."""
    known = {demo.web + index, demo.http + index}
    for port in [port for port in listening(demo.node_pid(index)) if port not in known]:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
        try:
            connection.request("GET", "/api/mesh/v1/events", headers={"Accept": "text/event-stream"})
            answer = connection.getresponse()
            if answer.status == 200:
                assert answer.read(1)
                return connection, answer
        except (OSError, http.client.HTTPException):
            continue
    raise AssertionError("no peers' door takes this certificate")


def drain(answer, ended: dict, name: str):
    """Reads to the end, and notes when that came."""
    try:
        while answer.read(1):
            pass
    except (OSError, http.client.HTTPException):
        pass
    ended[name] = time.monotonic()


def test_a_stolen_camera_loses_everything(demo, clients, lone, tmp_path):
    client = Client(demo.urls[0])
    client.sign_in()
    node = add(client, lone)
    for one in clients:
        wait_for(lambda: node in [other["id"] for other in one.get("/nodes").json], 20, "every node knows the camera")
    # The thief reads along from two nodes, with the keys on the card.
    context = Thief(lone.state, tmp_path).tls
    ended, readers = {}, []
    for index in (0, 1):
        connection, answer = peer_stream(context, demo, index)
        reader = threading.Thread(target=drain, args=(answer, ended, index), daemon=True)
        reader.start()
        readers.append((connection, reader))

    assert client.post(f"/nodes/{node}/stolen", {"passphrase": "not it at all"}).status == 403
    assert client.post("/nodes/0123/stolen", {"passphrase": PASSWORD}).status == 404
    assert Client(demo.urls[0]).post(f"/nodes/{node}/stolen", {"passphrase": PASSWORD}).status == 401
    began = time.monotonic()
    done = client.post(f"/nodes/{node}/stolen", {"passphrase": PASSWORD})
    assert done.status == 200 and done.json["name"] == lone.name, done.body
    answered = time.monotonic()
    assert len(done.json["changes"]) >= 3 and any("wireless" in change["what"] for change in done.json["changes"])
    for _, reader in readers:
        reader.join(15)
    assert set(ended) == {0, 1}, "its open streams are cut"
    took = {index: when - answered for index, when in ended.items()}
    print(f"the answer took {answered - began:.1f} s; the thief's open streams were cut {took[0]:.2f} s (same node) and {took[1]:.2f} s (another node) after it")
    assert max(took.values()) < 10
    for connection, _ in readers:
        connection.close()
    with pytest.raises(AssertionError):
        peer_stream(context, demo, 1)

    # The mesh goes on under its new root: on every node the same passphrase acts, and the others are still members.
    for index, url in enumerate(demo.urls):
        other = Client(url)
        assert other.sign_in().status == 200
        wait_for(lambda: unlock(other).status == 200, 20, f"the new root key opens at node {index}")
        wait_for(lambda: len([one for one in other.get("/nodes").json if one["online"]]) == 3, 20, "three nodes are there")
        assert lone.name not in [one["name"] for one in other.get("/nodes").json]
    # What the thief's node says of itself, and what helps an owner who finds it again.
    inside = Client(lone.url)
    inside.sign_in()
    own = wait_for(lambda: next((one for one in inside.get("/nodes").json if one["self"] and any("revoked" in p["message"] for p in one["problems"])), None), 20, "it says so")
    assert any("meshcam reset" in p["cure"] for p in own["problems"])
    running = subprocess.run([BINARY, "reset", "--config", str(lone.config), "--yes"], capture_output=True, text=True)
    assert running.returncode == 1 and "Stop it first" in running.stderr
    footage = sorted(path for path in (lone.directory / "nas").rglob("*") if path.is_file())
    lone.stop()
    reset = subprocess.run([BINARY, "reset", "--config", str(lone.config), "--yes"], capture_output=True, text=True)
    assert reset.returncode == 0 and "new one" in reset.stdout, reset.stderr
    lone.start()
    assert lone.mesh() is None and [path for path in footage if not path.exists()] == []
    # As a new one it may come back, under the new root.
    again = add(client, lone)
    assert again != node
    # And so it may go again, from a terminal.
    gone = subprocess.run([BINARY, "revoke", lone.name, "--stolen", "--node", demo.urls[0], "--insecure"], capture_output=True, text=True,
                          env={**os.environ, "MESHCAM_USER": "admin", "MESHCAM_PASSWORD": PASSWORD})
    assert gone.returncode == 0 and "change by hand" in gone.stdout, gone.stderr


def test_every_password_is_lost(lone):
    client = Client(lone.url)
    founded = client.post("/founding", {"code": lone.code(), "mesh": "our house", "username": "ann", "password": "five words are quite enough"})
    assert founded.status == 201
    phrase = founded.json["recoveryPhrase"]
    wait_for(lambda: lone.mesh() == founded.json["mesh"], 20, "the camera is a mesh of one")
    wait_for(lambda: client.sign_in(password="five words are quite enough", user="ann").status == 200, 20, "its admin signs in")

    stranger = Client(lone.url)
    wrong = phrase[:-1] + ("0" if phrase[-1] != "0" else "1")
    wanted = {"username": "bea", "password": NEW}
    assert stranger.post("/recovery", {**wanted, "phrase": "no phrase"}).status == 422
    assert stranger.post("/recovery", {**wanted, "phrase": phrase, "password": "short"}).status == 400
    assert stranger.post("/recovery", {**wanted, "phrase": phrase}, headers={"Origin": "https://elsewhere.example"}).status == 403
    refused = stranger.post("/recovery", {**wanted, "phrase": wrong})
    assert refused.status == 403 and refused.json["type"].endswith("wrong-phrase")
    done = stranger.post("/recovery", {**wanted, "phrase": phrase})
    assert done.status == 200 and done.json == {"username": "bea", "viewers": ["ann"]}, done.body

    assert stranger.sign_in(password=NEW, user="bea").status == 200
    assert unlock(stranger, NEW).status == 200
    groups = stranger.get("/groups").json
    assert stranger.request("PUT", "/api/mesh/v1/groups", body=groups).status == 200, "the new admin's key counts"
    old = Client(lone.url)
    assert old.sign_in(password="five words are quite enough", user="ann").status == 200
    assert unlock(old, "five words are quite enough").status in (403, 409), "who was an admin is none any more"
    assert lone.mesh() == founded.json["mesh"], "it is the same mesh"

    # The same from a terminal, after a restart; the phrase is never on the command line.
    lone.stop()
    lone.start()
    told = subprocess.run([BINARY, "recover", "--admin", "ann", "--node", lone.url], capture_output=True, text=True,
                          env={**os.environ, "MESHCAM_RECOVERY_PHRASE": phrase, "MESHCAM_NEW_PASSWORD": NEW})
    assert told.returncode == 0 and "ann administers this mesh now" in told.stdout and "bea" in told.stdout, told.stderr
    wait_for(lambda: old.sign_in(password=NEW, user="ann").status == 200, 20, "ann signs in with the new password")
    assert unlock(old, NEW).status == 200
    # Guessing is paused, as at sign-in.
    answers = [stranger.post("/recovery", {**wanted, "phrase": wrong}) for _ in range(8)]
    assert answers[-1].status == 429 and int(answers[-1].headers["Retry-After"]) >= 1
    log = lone.read_log()
    kept = b"".join(path.read_bytes() for path in lone.state.rglob("*") if path.is_file())
    for secret in (phrase, phrase.replace(" ", ""), NEW):
        assert secret not in log and secret.encode() not in kept
