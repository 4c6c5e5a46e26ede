import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from Harness import footage as made_up  # noqa: E402
from Harness.demo import Demo, temporary_directory  # noqa: E402


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
