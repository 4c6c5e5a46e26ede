"""The page's pure modules, each alone, in the browser that will run them. Needs no program."""

import functools
import http.server
import json
import pathlib
import random
import threading

import pytest

DASHBOARD = pathlib.Path(__file__).resolve().parents[2] / "Sources/MeshCam/Dashboard"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def module(browser):
    """Calls `body(module, argument)` with a module of the dashboard."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(DASHBOARD)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/favicon.svg")

    def call(name: str, body: str, argument=None):
        return page.evaluate(f"async (argument) => {{ const module = await import('/{name}'); return ({body})(module, argument); }}", argument)

    yield call
    context.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("size", [(1408, 700), (800, 1000), (2500, 400), (360, 640)])
def test_layout_keeps_ratio_stays_inside_and_never_overlaps(module, size):
    width, height = size
    for large in (None, 0):
        for n in range(1, 17):
            rects = module("grid-layout.js", "(m, a) => m.gridLayout(a.n, a.width, a.height, { large: a.large }).rects", {"n": n, "width": width, "height": height, "large": large})
            assert len(rects) == n
            for i, a in enumerate(rects):
                assert a["width"] > 8 and abs(a["width"] / a["height"] - 16 / 9) < 0.25, (n, a)
                assert a["x"] >= 0 and a["y"] >= 0 and a["x"] + a["width"] <= width and a["y"] + a["height"] <= height, (n, large, a)
                for b in rects[i + 1:]:
                    apart = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"] or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
                    assert apart, (n, large, a, b)


def test_layout_of_nothing_is_nothing(module):
    assert module("grid-layout.js", "(m) => [m.gridLayout(0, 100, 100), m.gridLayout(3, 0, 100), m.columnLayout(0, 100)].map((each) => each.rects.length)") == [0, 0, 0]


def test_event_stream_cut_anywhere_gives_the_same_events(module):
    # Examples of WHATWG HTML section 9.2.6, and every line end the format allows.
    text = ": a comment\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\nevent: camera\r\ndata: {\"a\":1}\r\ndata: {\"b\":2}\r\nid: 7\r\n\r\nevent: clip\rdata: x\r\r\ndata: unfinished"
    whole = module("event-stream.js", "(m, text) => new m.EventStreamParser().push(text)", text)
    assert [(each["type"], each["data"], each["id"]) for each in whole] == [
        ("message", "first event", "1"), ("message", "second event", ""), ("message", " third event", ""),
        ("camera", '{"a":1}\n{"b":2}', "7"), ("clip", "x", "7")]
    cut = module("event-stream.js", """(m, text) => Array.from({ length: text.length }, (_, i) => {
        const parser = new m.EventStreamParser();
        return JSON.stringify([...parser.push(text.slice(0, i)), ...parser.push(text.slice(i))]);
    })""", text)
    for i, each in enumerate(cut):
        assert json.loads(each) == whole, f"cut at {i}"


def test_event_stream_without_line_end_is_refused(module):
    assert module("event-stream.js", """(m) => {
        const parser = new m.EventStreamParser();
        try { for (let i = 0; i < 100; i += 1) parser.push('x'.repeat(100_000)); return 'swallowed'; } catch (error) { return error.name; }
    }""") == "RangeError"


@pytest.mark.parametrize("with_length", [True, False])
def test_pictures_cut_anywhere_come_out_whole(module, with_length):
    seed = 20261121
    rng = random.Random(seed)
    parts = [bytes(rng.randrange(256) for _ in range(size)) for size in (1, 40, 700, 3)]
    stream = b"preamble\r\n" + b"".join(
        b"--frame\r\nContent-Type: image/jpeg\r\n" + (b"Content-Length: %d\r\n" % len(part) if with_length else b"") + b"\r\n" + part + b"\r\n" for part in parts) + b"--frame--\r\n"
    for step in (1, 2, 7, 64, len(stream)):
        out = module("mjpeg.js", """(m, a) => {
            const parser = new m.MultipartParser(m.boundaryOf('multipart/x-mixed-replace; boundary=frame'));
            const parts = [];
            for (let i = 0; i < a.bytes.length; i += a.step) for (const part of parser.push(Uint8Array.from(a.bytes.slice(i, i + a.step)))) parts.push([...part]);
            return parts;
        }""", {"bytes": list(stream), "step": step})
        assert [bytes(part) for part in out] == parts, f"step {step}, seed {seed}"


@pytest.mark.parametrize("header, boundary", [
    ("multipart/x-mixed-replace; boundary=frame", "frame"), ('multipart/x-mixed-replace;boundary="a b"', None), ('multipart/x-mixed-replace; charset=x; boundary="--edge"', "edge"), ("image/jpeg", None), (None, None)])
def test_boundary(module, header, boundary):
    assert module("mjpeg.js", "(m, header) => m.boundaryOf(header)", header) == boundary


def test_four_pictures_stream_and_more_take_turns(module):
    plan = """(m, list) => {
        const viewers = list.map(([camera, priority, visible, running, way]) => ({ camera, priority, visible, running, way }));
        const { stream, poll } = m.planPictures(viewers);
        return [stream, poll].map((each) => each.map((viewer) => viewer.camera));
    }"""
    assert module("pictures.js", plan, [[c, 0, True, True] for c in "abcd"]) == [["a", "b", "c", "d"], []]
    assert module("pictures.js", plan, [["a", 0, True, True], ["b", 0, False, True], ["c", 0, True, False]]) == [["a"], []]
    # Motion comes first; the rest keeps the page's order.
    assert module("pictures.js", plan, [["a", 0, True, True], ["b", 0, True, True], ["c", 2, True, True], ["d", 0, True, True], ["e", 1, True, True]]) == [["c", "e", "a"], ["b", "d"]]
    # What comes by UDP takes none of the connections.
    assert module("pictures.js", plan, [[c, 0, True, True, "webrtc"] for c in "abcdefgh"]) == [list("abcdefgh"), []]
    assert module("pictures.js", plan, [[c, 0, True, True, "webrtc" if c in "ce" else "movie"] for c in "abcdefg"]) == [["c", "e", "a", "b", "d"], ["f", "g"]]


def test_a_movie_stays_at_its_newest_picture(module):
    def plan(start, end, at):
        return module("movie.js", "(m, buffered) => m.moviePlan(buffered)", {"start": start, "end": end, "at": at})

    assert plan(0, 0.4, 0.1) == {"seek": None, "remove": None}
    assert plan(0, 2, 0.1)["seek"] == pytest.approx(1.95), "too far behind"
    assert plan(5, 5.02, 0) == {"seek": 5, "remove": None}, "a gap after lost pictures is jumped over"
    assert plan(0, 25, 24.9) == {"seek": None, "remove": pytest.approx(14.9)}, "what was played long ago goes"
    assert plan(15, 25, 24.9)["remove"] is None


def test_angle_follows_the_common_clock(module):
    def plan(wall, media, playing=True, speed=1, seeking=False):
        return module("playback.js", "(m, now) => m.followPlan({ startMs: 10_000, endMs: 40_000 }, now)", {"wallMs": wall, "mediaSeconds": media, "playing": playing, "speed": speed, "seeking": seeking})

    assert plan(5_000, 0) == {"phase": "before", "play": False, "seekTo": None, "rate": 1}
    assert plan(20_000, 10) == {"phase": "inside", "play": True, "seekTo": None, "rate": 1}
    assert plan(20_000, 5)["seekTo"] == 10, "too far off: jump"
    assert plan(20_000, 5, seeking=True)["seekTo"] is None, "a jump on its way is not repeated"
    late, early = plan(20_000, 9.8), plan(20_000, 10.2)
    assert late["seekTo"] is None and 1 < late["rate"] <= 1.12
    assert early["seekTo"] is None and 0.88 <= early["rate"] < 1
    assert plan(20_000, 9.99, playing=False) == {"phase": "inside", "play": False, "seekTo": 10, "rate": 1}
    assert plan(41_000, 29.9)["seekTo"] is None, "the last frames run out by themselves"
    assert plan(41_000, 3)["seekTo"] == 30


def test_clock_plays_holds_and_stops_at_the_end(module):
    steps = module("playback.js", """(m) => {
        const clock = new m.PlaybackClock({ startMs: 1000, endMs: 9000 });
        const seen = [clock.at(0)];
        clock.play(0); seen.push(clock.at(500));
        clock.hold(true, 500); seen.push(clock.at(5000));
        clock.hold(false, 5000); seen.push(clock.at(5500));
        clock.setSpeed(4, 5500); seen.push(clock.at(6000));
        clock.seek(100, 6000); seen.push(clock.at(6000));
        clock.pause(6100); seen.push(clock.at(60_000));
        clock.play(60_000); seen.push(clock.at(90_000));
        clock.pause(90_000); clock.play(100_000); seen.push(clock.at(100_000));
        return seen;
    }""")
    assert steps == [1000, 1500, 1500, 2000, 4000, 1000, 1400, 9000, 1000]


def test_axis_marks_hold_the_trigger_and_stay_few(module):
    for seconds in (1, 26, 600, 7200):
        marks = module("playback.js", "(m, s) => m.axisMarks(0, s * 1000, s * 400, 6)", seconds)
        assert 0 in [mark["seconds"] for mark in marks]
        assert 1 <= len(marks) <= 8, (seconds, len(marks))


def test_all_well_only_when_all_was_checked(module):
    ok = {"phase": "live", "since": 0, "reason": ""}
    node = {"id": "n", "name": "porch", "online": True, "lastSeen": "2026-11-21T10:00:00Z", "problems": []}
    camera = {"id": "c", "name": "Porch", "node": "n", "online": True, "state": "running", "lastSeen": "2026-11-21T10:00:00Z"}
    now = 1_795_255_200_000 + 720_000

    def level(connection=ok, checked=True, nodes=(node,), cameras=(camera,)):
        health = module("health.js", "(m, a) => m.healthOf(a.store, a.now)", {"now": now, "store": {"connection": connection, "checked": checked, "nodeList": list(nodes), "cameraList": list(cameras), "serving": {"name": "porch"}}})
        return health["level"], health

    assert level()[0] == "ok"
    assert level(checked=False)[0] == "checking"
    assert level(nodes=())[0] == "checking"
    assert level(connection={"phase": "connecting", "since": 0, "reason": ""})[0] == "checking"
    assert level(connection={"phase": "lost", "since": now - 9000, "reason": "x"})[0] == "attention"
    assert level(nodes=({**node, "problems": [{"message": "NAS gone", "cure": "Switch it on."}]},))[0] == "attention"
    assert level(cameras=({**camera, "state": "failed"},))[0] == "attention"
    assert level(cameras=({**camera, "state": "starting"},))[0] == "checking"
    # A node that is down explains its camera: one problem, not two.
    down, health = level(nodes=({**node, "online": False},), cameras=({**camera, "online": False, "state": "offline"},))
    assert down == "attention" and len(health["problems"]) == 1 and "12 min" in health["problems"][0]["message"]
    # Whatever else is said of it says the same again.
    down, health = level(nodes=({**node, "online": False, "problems": [{"message": "porch does not answer", "cure": "x"}]},))
    assert len(health["problems"]) == 1 and health["text"] == "porch offline"
    # Two nodes report the storage they share; a node reports its camera's problem, and so does the camera.
    nas = {"message": "cannot write /mnt/nas", "cure": "Mount it"}
    loose = {"message": "cannot open /dev/video0", "cure": "Plug it in."}
    _, health = level(nodes=({**node, "problems": [nas, loose]}, {**node, "id": "m", "name": "garage", "problems": [nas]}), cameras=({**camera, "state": "failed", "problem": loose},))
    assert [(each["where"], each["message"], each["cure"]) for each in health["problems"]] == [
        ("porch and garage", "cannot write /mnt/nas.", "Mount it."), ("Porch", "cannot open /dev/video0.", "Plug it in.")]
    # A clock that nobody checked is no alarm, and "all" was not checked.
    timed = {**node, "clockOffsetSeconds": 0.001, "clockUncertaintySeconds": 0.01}
    assert level(nodes=(timed,))[1]["text"] == "All well"
    assert level(nodes=(node,))[1]["text"] == "All running" and level()[0] == "ok"
    slow = level(nodes=(timed, {**timed, "id": "m", "name": "garage", "missing": "no answer in time"}))
    assert slow[0] == "checking" and "garage" in slow[1]["text"]


def test_another_nodes_page_keeps_localhost_only_on_the_same_machine(module):
    here = {"url": "https://10.9.0.1:8443", "httpUrl": "http://localhost:8080", "addresses": ["10.9.0.1", "fd00::1"]}
    beside = {"url": "https://10.9.0.1:8444", "httpUrl": "http://localhost:8081", "addresses": ["fd00::1", "10.9.0.1"]}
    elsewhere = {"url": "https://10.9.0.2:8443", "httpUrl": "http://localhost:8080", "addresses": ["10.9.0.2", "172.17.0.1"]}

    def address(node, protocol, hostname, serving=here):
        return module("address.js", "(m, a) => m.addressOf(a.node, a.serving ?? undefined, a.page)", {"node": node, "serving": serving, "page": {"protocol": protocol, "hostname": hostname}})

    assert address(beside, "https:", "localhost") == "https://localhost:8444"
    assert address(beside, "https:", "127.0.0.1") == "https://127.0.0.1:8444"
    assert address(beside, "http:", "localhost") == "http://localhost:8081"
    assert address({**beside, "httpUrl": None}, "http:", "localhost") == "https://localhost:8444"
    assert address(beside, "https:", "10.9.0.1") == "https://10.9.0.1:8444"
    # Never to this machine's own port when the node is another machine, also where both have a container bridge.
    assert address(elsewhere, "http:", "localhost") == "https://10.9.0.2:8443"
    assert address(elsewhere, "https:", "localhost", {**here, "addresses": ["10.9.0.1", "172.17.0.1"]}) == "https://10.9.0.2:8443"
    assert address(beside, "https:", "localhost", None) == "https://10.9.0.1:8444"
    assert address({"url": None, "addresses": []}, "https:", "localhost") == ""


@pytest.mark.parametrize("hash, name, id", [
    ("", "live", ""), ("#/", "live", ""), ("#/incidents", "incidents", ""), ("#/incidents/ab%2Fc?camera=x", "incident", "ab/c"), ("#/cameras/%E0%A4%A", "cameras", ""), ("#/cameras/c1", "camera", "c1"), ("#/nonsense/x", "live", "")])
def test_places(module, hash, name, id):
    route = module("router.js", "(m, hash) => { const { name, id } = m.parseRoute(hash); return { name, id }; }", hash)
    assert route == {"name": name, "id": id}


def test_words(module):
    words = module("format.js", """(m) => [m.span(4), m.span(725), m.span(3 * 3600), m.span(86_400), m.span(NaN), m.duration(26.4), m.duration(3723), m.bytes(8_428_624), m.bytes(-1), m.offset(-0.0004), m.offset(3.2), m.list(['a', 'b', 'c']), m.fileName('../Ein Tor/…', 0, 'mp4').replace(/\\d(?=.*_|.*\\.)/g, '0')]""")
    assert words == ["4 s", "12 min", "3 h", "1 day", "an unknown time", "0:26", "1:02:03", "8.4 MB", "", "−0.4 ms", "+3.2 s", "a, b and c", "Ein-Tor_0000-00-00_00-00-00.mp4"]


def test_clips_of_one_event_become_one_incident(module):
    result = module("store.js", """(m) => {
        const store = new m.Store();
        const clip = (id, event, camera, state, start) => ({ id, event, camera, cameraName: camera, kind: 'motion', label: null, start, end: null, triggered: '2026-11-21T10:00:10Z', state, holders: [], durationSeconds: 3, bytes: 1 });
        store.putNotice({ event: 'e', camera: 'b', kind: 'motion', label: null, at: '2026-11-21T10:00:10Z' });
        store.putClip(clip('1', 'e', 'a', 'recording', '2026-11-21T10:00:01Z'));
        store.putClip(clip('2', 'e', 'b', 'recording', '2026-11-21T10:00:00Z'));
        store.putClip(clip('1', 'e', 'a', 'stored', '2026-11-21T10:00:01Z'));
        const half = store.incidents.get('e').recording;
        store.putClip(clip('2', 'e', 'b', 'stored', '2026-11-21T10:00:00Z'));
        const { clips, recording, start, origin } = store.incidents.get('e');
        return { half, recording, start, origin, clips: clips.map((each) => `${each.id} ${each.state}`) };
    }""")
    assert result == {"half": True, "recording": False, "start": "2026-11-21T10:00:00Z", "origin": "b", "clips": ["1 stored", "2 stored"]}


def test_an_incident_found_by_its_address_is_not_taken_for_part_of_the_list(module):
    result = module("store.js", """(m) => {
        const store = new m.Store();
        const clip = (id) => ({ id, event: 'e', camera: id, cameraName: id, kind: 'motion', label: null, start: '2026-11-21T10:00:00Z', end: null, triggered: null, state: 'stored', holders: [] });
        store.putFound('alias', { event: 'e', clips: [clip('1')] });
        store.putFound('e', { event: 'e', clips: [clip('1')] });
        const before = [store.incident('alias')?.event, store.incidentList.length];
        store.putClip(clip('2'));
        return [...before, store.incident('e').clips.length];
    }""")
    assert result == ["e", 0, 2]


def test_an_older_answer_does_not_undo_a_newer_event(module):
    motion = module("store.js", """(m) => {
        const store = new m.Store();
        store.setCameras([{ id: 'c', motion: false }], 0);
        store.putCamera({ id: 'c', motion: true });
        store.setCameras([{ id: 'c', motion: false }], Date.now() - 1000);
        const kept = store.cameras.get('c').motion;
        store.setCameras([{ id: 'c', motion: false }], Date.now() + 1000);
        return [kept, store.cameras.get('c').motion];
    }""")
    assert motion == [True, False]


def test_files_are_short_and_self_contained():
    for path in DASHBOARD.rglob("*"):
        if path.suffix not in (".js", ".css", ".html", ".svg"):
            continue
        text = path.read_text()
        assert len(text.splitlines()) < 400, path
        foreign = [line for line in text.splitlines() if "http://" in line or "https://" in line]
        assert all("www.w3.org/2000/svg" in line for line in foreign), (path, foreign)
        if path.suffix == ".js":
            assert text.startswith("// @ts-check"), path
