"""Live pictures as GStreamer's webrtcbin sees them: libnice, its own RTP, and OpenH264, which nothing of ours uses."""

import pytest

from Harness.lan import lan
from Harness.stranger import WEBRTCBIN, Stranger, own, sections, value


@pytest.fixture(scope="module", autouse=True)
def network():
    with lan():
        yield


@pytest.fixture
def viewer():
    with Stranger(WEBRTCBIN) as viewer:
        yield viewer


def sees(viewer, pictures=20):
    return viewer.until(lambda state: len(state["sizes"]) >= pictures, 12, f"{pictures} pictures are decoded")


@pytest.mark.parametrize("at, of, query, width", [(0, 0, "", None), (0, 1, "?stream=small", 640), (2, 0, "?relay=true", None)])
def test_webrtcbin_decodes_every_camera(demo, clients, viewer, at, of, query, width):
    """At the camera's own node, at another, and through another."""
    camera = clients[at].get(f"/cameras/{own(clients[of])}").json
    viewer.watch(clients[at], camera["id"], query, media=["video"])
    state = sees(viewer)
    wide = min(width or camera["width"], camera["width"])
    assert {tuple(size) for size in state["sizes"]} == {(wide, camera["height"] * wide // camera["width"])}
    assert all(5 < brightness < 250 for brightness in state["brightness"]), "pictures, and neither black nor white ones"
    assert state["connection"] == ["connecting", "connected"]
    inbound = {one["ssrc"]: one for one in state["inbound"]}[int(value(viewer.answer, "ssrc").split()[0])]
    # A machine that is busy may drop some.
    assert inbound["packets-received"] > 20 and inbound["packets-lost"] <= inbound["packets-received"] // 100
    assert "rtx/90000" in viewer.answer and "a=rtcp-fb:102 transport-cc" in viewer.answer


@pytest.mark.parametrize("setup, ours", [("active", "passive"), ("passive", "active")])
def test_either_side_begins_the_handshake(demo, clients, viewer, setup, ours):
    viewer.watch(clients[0], own(clients[0]), edit=lambda offer: offer.replace("a=setup:actpass", f"a=setup:{setup}"), media=["video"])
    assert value(viewer.answer, "setup") == ours
    assert sees(viewer, 5)["dtls"] == ["connected"]


def test_sound_that_holds_the_transport_is_idle(demo, clients, viewer):
    """All of a bundle goes by its first section's transport."""
    viewer.watch(clients[0], own(clients[0]), media=["audio", "video"])
    audio, video = sections(viewer.answer)
    assert audio[0].startswith("audio 9 ") and "a=inactive" in audio
    assert video[0].startswith("video 9 ") and "a=sendonly" in video
    sees(viewer)


def test_sound_is_refused_and_pictures_come(demo, clients, viewer):
    viewer.watch(clients[0], own(clients[0]), media=["video", "audio"])
    video, audio = sections(viewer.answer)
    assert audio[0].startswith("audio 0 ") and "a=inactive" in audio
    assert video[0].startswith("video 9 ") and "a=sendonly" in video
    sees(viewer)


def test_who_is_sent_away_hears_it(demo, clients, viewer):
    viewer.watch(clients[0], own(clients[0]), media=["video"])
    sees(viewer, 5)
    assert clients[0].request("DELETE", viewer.session).status == 200
    stream = int(value(viewer.answer, "ssrc").split()[0])
    ended = viewer.until(lambda state: state["byes"] == [stream] and state["dtls"] == ["closed"], 5, "it hears BYE, and DTLS ends")
    with Stranger(WEBRTCBIN) as another:
        sees(another.watch(clients[0], own(clients[0]), media=["video"]), 10)
    assert viewer.ask("state")["packets"] == ended["packets"], "nothing comes, while another sees pictures"
