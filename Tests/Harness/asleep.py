"""A node on a machine that can be put to sleep for minutes in no time: pauses pass that a test could not wait for."""

import pathlib
import shutil
import struct
import subprocess

from Harness.lone import LoneNode


class SleepyNode(LoneNode):
    def __init__(self, directory, name: str):
        super().__init__(directory, name)
        library, self.slept = self.directory / "asleep.so", self.directory / "slept"
        self.slept.write_bytes(struct.pack("d", 0))
        compiler = shutil.which("cc") or shutil.which("clang")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, pathlib.Path(__file__).with_name("asleep.c")], check=True)
        self.environment = {"LD_PRELOAD": str(library), "ASLEEP": str(self.slept)}

    def sleep(self, seconds: float):
        with open(self.slept, "r+b") as file:
            before = struct.unpack("d", file.read(8))[0]
            file.seek(0)
            file.write(struct.pack("d", before + seconds))
