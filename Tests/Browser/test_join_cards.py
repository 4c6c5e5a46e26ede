"""A card for a new camera, prepared on the page: made with the passphrase, shown once, downloaded, revoked."""

import pathlib

import pytest
from playwright.sync_api import Page, expect

from Harness.demo import PASSWORD

# Chromium reports every refused request in its console; the first one is refused because the passphrase has to be typed again.
pytestmark = pytest.mark.may_complain(r"status of 403")


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_a_card_is_prepared_and_revoked(demo, request, sign_in, device):
    page: Page = request.getfixturevalue("phone" if device == "phone" else "page")
    sign_in(page, 0)
    page.goto(f"{demo.urls[0]}/#/cameras")
    name = f"cards from the {device}"
    page.get_by_role("button", name="Prepare a card").click()
    page.get_by_label("How many cameras").fill("3")
    page.get_by_label("Name", exact=True).fill(name)
    submit = page.get_by_role("button", name="Make the card")
    submit.click()
    expect(page.get_by_test_id("join-card-error")).to_contain_text("Type the passphrase")
    page.get_by_role("dialog").get_by_label("Your passphrase").fill(PASSWORD)
    submit.click()
    made = page.get_by_test_id("card-made")
    expect(made.get_by_role("img", name="The same as a QR code")).to_be_visible()
    assert made.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth > 0)")
    with page.expect_download() as download:
        made.get_by_role("link", name="Download join.bundle").click()
    assert download.value.suggested_filename == "join.bundle"
    assert 300 < len(pathlib.Path(download.value.path()).read_bytes()) < 1400
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(made.locator("img")).to_have_count(0)
    item = page.get_by_test_id("tickets").locator("li").filter(has_text=name)
    expect(item).to_contain_text("3 of 3 left")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    item.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The card brings nobody any more")).to_be_visible()
    expect(item).to_have_count(0)
