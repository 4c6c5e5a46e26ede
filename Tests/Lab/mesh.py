"""Real nodes on the lab's hosts: `meshcam run`, admitted to one mesh on disk, and what they and their logs say."""

import contextlib
import datetime
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from Harness.demo import BINARY, PASSWORD, wait_for
from hosts import Network

GOSSIP, WEB, HTTP, PEERS = 7462, 8443, 8080, 7462

SETTINGS = """[node]
name = "{name}"
state = "{state}"
log_level = "{level}"
[camera]
source = "{camera}"
width = {picture[0]}
height = {picture[1]}
fps = {picture[2]}
bit_rate = {picture[3]}
seed = 1
audio = false
[network]
web_port = 8443
http_port = 8080
seeds = [{seeds}]
[storage]
directories = ["{storage}"]
[recording]
pre_roll = 10
minimum_clip = 2
post_motion = 1
"""

#: A device that is on no machine: a node whose camera is unplugged costs next to nothing.
NO_CAMERA = "v4l2:/dev/meshcam-lab-has-no-camera"
CAMERA = "synthetic"
#: Width, height, frames and kilobits per second: a camera that runs, and costs next to nothing.
TINY = (160, 90, 5, 4000)


class Node:
    """One member on its host."""

    def __init__(self, mesh: "Mesh", name: str, host):
        self.mesh, self.name, self.host = mesh, name, host
        self.process = None
        self.log_path = mesh.directory / f"{name}.log"
        self.token = self._id = None

    def start(self, camera=NO_CAMERA, seeds=(), level="info", storage=None, picture=TINY):
        directory = self.mesh.prepared / self.name
        settings = directory / "lab.toml"
        storage = storage or directory / "storage"
        storage.mkdir(exist_ok=True)
        settings.write_text(SETTINGS.format(
            name=self.name, state=directory / "state", level=level, camera=camera, seeds=", ".join(f'"{seed}"' for seed in seeds),
            storage=storage, picture=picture))
        with contextlib.suppress(FileNotFoundError):
            self.host.file(f"/run/meshcam/access/{WEB}.json").unlink()
        self.token = None
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MESHCAM_")}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.host.command(BINARY, "run", "--config", settings, "--stop-with-input"), stdin=subprocess.PIPE, stdout=log, stderr=log,
                env=environment)
        return self

    # Asking it

    def _connection(self, timeout):
        connection = http.client.HTTPConnection("127.0.0.1", HTTP, timeout=timeout)
        connection.sock = self.host.connect(("127.0.0.1", HTTP), timeout)
        return connection

    def request(self, method: str, path: str, body=None, timeout=10):
        if not self.token:
            self.token = json.loads(self.host.file(f"/run/meshcam/access/{WEB}.json").read_text())["token"]
        connection = self._connection(timeout)
        try:
            connection.request(
                method, f"/api/mesh/v1{path}", body=json.dumps(body) if body is not None else None,
                headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"{self.name}: {error!r}") from error
        finally:
            connection.close()
        assert answer.status < 300, f"{self.name}: {method} {path}: {answer.status} {text[:300]!r}"
        return json.loads(text) if text else None

    def is_up(self) -> bool:
        """Whether it answers at all."""
        assert self.process.poll() is None, f"{self.name} has ended:\n{self.log()[-3000:]}"
        return self.request("GET", "/nodes") is not None

    def nodes(self) -> dict:
        """Its dashboard's list of nodes, by name."""
        return {node["name"]: node for node in self.request("GET", "/nodes")}

    def online(self) -> set:
        """The names of whom it holds for alive, itself included."""
        return {name for name, node in self.nodes().items() if node["online"]}

    def sees(self, *others) -> bool:
        return {node.name for node in others} <= self.online()

    def problems(self) -> str:
        return " ".join(problem["message"] for problem in self.nodes()[self.name]["problems"])

    def trigger(self, label: str) -> str:
        """Answers the event's id."""
        return self.request("POST", f"/cameras/{self.id}/trigger", {"kind": "manual", "label": label})["event"]

    @property
    def id(self) -> str:
        if not self._id:
            self._id = json.loads(self.host.file(f"/run/meshcam/access/{WEB}.json").read_text())["node"]
        return self._id

    def knows(self, event: str) -> bool:
        """Whether it records, or recorded, that event."""
        if self.opened(event):
            return True
        # The event may have come while a clip was open: then that clip shows it.
        own = self.id
        return any(clip["node"] == own and event in clip["events"] for clip in self.request("GET", "/clips?limit=20")["clips"])

    def opened(self, event: str) -> list:
        """The moments at which it opened clips of that event."""
        return self.said(f"clip opened event={event}")

    def recorded_after(self, event: str, origin: "Node", since: float) -> list:
        """How many seconds after the origin it opened its first clip of that event; empty if an open clip took it in, or if what was told at
        `since` belongs to an incident that had begun before: cameras see somebody walk by, and its clips are of then."""
        began, own = origin.said(f"starts an incident event={event}", since), self.opened(event)
        return [own[0] - began[0]] if began and own else []

    def camera_runs(self) -> bool:
        return any(camera["node"] == self.id and camera["state"] == "running" for camera in self.request("GET", "/cameras"))

    # Its log

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def said(self, what: str, since=None) -> list:
        """The moments (wall time, seconds) at which a line with those words was logged."""
        found = []
        for line in self.log().splitlines():
            if what in line and (moment := logged(line)) is not None and (since is None or moment >= since):
                found.append(moment)
        return found

    def mourned(self, since=None) -> list:
        """The lines that declared somebody dead."""
        return [line for line in self.log().splitlines()
                if re.search(r" is gone(:|$| )", line) and ((moment := logged(line)) is None or since is None or moment >= since)]

    # Its process

    def resident_bytes(self) -> int:
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) * 1024

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        """As a power cut would: nothing is said to anybody."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, limit=15):
        """In order; it says goodbye."""
        if self.process and self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not stop within {limit} s:\n{self.log()[-3000:]}")

    def close(self):
        if self.process:
            if self.process.poll() is None:
                self.kill()
            self.process.stdin.close()


class Mesh:
    """A network with one node to a host, all members of one mesh, none started."""

    def __init__(self, directory: pathlib.Path, count: int):
        self.directory = directory
        self.prepared = directory / "mesh"
        subprocess.run(
            [BINARY, "demo", "--prepare", "--cameras", str(count), "--dir", str(self.prepared), "--password", PASSWORD],
            check=True, stdin=subprocess.DEVNULL, env={key: value for key, value in os.environ.items() if not key.startswith("MESHCAM_")})
        self.network = Network(directory)
        self.nodes = [Node(self, path.parent.name, self.network.host(path.parent.name))
                      for path in sorted(self.prepared.glob("*/meshcam.toml"), key=first_port)]
        assert len(self.nodes) == count

    def plug(self, *nodes, avahi=True, ipv6=True, links=("eth0",)):
        """Gives the hosts (default: all) links, addresses and, where wanted, an avahi-daemon."""
        for node in nodes or self.nodes:
            for link in links:
                node.host.plug(link, ipv6).address(link, ipv6=ipv6)
            if avahi:
                node.host.start_avahi()

    def start(self, *nodes, **settings):
        for node in nodes or self.nodes:
            node.start(**settings)
        return self

    def wait_until_all_see_all(self, *nodes, limit=30):
        """Within one limit for all of them."""
        waiting = list(nodes or self.nodes)
        everybody = {node.name for node in waiting}

        def all_see_all():
            while waiting:
                missing = everybody - waiting[0].online()
                assert not missing, f"{waiting[0].name} misses {sorted(missing)}"
                waiting.pop(0)
            return True
        wait_for(all_see_all, limit, "all see all")

    def deaths(self, since=None) -> list:
        return [line for node in self.nodes if node.process for line in node.mourned(since)]

    def close(self):
        for node in self.nodes:
            node.close()
        self.network.close()


def first_port(settings: pathlib.Path) -> int:
    return int(re.search(r"web_port = (\d+)", settings.read_text()).group(1))


def logged(line: str):
    """When a line was logged, in seconds of wall time; None for what is no line of a log."""
    word = line.split(" ", 1)[0]
    try:
        return datetime.datetime.fromisoformat(word.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def let_pass(seconds: float, meanwhile=lambda: None):
    """Lets a stretch of time pass in which something must not happen, looking every now and then."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < end:
        meanwhile()
        pause.wait(min(0.5, max(0, end - time.monotonic())))
