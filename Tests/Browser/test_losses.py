"""What a page says when nodes hang: no answer, no closed connection, as after a power cut."""

import contextlib
import os
import re
import signal

from playwright.sync_api import expect

from Harness.demo import wait_for
from test_dashboard import live_pictures


@contextlib.contextmanager
def hung(demo, node: int):
    process = demo.node_pid(node)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def name_of(page, demo, node: int) -> str:
    return page.request.get(f"{demo.urls[node]}/api/mesh/v1/node").json()["name"]


def test_a_page_whose_own_node_hangs_says_so_and_comes_back(page, demo, sign_in):
    sign_in(page, 1)
    live_pictures(page)
    names = [name_of(page, demo, node) for node in range(3)]
    health = page.get_by_test_id("health")
    expect(health).to_have_attribute("data-level", "ok")
    with hung(demo, 1):
        banner = page.get_by_role("alert")
        expect(banner).to_be_visible(timeout=10_000)
        expect(banner).to_contain_text(f"{names[1]} has not answered for")
        expect(health).to_have_text("No connection")
        links = {link.inner_text(): link.get_attribute("href") for link in banner.get_by_role("link").all()}
        assert links == {names[node]: f"{demo.urls[node]}/#/" for node in (0, 2)}
        # Nothing is claimed about now.
        expect(page.locator("mc-live-picture[data-state=live]")).to_have_count(0)
        expect(page.locator(".pill.motion:visible, .pill.recording:visible")).to_have_count(0)
        page.goto(f"{demo.urls[1]}/#/cameras")
        expect(page.get_by_test_id("summary")).to_contain_text("As of")
        expect(page.locator(".problems li")).to_have_count(0)
        expect(page.get_by_test_id("nodes")).not_to_contain_text("running")
        page.goto(f"{demo.urls[1]}/#/")
    expect(banner).to_be_hidden(timeout=20_000)
    expect(health).to_have_attribute("data-level", "ok", timeout=30_000)
    live_pictures(page)


def test_a_camera_that_is_gone_is_one_problem_and_has_a_picture(page, demo, sign_in):
    client, garden = demo.clients()[0], demo.clients()[2]
    node = garden.get("/node").json
    event = garden.post(f"/cameras/{node['id']}/trigger", {"kind": "manual"}).json["event"]
    wait_for(lambda: [clip for clip in client.clips(event=event, camera=node["id"]) if clip["state"] == "stored"], 90, "the clip is stored")
    with hung(demo, 2):
        wait_for(lambda: [camera for camera in client.cameras() if camera["id"] == node["id"] and not camera["online"]], 30, "the node is missed")
        sign_in(page, 0)
        tile = page.locator(f"mc-camera-tile[data-camera='{node['id']}']")
        picture = tile.locator("mc-live-picture")
        expect(picture).to_have_attribute("data-state", "off")
        expect(picture.locator(".veil-reason")).to_have_text(f"{node['name']} does not answer")
        # A page that never saw the camera live shows what it recorded last.
        page.wait_for_function("(image) => image.naturalWidth > 0", arg=picture.get_by_test_id("live-image").element_handle())
        expect(picture.locator(".veil-age:visible")).to_have_text(re.compile(r"picture"))
        expect(tile.locator(".pill.off")).to_have_text(re.compile(r"^Offline\s?\d+ (s|min)$"))
        expect(page.get_by_test_id("health")).to_have_text(f"{node['name']} offline")
        page.keyboard.press("c")
        expect(page.locator(".problems li")).to_have_count(1)
        expect(page.locator(".problems li")).to_have_text(re.compile(rf"^{node['name']}: Offline for \d+ \w+\. Check its power and network\. "))
        page.keyboard.press("i")
        expect(page.locator(".note")).to_have_text(re.compile(rf"missing\. {node['name']}: (it does not answer|no answer in time)\. What only"))
        # Its clip is on the storage they share, so it is listed all the same.
        expect(page.locator(f"[data-testid=incident-card][data-event='{event}']")).to_be_visible()
    wait_for(lambda: all(camera["online"] for camera in client.cameras()), 60, "the node is back")


def test_an_incident_opens_by_its_address_alone(page, demo, sign_in):
    client = demo.clients()[0]
    incidents = client.incidents()
    oldest = incidents[-1]
    sign_in(page, 1, f"#/incidents/{oldest['event']}")
    expect(page.get_by_test_id("angle-video")).to_have_count(len(oldest["clips"]))
