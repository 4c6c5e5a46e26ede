"""The command line, and every command that the README shows."""

import json
import os
import re
import subprocess

from Harness.demo import BINARY, PASSWORD, ROOT, wait_for


def run(*arguments, **environment):
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, stdin=subprocess.DEVNULL)


def data(demo, *arguments):
    result = run(*arguments, "--json", "--node", demo.urls[1])
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_lists_are_the_apis_lists(demo, clients):
    assert [c["id"] for c in data(demo, "cameras")] == [c["id"] for c in clients[1].cameras()]
    assert {n["name"] for n in data(demo, "nodes")} == {"porch", "garage", "garden"}
    assert data(demo, "clips")["missing"] == []
    assert data(demo, "status")
    for command in ["status", "cameras", "clips", "nodes"]:
        result = run(command, "--node", demo.urls[0])
        assert result.returncode == 0 and result.stdout.strip(), (command, result.stderr)


def test_trigger_and_snapshot(demo, clients, tmp_path):
    event = data(demo, "trigger", "garage", "--label", "from the shell")["event"]
    wait_for(lambda: any(event in clip["events"] for clip in clients[0].clips(limit=50)), 10, "a clip of it")
    picture = tmp_path / "porch.jpg"
    result = run("snapshot", "porch", "-o", str(picture), "--width", "320", "--node", demo.urls[2])
    assert result.returncode == 0, result.stderr
    assert picture.read_bytes()[:2] == b"\xff\xd8"
    assert run("snapshot", "attic", "-o", str(picture), "--node", demo.urls[2]).returncode == 1


def test_a_password_works_where_no_file_does(demo):
    result = run("cameras", "--json", "--insecure", "--node", demo.urls[0].replace("localhost", "127.0.0.2"),
                 MESHCAM_USER="admin", MESHCAM_PASSWORD=PASSWORD)
    assert result.returncode == 0 and len(json.loads(result.stdout)) == 3, result.stderr
    result = run("cameras", "--insecure", "--node", demo.urls[0].replace("localhost", "127.0.0.2"), MESHCAM_USER="admin", MESHCAM_PASSWORD="wrong one")
    assert result.returncode == 1 and len(result.stderr.strip().splitlines()) == 1


def test_doctor_names_what_is_missing(tmp_path):
    settings = tmp_path / "meshcam.toml"
    settings.write_text('[node]\nstate = "%s"\n[camera]\nsource = "synthetic"\n[storage]\ndirectories = ["/nowhere"]\n' % tmp_path)
    result = run("doctor", "--config", str(settings), "--json")
    findings = {finding["subject"]: finding for finding in json.loads(result.stdout)}
    assert result.returncode == 1
    assert findings["storage"]["verdict"] == "broken" and findings["storage"]["cure"]
    assert findings["encoder"]["verdict"] == "good" and "libx264" in findings["encoder"]["detail"]
    assert findings["mDNS"]["verdict"] == "good", "an avahi-daemon runs beside these tests"
    assert len(run("doctor", "--config", str(settings)).stdout.strip().splitlines()) == len(findings)


def test_help_is_everywhere():
    commands = re.findall(r"^  ([a-z]+) ", run("--help").stdout, re.M)
    assert {"run", "demo", "status", "cameras", "clips", "nodes", "trigger", "snapshot", "doctor"} <= set(commands)
    for command in commands:
        assert run("help", command).returncode == 0
    assert run("--version").stdout.strip()


def readme_commands():
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    lines = [re.sub(r"\s+#.*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_every_command_of_the_readme(demo, clients, tmp_path):
    """The two provisioning commands start and test everything, so here they only have to be right; the rest runs as it stands."""
    for line in readme_commands():
        words = line.split()
        if words[0].startswith("provisioning/"):
            path = ROOT / words[0]
            assert os.access(path, os.X_OK), line
            assert subprocess.run(["bash", "-n", str(path)]).returncode == 0
            continue
        if words[:2] == ["git", "clone"] or words[0] == "cd":
            continue
        assert words[0] == "meshcam" or words[0].endswith("/meshcam"), line
        if words[1] in ["code", "pair", "revoke", "recover", "reset", "users", "tokens", "ticket"] or words[1:3] == ["storage", "add"]:
            # They need a camera that waits, a NAS, a passphrase or a person to ask (test_pairing, test_rights, test_theft, test_tickets and
            # test_storage have them); here they only have to be understood.
            assert run(*words[1:]).returncode == 1, line
            continue
        # The demo of a reader has the usual ports; this one is told where it is. `doctor` may find that this machine lacks something.
        asks_a_node = words[1] not in ["doctor", "demo"]
        result = run(*words[1:], *(["--node", demo.urls[0]] if asks_a_node else []))
        assert result.returncode == 0 or words[1] == "doctor", (line, result.stderr)
        assert result.stdout.strip() or "-o" in words, line
