"""Footage made for the tests, so that they run anywhere: one camera sees somebody walk by, the others see nothing."""

import pathlib
import subprocess

SIZE = "640x360"
RATE = 10
#: Seconds of the walk in camera 1's video: long enough after its begin for a whole pre-roll.
WALK = (14, 20)
LENGTH = 40


def make(directory: pathlib.Path) -> pathlib.Path:
    """Three videos, in the order in which a demo gives them to its cameras."""
    directory.mkdir(parents=True, exist_ok=True)
    start, end = WALK
    walk = (f"color=c=0x30383f:s={SIZE}:r={RATE}:d={LENGTH},noise=alls=6:allf=t[room];color=c=0xd0c0a0:s=60x170:r={RATE}:d={LENGTH}[body];"
            f"[room][body]overlay=x='20+(t-{start})*80':y=120:enable='between(t,{start},{end})'")
    still = "color=c={colour}:s=%s:r=%d:d=%d,noise=alls=6:allf=t" % (SIZE, RATE, LENGTH)
    for name, scene in [("1-walk", walk), ("2-wall", still.format(colour="0x485058")), ("3-yard", still.format(colour="0x2c4030"))]:
        encode(scene, directory / f"{name}.mp4")
    return directory


def encode(scene: str, path: pathlib.Path):
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", scene, "-f", "lavfi", "-i", f"sine=frequency=220:duration={LENGTH}",
         "-shortest", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)],
        check=True)
