"""Users, tokens and the audit log on the dashboard, and what of it a viewer finds."""

import re

import pytest
from playwright.sync_api import Page, expect

from Harness.demo import Client, wait_for

PASSWORD = "a viewer's password"

# Chromium reports every refused request in its console, and every answer that is cut: what a person gets wrong on purpose here, and live
# pictures that end with the right to see them.
pytestmark = pytest.mark.may_complain(r"status of (400|403|409)|ERR_INCOMPLETE_CHUNKED_ENCODING")


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_viewer_is_added_sees_one_camera_and_goes(demo, page: Page, phone: Page, sign_in):
    sign_in(page, 0, "#/settings")
    users = page.get_by_test_id("users")
    expect(users).to_contain_text("admin")
    page.get_by_role("button", name="Add a user").click()
    form = page.get_by_test_id("user-form")
    form.get_by_label("Name", exact=True).fill("ben")
    form.get_by_label("Password", exact=True).fill("short")
    form.get_by_text("All cameras").click()
    form.get_by_role("button", name="Add user").click()
    expect(form.get_by_test_id("form-error")).to_contain_text("at least one camera")
    form.get_by_label("porch").check()
    form.get_by_role("button", name="Add user").click()
    expect(form.get_by_test_id("form-error")).to_contain_text("too short")
    form.get_by_label("Password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="Add user").click()
    expect(form).to_have_count(0)
    expect(users.get_by_role("button", name="ben")).to_contain_text("Viewer, porch")

    # On a phone, at another node.
    wait_for(lambda: Client(demo.urls[1]).sign_in(user="ben", password=PASSWORD).status == 200, 10, "ben is known there")
    phone.goto(demo.urls[1])
    phone.get_by_label("User name").fill("ben")
    phone.get_by_label("Password", exact=True).fill(PASSWORD)
    phone.get_by_role("button", name="Sign in").click()
    expect(phone.get_by_test_id("camera-tile")).to_have_count(1)
    expect(phone.get_by_role("button", name="Record")).to_have_count(0)
    phone.goto(f"{demo.urls[1]}/#/settings")
    expect(phone.get_by_role("heading", name="Signed in")).to_be_visible()
    expect(phone.get_by_role("heading", name="Users")).to_be_hidden()
    fits(phone)

    # All cameras now; what is open on the phone follows.
    phone.goto(f"{demo.urls[1]}/#/")
    users.get_by_role("button", name="ben").click()
    form.get_by_text("All cameras").click()
    form.get_by_role("button", name="Save").click()
    expect(users.get_by_role("button", name="ben")).to_contain_text("Viewer, all cameras")
    expect(phone.get_by_test_id("camera-tile")).to_have_count(demo.cameras)

    users.get_by_role("button", name="ben").click()
    form.get_by_role("button", name="Remove this user").click()
    form.get_by_role("button", name="Press again").click()
    expect(users.get_by_role("button", name="ben")).to_have_count(0)
    expect(phone.get_by_role("button", name="Sign in")).to_be_visible()
    audit = page.get_by_test_id("audit")
    page.reload()
    expect(audit).to_contain_text("admin removed the user ben")


def test_an_admin_needs_the_passphrase_once_more(demo, phone: Page, sign_in):
    page = phone
    sign_in(page, 2, "#/settings")
    page.get_by_role("button", name="Add a user").click()
    form = page.get_by_test_id("user-form")
    form.get_by_label("Name", exact=True).fill("anna")
    form.get_by_label("Password", exact=True).fill("anna's own passphrase")
    form.get_by_role("button", name="Admin").click()
    expect(form.get_by_text("All cameras")).to_be_hidden()
    form.get_by_role("button", name="Add user").click()
    expect(form.get_by_test_id("form-error")).to_contain_text("once more")
    form.get_by_label("Your passphrase").fill(demo.password)
    fits(page)
    form.get_by_role("button", name="Add user").click()
    expect(page.get_by_test_id("users")).to_contain_text("anna")
    fits(page)


def test_a_token_is_shown_once(demo, page: Page, sign_in):
    sign_in(page, 1, "#/settings")
    page.get_by_role("button", name="Make a token").click()
    form = page.get_by_test_id("token-form")
    form.get_by_label("What it is for").fill("picture frame")
    form.get_by_label("Ends").select_option("30")
    form.get_by_role("button", name="Make token").click()
    secret = page.get_by_test_id("token-secret")
    expect(secret).to_have_text(re.compile(r"^meshcam_[\w-]{43}$"))
    token = secret.inner_text()
    answer = Client(demo.urls[1]).get("/cameras", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 200 and len(answer.json) == demo.cameras
    page.get_by_role("button", name="I have it").click()
    tokens = page.get_by_test_id("tokens")
    expect(tokens).to_contain_text("picture frame")
    expect(tokens).to_contain_text("ends in 29 days")
    expect(form).to_have_count(0)
    assert token not in page.content()
    end = tokens.get_by_role("button", name="End the token picture frame")
    end.click()
    end.click()
    expect(tokens.locator("li")).to_have_count(0)
    assert Client(demo.urls[1]).get("/cameras", headers={"Authorization": f"Bearer {token}"}).status == 401


def test_ones_own_password(demo, page: Page, sign_in):
    sign_in(page, 0, "#/settings")
    wanted = "another horse battery"
    page.get_by_role("button", name="Change my password").click()
    form = page.get_by_test_id("password-form")
    for old, new, again, words in [(demo.password, wanted, wanted + "x", "not the same"), ("wrong", wanted, wanted, "old password is another one")]:
        form.get_by_label("Present password").fill(old)
        form.get_by_label("New password", exact=True).fill(new)
        form.get_by_label("New password again").fill(again)
        form.get_by_role("button", name="Change it").click()
        expect(form.get_by_test_id("form-error")).to_contain_text(words)
    form.get_by_label("Present password").fill(demo.password)
    form.get_by_role("button", name="Change it").click()
    # Six times Argon2id, one after another.
    expect(form).to_have_count(0, timeout=60_000)
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    # Still in; the old one opens nothing.
    expect(page.get_by_test_id("users")).to_contain_text("admin")
    wait_for(lambda: Client(demo.urls[2]).sign_in(password=wanted).status == 200, 10, "the new one is known everywhere")
    assert Client(demo.urls[2]).sign_in().status == 401
