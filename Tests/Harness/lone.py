"""A real `meshcam run` that belongs to no mesh."""

import os
import pathlib
import re
import signal
import subprocess
import time

from Harness.demo import BINARY, Client, free_ports, wait_for


class LoneNode:
    """A camera fresh out of its box."""

    def __init__(self, directory, name: str):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.state = self.directory / "state"
        (self.directory / "nas").mkdir()
        self.web = free_ports(2)
        self.pairing = self.web + 1
        self.config = self.directory / "meshcam.toml"
        self.config.write_text(f"""
[node]
name = "{name}"
state = "{self.state}"
spool = "{self.directory / 'spool'}"
[camera]
source = "synthetic"
width = 320
height = 180
fps = 10
[storage]
directories = ["{self.directory / 'nas'}"]
[recording]
minimum_clip = 2
post_motion = 1
pre_roll = 2
[network]
web_port = {self.web}
gossip_port = 0
live_port = 0
peer_port = 0
pairing_port = {self.pairing}
""")
        self.log_file = self.directory / "log"
        self.process = None
        #: What the process finds in its environment besides, and the command that starts it.
        self.environment, self.within = {}, []

    @property
    def url(self):
        return f"https://localhost:{self.web}"

    @property
    def door(self):
        """Where it waits to be added."""
        return f"127.0.0.1:{self.pairing}"

    def start(self):
        self.powered = time.monotonic()
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*self.within, BINARY, "run", "--config", str(self.config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment})
        wait_for(lambda: Client(self.url).get("/node").status == 200, 60, f"{self.name} answers")
        return self

    def mesh(self):
        """The mesh it says that it belongs to, if any."""
        return Client(self.url).get("/node").json.get("mesh")

    @property
    def id(self) -> str:
        return Client(self.url).get("/node").json["id"]

    def code(self) -> str:
        return subprocess.run([BINARY, "code", "--config", str(self.config)], check=True, capture_output=True, text=True).stdout.strip()

    def read_log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def resident_bytes(self) -> int:
        return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1)) * 1024

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def kill(self):
        """As a power cut would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.wait()
                raise AssertionError(f"{self.name} did not stop:\n{self.read_log()[-4000:]}")
        return self.process.returncode if self.process else None
