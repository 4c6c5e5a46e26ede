"""Somebody who watches a camera in Chromium, on a host of their own.

    viewer.py NODE CAMERA      (the node's address for browsers; the sign-in is the lab's)

Prints "watching" when the first picture is shown; then, for each line of its standard input, all that was seen so far as one line of JSON.
Ends with its standard input.
"""

import json
import os
import pathlib
import sys

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from Harness.demo import PASSWORD, USER  # noqa: E402

# Of every picture that is shown: when, its place in the stream, and its width.
WATCH = """async ([username, password, camera]) => {
  const signIn = await fetch('/api/mesh/v1/session', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ username, password }) });
  if (!signIn.ok) throw new Error(`sign-in: ${signIn.status}`);
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, width: 160 });
  document.body.replaceChildren(video);
  window.pictures = [];
  const first = Promise.withResolvers();
  const note = (now, picture) => {
    first.resolve();
    window.pictures.push([picture.presentationTime / 1000, picture.rtpTimestamp, picture.width]);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  window.connection = new RTCPeerConnection();
  window.connection.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); };
  window.connection.addTransceiver('video', { direction: 'recvonly' });
  await window.connection.setLocalDescription();
  const answer = await fetch(`/api/mesh/v1/cameras/${camera}/whep`, {
    method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: window.connection.localDescription.sdp });
  if (answer.status !== 201) throw new Error(`whep: ${answer.status} ${await answer.text()}`);
  await window.connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  await first.promise;
}"""

SEEN = """async () => {
  const all = [...(await window.connection.getStats()).values()];
  return { now: performance.now() / 1000, pictures: window.pictures, counters: all.find((one) => one.type === 'inbound-rtp') };
}"""


def main(node: str, camera: str):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--ignore-certificate-errors", "--autoplay-policy=no-user-gesture-required"])
        page = browser.new_context(ignore_https_errors=True, viewport={"width": 400, "height": 300}).new_page()
        page.goto(f"{node}/")
        page.evaluate(WATCH, [USER, PASSWORD, camera])
        print("watching", flush=True)
        for _ in sys.stdin:
            print(json.dumps(page.evaluate(SEEN)), flush=True)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
