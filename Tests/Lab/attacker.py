"""What a hostile machine on the network does to a node: floods of datagrams, and connections that say nothing or next to nothing.

    attacker.py flood COUNT PER-SECOND CORPUS VICTIM NEIGHBOUR    (addresses, IPv4)
    attacker.py stall CONNECTIONS ADDRESS:PORT…                    (until its standard input ends)

Runs inside of an attacker's network namespace. CORPUS is a file with one captured datagram a line, in hex; the flood is made of
random bytes, and of mutated, replayed and reflected ones, half of them under the neighbour's address.
"""

import random
import select
import socket
import struct
import sys
import time

GOSSIP = 7462
RANDOM = random.Random(20261121)


def ipv4_udp(source: str, target: str, source_port: int, payload: bytes) -> bytes:
    """A whole IPv4 packet, so that the source may be anybody. The kernel fills in the header's checksum; UDP's may be 0."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
    return header + struct.pack("!HHHH", source_port, GOSSIP, 8 + len(payload), 0) + payload


def mutated(datagram: bytes) -> bytes:
    changed = bytearray(datagram)
    how = RANDOM.randrange(5)
    if how == 0:
        for _ in range(RANDOM.randint(1, 8)):
            changed[RANDOM.randrange(len(changed))] ^= 1 << RANDOM.randrange(8)
    elif how == 1:
        del changed[RANDOM.randrange(len(changed)):]
    elif how == 2:
        changed += RANDOM.randbytes(RANDOM.randint(1, 300))
    elif how == 3:
        # The head of one and the body of another.
        start = RANDOM.randrange(len(changed))
        changed[start:] = RANDOM.randbytes(len(changed) - start)
    else:
        start = RANDOM.randrange(min(40, len(changed)))
        changed[start:start + 4] = RANDOM.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", RANDOM.randbytes(4)])
    return bytes(changed[:1472])


def flood(count: int, rate: int, corpus: list, victim: str, neighbour: str):
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    own = "10.77.0.200"
    began, sent = time.monotonic(), 0
    while sent < count:
        behind = int((time.monotonic() - began) * rate) - sent
        if behind <= 0:
            select.select([], [], [], 0.002)
            continue
        for _ in range(min(behind, count - sent)):
            kind = RANDOM.randrange(4)
            if kind == 0:
                payload = RANDOM.randbytes(RANDOM.randrange(1473))
            elif kind == 3:
                payload = RANDOM.choice(corpus)  # Replayed; and reflected, where the victim was who sent it.
            else:
                payload = mutated(RANDOM.choice(corpus))
            source = neighbour if RANDOM.random() < 0.5 else own
            try:
                sender.sendto(ipv4_udp(source, victim, GOSSIP if source == neighbour else RANDOM.randint(1024, 65535), payload), (victim, 0))
            except OSError:
                pass  # A full queue on the way.
            sent += 1
    print(f"sent {sent} datagrams in {time.monotonic() - began:.1f} s", flush=True)


def stall(connections: int, targets: list):
    """Half of them never say a word; the others begin something plausible and go on with a byte a second."""
    opened, refused = [], 0
    for number in range(connections):
        for address in targets:
            host, port = address.rsplit(":", 1)
            try:
                one = socket.create_connection((host, int(port)), timeout=2)
                one.setblocking(False)
                opened.append((one, number % 2, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" if number % 4 == 1 else b"GET / HTTP/1.1\r\n"))
            except OSError:
                refused += 1
    print(f"opened {len(opened)} connections, {refused} were refused", flush=True)
    at = 0
    while not select.select([sys.stdin], [], [], 1)[0]:
        for one, talks, text in opened:
            if talks:
                try:
                    one.send(text[at:at + 1] or b"x")
                except OSError:
                    pass  # The node has had enough of it.
        at += 1


if __name__ == "__main__":
    if sys.argv[1] == "flood":
        with open(sys.argv[4]) as file:
            datagrams = [bytes.fromhex(line) for line in file.read().split()]
        flood(int(sys.argv[2]), int(sys.argv[3]), datagrams, sys.argv[5], sys.argv[6])
    else:
        stall(int(sys.argv[2]), sys.argv[3:])
