"""A real `meshcam demo`, started, waited for and ended as a user would."""

import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNVERIFIED = ssl._create_unverified_context()  # the demo's certificates are its own


@dataclass
class Demo:
    """Three nodes that answer."""

    urls: list[str]
    http_urls: list[str]
    password: str
    process: subprocess.Popen
    log: pathlib.Path
    user: str = "admin"
    timings: dict[str, float] = field(default_factory=dict)


def free_ports(count: int, avoid: range = range(0)) -> int:
    """The first of `count` neighbouring TCP ports that nobody listens on."""
    for first in range(20_000 + os.getpid() % 20_000, 60_000, count):
        ports = range(first, first + count)
        if set(ports) & set(avoid):
            continue
        try:
            for port in ports:
                for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                    with socket.socket(family, socket.SOCK_STREAM) as probe:
                        if family == socket.AF_INET6:
                            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                        probe.bind((host, port))
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports")


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2, context=UNVERIFIED) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def start(directory: pathlib.Path, password: str, cameras: int = 3, limit_seconds: float = 90) -> Demo:
    binary = pathlib.Path(os.environ.get("MESHCAM_BINARY", ROOT / ".build/debug/meshcam"))
    assert binary.exists(), f"{binary} is missing: build it (swift build) or set MESHCAM_BINARY"
    web = free_ports(cameras)
    plain = free_ports(cameras, avoid=range(web, web + cameras))
    command = [str(binary), "demo", "--cameras", str(cameras), "--web-port", str(web), "--http-port", str(plain), "--dir", str(directory / "demo"), "--password", password]
    if footage := os.environ.get("MESHCAM_FOOTAGE"):
        command += ["--footage", footage]
    log = directory / "demo.log"
    began = time.monotonic()
    with log.open("wb") as output:
        # A session of its own, so that whatever it leaves behind can be found by its process group.
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
    demo = Demo(
        urls=[f"https://localhost:{web + i}" for i in range(cameras)],
        http_urls=[f"http://localhost:{plain + i}" for i in range(cameras)],
        password=password, process=process, log=log)
    waiting = set(demo.urls)
    while waiting:
        waiting = {url for url in waiting if not is_ready(url)}
        if not waiting:
            break
        if time.monotonic() - began > limit_seconds:
            stop(demo, check=False)
            raise AssertionError(f"not ready after {limit_seconds} s: {sorted(waiting)}\n{tail(log)}")
        try:
            code = process.wait(timeout=0.2)
            raise AssertionError(f"meshcam demo ended with {code} before it was ready\n{tail(log)}")
        except subprocess.TimeoutExpired:
            pass
    demo.timings["ready"] = time.monotonic() - began
    return demo


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


def stop(demo: Demo, check: bool = True) -> None:
    """Ctrl-C, then nothing may be left of it."""
    group = demo.process.pid
    began = time.monotonic()
    if demo.process.poll() is None:
        os.kill(demo.process.pid, signal.SIGINT)
    try:
        code = demo.process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(group, signal.SIGKILL)
        demo.process.wait()
        raise AssertionError(f"meshcam demo did not end within 15 s of SIGINT\n{tail(demo.log)}") from None
    demo.timings["stop"] = time.monotonic() - began
    # Children that the leader's end orphaned are reaped by the system; that takes a moment.
    deadline = time.monotonic() + 3
    while group_lives(group) and time.monotonic() < deadline:
        os.sched_yield()
    left = group_lives(group)
    if left:
        os.killpg(group, signal.SIGKILL)
    if check:
        assert not left, f"processes of meshcam demo were left behind in group {group}\n{tail(demo.log)}"
        assert code == 0, f"meshcam demo ended with {code}\n{tail(demo.log)}"


def tail(log: pathlib.Path, lines: int = 40) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
