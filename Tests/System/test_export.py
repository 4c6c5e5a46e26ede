"""Recordings for people: one video that plays through, or an archive whose every file is proven on another computer."""

import io
import json
import subprocess
import zipfile

import pytest

from Harness.demo import BINARY, wait_for


@pytest.fixture(scope="module")
def recorded(demo, clients):
    """Two incidents one after the other; of each camera the clips, oldest first."""
    ids = {camera["name"]: camera["id"] for camera in clients[0].cameras()}
    events = []
    for _ in range(2):
        event = clients[0].post(f"/cameras/{ids['porch']}/trigger", {"kind": "manual"}).json["event"]

        def stored():
            clips = [one for one in clients[0].clips(limit=100) if event in one["events"] and one["state"] == "stored"]
            return clips if {one["camera"] for one in clips} == set(ids.values()) else None
        wait_for(stored, 90, "a clip of every camera is stored")
        events.append(event)
    clips = [one for one in clients[0].clips(limit=100) if one["state"] == "stored"]
    return {"events": events, "ids": ids, "clips": {name: sorted((one for one in clips if one["camera"] == camera), key=lambda one: one["start"]) for name, camera in ids.items()}}


def probed(file):
    """Length by the container, and the pictures that a decoder makes of it."""
    answer = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames:format=duration", "-of", "json", str(file)],
        capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0 and not answer.stderr, answer.stderr
    found = json.loads(answer.stdout)
    return float(found["format"]["duration"]), int(found["streams"][0]["nb_read_frames"])


def test_one_video_of_several_recordings_plays_through(demo, clients, recorded, tmp_path):
    clips = recorded["clips"]["garage"]
    assert len(clips) >= 2
    # From a node that recorded none of them.
    answer = clients[0].post("/exports", {"camera": recorded["ids"]["garage"]}, timeout=120)
    assert answer.status == 200 and answer.headers["Content-Type"] == "video/mp4", answer.body
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="garage_') and answer.headers["Content-Disposition"].endswith('.mp4"')
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(answer.body)
    parts = []
    for place, clip in enumerate(clips):
        file = tmp_path / f"{place}.mp4"
        file.write_bytes(clients[0].get(f"/clips/{clip['id']}/video.mp4").body)
        parts.append(probed(file))
    seconds, pictures = probed(joined)
    assert pictures == sum(part[1] for part in parts) and abs(seconds - sum(part[0] for part in parts)) < 0.05 * len(parts), (seconds, pictures, parts)
    # The same by a link, and in any order of the ids.
    by_link = clients[1].get("/exports?format=mp4&clips=" + ",".join(clip["id"] for clip in reversed(clips)), timeout=120)
    assert by_link.status == 200 and by_link.body == answer.body


def test_an_archive_is_proven_on_another_computer(demo, clients, recorded, tmp_path):
    event = recorded["events"][0]
    answer = clients[1].get(f"/exports?format=zip&event={event}", timeout=120)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/zip", answer.body
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    names = archive.namelist()
    videos = [name for name in names if name.endswith(".mp4")]
    assert {name.split("/")[0] for name in videos} == {"porch", "garage", "garden"}
    for video in videos:
        assert {video[:-3] + "json", video[:-3] + "jpg"} <= set(names)
    assert "keys" in archive.read("README.txt").decode()
    archive.extractall(tmp_path)
    mesh = clients[0].get("/node").json["mesh"]
    proof = subprocess.run(
        [BINARY, "verify", "--config", "/dev/null", "--json", "--keys", tmp_path / "keys", "--mesh", mesh, *(tmp_path / video for video in videos)],
        capture_output=True, text=True, timeout=60)
    assert proof.returncode == 0 and [one["verdict"] for one in json.loads(proof.stdout)] == ["proven"] * len(videos), proof.stdout + proof.stderr
    # Other tools take it, too.
    (tmp_path / "all.zip").write_bytes(answer.body)
    subprocess.run(["python3", "-m", "zipfile", "-t", tmp_path / "all.zip"], check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_what_cannot_be_exported_is_said(clients, recorded):
    every = clients[0].post("/exports", {"event": recorded["events"][0]})
    assert every.status == 422 and "porch" in every.body.decode() and "zip" in every.json["cure"]
    assert clients[0].post("/exports", {}).status == 400
    assert clients[0].get("/exports?format=avi&camera=1").status == 400
    assert clients[0].get("/exports?camera=1").status == 404
    assert clients[0].get("/exports?clips=1").status == 404
    assert clients[0].post("/exports", {"clips": ["x"] * 1001}).status == 400
    def exports():
        return [one for one in clients[0].get("/audit").json["entries"] if one["act"] == "exported"]
    told = exports()
    assert "recordings as" in told[0]["detail"] and told[0]["subject"]
    # Whoever asks for the headers alone has exported nothing.
    assert clients[0].request("HEAD", f"/api/mesh/v1/exports?format=zip&event={recorded['events'][0]}").status == 200
    assert exports() == told


def test_the_command_saves_a_file(demo, clients, recorded, tmp_path):
    def export(*arguments):
        return subprocess.run([BINARY, "export", "--node", demo.http_urls[0], *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, timeout=120)

    answer = export("--camera", "garden", "--json")
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    file = tmp_path / told["file"]
    assert told["file"].startswith("garden_") and file.stat().st_size == told["bytes"]
    seconds, pictures = probed(file)
    assert pictures > 0 and seconds > 5
    again = export("--camera", "garden")
    assert again.returncode == 1 and "-o" in again.stderr and file.stat().st_size == told["bytes"], "nothing is written over"
    answer = export("--event", recorded["events"][0], "--zip", "-o", tmp_path / "all.zip")
    assert answer.returncode == 0 and zipfile.ZipFile(tmp_path / "all.zip").testzip() is None, answer.stderr
    answer = export("--event", recorded["events"][0], "-o", tmp_path / "no.mp4")
    assert answer.returncode == 1 and "zip" in answer.stderr and not (tmp_path / "no.mp4").exists()
    assert export().returncode == 64
