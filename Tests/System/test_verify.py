"""`meshcam verify`: a recording is as its camera signed it, or it is said what is not. No node is asked."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from Harness.demo import BINARY, Client, wait_for


def verify(*arguments):
    """Its answer, as a person on another machine would get it."""
    return subprocess.run([BINARY, "verify", "--config", "/dev/null", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def judged(*arguments):
    answer = verify("--json", *arguments)
    assert answer.returncode in (0, 1) and not answer.stderr, answer.stderr
    verdicts = json.loads(answer.stdout)
    assert (answer.returncode == 0) == all(one["verdict"] == "proven" for one in verdicts)
    return verdicts


@pytest.fixture(scope="module")
def clip(demo, clients):
    """A closed recording, as it lies on the storage."""
    porch = next(camera for camera in clients[0].cameras() if camera["name"] == "porch")
    event = clients[0].post(f"/cameras/{porch['id']}/trigger", {"kind": "manual"}).json["event"]

    def stored():
        found = [one for one in clients[0].clips(camera=porch["id"]) if event in one["events"] and one["state"] == "stored"]
        files = [file for one in found for file in demo.nas.glob(f"porch/*/*_{one['event']}.mp4")]
        return files and files[0]
    return wait_for(stored, 90, "a closed recording")


@pytest.fixture
def copy(clip, tmp_path):
    """The recording and what belongs to it, brought elsewhere."""
    for kind in ("mp4", "json"):
        shutil.copy(clip.with_suffix(f".{kind}"), tmp_path)
    return tmp_path / clip.name


def test_a_recording_is_proven_where_it_lies(demo, clients, clip):
    mesh = Client(demo.urls[0]).get("/node").json["mesh"]
    answer = verify(clip)
    assert answer.returncode == 0 and f"{clip}: proven" in answer.stdout and f"mesh {mesh}" in answer.stdout, answer.stdout + answer.stderr
    assert "compare the mesh's number" in answer.stdout, "keys beside the footage are no better than it"
    one, again = judged("--mesh", mesh, clip, clip.with_suffix(".json"))
    assert one == again and one["mesh"] == mesh and one["camera"] == "porch" and one["keysAreBesideFootage"] and not one["isRevoked"]
    # Every camera leaves its copy; people find the mesh's number at any of them.
    assert len(list((demo.nas / ".meshcam/keys").iterdir())) == 3
    status = subprocess.run([BINARY, "status", "--node", demo.http_urls[0]], capture_output=True, text=True, timeout=60)
    assert f"mesh     {mesh}" in status.stdout, status.stdout + status.stderr


def test_it_is_proven_elsewhere_by_keys_that_were_brought(demo, copy):
    answer = verify(copy)
    assert answer.returncode == 1 and "--keys" in answer.stderr and not answer.stdout
    keys = demo.nas / ".meshcam/keys"
    assert judged("--keys", keys, copy)[0]["verdict"] == "proven"
    assert judged("--keys", sorted(keys.iterdir())[0], copy)[0]["verdict"] == "proven", "each knows all members"
    answer = verify("--keys", keys, "--mesh", "0" * 32, copy)
    assert answer.returncode == 1 and "has no keys of the mesh" in answer.stderr
    for wrong in (["--mesh", "12", copy], [], ["--keys", copy, copy], ["--keys", "/nowhere", copy], ["--keys", keys, "/nowhere.mp4"]):
        answer = verify(*wrong)
        assert answer.returncode != 0 and answer.stderr and not answer.stdout, wrong


@pytest.mark.parametrize("change, verdict, words", [
    (lambda file: file[:5000] + bytes([file[5000] ^ 1]) + file[5001:], "refuted", "altered"),
    (lambda file: file[:-100] + bytes([file[-100] ^ 1]) + file[-99:], "refuted", "altered"),
    (lambda file: file[:-1], "partly", "missing at the end; the first"),
    (lambda file: file + b"\0\0\0\x08free", "refuted", "added behind"),
    (lambda file: b"", "refuted", "missing at the end"),
])
def test_what_was_done_to_it_is_said(demo, copy, change, verdict, words):
    copy.write_bytes(change(copy.read_bytes()))
    one, = judged("--keys", demo.nas / ".meshcam/keys", copy)
    assert one["verdict"] == verdict and words in one["detail"], one


def test_facts_that_nobody_signed_are_worth_nothing(demo, copy):
    sidecar = copy.with_suffix(".json")
    sidecar.write_text(sidecar.read_text().replace('"porch"', '"attic"'))
    one, = judged("--keys", demo.nas / ".meshcam/keys", copy)
    assert one["verdict"] == "refuted" and one.get("mesh") is None and "forged" in one["detail"]
    sidecar.write_text("{}")
    assert "not the file of a recording's facts" in verify("--keys", demo.nas / ".meshcam/keys", copy).stderr


def test_a_recording_that_was_cut_off(demo, clients):
    """Its camera vanished: what it had recorded is signed in the file; when it is back, it closes what it finds."""
    garden = next(camera for camera in clients[0].cameras() if camera["name"] == "garden")
    wait_for(lambda: not any(one["state"] == "recording" for one in clients[0].clips(camera=garden["id"])), 60, "a quiet moment")
    event = clients[0].post(f"/cameras/{garden['id']}/trigger", {"kind": "manual"}).json["event"]

    def growing():
        files = list(demo.nas.glob(f"garden/*/*_{event}.mp4"))
        return files and files[0].stat().st_size > 20_000 and files[0].with_suffix(".json").exists() and files[0]
    file = wait_for(growing, 20, "a growing file on the storage")
    os.kill(demo.node_pid(2), signal.SIGKILL)
    one, = judged(file)
    assert one["verdict"] == "partly" and "signed them while it recorded; it vanished" in one["detail"], one
    back = subprocess.Popen([BINARY, "run", "--config", demo.directory / "garden/meshcam.toml"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: '"interrupted"' in file.with_suffix(".json").read_text(), 30, "its camera is back, and closes it")
        one, = judged(file)
        assert one["verdict"] == "partly" and "while it recorded, and found them when it started again" in one["detail"], one
    finally:
        back.terminate()
        back.wait(15)
