"""Hosts of a lab: network namespaces with a /run, a host name, and (where wanted) a D-Bus and an avahi-daemon of their own.

Everything here expects to run inside of `in-lab`, whose end takes all of it away.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys

from Harness.demo import wait_for

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
#: linux/sockios.h and linux/ethtool.h
SIOCETHTOOL, ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO = 0x8946, 0x17, 0x1F, 0x24

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true"/><allow receive_requested_reply="true"/><allow receive_type="signal"/>
<allow send_destination="*"/></policy></busconfig>
"""

AVAHI = """[server]
host-name={name}
use-ipv4=yes
use-ipv6=yes
[wide-area]
enable-wide-area=no
[publish]
publish-workstation=no
publish-hinfo=no
"""

#: The first process of a host: prepares it, then waits until its input ends. avahi-daemon insists that its directory belongs to the
#: user avahi, which is nobody in the user namespace of somebody who is not root: here avahi is another name of root.
HOLDER = """set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 host /run
mkdir -p /run/dbus /run/avahi-daemon
sed 's/^\\(avahi:[^:]*\\):[0-9]*:[0-9]*:/\\1:0:0:/' /etc/passwd > /run/passwd
sed 's/^\\(avahi:[^:]*\\):[0-9]*:/\\1:0:/' /etc/group > /run/group
mount --bind /run/passwd /etc/passwd
mount --bind /run/group /etc/group
hostname "$0"
ip link set lo up
echo ready
exec cat
"""


def ip(*arguments):
    subprocess.run(["ip", *map(str, arguments)], check=True, capture_output=True, text=True)


def tc(*arguments):
    subprocess.run(["tc", *map(str, arguments)], check=True, capture_output=True, text=True)


def without_offloading(interface: str):
    """Frames leave as they would on a wire: one by one, with their checksums in them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in (ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO):
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value)).ljust(40, b"\0")
            fcntl.ioctl(control, SIOCETHTOOL, request)


class Network:
    """A switch and its hosts."""

    def __init__(self, directory: pathlib.Path):
        self.directory = directory
        self.hosts = []
        self.rules = []
        self.switch = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).with_name("switch.py"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, do: str, **arguments):
        self.switch.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.switch.stdin.flush()
        answer = self.switch.stdout.readline()
        assert answer, "the switch has ended; its error stands above"
        return json.loads(answer)

    def host(self, name: str) -> "Host":
        host = Host(self, len(self.hosts) + 1, name)
        self.hosts.append(host)
        return host

    @contextlib.contextmanager
    def faults(self, *rules, seed=None):
        """Rules such as {"from": ["h1-*"], "to": ["h2-*"], "loss": 20}; all that match a direction apply. In force inside of the block.
        The same seed draws the same chances, direction by direction."""
        self.rules += rules
        self.tell("faults", rules=self.rules, seed=seed)
        try:
            yield
        finally:
            for rule in rules:
                self.rules.remove(rule)
            self.tell("faults", rules=self.rules)

    def counters(self) -> dict:
        return self.tell("count")

    def close(self):
        for host in self.hosts:
            host.close()
        self.switch.stdin.close()
        self.switch.wait(10)
        self.switch.stdout.close()


class Host:
    """One machine on the network. Its n-th link has the address 10.77.n.<number>, and fd77:n::<number> in IPv6."""

    def __init__(self, network: Network, number: int, name: str):
        self.network, self.number, self.name = network, number, name
        self.links = {}
        self.bus = self.avahi = None
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "sh", "-c", HOLDER, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n", f"the host {name} could not be made"

    # Links and addresses

    def port(self, link="eth0") -> str:
        """The link's name at the switch."""
        return f"h{self.number}-{link}"

    @property
    def ports(self) -> str:
        """All of its links, for fault rules."""
        return f"h{self.number}-*"

    def plug(self, link="eth0", ipv6=True):
        """A new link, up, without any address but IPv6's link-local one (and without that where there is no IPv6)."""
        port = self.port(link)
        self.links[link] = len(self.links)
        ip("link", "add", port, "type", "veth", "peer", "name", f"x{port}")
        for interface in (port, f"x{port}"):
            without_offloading(interface)
        # The switch's end is no host: it has no addresses and asks for nothing.
        pathlib.Path(f"/proc/sys/net/ipv6/conf/{port}/disable_ipv6").write_text("1")
        ip("link", "set", port, "up")
        ip("link", "set", f"x{port}", "netns", self.holder.pid)
        self.run("ip", "link", "set", f"x{port}", "name", link)
        if not ipv6:
            self.run("sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{link}/disable_ipv6")
        self.run("ip", "link", "set", link, "up")
        self.network.tell("add", port=port)
        return self

    def set_link(self, link: str, is_up: bool):
        """As a cable that is pulled (the host sees no carrier), or put back."""
        ip("link", "set", self.port(link), "up" if is_up else "down")

    def carry(self, rate=None, link="eth0"):
        """How much the network carries to this host, as `tc` writes it ("3mbit"), with a queue of 300 ms before it; None: all that it can."""
        if rate:
            # A bucket of one frame: a larger one lets through what a slow line would not.
            tc("qdisc", "replace", "dev", self.port(link), "root", "tbf", "rate", rate, "burst", 1600, "latency", "300ms")
        else:
            tc("qdisc", "del", "dev", self.port(link), "root")

    def v4(self, link="eth0", last=None) -> str:
        return f"10.77.{self.links[link]}.{last or self.number}"

    def v6(self, link="eth0") -> str:
        return f"fd77:{self.links[link]}::{self.number:x}"

    def address(self, link="eth0", last=None, ipv6=True):
        """What a DHCP client does when the lease comes; IPv6's unique local address with it."""
        self.add_address(f"{self.v4(link, last)}/24", link)
        if ipv6:
            self.add_address(f"{self.v6(link)}/64", link)
        return self

    def add_address(self, address: str, link="eth0"):
        # Addresses in IPv6 are checked for doubles for a second before they can be used: another test's subject.
        self.run("ip", "address", "add", address, *(["nodad"] if ":" in address else ["brd", "+"]), "dev", link)

    def remove_address(self, address: str, link="eth0"):
        self.run("ip", "address", "del", address, "dev", link)

    # Programs

    def command(self, *arguments) -> list:
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--mount", "--uts", *map(str, arguments)]

    def run(self, *arguments) -> str:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        assert done.returncode == 0, f"{self.name}: {arguments}: {done.stderr}"
        return done.stdout

    def file(self, path: str) -> pathlib.Path:
        """A file as this host sees it."""
        return pathlib.Path(f"/proc/{self.holder.pid}/root{path}")

    def udp_arrived(self) -> int:
        """Datagrams that its kernel has taken so far, those included that no program took in time."""
        rows = [line.split() for line in pathlib.Path(f"/proc/{self.holder.pid}/net/snmp").read_text().splitlines() if line.startswith("Udp:")]
        figures = dict(zip(*rows))
        return int(figures["InDatagrams"]) + int(figures["RcvbufErrors"])

    def start_bus(self):
        self.file("/run/bus.conf").write_text(BUS)
        self.bus = subprocess.Popen(
            self.command("dbus-daemon", "--config-file=/run/bus.conf", "--nofork", "--nopidfile"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.file("/run/dbus/system_bus_socket").exists(), 10, f"{self.name}'s D-Bus")
        return self

    def start_avahi(self):
        """Its avahi-daemon, and its bus if it has none yet."""
        if not self.bus:
            self.start_bus()
        self.file("/run/avahi.conf").write_text(AVAHI.format(name=self.name))
        log = open(self.network.directory / f"{self.name}.avahi.log", "ab")
        self.avahi = subprocess.Popen(
            self.command("avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "-f", "/run/avahi.conf"),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_for(lambda: self.avahi.poll() is None and self.file("/run/avahi-daemon/socket").exists(), 10, f"{self.name}'s avahi-daemon")
        return self

    def kill_avahi(self):
        """As a crash would: nothing is said to anybody."""
        self.avahi.send_signal(signal.SIGKILL)
        self.avahi.wait()
        for left in ("pid", "socket"):
            self.file(f"/run/avahi-daemon/{left}").unlink(missing_ok=True)
        self.avahi = None

    @contextlib.contextmanager
    def inside(self):
        """This thread opens its sockets in the host's network meanwhile."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        other = os.open(f"/proc/{self.holder.pid}/ns/net", os.O_RDONLY)
        try:
            assert LIBC.setns(other, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            yield
        finally:
            assert LIBC.setns(own, CLONE_NEWNET) == 0
            os.close(own)
            os.close(other)

    def connect(self, address, timeout=5) -> socket.socket:
        with self.inside():
            return socket.create_connection(address, timeout=timeout)

    def close(self):
        for process in (self.avahi, self.bus):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        for link in self.links:
            self.network.tell("remove", port=self.port(link))
            # The kernel takes its time to end a network; the next test's links have the same names.
            ip("link", "del", self.port(link))
        self.holder.stdin.close()
        self.holder.wait(10)
        self.holder.stdout.close()
