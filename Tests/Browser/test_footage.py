"""Footage with labels, each video before a camera of its own that belongs to no other: what is recorded of it, and does it play?"""

import os
import shutil

import pytest

from Harness import alignment, judge
from Harness import footage as source
from Harness.demo import Demo, temporary_directory, wait_for

#: How much of the time before an event a clip must show, where the footage has it.
BEFORE = 8


@pytest.fixture(scope="module")
def watched():
    """Every video was played to its end before its camera; answers (demo, video, events) for each."""
    directory = temporary_directory("labelled")
    running = []
    try:
        for index, (video, events) in enumerate(source.labelled(directory / "made").items()):
            folder = directory / f"{index}"
            folder.mkdir()
            os.symlink(video, folder / video.name)
            running.append((Demo(directory / f"demo{index}", cameras=1, footage=folder), video, events))
            running[-1][0].wait_until_ready()
        for demo, video, events in running:
            client = demo.clients()[0]
            # A whole round, and the time after it that shows the end of its last event.
            wait_for(lambda: client.get("/nodes").json[0]["uptimeSeconds"] > source.length(video) + 2, 300, f"{video.name} was shown once")
        yield running
    finally:
        for demo, _, _ in running:
            demo.stop()
        shutil.rmtree(directory, ignore_errors=True)


def test_every_labelled_event_is_on_film_from_before_it_began(watched, tmp_path):
    for demo, video, events in watched:
        client = demo.clients()[0]
        clips = client.clips()
        assert bool(clips) == bool(events), f"{video.name}: {len(clips)} clips of {len(events)} events"
        pictures, loop = alignment.thumbnails(video), source.length(video)
        shown = []
        for clip in clips:
            file = tmp_path / "clip.mp4"
            file.write_bytes(client.get(f"/clips/{clip['id']}/video.mp4").body)
            facts = judge.probe(file)
            judge.decode(file)
            begin = alignment.place(alignment.thumbnails(file), pictures)
            shown.append((begin, begin + float(facts["format"]["duration"])))
        for begin, _ in events:
            # In the first round, or in the second, where a clip may have begun in the first.
            wanted = [(max(0, begin - BEFORE), begin + 1), (begin + loop - BEFORE, begin + loop + 1)]
            assert any(first <= early + 0.4 and late <= last for first, last in shown for early, late in wanted), \
                f"{video.name}: no clip shows the event at {begin} s from {BEFORE} s before; clips show {shown}"


def test_what_was_recorded_plays_to_its_end(watched, page):
    for demo, video, events in watched:
        client = demo.clients()[0]
        name, value = client.cookie.split("=", 1)
        page.context.add_cookies([{"name": name, "value": value, "url": demo.urls[0]}])
        page.goto(demo.urls[0])
        for clip in client.clips():
            # The newest may still grow; what is there of it plays all the same.
            seconds, problem = page.evaluate("""async (path) => {
                const video = document.createElement('video');
                video.muted = true;
                video.src = path;
                document.body.append(video);
                video.playbackRate = 8;
                const end = new Promise((resolve) => { video.onended = resolve; video.onerror = resolve; });
                await video.play().catch(() => {});
                await end;
                const played = Array.from({ length: video.played.length }, (_, i) => video.played.end(i) - video.played.start(i));
                const answer = [played.reduce((a, b) => a + b, 0), video.error?.message ?? ''];
                video.remove();
                return answer;
            }""", f"/api/mesh/v1/clips/{clip['id']}/video.mp4")
            assert problem == ""
            assert seconds >= clip["durationSeconds"] - 1, f"{video.name}: {seconds} s of {clip['durationSeconds']} s played"
