"""Starts a real `meshcam demo` and lets go of it without leaving a process behind."""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("MESHCAM_BINARY", str(ROOT / ".build/debug/meshcam"))
PASSWORD = "correct horse battery"
USER = "admin"

#: A certificate made by the node itself proves nothing to us; what it serves does.
TLS = ssl.create_default_context()
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE


def free_ports(count: int) -> int:
    """The first of `count` neighbouring TCP ports that are free now, below those that the kernel hands to outgoing connections."""
    for first in range(10000 + os.getpid() % 20000, 32700 - count, count):
        held = []
        try:
            for port in range(first, first + count):
                held.append(socket.socket(socket.AF_INET6))
                held[-1].bind(("::", port))
            return first
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise RuntimeError("no free ports")


def wait_for(what, limit: float, description: str):
    """Polls until `what()` answers something true, and answers that."""
    deadline = time.monotonic() + limit
    last = None
    pause = threading.Event()
    while time.monotonic() < deadline:
        try:
            result = what()
            if result:
                return result
            last = result
        except (OSError, AssertionError, urllib.error.URLError) as error:
            last = error
        pause.wait(0.05)
    raise AssertionError(f"{description}: not within {limit} s (last: {last!r})")


class Answer:
    """An HTTP answer, whatever its status."""

    def __init__(self, status: int, headers, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """One node's API, seen by somebody with a session of his own."""

    def __init__(self, base: str):
        self.base = base
        self.cookie = None

    def request(self, method: str, path: str, body=None, headers=None, timeout=20) -> Answer:
        request = urllib.request.Request(self.base + path, method=method, headers=dict(headers or {}))
        if body is not None:
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
            if not request.has_header("Content-type"):
                request.add_header("Content-Type", "application/json")
        if self.cookie:
            request.add_header("Cookie", self.cookie)
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=TLS if self.base.startswith("https") else None) as got:
                return Answer(got.status, got.headers, got.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path: str, **more) -> Answer:
        return self.request("GET", "/api/mesh/v1" + path, **more)

    def post(self, path: str, body=None, **more) -> Answer:
        return self.request("POST", "/api/mesh/v1" + path, body=body, **more)

    def sign_in(self, password=PASSWORD, user=USER) -> Answer:
        answer = self.post("/session", {"username": user, "password": password})
        if answer.status == 200:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    def cameras(self) -> list:
        return self.get("/cameras").json

    def clips(self, **query) -> list:
        return self.get("/clips?" + urllib.parse.urlencode(query)).json["clips"]

    def incidents(self) -> list:
        return self.get("/incidents").json["incidents"]


class Demo:
    """Real nodes on this machine, as a user starts them."""

    def __init__(self, directory, cameras=3, footage=None, arguments=()):
        self.directory = pathlib.Path(directory)
        self.cameras = cameras
        self.user, self.password = USER, PASSWORD
        self.web = free_ports(2 * cameras)
        self.http = self.web + cameras
        self.log = open(self.directory.with_suffix(".log"), "wb")
        command = [BINARY, "demo", "--cameras", str(cameras), "--web-port", str(self.web), "--http-port", str(self.http),
                   "--dir", str(self.directory), "--password", PASSWORD, *arguments]
        if footage:
            command += ["--footage", str(footage)]
        # A session of its own, so that what is left of it can be counted: each node is a process group in it.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL,
                                        start_new_session=True, text=True)

    @property
    def urls(self):
        return [f"https://localhost:{self.web + i}" for i in range(self.cameras)]

    @property
    def http_urls(self):
        return [f"http://localhost:{self.http + i}" for i in range(self.cameras)]

    @property
    def nas(self):
        return self.directory / "nas"

    def wait_until_ready(self, limit=90):
        """Reads what the demo prints until it says that it is ready."""
        watchdog = threading.Timer(limit, self.process.kill)
        watchdog.start()
        text = ""
        for line in self.process.stdout:
            text += line
            if "Ctrl-C stops everything" in line:
                watchdog.cancel()
                self.welcome = text
                return self
        watchdog.cancel()
        raise AssertionError(f"the demo did not become ready:\n{text}\n{self.read_log()}")

    def clients(self):
        clients = [Client(url) for url in self.urls]
        for client in clients:
            answer = client.sign_in()
            assert answer.status == 200, answer.body
        return clients

    def read_log(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")

    def node_pid(self, index: int) -> int:
        """The process of a node, by the settings file it was started with."""
        # Not in the storage's directory, which may hang.
        settings = [path for place in self.directory.iterdir() if place.name != "nas" and (path := place / "meshcam.toml").exists()]
        name = sorted(settings, key=self._web_port)[index].parent.name
        for process in session_members(self.process.pid):
            if f"/{name}/meshcam.toml" in command_line(process):
                return process
        raise AssertionError(f"{name} does not run")

    def local_token(self, index: int) -> str:
        """What programs of this machine's owner find in the file that a node leaves for them."""
        root = pathlib.Path("/run" if os.geteuid() == 0 else os.environ["XDG_RUNTIME_DIR"])
        return json.loads((root / "meshcam" / "access" / f"{self.web + index}.json").read_text())["token"]

    @staticmethod
    def _web_port(path):
        return int(re.search(r"web_port = (\d+)", path.read_text()).group(1))

    def stop(self, how=signal.SIGINT, limit=15):
        """Ends it as Ctrl-C does; nothing of it may be left."""
        session = self.process.pid
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                kill_all(session)
                self.process.wait()
                raise AssertionError(f"the demo did not stop within {limit} s:\n{self.read_log()[-4000:]}")
        self.process.stdout.close()
        self.log.close()
        try:
            wait_for(lambda: not session_members(session), 6, "processes left after the demo ended")
        except AssertionError:
            kill_all(session)
            raise
        return self.process.returncode


def kill_all(session: int):
    for process in session_members(session):
        os.kill(process, signal.SIGKILL)


def session_members(session: int) -> list:
    """Processes of a session that are not zombies."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def command_line(process: int) -> str:
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def temporary_directory(name: str) -> pathlib.Path:
    return pathlib.Path(tempfile.mkdtemp(prefix=f"meshcam-{name}-"))
