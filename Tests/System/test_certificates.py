"""What browsers see: certificates of the mesh's authority, made, renewed and replaced while a node runs. Judged by OpenSSL."""

import functools
import json
import pathlib
import shutil
import socket
import ssl
import subprocess

import pytest

from Harness.demo import BINARY, PASSWORD, Client, temporary_directory, wait_for
from Harness.lone import LoneNode


def connect(port: int, name, authority=None, address="127.0.0.1"):
    """A TLS connection whose only trust root is `authority` (a file), or that trusts anything."""
    context = ssl.create_default_context(cafile=authority)
    if not authority:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection((address, port), timeout=10), server_hostname=name)


def seen(port: int, name="localhost") -> str:
    """SHA-256 of the certificate that is shown for a name."""
    import hashlib
    with connect(port, name) as connection:
        return hashlib.sha256(connection.getpeercert(binary_form=True)).hexdigest()


def refusal(port: int, name, authority, address="127.0.0.1") -> str:
    try:
        connect(port, name, authority, address).close()
        return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message


@pytest.fixture(scope="module")
def authority(demo, tmp_path_factory):
    """The mesh's certificate, as a person downloads it."""
    answer = Client(demo.urls[0]).get("/ca.pem")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/x-pem-file", answer.body
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_bytes(answer.body)
    return str(file)


def ask(connection, path: str) -> bytes:
    """A request on a connection that stays open."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(4096)
    head, body = text.split(b"\r\n\r\n", 1)
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(4096)
    return body


def test_every_node_is_trusted_by_one_certificate(demo, authority):
    facts = Client(demo.urls[1]).get("/ca").json
    der = Client(demo.urls[2]).get("/ca.crt")
    assert der.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert ssl.PEM_cert_to_DER_cert(pathlib.Path(authority).read_text()) == der.body, "each node gives the same"
    import hashlib
    assert facts["authority"]["fingerprint"] == hashlib.sha256(der.body).hexdigest()
    assert facts["authority"]["name"] == "MeshCam demo" and facts["shown"][0]["kind"] == "mesh"
    for index in range(demo.cameras):
        port = demo.web + index
        with connect(port, "localhost", authority) as connection:
            assert connection.version() == "TLSv1.3" and ask(connection, "/healthz") == b"ok\n"
            assert facts["shown"][0]["kind"] == "mesh"
        connect(port, "127.0.0.1", authority).close()
        assert "doesn't match" in refusal(port, "example.com", authority) or "mismatch" in refusal(port, "example.com", authority).lower()
        assert refusal(port, "192.168.77.77", authority), "an address that is not its own"
    text = subprocess.run(["openssl", "x509", "-in", authority, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
    limits = text.split("X509v3 Name Constraints: critical")[1].split("X509v3 Subject Key")[0]
    for name in ["DNS:local", "DNS:home.arpa", "DNS:internal", "DNS:localhost", "IP:10.0.0.0/255.0.0.0", "IP:192.168.0.0/255.255.0.0"]:
        assert name in limits
    assert "CA:TRUE, pathlen:1" in text


def test_a_new_address_gets_its_certificate_and_cuts_nobody(demo, authority):
    """Addresses come and go while cameras run. Needs a network of its own, as these tests have."""
    port, address = demo.web, "10.77.0.9"
    assert refusal(port, address, authority), "not its address yet"
    held = connect(port, "localhost", authority)
    before = seen(port)
    subprocess.run(["ip", "address", "add", f"{address}/24", "dev", "lo"], check=True)
    try:
        wait_for(lambda: not refusal(port, address, authority, address), 15, "the certificate has the new address")
        assert seen(port) != before
        assert ask(held, "/healthz") == b"ok\n", "the connection from before is still open"
        told = subprocess.run([BINARY, "status", "--node", demo.urls[0], "--json"], capture_output=True, text=True)
        assert told.returncode == 0, "programs of this machine know the node all the same: " + told.stderr
    finally:
        subprocess.run(["ip", "address", "del", f"{address}/24", "dev", "lo"], check=True)
        held.close()
    wait_for(lambda: refusal(port, address, authority), 15, "the address goes out of the certificate")


@pytest.fixture
def lone():
    directory = temporary_directory("certified")
    node = LoneNode(directory / "gate", "gate-7")
    try:
        yield node
    finally:
        print(node.read_log())
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)


def test_a_camera_that_joins_is_certified(demo, authority, lone):
    lone.start()
    assert Client(lone.url).get("/ca").json["shown"][0]["kind"] == "own"
    assert Client(lone.url).get("/ca.pem").status == 404
    assert "self" in refusal(lone.web, "localhost", authority)
    client = Client(demo.urls[1])
    client.sign_in()
    assert client.post("/session/unlock", {"passphrase": PASSWORD}).status == 200
    assert client.post("/pairings", {"node": lone.door, "code": lone.code()}).status == 201
    wait_for(lambda: not refusal(lone.web, "localhost", authority), 20, "the new camera shows a certificate of the mesh's authority")
    connect(lone.web, "gate-7.local", authority).close()
    chain = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{lone.web}", "-servername", "localhost", "-verify_return_error", "-CAfile", authority,
         "-verify_hostname", "localhost"], input="", capture_output=True, text=True)
    assert "Verify return code: 0 (ok)" in chain.stdout, chain.stdout + chain.stderr
    doctor = json.loads(subprocess.run([BINARY, "doctor", "--config", str(lone.config), "--json"], capture_output=True, text=True).stdout)
    line = next(finding for finding in doctor if finding["subject"] == "certificate")
    assert line["verdict"] == "good" and "of the mesh's authority" in line["detail"] and "gate-7.local" in line["detail"], line
    # It goes: no certificate for it any more, at the next write.
    name = lone.name
    gate = next(node["id"] for node in client.get("/nodes").json if node["name"] == name)
    assert client.request("DELETE", f"/api/mesh/v1/nodes/{gate}").status == 204
    assert lone.stop() == 0


def make(directory: pathlib.Path, names: str, days: int):
    """An owner's certificate, as a public authority would have made it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=owner", "-addext", f"subjectAltName={names}", "-days", str(days),
         "-keyout", str(directory / "new.key"), "-out", str(directory / "new.pem")], check=True, capture_output=True)
    (directory / "new.key").rename(directory / "key.pem")
    (directory / "new.pem").rename(directory / "cert.pem")


def test_an_owners_certificate(lone):
    directory = lone.directory
    make(directory, "DNS:cam.example.org,DNS:*.house.example.org", 90)
    lone.config.write_text(lone.config.read_text() + f'certificate = "{directory / "cert.pem"}"\ncertificate_key = "{directory / "key.pem"}"\n')
    lone.start()
    owners = str(directory / "cert.pem")
    shown = functools.partial(seen, lone.web)
    for name in ["cam.example.org", "Porch.house.example.org"]:
        connect(lone.web, name, owners).close()
    assert shown("localhost") != shown("cam.example.org") == shown("x.house.example.org")
    client = Client(lone.url)
    assert [one["kind"] for one in client.get("/ca").json["shown"]] == ["own", "owner"]
    first = shown("cam.example.org")
    # Renewed, and near its end: read again by itself, and told.
    make(directory, "DNS:cam.example.org", 10)
    wait_for(lambda: shown("cam.example.org") != first, 15, "the new file is read")
    assert shown("x.house.example.org") == shown("localhost")
    def problems():
        told = subprocess.run([BINARY, "nodes", "--node", lone.url, "--json"], check=True, capture_output=True, text=True)
        return " ".join(problem["message"] for problem in json.loads(told.stdout)[0]["problems"])
    assert f"the certificate {directory / 'cert.pem'} ends on" in problems()
    (directory / "key.pem").write_text("nothing")
    wait_for(lambda: "cannot be used, and the old one stays" in problems(), 15, "a bad file is told")
    connect(lone.web, "cam.example.org", owners).close()
    assert lone.stop() == 0
    told = subprocess.run([BINARY, "run", "--config", str(lone.config)], capture_output=True, text=True, timeout=30)
    assert told.returncode != 0 and "key.pem holds no private key" in told.stderr and "Name the file" in told.stderr, told.stderr
