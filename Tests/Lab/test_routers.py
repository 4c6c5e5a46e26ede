"""Watching from elsewhere: a camera behind one router, a viewer behind another, and the internet between them."""

import asyncio
import concurrent.futures
import contextlib
import json
import os
import shlex
import time

import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from playwright.sync_api import expect, sync_playwright

from Harness.demo import PASSWORD, USER, Client, wait_for
from Harness.stun import StunServer
from hosts import ip
from mesh import CAMERA, WEB

#: Addresses for documentation (RFC 5737), as the internet sees them; nobody there knows a way to one at home.
CAMERAS_ROUTER, VIEWERS_ROUTER, SERVER = "198.51.100.2", "203.0.113.2", "192.0.2.1"
CAMERA_AT_HOME, VIEWER_AT_HOME = "192.168.1.20", "192.168.2.20"
#: For whom a way is open, it is found in less than half of that.
NO_WAY = 5

#: What routers for the home do: addresses are translated, and what nobody at home asked for is dropped.
ROUTER = """table ip router {
    chain input { type filter hook input priority 0; iifname "wan" ct state new drop; }
    chain forward { type filter hook forward priority 0; policy drop; iifname "lan" accept; ct state established,related accept; ct status dnat accept; }
    chain there { type nat hook postrouting priority 100; oifname "wan" masquerade; }
}"""
#: Its owner wants to reach the dashboard from outside, and nothing else.
FORWARD = f"""table ip router {{
    chain here {{ type nat hook prerouting priority -100; iifname "wan" tcp dport {WEB} dnat to {CAMERA_AT_HOME}; }}
}}"""
#: Datagrams between the two routers, each way.
TRAFFIC = f"""table ip internet {{
    counter from_camera {{ }}
    counter from_viewer {{ }}
    chain forward {{
        type filter hook forward priority 0;
        ip saddr {CAMERAS_ROUTER} ip daddr {VIEWERS_ROUTER} meta l4proto udp counter name from_camera
        ip saddr {VIEWERS_ROUTER} ip daddr {CAMERAS_ROUTER} meta l4proto udp counter name from_viewer
    }}
}}"""


def cable(one, link: str, address: str, other, others_link: str, others_address: str):
    """From host to host, past the switch: on that everybody would hear everybody. Without IPv6, which needs no translation."""
    ip("link", "add", link, "netns", one.holder.pid, "type", "veth", "peer", "name", others_link, "netns", other.holder.pid)
    for host, name, own in ((one, link, address), (other, others_link, others_address)):
        host.run("sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{name}/disable_ipv6")
        host.run("ip", "address", "add", f"{own}/24", "dev", name)
        host.run("ip", "link", "set", name, "up")


class World:
    """A node with a camera, the viewer's host, and what is between them."""

    def __init__(self, mesh):
        self.node, = mesh.nodes
        network = mesh.network
        router, self.internet, viewers_router, self.viewer = (network.host(name) for name in ("router-a", "internet", "router-b", "viewer"))
        cable(self.node.host, "eth0", CAMERA_AT_HOME, router, "lan", "192.168.1.1")
        cable(router, "wan", CAMERAS_ROUTER, self.internet, "to-a", "198.51.100.1")
        cable(viewers_router, "wan", VIEWERS_ROUTER, self.internet, "to-b", "203.0.113.1")
        cable(self.viewer, "eth0", VIEWER_AT_HOME, viewers_router, "lan", "192.168.2.1")
        self.internet.run("ip", "address", "add", f"{SERVER}/32", "dev", "lo")
        for host, way in ((self.node.host, "192.168.1.1"), (router, "198.51.100.1"), (viewers_router, "203.0.113.1"), (self.viewer, "192.168.2.1")):
            host.run("ip", "route", "add", "default", "via", way)
        for host, rules in ((router, ROUTER), (router, FORWARD), (viewers_router, ROUTER), (self.internet, TRAFFIC)):
            host.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
            host.run("nft", rules)
        with self.internet.inside():
            self.stun = StunServer(SERVER)
        mesh.start(camera=CAMERA)
        wait_for(self.node.camera_runs, 20, "the camera runs")
        with self.viewer.inside():
            self.client = Client(f"https://{CAMERAS_ROUTER}:{WEB}")
            assert self.client.sign_in().status == 200

    @property
    def uri(self) -> str:
        return f"stun:{SERVER}:{self.stun.port}"

    def name_the_server(self):
        """From outside, as an app does."""
        with self.viewer.inside():
            token = self.client.post("/tokens", {"name": "app", "role": "admin"}).json["token"]
            answer = self.client.request("PUT", "/api/v1/media/live/config", {"ice_servers": [self.uri]}, headers={"x-token": token})
        assert answer.status == 200, answer.body

    def passed(self) -> dict:
        """Datagrams between the routers so far, by their way."""
        found = json.loads(self.internet.run("nft", "--json", "list", "counters"))["nftables"]
        return {one["counter"]["name"]: one["counter"]["packets"] for one in found if "counter" in one}

    def watch(self, work):
        """Runs that on the viewer's host."""
        def there():
            with self.viewer.inside():
                return asyncio.run(work)
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            return threads.submit(there).result()

    @contextlib.contextmanager
    def browser(self, directory):
        """Chromium on the viewer's host."""
        chromium = directory / "chromium"
        chromium.write_text(f'#!/bin/sh\nexec {shlex.join(self.viewer.command(os.environ.get("CHROMIUM", "/usr/bin/chromium")))} "$@"\n')
        chromium.chmod(0o755)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--ignore-certificate-errors", "--autoplay-policy=no-user-gesture-required"])
            yield browser
            browser.close()


@pytest.fixture
def world(lab):
    made = World(lab(1))
    yield made
    made.stun.close()


class Watching:
    """A session by aiortc, and its pictures."""

    def __init__(self, world, servers):
        self.world, self.pictures = world, 0
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[RTCIceServer(uri) for uri in servers]))
        self.connection.addTransceiver("video", direction="recvonly")
        self.connection.on("track", lambda track: asyncio.ensure_future(self.count(track)))

    async def count(self, track):
        while await track.recv():
            self.pictures += 1

    async def begin(self):
        """With all candidates in the offer. Answers the kinds of both sides' candidates."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        offer = self.connection.localDescription.sdp
        path = f"/api/mesh/v1/cameras/{self.world.node.id}/whep"
        answer = await asyncio.to_thread(self.world.client.request, "POST", path, offer.encode(), {"Content-Type": "application/sdp"})
        assert answer.status == 201, answer.body
        await self.connection.setRemoteDescription(RTCSessionDescription(answer.body.decode(), "answer"))
        return [sorted({line.split()[7] for line in text.splitlines() if line.startswith("a=candidate:")}) for text in (offer, answer.body.decode())]


async def until(what, limit: float) -> bool:
    """Whether that comes true in time."""
    end = time.monotonic() + limit
    while not what() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return bool(what())


def test_pictures_come_through_two_routers_once_a_server_is_named(world):
    async def all_of_it():
        # Nobody's address outside is known, or only one side's: either way one of the routers lets nothing in.
        neither, viewers, cameras, both = (Watching(world, servers) for servers in ([], [world.uri], [], [world.uri]))
        assert await neither.begin() == [["host"], ["host"]]
        assert await viewers.begin() == [["host", "srflx"], ["host"]]
        await asyncio.to_thread(world.name_the_server)
        assert await cameras.begin() == [["host"], ["host", "srflx"]]
        lost = (neither, viewers, cameras)
        assert not await until(lambda: any(one.pictures or one.connection.connectionState == "connected" for one in lost), NO_WAY)
        assert [one.connection.iceConnectionState for one in lost] == ["checking"] * 3, "they go on trying"
        before = await asyncio.to_thread(world.passed)
        # Both sides tried: of each, datagrams were on their way to the other's router.
        assert before["from_camera"] > 0 and before["from_viewer"] > 0

        began = time.monotonic()
        assert await both.begin() == [["host", "srflx"], ["host", "srflx"]]
        assert await until(lambda: both.connection.connectionState == "connected", NO_WAY), both.connection.iceConnectionState
        print(f"connected after {time.monotonic() - began:.2f} s")
        assert await until(lambda: both.pictures >= 10, 20), "pictures come"
        # Nowhere else could they pass: at both ends of this way stand the routers' addresses.
        after = await asyncio.to_thread(world.passed)
        assert after["from_camera"] >= before["from_camera"] + 10 and after["from_viewer"] > before["from_viewer"]
        assert not any(one.pictures for one in lost)
        for one in (*lost, both):
            await one.connection.close()

    world.watch(all_of_it())


# What the browser's own counters say of the page's sessions: pictures, and the end of the chosen way.
COUNTERS = """async () => {
  const all = [];
  for (const connection of window.connections) {
    const stats = [...(await connection.getStats()).values()];
    const pair = stats.find((one) => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
    all.push({
      decoded: stats.find((one) => one.type === 'inbound-rtp')?.framesDecoded ?? 0,
      remote: stats.find((one) => one.id === pair?.remoteCandidateId)?.address,
    });
  }
  return all;
}"""
REMEMBER = "window.connections = []; window.RTCPeerConnection = class extends RTCPeerConnection { constructor(...a) { super(...a); window.connections.push(this); } };"


def test_the_dashboard_shows_them_through_two_routers(world, tmp_path):
    world.name_the_server()
    with world.browser(tmp_path) as browser:
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.add_init_script(REMEMBER)
        told = []
        page.on("response", lambda response: told.append((response.status, response.request.post_data)) if response.request.method == "PATCH" else None)
        page.goto(f"{world.client.base}/")
        page.get_by_label("User name").fill(USER)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("mc-live-picture[data-state=live][data-moving]")).to_have_count(1, timeout=20_000)
        assert wait_for(lambda: [one for one in page.evaluate(COUNTERS) if one["decoded"] >= 10], 10, "pictures by WebRTC")[0]["remote"] == CAMERAS_ROUTER
        # The offer said nothing of the viewer's address outside; that came later.
        assert told and all(status == 204 and f" {VIEWERS_ROUTER} " in words and " typ srflx " in words for status, words in told), told
        passed = world.passed()
        assert passed["from_camera"] >= 10 and passed["from_viewer"] > 0
