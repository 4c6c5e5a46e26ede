"""What an attack must not change about a node."""

import time

from mesh import NO_CAMERA

#: What a node may grow by under attack: its queues are bounded, and so is what it remembers of a stranger.
GROWTH = 48 << 20
#: Lines that the attack may add to a node's log.
LINES = 30


class Before:
    """What a node was like before the attack."""

    def __init__(self, node):
        self.node, self.time, self.pid = node, time.time(), node.process.pid
        self.resident, self.descriptors, self.lines = node.resident_bytes(), node.descriptors(), len(self.log())
        self.cpu = node.cpu_seconds()

    def log(self):
        """Without what its own camera does."""
        return [line for line in self.node.log().splitlines()
                if NO_CAMERA not in line and not any(word in line for word in ("clip opened", "clip closed", "starts an incident"))]

    def judge(self, but=None, growth=GROWTH, lines=LINES):
        """`but`: a node that may well be missed."""
        node = self.node
        assert node.process.poll() is None, f"{node.name} has ended:\n{node.log()[-3000:]}"
        grown = node.resident_bytes() - self.resident
        added = self.log()[self.lines:]
        print(f"{node.name}: grew by {grown / 2**20:.1f} MiB, {len(added)} lines logged, {node.cpu_seconds() - self.cpu:.1f} s of processor time")
        assert grown < growth, f"{node.name} has grown by {grown >> 20} MiB"
        assert len(added) <= lines, "\n".join(added[:60])
        others = [line for line in added if but is None or but.name not in line]
        missed = [line for line in others if "does not answer" in line or " is gone" in line]
        assert missed == [], f"{node.name} missed a probe:\n" + "\n".join(added)
