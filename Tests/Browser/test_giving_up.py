"""A stolen camera is given up by its button, and a mesh whose passwords are lost is recovered on the page that asks for them."""

import shutil

import pytest
from playwright.sync_api import Page, expect

from Harness.demo import PASSWORD, Client, temporary_directory, wait_for
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


# What a person gets wrong on purpose here, and a node that starts again as a member.
pytestmark = pytest.mark.may_complain(r"status of (403|422|503)|ERR_")


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_stolen_camera(demo, phone: Page, lone, sign_in):
    page = phone
    admin = Client(demo.urls[0])
    admin.sign_in()
    assert admin.post("/session/unlock", {"passphrase": PASSWORD}).status == 200
    assert admin.post("/pairings", {"node": lone.door, "code": lone.code()}).status == 201
    wait_for(lone.mesh, 20, "the camera is a member")
    sign_in(page, 0)
    page.goto(f"{demo.urls[0]}/#/cameras")
    card = page.get_by_test_id("nodes").locator(".node", has_text="gate")
    card.get_by_role("button", name="This camera was stolen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It cannot be undone")
    assert fits(page)
    dialog.get_by_label("Your passphrase").fill("not the passphrase")
    dialog.get_by_role("button", name="Give it up for ever").click()
    expect(page.get_by_test_id("stolen-error")).to_contain_text("does not open this mesh's root key")
    dialog.get_by_label("Your passphrase").fill(PASSWORD)
    dialog.get_by_role("button", name="Give it up for ever").click()
    expect(page.get_by_test_id("stolen-changes")).to_contain_text("wireless network")
    assert fits(page)
    dialog.get_by_role("button", name="Done").click()
    expect(card).to_have_count(0)
    # The serving node has no such button: it cannot give up itself.
    expect(page.get_by_role("button", name="This camera was stolen")).to_have_count(demo.cameras - 1)


def test_every_password_forgotten(phone: Page, lone):
    page = phone
    founded = Client(lone.url).post("/founding", {"code": lone.code(), "mesh": "our house", "username": "ann", "password": "five words are quite enough"}).json
    wait_for(lone.mesh, 20, "the mesh is there")
    page.goto(lone.url)
    page.get_by_role("button", name="Forgot every password?").click()
    expect(page.get_by_role("heading", name="Every password forgotten?")).to_be_visible()
    page.get_by_role("button", name="Back to sign in").click()
    expect(page.get_by_role("heading", name="MeshCam")).to_be_visible()
    page.get_by_role("button", name="Forgot every password?").click()
    phrase = page.get_by_label("Recovery phrase")
    phrase.fill("not the phrase")
    page.get_by_label("User name").fill("ann")
    page.get_by_label("New passphrase").fill("five other words for ann")
    page.get_by_role("button", name="Make me the admin").click()
    expect(page.get_by_test_id("recover-error")).to_contain_text("Read it again from the paper")
    assert fits(page)
    phrase.fill(founded["recoveryPhrase"])
    page.get_by_role("button", name="Make me the admin").click()
    expect(page.get_by_test_id("camera-tile")).to_have_count(1)
