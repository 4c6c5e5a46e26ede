import itertools
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from Harness import footage as made_up  # noqa: E402
from Harness.demo import PASSWORD, Client, Demo, temporary_directory  # noqa: E402
from Harness.lone import LoneNode  # noqa: E402

numbers = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long; left out of the run that every change has to pass")


@pytest.fixture(scope="session")
def footage():
    directory = temporary_directory("footage")
    yield made_up.make(directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def demo(footage):
    """Three nodes; camera 1 sees somebody walk by, the others see nothing."""
    directory = temporary_directory("demo")
    demo = Demo(directory / "demo", footage=footage)
    try:
        yield demo.wait_until_ready()
    finally:
        demo.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def clients(demo):
    return demo.clients()


@pytest.fixture
def admin(demo):
    """Signed in at the first node, with the passphrase typed again."""
    client = Client(demo.urls[0])
    assert client.sign_in().status == 200
    assert client.post("/session/unlock", {"passphrase": PASSWORD}).status == 200
    return client


@pytest.fixture
def lone():
    """Makes cameras fresh out of their boxes, not yet switched on."""
    made = []

    def make(name=None, kind=LoneNode):
        directory = temporary_directory("lone")
        made.append((kind(directory / "gate", name or f"gate {next(numbers)}"), directory))
        return made[-1][0]

    try:
        yield make
    finally:
        for node, directory in made:
            print(node.read_log()[-4000:] if node.log_file.exists() else "")
            node.stop()
            shutil.rmtree(directory, ignore_errors=True)
