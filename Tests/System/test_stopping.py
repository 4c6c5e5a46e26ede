"""Ctrl-C ends everything, also a node that does not listen any more."""

import os
import shutil
import signal

from Harness.demo import Demo, temporary_directory


def test_a_node_that_hangs_ends_with_the_others():
    directory = temporary_directory("stopping")
    demo = Demo(directory / "demo").wait_until_ready()
    try:
        os.kill(demo.node_pid(1), signal.SIGSTOP)
    finally:
        # Looks for what is left, too.
        assert demo.stop() == 0
        shutil.rmtree(directory, ignore_errors=True)
