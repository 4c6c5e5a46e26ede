"""Finds out which part of a video a clip shows, by its pictures alone."""

import subprocess

#: Pictures are compared this small, and this many a second.
WIDTH, HEIGHT, RATE = 16, 9, 5


def thumbnails(path) -> list:
    """Tiny grey pictures, `RATE` a second."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-vf", f"fps={RATE},scale={WIDTH}:{HEIGHT}:flags=area,format=gray", "-f", "rawvideo", "-"],
        capture_output=True, check=True).stdout
    size = WIDTH * HEIGHT
    return [raw[at:at + size] for at in range(0, len(raw) - size + 1, size)]


def place(clip: list, looped: list) -> float:
    """The second of the looped video at which the clip begins: where their pictures differ least all along."""
    def difference(shift):
        return sum(abs(a - b) for index, picture in enumerate(clip)
                   for a, b in zip(picture, looped[(index + shift) % len(looped)]))
    return min(range(len(looped)), key=difference) / RATE
