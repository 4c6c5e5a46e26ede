"""Crowds at the doors that are open to strangers, pairing and joining: who belongs there gets through, and a node's memory stays flat."""

import contextlib
import http.client
import itertools
import os
import random
import selectors
import shutil
import socket
import statistics
import struct
import threading
import time

import pytest

from Harness import pairing
from Harness.demo import TLS, Client, temporary_directory, wait_for
from Harness.lone import LoneNode

numbers = itertools.count(1)
#: What a node may grow by, whatever strangers do.
GROWTH = 16 << 20
#: The pairing port's places (Trust.md), those that wait to be accepted, and what a node opens and closes by itself.
PLACES, PLACES_PER_HOST, BACKLOG, OWN = 16, 4, 128, 8
#: From the typed code to the answer: a person waits for it.
ADDED_WITHIN = 5
RANDOM = random.Random(20261129)


@pytest.fixture
def lone():
    directory = temporary_directory("lone")
    node = LoneNode(directory / "gate", f"crowded {next(numbers)}")
    try:
        node.start()
        # What it needs for itself is there before anybody comes.
        wait_for(lambda: all(word in node.read_log() for word in ("camera runs", "mDNS works")), 20, "it is at work")
        yield node
    finally:
        print(node.read_log()[-4000:])
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)


def framed(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message


class SlowCrowd:
    """Connections that say a byte now and then, for ever; each that is sent away comes back."""

    def __init__(self, port: int, addresses: list, each: int, first: bytes):
        self.port, self.first, self.opened, self.sent_away, self.isOver = port, first, 0, 0, threading.Event()
        self.waiting = [address for address in addresses for _ in range(each)]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        line, text = {}, struct.pack("!I", 4000) + bytes(4000)
        with selectors.DefaultSelector() as selector:
            while not self.isOver.wait(0.1):
                for address in self.waiting:
                    with contextlib.suppress(OSError):
                        one = socket.create_connection(("127.0.0.1", self.port), timeout=1, source_address=(address, 0))
                        one.sendall(self.first)
                        one.setblocking(False)
                        line[one] = [address, 0]
                        selector.register(one, selectors.EVENT_READ)
                        self.opened += 1
                self.waiting = []
                for key, _ in selector.select(0):
                    with contextlib.suppress(BlockingIOError):
                        if not self._heard(key.fileobj):
                            self._leave(key.fileobj, line, selector)
                for one, place in list(line.items()):
                    try:
                        place[1] += one.send(text[place[1]:place[1] + 1])
                    except OSError:
                        self._leave(one, line, selector)
            for one in line:
                one.close()

    @staticmethod
    def _heard(one) -> bytes:
        try:
            return one.recv(4000)
        except ConnectionError:
            return b""

    def _leave(self, one, line, selector):
        if one in line:
            self.waiting.append(line.pop(one)[0])
            self.sent_away += 1
            selector.unregister(one)
            one.close()

    def stop(self):
        self.isOver.set()
        self.thread.join(10)


@pytest.mark.parametrize("addresses, each, greets", [(1, 200, False), (40, 4, False), (1, 200, True)],
                         ids=["from one address", "from forty", "after a right first message"])
def test_a_crowd_that_says_a_byte_now_and_then(demo, admin, lone, addresses, each, greets):
    resident, descriptors = lone.resident_bytes(), lone.descriptors()
    crowd = SlowCrowd(lone.pairing, [f"127.0.1.{number}" for number in range(1, addresses + 1)], each, framed(pairing.hello()) if greets else b"")
    counts = []
    try:
        wait_for(lambda: crowd.opened >= 400 and crowd.sent_away >= 200, 30, "the crowd is there, and comes back again and again")
        end = time.monotonic() + 3
        wait_for(lambda: counts.append(lone.descriptors()) or time.monotonic() > end, 10, "some seconds with the crowd")
        grown = lone.resident_bytes() - resident
        began = time.monotonic()
        assert Client(lone.url).get("/node").status == 200 and time.monotonic() - began < 2, "its own page answers"
        began = time.monotonic()
        added = admin.post("/pairings", {"node": lone.door, "code": lone.code()}, timeout=90)
        took = time.monotonic() - began
        assert added.status == 201, added.body
        wait_for(lone.mesh, 20, "it is a member")
    finally:
        crowd.stop()
    print(f"{crowd.opened} connections; {min(counts)} to {max(counts)} descriptors ({descriptors} before); "
          f"added in {took:.2f} s; grew by {grown / 2**20:.1f} MiB")
    places = min(PLACES, addresses * PLACES_PER_HOST)
    assert descriptors < statistics.median_low(counts) <= descriptors + places + OWN, "as many as there are places, and no more"
    assert max(counts) <= descriptors + places + OWN + BACKLOG, "those that come and go in this moment included"
    assert took < ADDED_WITHIN and grown < GROWTH


def garbage() -> bytes:
    """Noise, lengths that promise too much, and messages that begin well."""
    kind = RANDOM.randrange(4)
    if kind == 0:
        return RANDOM.randbytes(RANDOM.randint(1, 3000))
    if kind == 1:
        return struct.pack("!I", RANDOM.choice([0xffffffff, 4097, 1 << 24])) + RANDOM.randbytes(2000)
    if kind == 2:
        return struct.pack("!I", 4000) + RANDOM.randbytes(4000)
    message = bytearray(pairing.hello())
    for _ in range(RANDOM.randrange(4)):
        message[RANDOM.randrange(len(message))] ^= 1 << RANDOM.randrange(8)
    return framed(bytes(message)) + RANDOM.randbytes(RANDOM.randrange(200))


def test_garbage_at_the_pairing_port(lone):
    def throw(count):
        for number in range(count):
            with contextlib.suppress(ConnectionError), socket.create_connection(
                    ("127.0.0.1", lone.pairing), timeout=5, source_address=(f"127.0.2.{number % 250 + 1}", 0)) as one:
                one.sendall(garbage())
                if number % 8 == 0:
                    # As it likes to: the answer, or nothing.
                    one.shutdown(socket.SHUT_WR)
                    one.recv(100)

    code = lone.code()
    throw(500)
    resident, descriptors = lone.resident_bytes(), lone.descriptors()
    throw(4000)
    grown = lone.resident_bytes() - resident
    print(f"grew by {grown / 2**20:.1f} MiB under 4000 connections")
    assert grown < GROWTH
    wait_for(lambda: lone.descriptors() <= descriptors + OWN, 20, "its descriptors are given back")
    lines = [line for line in lone.read_log().splitlines() if "not added" in line]
    assert 0 < len(lines) <= 30, "its log tells of it, and is not filled"
    assert lone.code() == code and pairing.guess(lone.pairing, code) == "right", "no try was counted, and the next one is heard"
    assert lone.mesh() is None


def test_garbage_at_the_door_for_tickets(demo, clients):
    process = demo.node_pid(0)

    def resident():
        with open(f"/proc/{process}/status") as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) * 1024

    def descriptors():
        return len(os.listdir(f"/proc/{process}/fd"))

    statuses = []

    def throw(connections, first):
        """Each from an address of its own: an offer, some wrong requests, and hanging up in the middle of one."""
        for number in range(first, first + connections):
            source = (f"127.{100 + number // 62500}.{number // 250 % 250 + 1}.{number % 250 + 1}", 0)
            connection = http.client.HTTPSConnection("127.0.0.1", demo.web, context=TLS, timeout=20, source_address=source)
            connection.request("GET", "/api/mesh/v1/join")
            offer = connection.getresponse().read()
            for size in (0, 30, 1900):
                body = offer[:60] + RANDOM.randbytes(size)
                connection.request("POST", "/api/mesh/v1/join", body=body)
                answer = connection.getresponse()
                statuses.append((answer.status, len(answer.read())))
            connection.putrequest("POST", "/api/mesh/v1/join")
            connection.putheader("Content-Length", "2000")
            connection.endheaders(RANDOM.randbytes(100))
            connection.close()

    throw(100, 0)
    before, open_before, members = resident(), descriptors(), len(clients[0].get("/nodes").json)
    statuses.clear()
    throw(500, 100)
    grown = resident() - before
    print(f"grew by {grown / 2**20:.1f} MiB under {len(statuses)} requests")
    assert {status for status, _ in statuses} == {200} and all(size < 10 for _, size in statuses), "refusals, and nothing else"
    assert grown < GROWTH
    wait_for(lambda: descriptors() <= open_before + OWN, 30, "its descriptors are given back")
    assert clients[0].cameras() and len(clients[0].get("/nodes").json) == members
    # The same address again and again is paused.
    client = Client(demo.urls[0])
    paused = wait_for(lambda: (lambda answer: answer if answer.status == 429 else None)(client.post("/join", os.urandom(40))), 20, "too many")
    assert int(paused.headers["Retry-After"]) >= 1
