"""What users get wrong: each mistake is one clear line with its cure, and what can go on goes on."""

import concurrent.futures
import json
import shutil
import signal
import socket
import subprocess

import pytest

from Harness.demo import BINARY, Client, Demo, free_ports, temporary_directory, wait_for


@pytest.fixture
def directory():
    directory = temporary_directory("mistakes")
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def run(*arguments):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def refused(result, *words):
    """Exit code 1, and one line on standard error that holds these words."""
    assert result.returncode == 1, result
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0], lines[0]


def test_bad_settings_name_file_line_and_key(directory):
    file = directory / "meshcam.toml"
    file.write_text("[camera]\nfps = 900\n")
    refused(run("run", "--config", str(file), "--state", str(directory)), f"{file}:2", "camera.fps", "120")
    file.write_text("[camera]\nsuorce = \"auto\"\n")
    refused(run("run", "--config", str(file), "--state", str(directory)), f"{file}:2", "suorce", "source")
    file.write_text("[camera\n")
    refused(run("run", "--config", str(file), "--state", str(directory)), f"{file}:1")
    refused(run("run", "--config", str(directory / "none.toml")), "none.toml", "--config")


def test_a_port_in_use_is_named(directory):
    with socket.socket(socket.AF_INET) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file = directory / "meshcam.toml"
        file.write_text(f"[network]\nweb_port = {port}\n")
        refused(run("run", "--config", str(file), "--state", str(directory)), f"port {port}", "network.web_port")


def test_a_node_without_a_mesh_works_alone(directory):
    port = free_ports(1)
    file = directory / "meshcam.toml"
    file.write_text(f"""[node]\nname = "solo"\n[camera]\nsource = "synthetic"\nwidth = 640\nheight = 360
[network]\nweb_port = {port}\ngossip_port = 0\nlive_port = 0\npeer_port = 0\n[storage]\ndirectories = ["{directory}"]\n""")
    node = subprocess.Popen([BINARY, "run", "--config", str(file), "--state", str(directory / "state")], stderr=subprocess.PIPE, text=True)
    try:
        def camera():
            found = run("cameras", "--json", "--node", f"localhost:{port}")
            return found.returncode == 0 and json.loads(found.stdout)[0]["state"] == "running"
        wait_for(camera, 20, "it shows its camera")
        event = json.loads(run("trigger", "solo", "--json", "--node", f"localhost:{port}").stdout)["event"]
        wait_for(lambda: list(directory.glob(f"solo/*/*_{event}.mp4")), 10, "it records")
        problems = json.loads(run("nodes", "--json", "--node", f"localhost:{port}").stdout)[0]["problems"]
        assert "belongs to no mesh" in problems[0]["message"] and problems[0]["cure"]
    finally:
        node.send_signal(signal.SIGTERM)
        log = node.stderr.read()
        node.stderr.close()
        assert node.wait(10) == 0, log
    assert "belongs to no mesh" in log
    assert not list((directory / "state").glob("mesh*")), "it founds nothing"


def test_demo_refuses_what_cannot_work(directory):
    refused(run("demo", "--cameras", "0"), "--cameras")
    refused(run("demo", "--dir", str(directory), "--password", "short"), "password", "8")
    refused(run("demo", "--dir", str(directory), "--footage", str(directory)), "no video")
    refused(run("demo", "--dir", "/proc/nowhere"), "/proc/nowhere", "--dir")
    assert run("demo", "--camera", "3").returncode == 64
    assert run("dance").returncode == 64


def test_a_broken_camera_leaves_the_node_at_work(directory):
    footage = directory / "footage"
    footage.mkdir()
    (footage / "1.mp4").write_bytes(b"this is no video")
    demo = Demo(directory / "demo", cameras=2, footage=footage)
    try:
        demo.wait_until_ready()
        client = demo.clients()[0]
        camera = client.cameras()[0]
        assert camera["state"] == "failed" and camera["online"]
        assert "1.mp4" in camera["problem"]["message"] and camera["problem"]["cure"]
        answer = client.get(f"/cameras/{camera['id']}/snapshot.jpg")
        assert answer.status == 503 and answer.json["cure"]
        assert client.post(f"/cameras/{camera['id']}/trigger", {}).status == 503
        assert any(camera["problem"]["message"] in p["message"] for n in client.get("/nodes").json for p in n["problems"])
    finally:
        demo.stop()


def test_a_missing_device_is_a_clear_problem(directory):
    demo = Demo(directory / "demo", cameras=1)
    try:
        demo.wait_until_ready()
    finally:
        demo.stop()
    settings = next(directory.glob("demo/porch/meshcam.toml"))
    settings.write_text(settings.read_text().replace('"synthetic"', '"v4l2:/dev/video-none"'))
    node = subprocess.Popen([BINARY, "run", "--config", str(settings)], stderr=subprocess.PIPE, text=True)
    try:
        for line in node.stderr:
            if "/dev/video-none" in line:
                break
        else:
            raise AssertionError("the log never spoke of the device")
        assert node.poll() is None, "the node goes on"
    finally:
        node.send_signal(signal.SIGTERM)
        rest = node.stderr.read()
        node.stderr.close()
        assert node.wait(10) == 0, rest


def test_storage_that_cannot_be_written_spools_and_recovers(directory, footage):
    """The NAS is gone for a while: clips wait in memory and are served from there, then they are stored."""
    demo = Demo(directory / "demo", cameras=1, footage=footage)
    try:
        demo.wait_until_ready()
        client = demo.clients()[0]
        camera = client.cameras()[0]["id"]
        demo.nas.rename(directory / "away")
        event = client.post(f"/cameras/{camera}/trigger", {"kind": "manual"}).json["event"]

        def clip():
            return next((c for c in client.clips() if event in c["events"]), None)
        spooled = wait_for(lambda: (c := clip()) and c["state"] == "spooled" and c, 60, "the clip is whole, in memory")
        assert client.get(f"/clips/{spooled['id']}/video.mp4").body[4:8] == b"ftyp"
        problems = client.get("/nodes").json[0]["problems"]
        assert any(str(demo.nas) in problem["message"] and problem["cure"] for problem in problems), problems
        (directory / "away").rename(demo.nas)
        stored = wait_for(lambda: (c := clip()) and c["state"] == "stored" and c, 40, "the clip is stored")
        assert list(demo.nas.glob(f"*/*/*_{event}.mp4"))[0].stat().st_size == stored["bytes"]
        wait_for(lambda: client.get("/nodes").json[0]["problems"] == [], 20, "all is well again")
    finally:
        demo.stop()


def test_a_full_target_costs_nothing_that_fits_in_memory(directory, footage):
    small = directory / "demo" / "nas"
    small.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], check=True)
    demo = Demo(directory / "demo", cameras=1, footage=footage)
    try:
        demo.wait_until_ready()
        client = demo.clients()[0]
        camera = client.cameras()[0]["id"]
        event = client.post(f"/cameras/{camera}/trigger", {"kind": "manual"}).json["event"]

        def clip():
            return next((c for c in client.clips() if event in c["events"]), None)
        wait_for(lambda: any("No space left" in p["message"] for p in client.get("/nodes").json[0]["problems"]), 60, "the full disk is told")
        spooled = wait_for(lambda: (c := clip()) and c["state"] == "spooled" and c, 60, "the clip is whole, in memory")
        assert len(client.get(f"/clips/{spooled['id']}/video.mp4").body) == spooled["bytes"]
        assert client.get(f"/cameras/{camera}/snapshot.jpg").status == 200
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        wait_for(lambda: (c := clip()) and c["state"] == "stored" and c, 40, "the clip is stored")
        assert list(small.glob(f"*/*/*_{event}.mp4"))[0].read_bytes() == client.get(f"/clips/{spooled['id']}/video.mp4").body
    finally:
        demo.stop()
        subprocess.run(["umount", str(small)], check=True)


def test_a_wrong_password_says_so_and_guessing_gets_slow(directory):
    demo = Demo(directory / "demo", cameras=1)
    try:
        demo.wait_until_ready()
        guesser = Client(demo.urls[0])
        answers = [guesser.sign_in(password=f"guess {i}") for i in range(7)]
        assert answers[0].status == 401 and answers[0].json["cure"]
        assert answers[-1].status == 429 and int(answers[-1].headers["Retry-After"]) >= 1
        # All at once is no way around it.
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            statuses = list(pool.map(lambda i: Client(demo.urls[0]).sign_in(password=f"guess {i}").status, range(40)))
        assert statuses.count(401) <= 2, statuses
    finally:
        demo.stop()


def test_two_demos_do_not_share_a_directory(directory):
    demo = Demo(directory / "demo", cameras=1)
    try:
        demo.wait_until_ready()
        refused(run("demo", "--cameras", "1", "--dir", str(directory / "demo")), "another demo", "--dir")
    finally:
        demo.stop()


def test_however_it_ends_nothing_is_left(directory):
    for how in [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]:
        demo = Demo(directory / f"demo-{how}", cameras=2)
        demo.wait_until_ready()
        status = demo.stop(how)
        assert status == (-how if how == signal.SIGKILL else 0)
