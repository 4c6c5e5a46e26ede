"""One demo and one browser for all tests, a fresh page for each, and no page may end with an error in its console."""

import os
import pathlib
import re
import shutil
import sys

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from Harness.demo import Demo, temporary_directory  # noqa: E402

expect.set_options(timeout=15_000)

# Chromium itself reports every 4xx answer as a console error, and every stream that the node cuts because its session ended; being asked
# to sign in is not one of ours.
NOT_SIGNED_IN = r"status of 401|ERR_INCOMPLETE_CHUNKED_ENCODING"


def pytest_configure(config):
    config.addinivalue_line("markers", "may_complain(pattern): what else a page may say in its console, such as a request that the test has refused")


@pytest.fixture(scope="module")
def demo():
    """The demo as a new user starts it, with the generated scene; `MESHCAM_FOOTAGE` names a directory of videos instead."""
    directory = temporary_directory("browser")
    running = Demo(directory / "demo", footage=os.environ.get("MESHCAM_FOOTAGE"))
    try:
        yield running.wait_until_ready()
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--ignore-certificate-errors", "--autoplay-policy=no-user-gesture-required"])
        yield chromium
        chromium.close()


class Complaints:
    """Whatever the page said that a page should not say."""

    def __init__(self, page: Page, expected: re.Pattern):
        self.words: list[str] = []
        self.expected = expected
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.words.append(f"uncaught: {error}"))

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self.expected.search(message.text):
            self.words.append(f"{message.type}: {message.text}")


def go(page: Page, address: str):
    """Opens a page, once more where the machine's network has just changed: tests make interfaces, and Chromium gives up what it loads then."""
    try:
        page.goto(address)
    except Error as error:
        if "ERR_NETWORK_CHANGED" not in str(error):
            raise
        page.goto(address)


def open_page(browser: Browser, request, width: int, height: int, phone: bool):
    context = browser.new_context(viewport={"width": width, "height": height}, ignore_https_errors=True, is_mobile=phone, has_touch=phone, accept_downloads=True)
    context.set_default_timeout(15_000)
    context.add_init_script("""
        window.violations = [];
        document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
    """)
    # Without a GPU, three videos at full rate take a small machine's cores, and the page under test is the same. `test_live` has them.
    if not getattr(request.module, "VIDEO", False):
        context.add_init_script("delete window.RTCPeerConnection; delete window.MediaSource;")
    page = context.new_page()
    complaints = Complaints(page, re.compile("|".join([NOT_SIGNED_IN, *(mark.args[0] for mark in request.node.iter_markers("may_complain"))])))
    yield page
    if folder := os.environ.get("MESHCAM_SCREENSHOTS"):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(pathlib.Path(folder) / f"{request.node.name}.png"))
    violations = page.evaluate("window.violations ?? []")
    context.close()
    assert violations == [], "the page broke its own content security policy"
    assert complaints.words == [], "the page complained in its console"


@pytest.fixture
def page(browser, request):
    yield from open_page(browser, request, 1440, 900, phone=False)


@pytest.fixture
def phone(browser, request):
    yield from open_page(browser, request, 390, 844, phone=True)


@pytest.fixture
def sign_in(demo):
    """Signs a page in at a node (from 0), and waits for the live pictures' place."""

    def act(page: Page, node: int, place: str = "#/") -> None:
        go(page, f"{demo.urls[node]}/{place}")
        page.get_by_label("User name").fill(demo.user)
        page.get_by_label("Password", exact=True).fill(demo.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_test_id("health")).to_be_visible()

    return act
