"""Storage on the dashboard: a NAS is added, ails, is mended and let go, and the page says in words what is so."""

import re
import signal

import pytest
from playwright.sync_api import Page, expect

from Harness.nas import PASSWORD, USER, Samba

# Chromium reports every refused request in its console.
pytestmark = pytest.mark.may_complain(r"status of (400|403|409)")


@pytest.fixture(scope="module")
def nas():
    server = Samba()
    try:
        yield server
    finally:
        server.close()


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_nas_is_added_and_told_of_everywhere(demo, nas, page: Page, phone: Page, sign_in):
    sign_in(page, 0, "#/cameras")
    targets = page.get_by_test_id("targets")
    expect(targets.get_by_role("listitem")).to_have_count(1)
    expect(targets).to_contain_text("set on the node itself")
    expect(targets).to_contain_text("Used by garage, garden and porch.")
    expect(page.get_by_test_id("waiting")).to_contain_text("Everything recorded is stored.")

    page.get_by_role("button", name="Add storage").click()
    form = page.get_by_test_id("storage-form")
    form.get_by_label("smb://NAS/SHARE, or a directory").fill("nas/cam")
    form.get_by_role("button", name="Store there, too").click()
    expect(form.get_by_test_id("form-error")).to_contain_text("smb://HOST/SHARE")
    form.get_by_label("smb://NAS/SHARE, or a directory").fill(nas.location)
    form.get_by_label("User; empty: a guest").fill(USER)
    form.get_by_label("Password", exact=True).fill("wrong")
    form.get_by_role("button", name="Store there, too").click()
    expect(form).to_have_count(0)
    added = targets.get_by_role("listitem").filter(has_text=nas.location)
    expect(added).to_contain_text("No camera can store there now.")
    expect(added).to_contain_text("Check its user and password")
    fits(page)

    added.get_by_role("button", name="Change").click()
    form.get_by_label("Password; empty: as it is").fill(PASSWORD)
    form.get_by_role("button", name="Save").click()
    expect(added).to_contain_text("Used by garage, garden and porch.", timeout=40_000)
    expect(added).to_contain_text(re.compile(r"\d (GB|TB) free of"))

    # On a phone, at another node.
    sign_in(phone, 2, "#/cameras")
    there = phone.get_by_test_id("targets").get_by_role("listitem").filter(has_text=nas.location)
    expect(there).to_contain_text("Used by garage, garden and porch.")
    there.scroll_into_view_if_needed()
    fits(phone)


def test_what_waits_is_told_and_stored_later(demo, nas, page: Page, sign_in):
    sign_in(page, 1, "#/cameras")
    added = page.get_by_test_id("targets").get_by_role("listitem").filter(has_text=nas.location)
    expect(added).to_be_visible()
    nas.signal(signal.SIGSTOP)
    try:
        page.goto(f"{demo.urls[1]}/#/")
        page.get_by_role("button", name="Record").first.click()
        page.goto(f"{demo.urls[1]}/#/cameras")
        waiting = page.get_by_test_id("waiting")
        expect(waiting).to_contain_text(re.compile(r"clips? \(.*\) waits? in the memory of .*: "), timeout=60_000)
        expect(added).to_contain_text("No camera can store there now.", timeout=60_000)
    finally:
        nas.signal(signal.SIGCONT)
    expect(waiting).to_contain_text("Everything recorded is stored.", timeout=90_000)
    expect(added).to_contain_text("Used by garage, garden and porch.", timeout=60_000)


def test_what_is_lost_is_told(demo, page: Page, phone: Page, sign_in):
    """The words for it; that a node tells of its losses is tested with its storage."""
    def with_losses(route):
        answer = route.fetch()
        body = answer.json()
        porch = next(node for node in body["nodes"] if node["nodeName"] == "porch")
        loss = {"camera": porch["node"], "cameraName": "porch", "clip": "1", "start": "2026-11-20T12:00:00Z", "end": "2026-11-20T12:01:30Z", "reason": "memory-full"}
        porch["losses"] = [loss, {**loss, "start": "2026-11-20T13:00:00Z", "end": "2026-11-20T13:00:30Z"}]
        porch["disk"] = {"path": "/srv/footage", "usedBytes": 3 << 30, "quotaBytes": 10 << 30}
        route.fulfill(response=answer, json=body)
    for one in (page, phone):
        one.route("**/api/mesh/v1/storage", with_losses)
        sign_in(one, 0, "#/cameras")
        lost = one.get_by_test_id("losses").get_by_role("listitem")
        expect(lost).to_have_count(1)
        expect(lost).to_contain_text(re.compile(r"2 min of porch in 2 places are lost, last at .*: its memory was full, and no storage and no other camera took it\."))
        lost.scroll_into_view_if_needed()
        fits(one)


def test_it_is_let_go(demo, nas, page: Page, sign_in):
    sign_in(page, 0, "#/cameras")
    targets = page.get_by_test_id("targets")
    targets.get_by_role("listitem").filter(has_text=nas.location).get_by_role("button", name="Change").click()
    form = page.get_by_test_id("storage-form")
    form.get_by_role("button", name="Store there no more").click()
    form.get_by_role("button", name="Press again").click()
    expect(targets.get_by_role("listitem")).to_have_count(1)
    page.goto(f"{demo.urls[0]}/#/settings")
    expect(page.get_by_test_id("audit")).to_contain_text("removed the storage")
