"""ffprobe and ffmpeg as independent judges of what MeshCam wrote."""

import json
import subprocess


def probe(path) -> dict:
    found = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)], capture_output=True, text=True)
    assert found.returncode == 0 and not found.stderr, found.stderr
    return json.loads(found.stdout)


def decode(path) -> int:
    """Decodes every picture; answers how many. Anything that ffmpeg complains about fails."""
    found = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-f", "null", "-progress", "-", "-"], capture_output=True, text=True)
    assert found.returncode == 0 and not found.stderr, found.stderr
    return int([line for line in found.stdout.splitlines() if line.startswith("frame=")][-1].split("=")[1])


def moments(path) -> list:
    """When each picture is shown, in seconds."""
    found = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "json", str(path)], capture_output=True, text=True)
    assert found.returncode == 0 and not found.stderr, found.stderr
    return sorted(float(packet["pts_time"]) for packet in json.loads(found.stdout)["packets"])


def audio_decodes(path):
    found = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "null", "-"], capture_output=True, text=True)
    assert found.returncode == 0 and not found.stderr, found.stderr
