"""A machine of its own for what a container cannot have: Debian's kernel with its test drivers, in QEMU without KVM.

The guest sees this machine's whole file system read-only over 9p, with a tmpfs over it, so every program here runs there as it is.
"""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

#: What the guest needs before it can see the host's files.
EARLY = ["9pnet_virtio", "9p", "overlay", "virtio_pci"]

INIT = """#!/bin/sh
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
for module in $(cat /modules); do insmod /lib/modules/$module; done
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose host /host || poweroff -f
mount -t tmpfs t /over; mkdir /over/upper /over/work
mount -t overlay o -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work /new
mount -t tmpfs t /new/run; mount -t tmpfs t /new/tmp; mkdir /new/run/out
mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 out /new/run/out
for directory in proc sys dev; do mount --move /$directory /new/$directory; done
exec switch_root /new /bin/bash /run/out/start
"""

START = """export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin HOME=/root
mkdir -p /dev/shm; mount -t tmpfs t /dev/shm; ip link set lo up
load() { modprobe -d KERNEL "$@"; }
set +e
( set -eu; . /run/out/job ) > /run/out/log 2>&1
echo $? > /run/out/status
sync; echo o > /proc/sysrq-trigger; sleep 60
"""


def kernel(cache: pathlib.Path) -> pathlib.Path:
    """Debian's own kernel and its modules, unpacked; fetched once."""
    if not list(cache.glob("boot/vmlinuz-*")):
        facts = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=True).stdout
        package = re.search(r"Depends: (linux-image-\S+)", facts).group(1)
        with tempfile.TemporaryDirectory() as download:
            subprocess.run(["apt-get", "-qq", "download", package], cwd=download, check=True, stderr=subprocess.DEVNULL)
            subprocess.run(["dpkg-deb", "-x", *map(str, pathlib.Path(download).glob("*.deb")), str(cache)], check=True)
    if not list(cache.glob("lib/modules/*/modules.dep")):
        subprocess.run(["depmod", "-b", str(cache), release(cache)], check=True)
    return cache


def release(root: pathlib.Path) -> str:
    return next(root.glob("lib/modules/*")).name


class Machine:
    """Boots, does one job, is gone."""

    def __init__(self, root: pathlib.Path, megabytes: int = 1024):
        self.root, self.megabytes = kernel(root), megabytes

    def run(self, job: str, out: pathlib.Path, limit: float) -> str:
        """Runs a bash script as root in the guest, where `load MODULE` loads a driver and `/run/out` is `out`; answers what it printed.
        Raises when a command of it fails, or after `limit` seconds."""
        (out / "job").write_text(job)
        (out / "start").write_text(START.replace("KERNEL", str(self.root)))
        with tempfile.TemporaryDirectory() as work:
            initramfs = self.initramfs(pathlib.Path(work))
            command = [
                "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(self.megabytes),
                "-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio",
                "-kernel", str(next(self.root.glob("boot/vmlinuz-*"))), "-initrd", str(initramfs),
                "-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on",
                "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap", "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
                "-fsdev", f"local,id=out,path={out},security_model=none", "-device", "virtio-9p-pci,fsdev=out,mount_tag=out"]
            console = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=limit).stdout
        log = (out / "log").read_text(errors="replace") if (out / "log").exists() else ""
        status = (out / "status").read_text().strip() if (out / "status").exists() else "none: it never ended"
        assert status == "0", f"the job's status is {status}\n{log}\n{console[-2000:]}"
        return log

    def initramfs(self, work: pathlib.Path) -> pathlib.Path:
        tree = work / "tree"
        for folder in ["bin", "lib/modules", "proc", "sys", "dev", "host", "over", "new"]:
            (tree / folder).mkdir(parents=True)
        shutil.copy("/bin/busybox", tree / "bin")
        for name in ["sh", "mount", "insmod", "mkdir", "switch_root", "cat", "poweroff"]:
            (tree / "bin" / name).symlink_to("busybox")
        names = []
        for module in EARLY:
            wanted = subprocess.run(["modprobe", "-d", str(self.root), "-S", release(self.root), "--show-depends", module],
                                    capture_output=True, text=True, check=True).stdout
            for path in re.findall(r"^insmod (\S+)", wanted, re.M):
                name = os.path.basename(path)
                if name not in names:
                    names.append(name)
                    shutil.copy(path, tree / "lib/modules" / name)
        (tree / "modules").write_text("\n".join(names) + "\n")
        init = tree / "init"
        init.write_text(INIT)
        init.chmod(init.stat().st_mode | stat.S_IXUSR)
        files = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
        image = work / "initramfs"
        with image.open("wb") as file:
            subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=tree, input=files.encode(), stdout=file, check=True)
        return image
