"""What a member with valid keys can do with time: be reached and say nothing, or a byte a second.

    slow_member.py listen PORT mute                       (takes every connection, and never answers)
    slow_member.py listen PORT trickle                    (passes it on to the node on this host, and its answers back a byte a second)
    slow_member.py call IDENTITY COUNT ADDRESS:PORT…      (so many connections to each, with the keys of that state file)

Runs on the member's host until its standard input ends; `call` then prints what it did. Of its connections a third trickle the part of
the TLS handshake that proves who they are, a third a request's head and a third its body; whoever sends one away sees it again.
"""

import base64
import select
import socket
import ssl
import sys
import tempfile
import threading

PEERS = 7462
#: DER around a raw P-256 key (RFC 5915).
KEY_BEFORE, KEY_AFTER = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107")
REQUESTS = [
    None,
    b"POST /gossip HTTP/1.1\r\nHost: x\r\nX-Patience: " + b"x" * 1000,
    b"POST /gossip HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
]


def identity(path: str) -> tuple:
    """The TLS key and certificate in a state file (records.proto's IdentityFile, with a checksum of 32 bytes behind it), DER."""
    with open(path, "rb") as file:
        content, fields, at = file.read()[:-32], {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(content):
        tag = number()
        value = number()
        if tag & 7 == 2:
            value, at = content[at:at + value], at + value
        fields[tag >> 3] = value
    return KEY_BEFORE + fields[4] + KEY_AFTER, fields[5]


def context(path: str) -> ssl.SSLContext:
    key, certificate = identity(path)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        for name, der in (("EC PRIVATE KEY", key), ("CERTIFICATE", certificate)):
            file.write(f"-----BEGIN {name}-----\n{base64.encodebytes(der).decode()}-----END {name}-----\n")
        file.flush()
        made.load_cert_chain(file.name)
    return made


class Call:
    """One connection to another member, over and over."""

    def __init__(self, tls: ssl.SSLContext, address: str, request):
        self.tls, self.address, self.request = tls, address, request
        self.opened = self.proven = self.lost = 0
        self.socket, self.waiting = None, b""

    def open(self):
        host, port = self.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=3)
        self.opened += 1
        arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self.tls.wrap_bio(arrived, leaving)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.socket.sendall(leaving.read())
                arrived.write(self.socket.recv(1 << 16) or self.give_up())
        # Certificate and proof: all that is left of the handshake, and for the first kind all that is to be told slowly.
        self.waiting = leaving.read()
        if self.request is not None:
            self.socket.sendall(self.waiting)
            self.proven += 1
            session.write(self.request[:40] if self.request == REQUESTS[1] else self.request)
            self.socket.sendall(leaving.read())
            # Each of these is a record of its own; the bytes of one are as good as any.
            session.write(b"x" * 4000)
            self.waiting = leaving.read()
        self.socket.setblocking(False)

    @staticmethod
    def give_up():
        raise OSError("it hung up")

    def step(self):
        try:
            if self.socket is None:
                self.open()
            if self.was_sent_away():
                self.give_up()
            self.socket.send(self.waiting[:1])
            self.waiting = self.waiting[1:]
        except (OSError, ssl.SSLError):
            self.lost += 1
            self.close()

    def was_sent_away(self) -> bool:
        try:
            return self.socket.recv(1 << 16) == b""
        except BlockingIOError:
            return False

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None


def call(path: str, count: int, addresses: list):
    tls = context(path)
    calls = [Call(tls, address, REQUESTS[number % 3]) for number in range(count) for address in addresses]
    print("calling", flush=True)
    while not select.select([sys.stdin], [], [], 1)[0]:
        for one in calls:
            one.step()
    print(f"{sum(one.opened for one in calls)} connections, {sum(one.proven for one in calls)} of them proven a member's, "
          f"{sum(one.lost for one in calls)} lost", flush=True)


def listen(port: int, how: str):
    door = socket.create_server(("", port), family=socket.AF_INET6, backlog=1024, dualstack_ipv6=True)
    print("listening", flush=True)
    held = []

    def trickle(source, target, slowly):
        pause = threading.Event()
        try:
            while data := source.recv(1 if slowly else 1 << 16):
                target.sendall(data)
                if slowly:
                    pause.wait(1)
        except OSError:
            pass
    while sys.stdin not in (ready := select.select([sys.stdin, door], [], [])[0]):
        if door not in ready:
            continue
        one, _ = door.accept()
        held.append(one)
        if how == "trickle":
            try:
                node = socket.create_connection(("127.0.0.1", PEERS))
            except OSError:
                one.close()  # Its node is just starting.
                continue
            held.append(node)
            for source, target, slowly in ((one, node, False), (node, one, True)):
                threading.Thread(target=trickle, args=(source, target, slowly), daemon=True).start()
    print(f"{len(held)} sockets held", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "call":
        call(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    else:
        listen(int(sys.argv[2]), sys.argv[3])
