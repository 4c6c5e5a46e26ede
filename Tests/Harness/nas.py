"""A NAS: a real smbd with one share, on a port of its own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

from Harness.demo import free_ports, session_members, temporary_directory, wait_for

USER = "root"
PASSWORD = "Nas-pass-4711"


class Samba:
    def __init__(self):
        self.directory = temporary_directory("nas")
        self.share = self.directory / "share"
        self.port = free_ports(1)
        state = self.directory / "state"
        for folder in (self.share, state):
            folder.mkdir()
        self.config = self.directory / "smb.conf"
        self.config.write_text(f"""
[global]
server role = standalone server
map to guest = Never
load printers = no
disable spoolss = yes
disable netbios = yes
smb ports = {self.port}
pid directory = {state}
lock directory = {state}
state directory = {state}
cache directory = {state}
private dir = {state}
ncalrpc dir = {state}/ncalrpc
log file = {self.directory}/smb.log
server min protocol = SMB2
[cam]
path = {self.share}
read only = no
""")
        subprocess.run(["smbpasswd", "-c", self.config, "-a", "-s", USER], input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True)
        self.process = None
        self.start()

    @property
    def location(self):
        return f"smb://127.0.0.1:{self.port}/cam"

    def start(self):
        self.process = subprocess.Popen(["smbd", "--foreground", "--no-process-group", "-s", str(self.config)], start_new_session=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers, 20, "smbd answers")

    def _answers(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def signal(self, which):
        """To smbd and to every process that serves a client."""
        for process in session_members(self.process.pid):
            try:
                os.kill(process, which)
            except ProcessLookupError:
                pass

    def stop(self):
        """As when somebody pulls its plug."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def files(self, pattern):
        return sorted(pathlib.Path(self.share).glob(pattern))

    def close(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
