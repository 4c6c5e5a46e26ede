"""`meshcam bench live`, small and short: that it measures. What it measures on a quiet machine stands in Measurements.md."""

import json
import subprocess

from Harness.demo import BINARY


def test_a_browser_s_pictures_have_ages():
    command = [BINARY, "bench", "live", "--width", "640", "--height", "360", "--fps", "15", "--seconds", "2", "--starts", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["pictures"] > 10, figures
    assert 0 < figures["glassToBrowserMsP50"] <= figures["glassToBrowserMsP95"] < 60_000, figures
    assert 0 < figures["firstFrameMs"] <= figures["firstFrameMsMax"] < 60_000, figures
