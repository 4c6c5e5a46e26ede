"""A new camera comes to the mesh by its setup code, and goes by being revoked; a mesh is founded on a camera's own page."""

import itertools
import json
import os
import shutil
import stat
import subprocess
import time

import pytest

from Harness.demo import BINARY, PASSWORD, Client, temporary_directory, wait_for
from Harness.lone import LoneNode


numbers = itertools.count(1)
#: What machines may take between "powered" and "member, shown live on every dashboard"; the rest of a minute is the person's.
MACHINE_TIME = 5


@pytest.fixture
def lone():
    directory = temporary_directory("lone")
    node = LoneNode(directory / "gate", f"gate {next(numbers)}")
    try:
        yield node.start()
    finally:
        print(node.read_log())
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)


def another(code: str) -> str:
    """Nine digits that belong together, and are not this code: the check digit is the first one that is taken."""
    digits = code.replace(" ", "")
    first = str((int(digits[0]) + 1) % 10)
    for last in "0123456789":
        candidate = first + digits[1:8] + last
        told = subprocess.run([BINARY, "pair", candidate, "--node", "https://localhost:1"], capture_output=True, text=True)
        if told.returncode != 64:
            return candidate
    raise AssertionError("no check digit fits")


def problem(answer) -> str:
    return answer.json["type"].rsplit("/", 1)[1]


def test_a_camera_comes_and_goes(demo, clients, lone):
    mesh = Client(demo.urls[0]).get("/node").json["mesh"]
    assert lone.mesh() is None
    code = lone.code()
    printed = lone.state / "setup-code.txt"
    assert printed.read_text().strip() == code and stat.S_IMODE(printed.stat().st_mode) == 0o600

    client = Client(demo.urls[1])
    assert client.post("/pairings", {"node": lone.door, "code": code}).status == 401
    client.sign_in()
    found = wait_for(lambda: [one for one in client.get("/discovered").json if one["name"] == lone.name], 20, "it is found")
    until_found = time.monotonic() - lone.powered
    assert found[0]["addresses"] and len(found) == 1, found
    locked = client.post("/pairings", {"node": lone.door, "code": code})
    assert locked.status == 403 and problem(locked) == "root-locked" and "unlock" in locked.json["cure"]
    wrong = client.post("/session/unlock", {"passphrase": "not it"})
    assert wrong.status == 403 and problem(wrong) == "wrong-passphrase"
    opened = client.post("/session/unlock", {"passphrase": PASSWORD})
    assert opened.status == 200 and opened.json["expires"]

    mistyped = client.post("/pairings", {"node": lone.door, "code": "123 456 789"})
    assert mistyped.status == 422 and "mistyped" in mistyped.json["detail"]
    refused = client.post("/pairings", {"node": lone.door, "code": another(code)})
    assert refused.status == 422 and problem(refused) == "wrong-code"
    nobody = client.post("/pairings", {"node": "127.0.0.1:1", "code": code})
    assert nobody.status == 502 and "cannot be reached" in nobody.json["detail"]
    assert lone.mesh() is None, "nothing was given away yet"

    began = time.monotonic()
    added = client.post("/pairings", {"node": lone.door, "code": code})
    assert added.status == 201 and added.json["name"] == lone.name, added.body
    wait_for(lambda: lone.mesh() == mesh, 20, "the new camera is a member")

    def shown_live(one):
        cameras = {camera["name"]: camera for camera in one.cameras()}
        return lone.name in cameras and cameras[lone.name]["state"] == "running" and cameras[lone.name]["online"]

    for one in clients:
        wait_for(lambda: shown_live(one), 20, "the new camera on every dashboard")
    took = time.monotonic() - began
    print(f"from its start to the list of found cameras: {until_found:.1f} s; from the typed code to a live camera on every dashboard: {took:.1f} s")
    assert until_found + took <= MACHINE_TIME
    gate = next(camera for camera in clients[0].cameras() if camera["name"] == lone.name)
    picture = clients[0].get(f"/cameras/{gate['id']}/snapshot.jpg")
    assert picture.status == 200 and picture.body[:2] == b"\xff\xd8"

    # The mesh's users are its users, and it shows everybody.
    inside = Client(lone.url)
    wait_for(lambda: inside.sign_in().status == 200, 20, "the mesh's admin signs in at the new camera")
    wait_for(lambda: len([camera for camera in inside.cameras() if camera["online"]]) == 4, 20, "the new camera shows all four")
    assert not printed.exists(), "the code dies with its use"
    told = subprocess.run([BINARY, "code", "--config", str(lone.config)], capture_output=True, text=True)
    assert told.returncode == 1 and "belongs to a mesh already" in told.stderr
    # Its door is closed.
    again = client.post("/pairings", {"node": lone.door, "code": code})
    assert again.status == 502

    # Revoked from another node: it is on no dashboard any more, and no member talks to it.
    assert inside.request("DELETE", f"/api/mesh/v1/nodes/{gate['node']}").status == 403
    assert client.request("DELETE", f"/api/mesh/v1/nodes/{gate['node']}").status == 204
    for one in clients:
        wait_for(lambda: lone.name not in [camera["name"] for camera in one.cameras()], 10, "the revoked camera is on no dashboard")
        assert lone.name not in [node["name"] for node in one.get("/nodes").json]
    wait_for(lambda: [node["name"] for node in inside.get("/nodes").json if node["online"]] == [lone.name], 20, "nobody talks to it")
    own = next(node for node in clients[0].get("/nodes").json if node["self"])
    answer = clients[0].request("DELETE", f"/api/mesh/v1/nodes/{own['id']}")
    assert answer.status == 403 and problem(answer) == "root-locked", "what one session unlocked is not open for another"
    assert lone.stop() == 0


def test_wrong_codes_are_paused_and_a_restart_gives_none_back(demo, clients, lone):
    code = lone.code()
    wrong = another(code)
    client = clients[2]
    assert client.post("/session/unlock", {"passphrase": PASSWORD}).status == 200
    for _ in range(3):
        assert client.post("/pairings", {"node": lone.door, "code": wrong}).status == 422
    paused = client.post("/pairings", {"node": lone.door, "code": code})
    assert paused.status == 429 and problem(paused) == "pairing-paused" and 1 <= int(paused.headers["Retry-After"]) <= 8
    os.kill(lone.process.pid, 9)
    lone.process.wait()
    lone.start()
    assert lone.code() == code
    assert client.post("/pairings", {"node": lone.door, "code": code}).status == 429
    # The pause over, the right one is taken.
    wait_for(lambda: client.post("/pairings", {"node": lone.door, "code": code}).status == 201, 30, "the camera is added after the pause")


def test_founding(lone):
    code = lone.code()
    client = Client(lone.url)
    # What it records alone stays its own.
    def command(*arguments):
        return subprocess.run([BINARY, *arguments, "--node", lone.url, "--json"], check=True, capture_output=True, text=True).stdout
    command("trigger", lone.name)
    before = wait_for(lambda: [clip for clip in json.loads(command("clips"))["clips"] if clip["state"] == "stored"], 30, "a clip of its own")
    wanted = {"code": code, "mesh": "our house", "username": "ann", "password": "five words are quite enough"}
    assert client.post("/founding", {**wanted, "password": "short"}).status == 400
    assert client.post("/founding", {**wanted, "code": "000"}).status == 422
    assert client.post("/founding", wanted, headers={"Origin": "https://elsewhere.example"}).status == 403
    founded = client.post("/founding", wanted)
    assert founded.status == 201, founded.body
    phrase = founded.json["recoveryPhrase"]
    assert len(phrase.replace(" ", "")) == 64 and founded.json["name"] == "our house"
    wait_for(lambda: lone.mesh() == founded.json["mesh"], 20, "the camera is a mesh of one")
    wait_for(lambda: client.sign_in(password=wanted["password"], user="ann").status == 200, 20, "its admin signs in")
    assert [camera["name"] for camera in client.cameras()] == [lone.name]
    assert before[0]["id"] in [clip["id"] for clip in client.clips()]
    assert client.post("/founding", wanted).status in (401, 404), "founded once and for all"
    assert client.post("/session/unlock", {"passphrase": wanted["password"]}).status == 200
    secrets = [code.replace(" ", ""), phrase.replace(" ", ""), phrase, wanted["password"]]
    log = lone.read_log()
    assert not any(secret in log for secret in secrets), "a secret in the log"
    kept = b"".join(path.read_bytes() for path in lone.state.rglob("*") if path.is_file())
    assert not any(secret.encode() in kept for secret in secrets)


def test_commands(demo, lone):
    """What the dashboards do, from a terminal."""
    environment = {**os.environ, "MESHCAM_USER": "admin", "MESHCAM_PASSWORD": PASSWORD}
    def run(*arguments, environment=environment):
        return subprocess.run([BINARY, *arguments, "--node", demo.urls[0], "--insecure"], capture_output=True, text=True, env=environment)
    missing = run("pair", lone.code(), "--camera", "nobody")
    assert missing.returncode == 1 and "nobody" in missing.stderr
    assert run("pair", "123456789", "--camera", lone.door).returncode == 64
    added = run("pair", *lone.code().split(), "--camera", lone.door, "--json")
    assert added.returncode == 0 and json.loads(added.stdout)["name"] == lone.name, added.stderr
    wait_for(lambda: lone.mesh(), 20, "the camera is a member")
    assert "no node is called" in run("revoke", "nobody").stderr
    gone = run("revoke", lone.name)
    assert gone.returncode == 0 and f"{lone.name} does not belong to the mesh any more" in gone.stdout, gone.stderr
