"""A network interface besides the loopback, for programs that make no connection by WebRTC without one."""

import contextlib
import subprocess


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def lan():
    """In a network of the tests' own; start what shall see it inside."""
    _ip("link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
    try:
        _ip("address", "add", "10.77.9.1/24", "dev", "lan0")
        for end in ("lan0", "lan1"):
            # Without an address of its own making, which would come a second or two later: a browser gives up what it loads when the network changes.
            _ip("link", "set", end, "addrgenmode", "none", "up")
        yield
    finally:
        _ip("link", "del", "lan0")
