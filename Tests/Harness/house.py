"""Three cameras and a storage that can be taken away and brought back."""

import os
import shutil
import signal
import subprocess

from Harness.demo import BINARY, Demo, temporary_directory


def trigger(client, camera):
    return client.post(f"/cameras/{camera}/trigger", {"kind": "manual"}).json["event"]


def clips(client, event):
    return [clip for clip in client.clips(limit=200) if event in clip["events"]]


def of(client, event, camera):
    return next((clip for clip in clips(client, event) if clip["camera"] == camera), None)


class House:
    def __init__(self, footage, name="house"):
        self.directory = temporary_directory(name)
        self.demo = Demo(self.directory / "demo", footage=footage)
        self.away = self.directory / "away"

    def start(self):
        self.demo.wait_until_ready()
        self.clients = self.demo.clients()
        return self

    def take_away(self):
        self.demo.nas.rename(self.away)

    def bring_back(self):
        self.away.rename(self.demo.nas)

    def kill(self, index):
        os.kill(self.demo.node_pid(index), signal.SIGKILL)

    def start_again(self, name, under=()):
        """`under`: a program, with arguments, that becomes the node's."""
        return subprocess.Popen([*under, BINARY, "run", "--config", self.demo.directory / name / "meshcam.toml"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        self.demo.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
