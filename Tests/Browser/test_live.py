"""Live pictures as a page gets them: by WebRTC from the camera's own node, as a movie where the browser cannot, and no longer than one may."""

import os
import signal

import pytest
from playwright.sync_api import expect

from Harness.demo import wait_for
from Harness.lan import lan

#: Its pages have all that the browser has.
VIDEO = True

# What the browser's own counters say of each session of the page.
COUNTERS = """async () => {
  const all = [];
  for (const connection of window.connections) {
    for (const [, one] of await connection.getStats()) {
      if (one.type === 'inbound-rtp') all.push({ state: connection.connectionState, decoded: one.framesDecoded, lost: one.packetsLost, width: one.frameWidth });
    }
  }
  return all;
}"""

# Before the page's own scripts: remembers its sessions, or takes away what a browser may not have.
REMEMBER = "window.connections = []; window.RTCPeerConnection = class extends RTCPeerConnection { constructor(...a) { super(...a); window.connections.push(this); } };"
NO_WEBRTC = "delete window.RTCPeerConnection;"
NO_VIDEO_AT_ALL = NO_WEBRTC + "delete window.MediaSource;"


@pytest.fixture(scope="module", autouse=True)
def network():
    with lan():
        yield


def shown(page, what):
    return page.locator(f"mc-live-picture[data-state=live]{what}")


def test_a_grid_of_all_cameras_by_webrtc(page, demo, sign_in):
    page.add_init_script(REMEMBER)
    sign_in(page, 1)
    expect(shown(page, "[data-moving]")).to_have_count(3, timeout=30_000)
    before = page.evaluate(COUNTERS)
    assert len(before) == 3 and all(one["state"] == "connected" for one in before)
    assert sorted(one["width"] for one in before)[:2] == [640, 640], "small tiles have the small stream; the one that fills half of the screen may have more"
    wait_for(lambda: all(now["decoded"] >= old["decoded"] + 15 for now, old in zip(page.evaluate(COUNTERS), before)), 20, "all three move")
    # One camera alone has the whole picture.
    page.keyboard.press("1")
    expect(shown(page, "[data-moving]")).to_have_count(1)
    wait_for(lambda: any(one["state"] == "connected" and one["width"] > 640 for one in page.evaluate(COUNTERS)), 20, "the main stream")
    assert sum(one["state"] == "connected" for one in page.evaluate(COUNTERS)) == 1, "the grid's sessions are over"


# Mean green of what is drawn there, 0 for black.
BRIGHTNESS = """(place) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 16, height: 9 });
  const context = canvas.getContext('2d');
  context.drawImage(place.querySelector('img'), 0, 0, 16, 9);
  return context.getImageData(0, 0, 16, 9).data.filter((_, index) => index % 4 === 1).reduce((sum, value) => sum + value, 0) / 144;
}"""


@pytest.mark.may_complain("status of 503")
def test_the_last_picture_of_a_camera_that_is_gone_stays(page, demo, sign_in):
    """A browser ends a stream with a black picture, which is neither the camera's last one nor the next session's first."""
    sign_in(page, 0)
    expect(shown(page, "[data-moving]")).to_have_count(3, timeout=30_000)
    node = demo.clients()[2].get("/node").json
    place = page.locator(f"mc-camera-tile[data-camera='{node['id']}'] mc-live-picture")
    os.kill(demo.node_pid(2), signal.SIGSTOP)
    try:
        expect(place.locator(".veil-reason")).to_have_text(f"{node['name']} does not answer", timeout=30_000)
        expect(place).not_to_have_attribute("data-moving", "")
        wait_for(lambda: place.evaluate(BRIGHTNESS) > 20, 10, "the last picture is there, and not black")
    finally:
        os.kill(demo.node_pid(2), signal.SIGCONT)
    expect(shown(page, "[data-moving]")).to_have_count(3, timeout=30_000)


@pytest.mark.parametrize("without, way", [(NO_WEBRTC, "[data-moving]"), (NO_VIDEO_AT_ALL, "[data-picture]:not([data-moving])")])
def test_a_browser_without_it_sees_them_too(page, demo, sign_in, without, way):
    page.add_init_script(without)
    sign_in(page, 2)
    expect(shown(page, way)).to_have_count(3, timeout=30_000)
    if way == "[data-moving]":
        frames = "() => [...document.querySelectorAll('[data-testid=live-video]')].map((video) => video.getVideoPlaybackQuality().totalVideoFrames)"
        before = page.evaluate(frames)
        wait_for(lambda: all(now >= old + 15 for now, old in zip(page.evaluate(frames), before)), 20, "all three move")
        assert page.evaluate("() => [...document.querySelectorAll('[data-testid=live-video]')].every((video) => video.buffered.end(0) - video.currentTime < 2)")


# Where the answers said that the pictures come from.
PORTS = "() => window.connections.map((one) => /a=candidate.* udp \\d+ \\S+ (\\d+)/.exec(one.remoteDescription.sdp)[1])"

# To the first three sessions, one for each camera, no way leads.
NO_WAY = REMEMBER + """
  const take = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (answer) {
    const isBroken = window.connections.indexOf(this) < 3;
    return take.call(this, isBroken ? { type: answer.type, sdp: answer.sdp.replace(/ \\d+ typ host/g, ' 65000 typ host') } : answer);
  };"""


def test_where_no_way_leads_to_a_camera_its_picture_comes_through_the_pages_own_node(page, demo, sign_in):
    page.add_init_script(NO_WAY)
    sign_in(page, 1)
    expect(shown(page, "[data-moving]")).to_have_count(3, timeout=15_000)
    states = page.evaluate("() => window.connections.map((one) => one.connectionState)")
    assert states == ["closed"] * 3 + ["connected"] * 3, states
    assert len(set(page.evaluate(PORTS)[3:])) == 1, "all through one node"


# A viewer that is no page of ours: it closes nothing by itself.
WATCH = """async ([cameras, query]) => {
  window.connections = [];
  for (const camera of cameras) {
    const connection = new RTCPeerConnection();
    window.connections.push(connection);
    connection.addTransceiver('video', { direction: 'recvonly' });
    await connection.setLocalDescription();
    const answer = await fetch(`/api/mesh/v1/cameras/${camera}/whep${query}`, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: connection.localDescription.sdp });
    if (answer.status !== 201) return answer.status;
    await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  }
  return 201;
}"""


@pytest.mark.parametrize("at, query", [(0, ""), (2, "?relay=true")])
def test_who_signs_out_sees_no_more(page, demo, at, query):
    """The pictures come past every request, each from another node, or all through one; a sign-out ends all of them."""
    page.goto(f"{demo.urls[at]}/")
    sign_in = "([username, password]) => fetch('/api/mesh/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ username, password }) }).then((answer) => answer.ok)"
    assert page.evaluate(sign_in, [demo.user, demo.password])
    cameras = page.evaluate("() => fetch('/api/mesh/v1/cameras').then((answer) => answer.json()).then((all) => all.map((one) => one.id))")
    assert len(cameras) == 3 and page.evaluate(WATCH, [cameras, query]) == 201
    assert len(set(page.evaluate(PORTS))) == (1 if query else 3), "straight from each camera's node, or through the one that was asked"
    wait_for(lambda: [one["decoded"] > 5 for one in page.evaluate(COUNTERS)] == [True] * 3, 20, "three pictures move")
    assert page.evaluate("() => fetch('/api/mesh/v1/session', { method: 'DELETE' }).then((answer) => answer.ok)")
    wait_for(lambda: page.evaluate("() => window.connections.every((one) => one.connectionState !== 'connected')"), 10, "all three are over")
    assert page.evaluate(WATCH, [cameras[:1], query]) == 401
