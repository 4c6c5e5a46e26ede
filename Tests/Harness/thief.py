"""A thief who has a state directory: everything that was on a node's card, and what its keys can say to other nodes."""

import base64
import hashlib
import http.client
import os
import pathlib
import socket
import ssl
import struct

from Harness import sodium
from Harness.wire import decode, encode, unsealed

SUITE = b"meshcam-x25519-xchacha20poly1305-1"
ADMIT, REVOKE, ADMIN_KEY, ROOT_ROTATE, REVOKE_ADMIN_KEY = 1, 2, 3, 4, 8
HELLO, HELLO_REPLY = 2, 3


def node_id(sign_key: bytes) -> bytes:
    return hashlib.blake2b(sign_key, digest_size=16).digest()


def listening(process: int) -> list:
    """TCP ports that a process listens on."""
    inodes = set()
    for link in pathlib.Path(f"/proc/{process}/fd").iterdir():
        try:
            inodes.add(os.readlink(link))
        except OSError:
            continue
    ports = []
    for table in ("tcp", "tcp6"):
        for line in pathlib.Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in inodes:
                ports.append(int(columns[1].rsplit(":", 1)[1], 16))
    return ports


def pem(kind: str, der: bytes) -> str:
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(der).decode()}-----END {kind}-----\n"


def signed(domain: str, mesh: bytes, body: bytes, signer: sodium.Signer) -> bytes:
    return signer.sign(bytes([len(domain)]) + domain.encode() + mesh + body)


class Thief:
    """`state`: the directory, as it was when it was taken."""

    def __init__(self, state: pathlib.Path, directory: pathlib.Path):
        identity = decode(unsealed((state / "identity").read_bytes()))
        trust = decode(unsealed((state / "mesh").read_bytes()))
        peers = decode(unsealed((state / "peers").read_bytes()))
        self.signer = sodium.Signer(identity[2][0])
        self.dh, self.boot = identity[3][0], identity[6][0]
        self.id = node_id(self.signer.public)
        self.genesis, self.roster = trust[1][0], [decode(record) for record in trust[2]]
        self.settings = {entry[1][0].decode(): entry for entry in (decode(decode(signed_)[1][0]) for signed_ in trust.get(3, []))}
        self.mesh = hashlib.blake2b(self.genesis, digest_size=16).digest()
        self.places = {peer[1][0]: [place.decode() for place in peer.get(2, [])] for peer in map(decode, peers.get(1, []))}
        self.tls = self._tls(identity[4][0], identity[5][0], directory)

    @staticmethod
    def _tls(key: bytes, certificate: bytes, directory: pathlib.Path) -> ssl.SSLContext:
        directory.mkdir(exist_ok=True)
        # RFC 5915: ECPrivateKey on P-256.
        der = bytes.fromhex("303102010104") + b"\x20" + key + bytes.fromhex("a00a06082a8648ce3d030107")
        (directory / "key.pem").write_text(pem("EC PRIVATE KEY", der))
        (directory / "cert.pem").write_text(pem("CERTIFICATE", certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
        return context

    # By TLS

    def exchange(self, process: int, *delta) -> dict:
        """Compares states with a node, as members do, and gives it these parts of a Delta; answers the Delta that comes back."""
        request = encode((1, b""), (2, encode(*delta)))
        for port in listening(process):
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=self.tls, timeout=10)
            try:
                connection.request("POST", "/gossip", body=request)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status == 200 and body:
                    return decode(decode(body)[2][0])
            except (OSError, http.client.HTTPException):
                continue
            finally:
                connection.close()
        raise PermissionError("no door of this node takes the thief's certificate")

    # By UDP

    def admission(self, node: bytes) -> dict:
        """What the roster on the card says of a member."""
        bodies = [decode(record[2][0]) for record in self.roster if record[1][0] == ADMIT]
        return next(body for body in bodies if node_id(body[1][0]) == node)

    def hello(self, node: bytes, limit: float):
        """Asks a member for its boot; answers the packet that comes back, opened, or None within the limit."""
        common = sodium.shared(self.dh, self.admission(node)[2][0])
        keys = [hashlib.blake2b(self.mesh + a + b + SUITE, digest_size=32, key=common).digest() for a, b in ((self.id, node), (node, self.id))]
        frame = encode((1, os.urandom(16)))
        content = struct.pack("!IIQ", self.boot, 0, 1) + bytes([13]) + struct.pack("!H", len(frame)) + frame
        nonce = os.urandom(24)
        header = bytes([1, HELLO]) + self.mesh[:4] + self.id[:8] + nonce
        packet = header + sodium.seal(content, header, nonce, keys[0])
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as line:
            line.settimeout(limit)
            for place in self.places[node]:
                host, port = place.rsplit(":", 1)
                host = host.strip("[]")
                try:
                    line.sendto(packet, (host if ":" in host else f"::ffff:{host}", int(port)))
                except OSError:
                    continue  # An address of another network.
            try:
                while True:
                    answer = line.recv(2000)
                    if answer[1] == HELLO_REPLY:
                        return sodium.open_(answer[38:], answer[:38], answer[14:38], keys[1])
            except TimeoutError:
                return None

    # With a user's password

    def cracked(self, name: str, password: str):
        """An admin's own key and the root's, from what every card has of them: sealed under that password."""
        users = [decode(user) for user in decode(self.settings["users"][3][0])[1]]
        user = next(user for user in users if user[1][0].decode() == name)
        admin, root = (sodium.with_passphrase(user[field][0], password, passes) for field, passes in ((5, 3), (6, 4)))
        return sodium.Signer(admin), sodium.Signer(root)

    # What it says

    def record(self, signer: sodium.Signer, node: bytes, body: bytes, boot: int, kind=1) -> tuple:
        """A part of a Delta: what a node says of itself."""
        content = encode((1, kind), (2, boot), (3, 1), (4, body))
        return 2, encode((1, encode((1, content), (2, signed("meshcam-record-1", self.mesh, content, signer)), (3, node))))

    def config(self, signer: sodium.Signer, key: str, value: bytes, counter=1000) -> tuple:
        """A part of a Delta: a value of the shared configuration."""
        content = encode((1, key), (2, counter), (3, value), (4, signer.public))
        return 3, encode((1, content), (2, signed("meshcam-config-1", self.mesh, content, signer)), (3, signer.public))

    def rostered(self, signer: sodium.Signer, kind: int, domain: str, body: bytes) -> tuple:
        """A part of a Delta: what only the root may say."""
        return 1, encode((1, kind), (2, body), (3, signed(domain, self.mesh, body, signer)))
