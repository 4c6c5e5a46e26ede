"""Ctrl-C ends everything, also a node that does not listen any more, and ends last itself."""

import os
import shutil
import signal

from Harness.demo import Demo, session_members, temporary_directory


def test_a_node_that_hangs_ends_before_the_demo_does():
    directory = temporary_directory("stopping")
    demo = Demo(directory / "demo").wait_until_ready()
    try:
        os.kill(demo.node_pid(1), signal.SIGSTOP)
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(15) == 0
        assert session_members(demo.process.pid) == []
    finally:
        demo.stop()
        shutil.rmtree(directory, ignore_errors=True)
