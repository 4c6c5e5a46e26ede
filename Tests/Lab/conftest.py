import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from mesh import NO_CAMERA, Mesh  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long; left out of the run that every change has to pass")


@pytest.fixture
def lab(request):
    """Makes a mesh of so many nodes on hosts of their own: `mesh = lab(3)`. When a test fails, the end of each log is shown."""
    meshes = []

    def make(count: int) -> Mesh:
        meshes.append(Mesh(pathlib.Path(tempfile.mkdtemp(prefix="meshcam-lab-")), count))
        return meshes[-1]

    yield make
    failed = getattr(request.node, "has_failed", False)
    for mesh in meshes:
        mesh.close()
        if failed:
            for log in sorted(mesh.directory.glob("*.log")):
                lines = [line for line in log.read_text(errors="replace").splitlines() if NO_CAMERA not in line]
                print(f"--- {log.name}", *lines[-25:], sep="\n")
        shutil.rmtree(mesh.directory, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        item.has_failed = True
