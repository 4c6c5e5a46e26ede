"""A disk that fails on demand: a small tmpfs under a FUSE file system that hangs or refuses when it is told to."""

import contextlib
import json
import os
import pathlib
import subprocess

from Harness.demo import wait_for

PROGRAM = pathlib.Path(__file__).resolve().parent / "flakyfs.py"


class FlakyDisk:
    """`mount`: where it is seen. `beside`: a directory of its own for what is behind it. `size`: of a tmpfs; None: there is room."""

    def __init__(self, mount, beside, size=None):
        self.mount, self.behind, self.control = mount, beside / "disk", beside / "control"
        self.ballast = self.behind / "other people's files"
        self.behind.mkdir()
        if size:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.behind)], check=True)
        self.has_end = bool(size)
        self.tell()
        self.process = subprocess.Popen(["/usr/bin/python3", str(PROGRAM), str(self.behind), str(mount), str(self.control)])
        wait_for(lambda: os.path.ismount(mount), 10, "it is mounted")

    def tell(self, **state):
        """What it does from now on: see flakyfs.py."""
        part = self.control.with_suffix(".part")
        part.write_text(json.dumps(state))
        os.rename(part, self.control)

    def fill(self):
        """No byte more has room."""
        with open(self.ballast, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def clear(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        self.tell()
        subprocess.run(["umount", "--lazy", str(self.mount)], check=True)
        self.process.kill()
        self.process.wait()
        if self.has_end:
            subprocess.run(["umount", "--lazy", str(self.behind)], check=True)
