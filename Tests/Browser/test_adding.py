"""A new camera from its box to the dashboard, by hand: found, added by its code; and the very first one, which founds a mesh."""

import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from Harness.demo import PASSWORD, temporary_directory, wait_for
from Harness.lone import LoneNode


@pytest.fixture
def lone():
    directory = temporary_directory("lone")
    node = LoneNode(directory / "gate", "gate")
    try:
        yield node.start()
    finally:
        node.stop()
        shutil.rmtree(directory, ignore_errors=True)


# Chromium reports every refused request in its console; these are what a person gets wrong on purpose here.
pytestmark = pytest.mark.may_complain(r"status of (403|422)|ERR_|502|503")


def add(page: Page, lone: LoneNode) -> None:
    found = page.get_by_test_id("found-cameras")
    expect(found).to_contain_text("gate waits to be added")
    found.get_by_role("button", name="Add").click()
    code = page.get_by_label("Setup code", exact=True)
    digits = lone.code().replace(" ", "")
    # Typed as people do; the page groups it.
    code.press_sequentially(digits[:8] + str((int(digits[8]) + 1) % 10))
    expect(code).to_have_value(re.compile(r"^\d{3} \d{3} \d{3}$"))
    submit = page.get_by_role("button", name="Add camera")
    submit.click()
    expect(page.get_by_test_id("add-camera-error")).to_contain_text("Type the passphrase")
    page.get_by_label("Your passphrase").fill("not the passphrase")
    submit.click()
    expect(page.get_by_test_id("add-camera-error")).to_contain_text("does not open this mesh's root key")
    page.get_by_label("Your passphrase").fill(PASSWORD)
    submit.click()
    expect(page.get_by_test_id("add-camera-error")).to_contain_text("mistyped")
    code.fill(digits)
    submit.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("gate belongs to the mesh now")).to_be_visible()


def test_a_found_camera_is_added_by_its_code(demo, page: Page, lone, sign_in):
    sign_in(page, 0)
    add(page, lone)
    expect(page.get_by_test_id("camera-tile")).to_have_count(demo.cameras + 1)
    expect(page.get_by_test_id("found-cameras").locator("li")).to_have_count(0)
    page.goto(f"{demo.urls[0]}/#/cameras")
    expect(page.get_by_test_id("nodes")).to_contain_text("gate")


def test_the_first_camera_founds_a_mesh(phone: Page, lone):
    page = phone
    page.goto(lone.url)
    expect(page.get_by_role("heading", name="A new camera")).to_be_visible()
    expect(page.get_by_test_id("serving-node")).to_contain_text("gate records and shows itself, alone")
    page.get_by_label("Setup code of this camera").fill(lone.code())
    page.get_by_label("Name of the mesh").fill("Our house")
    page.get_by_label("User name").fill("ann")
    page.get_by_label("Passphrase", exact=True).fill("five words are quite enough")
    page.get_by_role("button", name="Found a mesh").click()
    phrase = page.get_by_test_id("recovery-phrase")
    expect(phrase).to_have_text(re.compile(r"^([0-9a-f]{8} ){7}[0-9a-f]{8}$"))
    expect(page.get_by_role("heading", name="Our house")).to_be_visible()
    wait_for(lambda: lone.mesh(), 20, "the mesh is there")
    page.get_by_role("button", name="I have it on paper").click()
    expect(page.get_by_test_id("camera-tile")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
