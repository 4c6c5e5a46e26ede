"""Both sides of pairing as an attacker plays them, step by step, and a device in between. Written from the design (mesh.md §2)."""

import hashlib
import hmac
import os
import socket
import struct
import threading

from Harness import sodium
from Harness.wire import decode, encode, number

HELLO, HELLO_BACK, SHARE, TAG, BOX, REFUSAL, PROOF = range(1, 8)
REASONS = {1: "busy", 2: "paused", 3: "wrong code", 4: "no common version", 5: "not understood", 6: "not kept"}

DAMM = ("0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205",
        "2581436790")


def with_check_digit(digits: str) -> str:
    state = "0"
    for digit in digits:
        state = DAMM[int(state)][int(digit)]
    return digits + state


def another(code: str) -> str:
    """Nine digits that belong together, and are not this code."""
    digits = code.replace(" ", "")
    return with_check_digit(str((int(digits[0]) + 1) % 10) + digits[1:8])


def valued(text: bytes) -> bytes:
    """lv_cat of one string."""
    return number(len(text)) + text


def sha512(*texts) -> bytes:
    return hashlib.sha512(b"".join(texts)).digest()


def hello(kind=HELLO, name="somebody", **instead) -> bytes:
    keys = {"sign": os.urandom(32), "dh": os.urandom(32), "tls": os.urandom(32), **instead}
    return encode((kind, encode((1, 2), (2, encode_packed(1)), (3, keys["sign"]), (4, keys["dh"]), (5, keys["tls"]),
                                (6, os.urandom(16)), (8, name))))


def encode_packed(value: int) -> bytes:
    """`repeated uint32` of one."""
    return number(value)


def under_other_keys(message: bytes) -> bytes:
    """The same hello, but for the keys: these are the attacker's."""
    ((kind, (content,)),) = decode(message).items()
    fields = [(field, value) for field, values in decode(content).items() for value in values]
    return encode((kind, encode(*[(field, os.urandom(32) if field in (3, 4, 5) else value) for field, value in fields])))


class Exchange:
    """CPace over two hellos, for one who believes that this is the code."""

    def __init__(self, code: str, hello_a: bytes, hello_b: bytes):
        a, b = (decode(next(iter(decode(message).values()))[0]) for message in (hello_a, hello_b))
        channel = (valued(b"meshcam-pair-1") + valued(sha512(hello_a, hello_b)) + valued(a[3][0] + a[4][0]) + valued(b[3][0] + b[4][0]))
        self.session = a[6][0] + b[6][0]
        head = valued(b"CPaceRistretto255") + valued(code.replace(" ", "")[:8].encode())
        padding = bytes(max(0, 127 - len(head)))
        generator = sodium.point(sha512(head, valued(padding), valued(channel), valued(self.session)))
        self.scalar = sodium.scalar()
        self.share = sodium.times(self.scalar, generator)

    def tags(self, share_a: bytes, share_b: bytes):
        """Ta and Tb, as far as the code is right."""
        secret = sodium.times(self.scalar, share_b if share_a == self.share else share_a)
        ends = [valued(share_a) + valued(b"A"), valued(share_b) + valued(b"B")]
        key = sha512(valued(b"CPaceRistretto255_ISK"), valued(self.session), valued(secret), *ends)
        confirmation = sha512(b"CPaceMac", self.session, key)
        return [hmac.new(confirmation, end, hashlib.sha512).digest() for end in ends]


class Line:
    """A connection that carries messages with their length before them."""

    def __init__(self, connection: socket.socket):
        self.connection = connection

    def send(self, message: bytes):
        self.connection.sendall(struct.pack("!I", len(message)) + message)

    def receive(self):
        """None when the other side has ended it."""
        head = self._whole(4)
        return head and self._whole(struct.unpack("!I", head)[0])

    def _whole(self, size: int):
        got = b""
        while len(got) < size:
            try:
                part = self.connection.recv(size - len(got))
            except ConnectionError:
                return None
            if not part:
                return None
            got += part
        return got

    def close(self):
        self.connection.close()


class Caller:
    """Somebody at a camera's door, in a member's role."""

    def __init__(self, port: int, host="127.0.0.1", source=None, timeout=30):
        self.line = Line(socket.create_connection((host, port), timeout=timeout, source_address=source and (source, 0)))
        self.heard = []

    def ask(self, message: bytes) -> dict:
        self.line.send(message)
        answer = self.line.receive()
        self.heard.append(answer or b"")
        return decode(answer) if answer else {}

    def greet(self) -> dict:
        self.hello = hello()
        return self.ask(self.hello)

    def offer(self, code: str) -> dict:
        """After the hellos: a share made with that code. The camera counts a try."""
        self.exchange = Exchange(code, self.hello, self.heard[-1])
        return self.ask(encode((SHARE, self.exchange.share)))

    def confirm(self) -> dict:
        share = decode(self.heard[-1])[SHARE][0]
        self.tag_a, self.tag_b = self.exchange.tags(self.exchange.share, share)
        return self.ask(encode((TAG, self.tag_a)))

    def close(self):
        self.line.close()


def refusal(answer: dict):
    return REASONS[decode(answer[REFUSAL][0])[1][0]] if REFUSAL in answer else None


def guess(port: int, code: str) -> str:
    """One whole try: 'right', or why not. Whoever guesses right goes away here and gives nothing."""
    caller = Caller(port)
    try:
        answer = caller.greet()
        for step in (lambda: caller.offer(code), caller.confirm):
            if HELLO_BACK not in answer and SHARE not in answer:
                break
            answer = step()
        if PROOF in answer:
            assert decode(answer[PROOF][0])[1][0] == caller.tag_b, "the camera's own tag is wrong"
            return "right"
        return refusal(answer) or f"ended without a word after {len(caller.heard)} messages"
    finally:
        caller.close()


class Between:
    """A device between a member and a camera: passes messages on, `alter(way, index, message)` in between; writes all down.

    `way` is "a" for what the member says, and "b" for what the camera says. `passed(way, index)` is called after each."""

    def __init__(self, port: int, alter=lambda way, index, message: message, passed=lambda way, index: None):
        self.port, self.alter, self.passed = port, alter, passed
        self.said = {"a": [], "b": []}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                member, _ = self.listener.accept()
                camera = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            except OSError:
                return
            self.open += [member, camera]
            for way, source, target in (("a", member, camera), ("b", camera, member)):
                threading.Thread(target=self._pass, args=(way, Line(source), Line(target)), daemon=True).start()

    def _pass(self, way, source, target):
        try:
            while (message := source.receive()) is not None:
                self.said[way].append(message)
                index = len(self.said[way]) - 1
                target.send(self.alter(way, index, message))
                self.passed(way, index)
        except OSError:
            pass  # One of both has gone.
        for end in (source, target):
            try:
                end.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for one in [self.listener, *self.open]:
            one.close()


class Impostor:
    """Answers in a camera's place: `answers(messages so far)` says what, or None to go."""

    def __init__(self, answers):
        self.heard, self.sent, self.answers = [], [], answers
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        connection, _ = self.listener.accept()
        connection.settimeout(30)
        line = Line(connection)
        try:
            while (message := line.receive()) is not None:
                self.heard.append(message)
                answer = self.answers(self.heard)
                if answer is None:
                    break
                self.sent.append(answer)
                line.send(answer)
        except OSError:
            pass  # The member has gone.
        line.close()

    def close(self):
        self.listener.close()
        self.thread.join(30)
