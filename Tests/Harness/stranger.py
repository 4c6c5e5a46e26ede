"""Programs of others that watch: each a process of its own, told by lines of JSON what to do, and answering with lines of JSON."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

from Harness.demo import wait_for

HERE = pathlib.Path(__file__).resolve().parent
#: The system's own Python has GStreamer's bindings; the tests' has not.
WEBRTCBIN = ["/usr/bin/python3", str(HERE / "webrtcbin_viewer.py")]


def build_pion(directory: pathlib.Path) -> list:
    """The viewer by pion, of Debian's sources alone: the command that runs it."""
    # Where Go works without modules, a name with a version in it is only found from below a go.mod in the path.
    source = directory / "src/viewer"
    shutil.copytree(HERE / "pion", source)
    environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOPATH": f"{directory}:/usr/share/gocode", "GOCACHE": str(directory / "cache"),
                   "CGO_ENABLED": "0"}
    built = subprocess.run(["go", "build", "-o", str(directory / "viewer"), "."], cwd=source, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return [str(directory / "viewer")]


class Stranger:
    """One viewer, from its offer to its end."""

    def __init__(self, command):
        self.session = None
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.session:
            self.client.request("DELETE", self.session)
        self.process.kill()
        self.process.communicate()
        self.log.close()

    def ask(self, do, limit=15, **more):
        watchdog = threading.Timer(limit, self.process.kill)
        watchdog.start()
        try:
            self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        answer = json.loads(line or '{"failure": "it is gone, or took too long"}')
        if answer.get("failure"):
            # Of no kind that waiting would help against.
            self.log.seek(0)
            raise RuntimeError(f"{do}: {answer['failure']}\n{self.log.read()[-4000:]}")
        return answer

    def watch(self, client, camera, query="", edit=lambda offer: offer, **offer):
        """Asks a node for a camera, as `edit` would have it, and takes its answer."""
        self.client = client
        self.offer = edit(self.ask("offer", **offer)["sdp"])
        answer = client.request(
            "POST", f"/api/mesh/v1/cameras/{camera}/whep{query}", self.offer.encode(), headers={"Content-Type": "application/sdp"})
        assert answer.status == 201, (answer.body, self.offer)
        self.session, self.answer = answer.headers["Location"], answer.body.decode()
        self.ask("answer", sdp=self.answer)
        return self

    def patch(self, fragment):
        return self.client.request("PATCH", self.session, fragment.encode(), headers={"Content-Type": "application/trickle-ice-sdpfrag"})

    def until(self, what, limit, description):
        """Its state, as soon as `what` is true of it."""
        seen = {}

        def look():
            seen.update(self.ask("state"))
            return what(seen)

        try:
            wait_for(look, limit, description)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{seen}\noffer:\n{self.offer}\nanswer:\n{self.answer}") from None
        return seen


def own(client) -> str:
    """The camera of the node that a client asks."""
    return client.get("/node").json["id"]


def sections(description: str) -> list:
    """The media sections of a description, each as its lines."""
    return [part.split("\r\n") for part in description.split("\r\nm=")[1:]]


def value(description: str, name: str) -> str:
    """Of the first attribute of that name."""
    return re.search(rf"^a={name}:(.*?)\r?$", description, re.MULTILINE)[1]


def fragment(description: str) -> str:
    """What a viewer says later of its addresses (RFC 8840): those of the first section, in which its transport is."""
    first = sections(description)[0]
    lines = [f"a={name}:{value(description, name)}" for name in ("ice-ufrag", "ice-pwd")] + [f"m={first[0]}"]
    lines += [line for line in first if line.startswith(("a=mid:", "a=candidate:", "a=end-of-candidates"))]
    return "".join(line + "\r\n" for line in lines)


def with_credentials(answer: str, fragment: str) -> str:
    """An answer after a restart of ICE: as it was, but for what the fragment says anew."""
    for name in ("ice-ufrag", "ice-pwd"):
        answer = answer.replace(f"a={name}:{value(answer, name)}\r\n", f"a={name}:{value(fragment, name)}\r\n")
    return answer
