"""A network switch in user space that can be told to be a bad network: loss, delay, jitter, duplicates, cuts, each per direction.

Runs as a process of its own in the lab's network namespace. Standard input brings one JSON command a line, and standard output
one JSON answer a line, so a fault is in force when the answer is there. It needs packet sockets only: no kernel module, no
/dev/net/tun, no root outside of its namespace.
"""

import fnmatch
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
GOSSIP_PORT = 7462
#: Frames taken from one port before the others have their turn.
BATCH = 64


def is_group(frame) -> bool:
    """Multicast or broadcast."""
    return bool(frame[0] & 1)


def is_multicast_data(frame) -> bool:
    """Multicast of programs (mDNS and the like): what an access point that blocks multicast swallows. Address resolution is not."""
    if not is_group(frame):
        return False
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return False
    return not (kind == b"\x86\xdd" and frame[20] == 58)


def udp(frame):
    """(source port, destination port, payload, bytes of the whole IP packet) of a UDP frame, else None."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] == 17:
        start = 14 + (frame[14] & 15) * 4
        size = int.from_bytes(frame[16:18], "big")
    elif kind == b"\x86\xdd" and frame[20] == 17:
        start = 54
        size = 40 + int.from_bytes(frame[18:20], "big")
    else:
        return None
    source, destination, length = struct.unpack_from("!HHH", frame, start)
    return source, destination, frame[start + 8:start + length], size


class Link:
    """What happens to frames in one direction between two ports. Its chance is its own: what others send changes nothing about it."""

    def __init__(self, rules, seed):
        self.random = random.Random(seed)
        self.cut = any(rule.get("cut") for rule in rules)
        self.no_multicast = any(rule.get("no_multicast") for rule in rules)
        self.no_gossip = any(rule.get("no_gossip") for rule in rules)
        kept = 1.0
        for rule in rules:
            kept *= 1 - rule.get("loss", 0) / 100
        self.loss = 1 - kept
        self.delay = sum(rule.get("delay", 0) for rule in rules) / 1000
        self.jitter = sum(rule.get("jitter", 0) for rule in rules) / 1000
        self.duplicate = max([rule.get("duplicate", 0) for rule in rules], default=0) / 100
        self.is_perfect = not (self.cut or self.no_multicast or self.no_gossip or self.loss or self.delay or self.jitter or self.duplicate)

    def drops(self, frame) -> bool:
        if self.cut or (self.loss and self.random.random() < self.loss):
            return True
        if self.no_multicast and is_multicast_data(frame):
            return True
        if self.no_gossip:
            found = udp(frame)
            return bool(found and GOSSIP_PORT in found[:2])
        return False


class Switch:
    def __init__(self):
        self.sockets, self.names = {}, {}
        self.addresses, self.rules, self.links = {}, [], {}
        self.seed = random.randrange(1 << 32)
        self.late, self.number, self.worst = [], 0, 0.0
        self.counters, self.captured, self.wanted = {}, [], 0
        self.poll = select.epoll()

    # Commands

    def add(self, port):
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(ETH_P_ALL))
        opened.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        opened.bind((port, 0))
        self.sockets[port] = opened
        self.names[opened.fileno()] = port
        self.counters[port] = {"frames": 0, "bytes": 0, "gossipPackets": 0, "gossipBytes": 0, "largestGossip": 0}
        self.poll.register(opened.fileno(), select.EPOLLIN)
        return {}

    def remove(self, port):
        opened = self.sockets.pop(port)
        self.poll.unregister(opened.fileno())
        del self.names[opened.fileno()]
        opened.close()
        self.addresses = {address: at for address, at in self.addresses.items() if at != port}
        return {}

    def faults(self, rules, seed=None):
        self.rules, self.links = rules, {}
        if seed is not None:
            self.seed = seed
        return {}

    def count(self):
        return self.counters

    def lateness(self):
        """The most, in seconds, that a frame left later than it should have, since it was last asked: whether this machine keeps up."""
        worst, self.worst = self.worst, 0.0
        return worst

    def capture(self, datagrams):
        self.wanted, self.captured = datagrams, []
        return {}

    def captures(self):
        return [{"from": source, "bytes": payload.hex()} for source, payload in self.captured]

    # Frames

    def link(self, source, target) -> Link:
        key = (source, target)
        if key not in self.links:
            self.links[key] = Link([
                rule for rule in self.rules
                if any(fnmatch.fnmatch(source, one) for one in rule.get("from", ["*"]))
                and any(fnmatch.fnmatch(target, one) for one in rule.get("to", ["*"]))], f"{self.seed} {source} {target}")
        return self.links[key]

    def note(self, port, frame):
        counters = self.counters[port]
        counters["frames"] += 1
        counters["bytes"] += len(frame)
        found = udp(frame)
        if found and found[1] == GOSSIP_PORT:
            counters["gossipPackets"] += 1
            counters["gossipBytes"] += found[3]
            counters["largestGossip"] = max(counters["largestGossip"], len(found[2]))
            if len(self.captured) < self.wanted:
                self.captured.append((port, found[2]))

    def forward(self, port, frame):
        self.note(port, frame)
        self.addresses[frame[6:12]] = port
        known = None if is_group(frame) else self.addresses.get(frame[:6])
        for target in [known] if known else self.sockets:
            if target == port or target not in self.sockets:
                continue
            link = self.link(port, target)
            if link.is_perfect:
                self.send(target, frame)
                continue
            if link.drops(frame):
                continue
            for _ in range(2 if link.random.random() < link.duplicate else 1):
                if link.delay or link.jitter:
                    self.number += 1
                    due = time.monotonic() + max(0, link.delay + link.random.uniform(-link.jitter, link.jitter))
                    heapq.heappush(self.late, (due, self.number, target, frame))
                else:
                    self.send(target, frame)

    def send(self, port, frame):
        try:
            self.sockets[port].send(frame)
        except (OSError, KeyError):
            pass  # A full queue, or a port that is down: a loss like any other.

    def receive(self, port):
        opened = self.sockets.get(port)
        for _ in range(BATCH):
            try:
                frame = opened.recv(65536)
            except OSError:
                return
            if len(frame) >= 54:
                self.forward(port, frame)
            elif len(frame) >= 14:
                self.forward(port, frame.ljust(60, b"\0"))

    def run(self):
        self.poll.register(sys.stdin.fileno(), select.EPOLLIN)
        pending = b""
        while True:
            pause = -1 if not self.late else max(0, self.late[0][0] - time.monotonic())
            for descriptor, _ in self.poll.poll(pause):
                if descriptor != sys.stdin.fileno():
                    if descriptor in self.names:
                        self.receive(self.names[descriptor])
                    continue
                received = os.read(descriptor, 1 << 16)
                if not received:
                    return
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    command = json.loads(line)
                    answer = getattr(self, command.pop("do"))(**command)
                    os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")
            now = time.monotonic()
            while self.late and self.late[0][0] <= now:
                due, _, port, frame = heapq.heappop(self.late)
                self.worst = max(self.worst, now - due)
                self.send(port, frame)


if __name__ == "__main__":
    Switch().run()
