"""No more warnings: the mesh's certificate, trusted by a browser as a person would do it."""

import hashlib
import os
import pathlib
import re
import subprocess

import pytest
from playwright.sync_api import Error, Page, expect


@pytest.fixture
def people(browser, tmp_path):
    """Starts a browser of somebody whose home is `tmp_path`, and who minds warnings."""
    started = []

    def start(home: pathlib.Path):
        chromium = browser.browser_type.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"], env={**os.environ, "HOME": str(home)})
        started.append(chromium)
        return chromium.new_page()

    yield start
    for one in started:
        one.close()


def test_a_browser_that_trusts_the_mesh_does_not_warn(demo, page, people, tmp_path):
    stranger, friend = tmp_path / "stranger", tmp_path / "friend"
    file = tmp_path / "ca.crt"
    file.write_bytes(page.request.get(f"{demo.urls[0]}/api/mesh/v1/ca.crt").body())
    for home in (stranger, friend):
        store = home / ".pki/nssdb"
        store.mkdir(parents=True)
        subprocess.run(["certutil", "-N", "-d", f"sql:{store}", "--empty-password"], check=True)
    subprocess.run(["certutil", "-A", "-d", f"sql:{friend}/.pki/nssdb", "-t", "C,,", "-n", "MeshCam", "-i", str(file)], check=True)

    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        people(stranger).goto(demo.urls[0])
    opened = people(friend)
    for index, address in enumerate([demo.urls[0], demo.urls[1].replace("localhost", "127.0.0.1"), demo.urls[2].replace("localhost", "[::1]")]):
        answer = opened.goto(address)
        assert answer.ok and answer.security_details()["issuer"].startswith("MeshCam node"), answer.security_details()
        expect(opened.get_by_role("button", name="Sign in")).to_be_visible()
        assert opened.evaluate("isSecureContext")


def explained(page: Page, demo) -> None:
    dialog = page.get_by_test_id("trust")
    expect(dialog.get_by_text("browsers refuse it for any website")).to_be_visible()
    expect(dialog.get_by_text("iPhone and iPad")).to_be_visible()
    body = page.request.get(f"{demo.urls[0]}/api/mesh/v1/ca.crt").body()
    shown = dialog.get_by_test_id("fingerprint").inner_text()
    assert re.sub(r"\s", "", shown).lower() == hashlib.sha256(body).hexdigest(), "people compare what they see with what they got"
    with page.expect_download() as download:
        dialog.get_by_role("link", name="Download").click()
    assert pathlib.Path(download.value.path()).read_bytes() == body and download.value.suggested_filename == "meshcam-ca.crt"
    assert dialog.evaluate("(it) => it.scrollWidth <= it.clientWidth"), "nothing is cut off at the side"


def test_it_is_explained_before_the_sign_in(demo, page):
    page.goto(demo.urls[1])
    page.get_by_role("button", name="Your browser warned you?").click()
    explained(page, demo)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("trust")).to_be_hidden()


def test_it_is_explained_in_the_settings_of_a_phone(demo, phone, sign_in):
    sign_in(phone, 0, "#/settings")
    phone.get_by_role("button", name="Trust it").click()
    explained(phone, demo)
    phone.get_by_text("Android", exact=True).click()
    expect(phone.get_by_text("Chrome trusts it at once", exact=False)).to_be_visible()


def test_devices_are_guessed(demo, page):
    page.goto(demo.urls[0])
    guess = "async ([agent, touch]) => (await import('/trust.js')).deviceOf(agent, touch)"
    for agent, touch, device in [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1", True, "ios"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15", True, "ios"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15", False, "mac"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/138.0.0.0 Mobile Safari/537.36", True, "android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", False, "firefox"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36", False, "windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36", False, "linux"),
        ("something else", False, ""),
    ]:
        assert page.evaluate(guess, [agent, touch]) == device, agent


def test_an_admin_makes_it_where_there_is_none(demo, page, sign_in):
    """A mesh that is older than its certificates has none until its root is unlocked."""
    sign_in(page, 0, "#/settings")
    unlocked = []
    page.route("**/api/mesh/v1/ca", lambda route: route.continue_() if unlocked else route.fulfill(json={"shown": []}))
    page.get_by_role("button", name="Trust it").click()
    dialog = page.get_by_test_id("trust")
    expect(dialog.get_by_text("has no certificate of its own yet")).to_be_visible()
    dialog.get_by_label("Your passphrase").fill(demo.password)
    page.on("response", lambda answer: unlocked.append(answer) if answer.url.endswith("/session/unlock") and answer.ok else None)
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_test_id("fingerprint")).to_be_visible()
