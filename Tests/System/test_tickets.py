"""New cameras join by themselves with a `join.bundle`: made at a dashboard or in a terminal, used up, revoked, wiped."""

import base64
import os
import re
import shutil
import stat
import subprocess
import time

from Harness.demo import BINARY, PASSWORD, Client, temporary_directory, wait_for

#: What machines may take between "powered" and "member, shown live on every dashboard"; nobody has to do anything here.
MACHINE_TIME = 5


def ticket(admin, **wishes):
    answer = admin.post("/tickets", wishes)
    assert answer.status == 201, answer.body
    return answer.json


def give(node, made):
    """Puts the file into the camera's state directory, whole at once."""
    new = node.state / "join.bundle.new"
    new.write_bytes(base64.b64decode(made["bundle"]))
    os.rename(new, node.state / "join.bundle")


def listed(client, made):
    return next(one for one in client.get("/tickets").json if one["id"] == made["id"])


def read_code(rows, scale=4) -> str:
    """What an independent reader (zbar) sees in rows of dark and light modules."""
    pixels = b"".join(bytes(0 if dark else 255 for dark in row for _ in range(scale)) * scale for row in rows)
    directory = temporary_directory("code")
    try:
        picture = directory / "code.pgm"
        picture.write_bytes(b"P5 %d %d 255\n" % (len(rows[0]) * scale, len(rows) * scale) + pixels)
        return subprocess.run(["zbarimg", "--raw", "-q", "-Sdisable", "-Sqrcode.enable", str(picture)], check=True, capture_output=True, text=True).stdout.strip()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def svg_rows(svg):
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg).group(1))
    rows = [[False] * side for _ in range(side)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h", svg):
        for column in range(int(x), int(x) + int(width)):
            rows[int(y)][column] = True
    return rows


def terminal_rows(text):
    rows = []
    for line in text.splitlines():
        if not line.startswith("\x1b[30;107m"):
            continue
        cells = line.removeprefix("\x1b[30;107m").removesuffix("\x1b[0m")
        rows += [[cell in "▀█" for cell in cells], [cell in "▄█" for cell in cells]]
    return rows


def test_a_camera_joins_by_itself(demo, clients, admin, lone):
    mesh = Client(demo.urls[0]).get("/node").json["mesh"]
    locked = clients[1].post("/tickets", {"uses": 1})
    assert locked.status == 403 and locked.json["title"] == "root-locked"
    assert Client(demo.urls[1]).get("/tickets").status == 401
    assert admin.post("/tickets", {"uses": 0}).status == 400
    made = ticket(admin, name="gate", uses=1)
    assert read_code(svg_rows(made["qr"])) == made["text"] and made["text"].startswith("meshcam-join:1:")
    node = lone()
    node.state.mkdir()
    give(node, made)
    secret = (node.state / "join.bundle").read_bytes()

    node.start()
    for client in clients:
        wait_for(lambda: any(camera["name"] == node.name and camera["state"] == "running" and camera["online"] for camera in client.cameras()),
                 30, "the new camera on every dashboard")
    took = time.monotonic() - node.powered
    print(f"from its start to a live camera on every dashboard: {took:.1f} s")
    assert took <= MACHINE_TIME
    assert node.mesh() == mesh
    assert not (node.state / "join.bundle").exists() and not (node.state / "setup-code.txt").exists()
    inside = Client(node.url)
    wait_for(lambda: inside.sign_in().status == 200, 20, "the mesh's admin signs in at the new camera")
    wait_for(lambda: sum(camera["online"] for camera in inside.cameras()) >= 4, 20, "the new camera shows all four")
    for client in [*clients, inside]:
        wait_for(lambda: [guest["name"] for guest in listed(client, made)["joined"]] == [node.name] and listed(client, made)["left"] == 0, 10, "everybody knows")

    # The same file on a second card: used up. Its setup code works all the same, and takes the file away.
    second = lone()
    second.state.mkdir()
    give(second, made)
    second.start()
    wait_for(lambda: "the ticket is used up" in second.read_log(), 30, "the second one is told why")
    assert second.mesh() is None and (second.state / "join.bundle").exists()
    assert admin.post("/pairings", {"node": second.door, "code": second.code()}).status == 201
    wait_for(lambda: second.mesh() == mesh, 20, "added by its code")
    wait_for(lambda: not (second.state / "join.bundle").exists(), 10, "the useless file is gone")

    # Unlocking signs the newcomer anew: revoking the ticket, and the member that let it in, changes nothing for it.
    assert admin.request("DELETE", f"/api/mesh/v1/tickets/{made['id']}").status == 204
    assert listed(admin, made)["revoked"]
    wait_for(lambda: all(listed(client, made)["revoked"] for client in clients), 10, "everybody knows")
    assert any(camera["name"] == node.name and camera["online"] for camera in admin.cameras())
    texts = [made["text"], made["bundle"]]
    logs = demo.read_log() + node.read_log() + second.read_log()
    assert not any(text in logs for text in texts), "a secret in a log"
    for one in (node, second):
        kept = b"".join(path.read_bytes() for path in one.directory.rglob("*") if path.is_file() and "nas" not in path.parts)
        assert secret not in kept and not any(text.encode() in kept for text in texts)


def test_a_revoked_ticket_and_a_good_one(demo, admin, lone):
    bad = ticket(admin, uses=3)
    assert admin.request("DELETE", f"/api/mesh/v1/tickets/{bad['id']}").status == 204
    assert admin.request("DELETE", "/api/mesh/v1/tickets/00").status == 404
    node = lone()
    node.state.mkdir()
    (node.state / "join.bundle").write_text("not a bundle")
    node.start()
    wait_for(lambda: "the file is damaged or no join bundle" in node.read_log(), 20, "it says what is wrong")
    give(node, bad)
    wait_for(lambda: "the ticket was revoked" in node.read_log(), 30, "it is told why")
    assert node.mesh() is None
    # Another one, while it runs; as text this time.
    good = ticket(admin)
    new = node.state / "new"
    new.write_text(good["text"] + "\n")
    os.rename(new, node.state / "join.bundle")
    wait_for(lambda: node.mesh(), 70, "it joins")
    assert not (node.state / "join.bundle").exists()
    wait_for(lambda: listed(admin, good)["left"] == 0, 10, "the ticket is used")


def test_strangers_get_nothing(demo):
    client = Client(demo.urls[0])
    offers = {client.get("/join").body for _ in range(20)}
    assert len(offers) == 20
    statuses = [client.post("/join", os.urandom(size)) for size in [1, 10, 100, 1000] * 8]
    assert {answer.status for answer in statuses} == {200, 429}, "wrong tries are paused"
    assert all(len(answer.body) < 10 for answer in statuses if answer.status == 200), "a refusal, and nothing else"
    assert client.post("/join", b"x" * 5000).status in (413, 429)


def test_commands(demo, lone, tmp_path):
    environment = {**os.environ, "MESHCAM_USER": "admin", "MESHCAM_PASSWORD": PASSWORD}

    def run(*arguments):
        return subprocess.run([BINARY, *arguments, "--node", demo.urls[1], "--insecure"], capture_output=True, text=True, env=environment)

    assert run("ticket", "--uses", "0").returncode == 64
    out = tmp_path / "join.bundle"
    made = run("ticket", "--uses", "2", "--name", "two cards", "--out", str(out))
    assert made.returncode == 0 and stat.S_IMODE(out.stat().st_mode) == 0o600, made.stderr
    node = lone()
    node.state.mkdir()
    shutil.copy(out, node.directory / "elsewhere")
    node.config.write_text(node.config.read_text() + f'[mesh]\njoin_ticket = "{node.directory / "elsewhere"}"\n')
    node.start()
    wait_for(lambda: node.mesh(), 30, "it joins")
    assert not (node.directory / "elsewhere").exists()
    table = wait_for(lambda: [line for line in run("tickets").stdout.splitlines() if "two cards" in line and node.name in line], 10, "it is listed")
    shown = run("ticket", "--qr")
    assert shown.returncode == 0 and read_code(terminal_rows(shown.stdout)).startswith("meshcam-join:1:")
    ended = run("tickets", "--revoke", table[0].split()[0])
    assert ended.returncode == 0, ended.stderr
    assert "revoked" in next(line for line in run("tickets").stdout.splitlines() if "two cards" in line)
    assert run("tickets", "--revoke", "zz").returncode == 1
