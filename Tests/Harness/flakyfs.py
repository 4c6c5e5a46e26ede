#!/usr/bin/python3
"""A directory that fails on demand: FUSE (python3-fusepy) over another directory, steered by a file.

flakyfs.py SOURCE MOUNT CONTROL
CONTROL holds JSON, read anew at each call: {"hang": true} answers nothing until that is gone, {"error": "EIO"} refuses what changes
anything, {"lists": "EIO"} lists none of the directories below the first, {"damage": true} takes what is written and keeps something else.
"""

import errno
import json
import os
import sys
import threading

import fusepy

CHANGES = {"create", "write", "truncate", "unlink", "rename", "mkdir", "fsync", "chmod", "utimens"}


class Flaky(fusepy.Operations):
    def __init__(self, source, control):
        self.source, self.control = source, control
        self.pause = threading.Event()

    def path(self, path):
        return os.path.join(self.source, path.lstrip("/"))

    def state(self):
        try:
            with open(self.control) as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def __call__(self, operation, *arguments):
        while self.state().get("hang"):
            self.pause.wait(0.05)
        if operation in CHANGES and (name := self.state().get("error")):
            raise fusepy.FuseOSError(getattr(errno, name))
        return super().__call__(operation, *arguments)

    def getattr(self, path, fh=None):
        info = os.lstat(self.path(path))
        return {key: getattr(info, key) for key in ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime", "st_ctime")}

    def readdir(self, path, fh):
        if path.count("/") > 1 and (name := self.state().get("lists")):
            raise fusepy.FuseOSError(getattr(errno, name))
        return [".", "..", *os.listdir(self.path(path))]

    def open(self, path, flags):
        return os.open(self.path(path), flags)

    def create(self, path, mode, fi=None):
        return os.open(self.path(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        kept = bytes([data[0] ^ 1]) + data[1:] if self.state().get("damage") and path.endswith(".mp4") else data
        return os.pwrite(fh, kept, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(self.path(path), length)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def flush(self, path, fh):
        return 0

    def release(self, path, fh):
        os.close(fh)

    def unlink(self, path):
        os.unlink(self.path(path))

    def rename(self, old, new):
        os.rename(self.path(old), self.path(new))

    def mkdir(self, path, mode):
        os.mkdir(self.path(path), mode)

    def chmod(self, path, mode):
        os.chmod(self.path(path), mode)

    def utimens(self, path, times=None):
        os.utime(self.path(path), times)

    def statfs(self, path):
        info = os.statvfs(self.path(path))
        return {key: getattr(info, key) for key in ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_frsize", "f_namemax")}


if __name__ == "__main__":
    source, mount, control = sys.argv[1:]
    fusepy.FUSE(Flaky(source, control), mount, foreground=True, allow_other=True, nonempty=True)
