"""Live pictures as pion sees them, packet by packet: what comes, what comes again, and ways that come and go."""

import base64
import os
import pathlib
import re
import shutil
import time

import pytest

from Harness.demo import temporary_directory, wait_for
from Harness.lan import lan
from Harness.stranger import Stranger, build_pion, fragment, own, sections, value, with_credentials

#: RTP's clock of video.
SECOND = 90_000
#: NAL units of pictures that refer to others and of such that do not, and the parameter sets of both kinds.
PICTURE, KEY, SEQUENCE, PARAMETERS = "1", "5", "7", "8"


@pytest.fixture(scope="module", autouse=True)
def network():
    with lan():
        yield


@pytest.fixture(scope="module")
def pion():
    directory = temporary_directory("pion")
    yield build_pion(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def viewer(pion):
    with Stranger(pion) as viewer:
        yield viewer


def sees(viewer, pictures=20):
    """Its state after so many pictures."""
    before = viewer.ask("state")["pictures"]
    return viewer.until(lambda state: state["pictures"] >= before + pictures, 12, f"{pictures} pictures come")


@pytest.mark.parametrize("at, of, query", [(0, 0, ""), (0, 1, "?stream=small"), (2, 0, "?relay=true")])
def test_pion_gets_every_packet(demo, clients, viewer, at, of, query):
    """At the camera's own node, at another, and through another."""
    viewer.watch(clients[at], own(clients[of]), query, media=["video"], rtx=True)
    state = viewer.until(lambda state: state["pictures"] >= 25 and len(state["keyFrames"]) > 1, 12, "pictures and key frames come")
    # A machine that is busy may drop some.
    assert state["gaps"] <= state["packets"] // 100 and state["repeats"] == 0
    assert set(state["units"]) <= {PICTURE, KEY, SEQUENCE, PARAMETERS, "6"}
    assert state["units"][PICTURE] > 15 and min(state["units"][SEQUENCE], state["units"][PARAMETERS]) >= len(state["keyFrames"])
    assert state["ssrc"] == int(value(viewer.answer, "ssrc").split()[0]) and state["senderReports"] > 0
    number, uri = value(viewer.answer, "extmap").split()
    assert "transport-wide-cc" in uri and {key: len(base64.b64decode(bytes)) for key, bytes in state["extensions"].items()} == {number: 2}
    assert state["ice"] == ["checking", "connected"] and state["connection"] == ["connected"]


@pytest.mark.parametrize("setup, ours", [("active", "passive"), ("passive", "active")])
@pytest.mark.parametrize("srtp", ["gcm", "sha1"])
def test_either_side_begins_the_handshake_and_chooses_the_cipher(demo, clients, viewer, setup, ours, srtp):
    viewer.watch(
        clients[0], own(clients[0]), edit=lambda offer: offer.replace("a=setup:actpass", f"a=setup:{setup}"), media=["video"], rtx=True, srtp=srtp)
    assert value(viewer.answer, "setup") == ours
    assert sees(viewer, 5)["connection"] == ["connected"]


def test_sound_that_holds_the_transport_is_idle(demo, clients, viewer):
    """All of a bundle goes by its first section's transport."""
    viewer.watch(clients[0], own(clients[0]), media=["audio", "video"], rtx=True)
    audio, video = sections(viewer.answer)
    assert audio[0].startswith("audio 9 ") and "a=inactive" in audio
    assert video[0].startswith("video 9 ") and "a=sendonly" in video
    sees(viewer, 10)


def test_sound_is_refused_and_pictures_come(demo, clients, viewer):
    viewer.watch(clients[0], own(clients[0]), media=["video", "audio"], rtx=True)
    video, audio = sections(viewer.answer)
    assert audio[0].startswith("audio 0 ") and "a=inactive" in audio
    assert video[0].startswith("video 9 ") and "a=sendonly" in video
    sees(viewer, 10)


def gets_key_frames(viewer, rounds):
    """Asked for, they come soon; of themselves they come every 2 s."""
    for _ in range(rounds):
        count = len(viewer.ask("state")["keyFrames"])
        viewer.until(lambda state: len(state["keyFrames"]) > count, 5, "a key frame comes of itself")
        since = viewer.ask("pli")["since"]
        times = viewer.until(lambda state: len(state["keyFrames"]) > count + 1, 5, "another one is made")["keyFrames"]
        between = (times[count + 1] - times[count]) % (1 << 32)
        assert between < 1.9 * SECOND and between - since < 0.8 * SECOND, (between, since)


def test_lost_pictures_are_answered_by_a_key_frame(demo, clients, viewer):
    gets_key_frames(viewer.watch(clients[0], own(clients[0]), media=["video"], rtx=True), 3)


@pytest.mark.parametrize("rtx", [True, False])
def test_a_lost_packet_comes_again(demo, clients, viewer, rtx):
    """In a stream of its own where there is one (RFC 4588), else just as it was. A probe of the link repeats the last 16 packets alone."""
    viewer.watch(clients[0], own(clients[0]), media=["video"], rtx=rtx)
    payload_types = sections(viewer.answer)[0][0].split()[3:]
    for _ in range(3):
        sees(viewer, 3)
        before = viewer.ask("state")["retransmissions"]
        number = viewer.ask("nack", back=20)["number"]
        came = viewer.until(lambda state: len(state["retransmissions"]) > len(before), 3, f"{number} comes again")["retransmissions"][len(before)]
        assert came["number"] == number and came["same"]
        assert str(came["payloadType"]) == payload_types[-1] and (rtx or came["own"] == number)
    assert len(payload_types) == (2 if rtx else 1)


def test_addresses_may_come_later(demo, clients, viewer):
    viewer.watch(clients[0], own(clients[0]), media=["video"], trickle=True)
    assert "a=candidate:" not in viewer.offer
    assert viewer.patch(fragment(viewer.ask("described")["sdp"])).status == 204
    sees(viewer, 5)


@pytest.mark.parametrize("at, query", [(0, ""), (2, "?relay=true")])
def test_addresses_that_come_later_are_tried(demo, clients, viewer, at, query):
    """A viewer that is lite sends no checks (RFC 8445 §2.5): there is no way until the node tries what it was told."""
    viewer.watch(clients[at], own(clients[0]), query, media=["video"], lite=True, trickle=True)
    viewer.until(lambda state: state["ice"] == ["checking"], 3, "it waits for a way")
    assert viewer.patch(fragment(viewer.ask("described")["sdp"])).status == 204
    assert sees(viewer, 5)["ice"] == ["checking", "connected"]


@pytest.mark.parametrize("at, query", [(0, ""), (2, "?relay=true")])
def test_ways_begin_anew(demo, clients, viewer, at, query):
    """ICE's restart gives pion another port and both sides other credentials; the stream and its keys stay."""
    viewer.watch(clients[at], own(clients[0]), query, media=["video"], rtx=True)
    before = sees(viewer, 5)
    again = viewer.ask("restart")["sdp"]
    assert value(again, "candidate").split()[5] != value(viewer.offer, "candidate").split()[5]
    answer = viewer.patch(fragment(again))
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/trickle-ice-sdpfrag"
    for name in ("ice-ufrag", "ice-pwd"):
        assert value(answer.body.decode(), name) != value(viewer.answer, name)
    viewer.ask("answer", sdp=with_credentials(viewer.answer, answer.body.decode()))
    viewer.until(lambda state: state["ice"] == ["checking", "connected", "checking", "connected"], 10, "there is a way again")
    assert sees(viewer, 10)["ssrc"] == before["ssrc"]
    gets_key_frames(viewer, 1)


def test_who_is_sent_away_hears_it(demo, clients, pion, viewer):
    viewer.watch(clients[0], own(clients[0]), media=["video"], rtx=True)
    sees(viewer, 5)
    assert clients[0].request("DELETE", viewer.session).status == 200
    ended = viewer.until(lambda state: state["ssrc"] in state["byes"], 5, "it hears BYE")
    with Stranger(pion) as another:
        sees(another.watch(clients[0], own(clients[0]), media=["video"]), 10)
    assert viewer.ask("state")["packets"] == ended["packets"], "nothing comes, while another sees pictures"


def held(process) -> tuple:
    """Bytes, descriptors and threads of a process."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024, len(os.listdir(f"/proc/{process}/fd")), len(os.listdir(f"/proc/{process}/task"))


def wait_until_grown_up(process):
    """A young node grows for a minute or two, until its pre-roll, its spool and its heap have found their sizes."""
    most, since = held(process)[0], time.monotonic()

    def is_grown_up():
        nonlocal most, since
        if held(process)[0] - most > 1 << 20:
            most, since = held(process)[0], time.monotonic()
        return time.monotonic() - since > 20
    wait_for(is_grown_up, 180, "a node that nobody watches grows no more")


def test_a_thousand_come_and_go(demo, clients, viewer):
    """Half of them say goodbye at the door, the others where they watched; nothing of any is kept."""
    client, camera, process = clients[0], own(clients[0]), demo.node_pid(0)
    wait_until_grown_up(process)
    began, samples = time.monotonic(), []
    for number in range(1000):
        viewer.watch(client, camera, media=["video"], rtx=True)
        viewer.until(lambda state: "connected" in (state["connection"] or []), 5, f"viewer {number} is connected")
        if number % 100 == 0:
            sees(viewer, 1)
        if number % 2:
            assert client.request("DELETE", viewer.session).status == 200
        if number % 100 == 99:
            samples.append(held(process))
    client.request("DELETE", viewer.session)
    print(f"1000 viewers in {time.monotonic() - began:.0f} s; bytes, descriptors and threads after each hundred: {samples}")
    # What a process holds rises and falls by some megabytes with whatever else it does: what is kept of viewers lifts
    # the least of it.
    before, after = ([min(column) for column in zip(*half)] for half in (samples[:5], samples[5:]))
    assert after[0] - before[0] < 8 << 20 and after[1] <= before[1] + 4 and after[2] <= before[2] + 4
