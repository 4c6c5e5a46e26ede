"""A camera behind Video4Linux: the kernel's own test driver, plugged in, recorded, pulled out and plugged in again."""

import json
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from Harness import judge  # noqa: E402
from Harness.demo import BINARY  # noqa: E402
from machine import Machine  # noqa: E402

CACHE = pathlib.Path(os.environ.get("MESHCAM_MACHINES", pathlib.Path.home() / ".cache/meshcam-machines"))

JOB = """
load vivid n_devs=1 node_types=0x1
mkdir -p /tmp/node /tmp/nas
cat > /tmp/node/meshcam.toml <<TOML
[node]
name = "vivid"
state = "/tmp/node/state"
[camera]
source = "v4l2:/dev/video0"
width = 320
height = 180
fps = 10
[storage]
directories = ["/tmp/nas"]
TOML
m() { BINARY "$@"; }
BINARY run --config /tmp/node/meshcam.toml > /run/out/node.log 2>&1 &
node=$!
camera() { m cameras --json > /run/out/camera.json 2>/dev/null && grep -q "\\"state\\" *: *\\"$1\\"" /run/out/camera.json; }
await() { for _ in $(seq 600); do "$@" && return; sleep 0.5; done; echo "never: $*"; cat /run/out/camera.json /run/out/node.log; return 1; }
await camera running; cp /run/out/camera.json /run/out/running.json
m snapshot vivid -o /run/out/one.jpg
m trigger vivid
stored() { m clips --json > /run/out/clips.json && grep -q "\\"state\\" *: *\\"stored\\"" /run/out/clips.json; }
await stored
cp /tmp/nas/vivid/*/*.mp4 /run/out/clip.mp4
echo vivid.0 > /sys/bus/platform/drivers/vivid/unbind
await camera failed; cp /run/out/camera.json /run/out/failed.json
echo vivid.0 > /sys/bus/platform/drivers/vivid/bind
await camera running
m snapshot vivid -o /run/out/two.jpg
kill -TERM $node
wait $node
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """What the job left behind."""
    directory = tmp_path_factory.mktemp("v4l2")
    Machine(CACHE / "amd64").run(JOB.replace("BINARY", str(pathlib.Path(BINARY).resolve())), directory, limit=900)
    return directory


def only(path):
    found = json.loads(path.read_text())
    return found[0]


def test_a_camera_is_seen_and_recorded(out):
    running = only(out / "running.json")
    assert running["state"] == "running" and running["width"] == 320 and running["codec"] == "h264"
    assert (out / "one.jpg").read_bytes()[:2] == b"\xff\xd8"
    facts = judge.probe(out / "clip.mp4")
    assert facts["streams"][0]["codec_name"] == "h264" and float(facts["format"]["duration"]) >= 10
    assert judge.decode(out / "clip.mp4") > 20


def test_a_camera_that_is_pulled_out_says_so_and_comes_back(out):
    problem = only(out / "failed.json")["problem"]
    assert "video0" in problem["message"] and problem["cure"]
    assert (out / "two.jpg").read_bytes()[:2] == b"\xff\xd8"
