"""`meshcam bench trigger` gives its figures: what they are worth is said by a release build on a quiet machine."""

import json
import subprocess

from Harness.demo import BINARY


def test_bench_trigger_measures_at_each_loss():
    done = subprocess.run(
        [BINARY, "bench", "trigger", "--members", "3", "--count", "3", "--loss", "0,20", "--json"], capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [level["lossPercent"] for level in report["levels"]] == [0, 20] and report["lossPercent"] == 20
    for level in report["levels"]:
        assert level["members"] == 3 and level["recordings"] == 6 and level["missed"] == 0, level
        assert 0 < level["msP50"] <= level["msP99"] <= level["slowestMsP99"] <= 5000, level
