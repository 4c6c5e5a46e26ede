"""Footage made for the tests, so that they run anywhere: one camera sees somebody walk by, the others see nothing."""

import csv
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


#: Labelled footage of real cameras, where this machine has it: `<name>.mp4` with `<name>.events.csv` beside it.
REAL = pathlib.Path(__file__).resolve().parents[3] / "shared/footage"
#: A car park whose camera changes its exposure, people at night, and a room where only the light changes.
CHOSEN = ["cars_auto_exposure", "night_person", "empty_room_light_changes"]


def labelled(directory: pathlib.Path) -> dict:
    """Videos to the times (begin, end in seconds) at which something moves in them: real footage, or else made here."""
    if (REAL / "README.md").exists():
        return {REAL / f"{name}.mp4": events(REAL / f"{name}.events.csv") for name in CHOSEN}
    made = sorted(make(directory).glob("*.mp4"))
    return {made[0]: [tuple(map(float, WALK))], made[1]: [], made[2]: []}


def events(path: pathlib.Path) -> list:
    with path.open() as file:
        return [(float(row["start_s"]), float(row["end_s"])) for row in csv.DictReader(file) if row["kind"] == "event"]


def length(path) -> float:
    found = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)], capture_output=True, text=True, check=True)
    return float(found.stdout)
