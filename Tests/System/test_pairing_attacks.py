"""Attacks on pairing, on real nodes: guessing, recordings, two at once, and somebody in between. Nothing gets in, and nothing secret out."""

import concurrent.futures
import os
import shutil
import threading

from Harness import pairing
from Harness.asleep import SleepyNode
from Harness.demo import Client, wait_for
from Harness.pairing import Between, Caller, Impostor, guess, refusal
from Harness.wire import decode, encode, unsealed

FOUNDER = "five words are quite enough"


def add(client, address, code, **more):
    return client.post("/pairings", {"node": address, "code": code}, timeout=90, **more)


def problem(answer) -> str:
    return answer.json["type"].rsplit("/", 1)[1]


def kinds(messages) -> list:
    return [next(iter(decode(message))) for message in messages]


def names(client) -> list:
    return [node["name"] for node in client.get("/nodes").json]


def secrets_of(state) -> list:
    """What the mesh tells to members alone: its genesis, the root's key, the other members' keys."""
    trust = decode(unsealed((state / "mesh").read_bytes()))
    genesis = decode(trust[1][0])
    return [trust[1][0], genesis[3][0], genesis[5][0]] + [decode(decode(record)[2][0])[1][0] for record in trust[2]]


def test_the_twentieth_wrong_code_makes_a_new_one(lone):
    node = lone(kind=SleepyNode).start()
    printed = node.state / "setup-code.txt"
    code = printed.read_text().strip()
    wrong = pairing.another(code)
    for failure in range(1, 21):
        assert printed.read_text().strip() == code, f"another code after {failure - 1} failures"
        if failure == 2:
            # The page that founds a mesh counts with the same counter.
            wanted = {"code": wrong, "mesh": "mine", "username": "eve", "password": FOUNDER}
            assert Client(node.url).post("/founding", wanted).status == 422
        else:
            assert guess(node.pairing, wrong) == "wrong code", failure
        if failure < 3 or failure == 20:
            continue
        assert guess(node.pairing, code) == "paused", failure
        node.sleep(min(300, 2 ** failure) - 4)
        assert guess(node.pairing, code) == "paused", f"the pause after {failure} failures is shorter than 2^n s"
        if failure == 10:
            # A power cut gives no guess back, and begins the pause anew.
            node.kill()
            node.start()
            assert guess(node.pairing, code) == "paused"
            node.sleep(296)
        node.sleep(5)
    new = printed.read_text().strip()
    assert new != code and pairing.with_check_digit(new.replace(" ", "")[:8]) == new.replace(" ", "") and node.code() == new
    assert guess(node.pairing, code) == "wrong code", "the old code is worth nothing"
    assert guess(node.pairing, new) == "right"
    assert node.mesh() is None


def test_a_recorded_handshake_opens_nothing(demo, clients, admin, lone):
    node = lone().start()
    code, before = node.code(), node.directory / "before"
    node.stop()
    shutil.copytree(node.state, before)
    node.start()
    between = Between(node.pairing)
    try:
        added = add(admin, between.address, code)
        assert added.status == 201, added.body
        wait_for(node.mesh, 20, "a member, by way of the device in between")
        assert kinds(between.said["a"]) == [pairing.HELLO, pairing.SHARE, pairing.TAG, pairing.BOX]
        assert kinds(between.said["b"]) == [pairing.HELLO_BACK, pairing.SHARE, pairing.PROOF, pairing.BOX]
        # Who listens has nothing of it.
        wait_for(lambda: (node.state / "mesh").exists(), 5, "the mesh is on the disk")
        heard = b"".join(between.said["a"] + between.said["b"])
        own = decode(decode(between.said["b"][0])[pairing.HELLO_BACK][0])[3][0]
        member = decode(decode(between.said["a"][0])[pairing.HELLO][0])[3][0]
        assert own in heard and code.replace(" ", "").encode() not in heard
        secrets = [secret for secret in secrets_of(node.state) if secret not in (own, member)]
        assert len(secrets) >= 5 and not any(secret in heard for secret in secrets)
    finally:
        between.close()

    # The same words to the same camera in the same state: its disk is as it was.
    assert admin.request("DELETE", f"/api/mesh/v1/nodes/{node.id}").status == 204
    node.stop()
    shutil.rmtree(node.state)
    shutil.copytree(before, node.state)
    node.start()
    assert node.code() == code and node.mesh() is None
    caller = Caller(node.pairing)
    answers = [caller.ask(between.said["a"][0]), caller.ask(between.said["a"][1]), caller.ask(between.said["a"][2])]
    caller.close()
    assert pairing.HELLO_BACK in answers[0] and pairing.SHARE in answers[1], "it is as polite as to anybody"
    assert refusal(answers[2]) == "wrong code"
    caller = Caller(node.pairing)
    assert refusal(caller.ask(between.said["a"][3])) == "not understood", "the welcome alone"
    caller.close()
    assert node.mesh() is None and not (node.state / "mesh").exists()

    # And the camera's words to a member, where somebody typed the code once more.
    impostor = Impostor(lambda heard: between.said["b"][len(heard) - 1])
    refused = add(admin, impostor.address, code)
    impostor.close()
    assert refused.status == 502 and "another device" in refused.json["detail"], refused.body
    assert kinds(impostor.heard) == [pairing.HELLO, pairing.SHARE, pairing.TAG], "and the member said no more than that"
    for client in clients:
        wait_for(lambda: node.name not in names(client), 10, "it is nobody's member")


def test_two_handshakes_at_once(demo, clients, admin, lone):
    node = lone().start()
    code = node.code()
    # One has the word and says no more.
    slow = Caller(node.pairing)
    slow.greet()
    assert pairing.SHARE in slow.offer(pairing.another(code))
    other = lone().start()
    founded = Client(other.url).post("/founding", {"code": other.code(), "mesh": "next door", "username": "eve", "password": FOUNDER})
    assert founded.status == 201, founded.body
    wait_for(other.mesh, 20, "another mesh")
    neighbour = Client(other.url)
    wait_for(lambda: neighbour.sign_in(password=FOUNDER, user="eve").status == 200, 20, "its admin signs in")
    assert neighbour.post("/session/unlock", {"passphrase": FOUNDER}).status == 200

    # The others are told so, and not for long.
    busy = add(admin, node.door, code)
    assert busy.status == 409 and problem(busy) == "pairing-busy" and busy.json["cure"]
    assert slow.line.receive() is None, "its time ends"
    slow.close()
    # Two meshes want it, in the same moment, and both know its code.
    start = threading.Barrier(2)

    def want(client):
        start.wait()
        return add(client, node.door, code)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(want, [admin, neighbour]))
    won = [answer.status == 201 for answer in answers]
    assert won.count(True) == 1, [answer.body for answer in answers]
    refused = answers[won.index(False)]
    assert refused.status in (409, 502, 504) and refused.json["detail"] and refused.json["cure"], refused.body
    meshes = [Client(demo.urls[0]).get("/node").json["mesh"], other.mesh()]
    winner, loser = (admin, neighbour) if won[0] else (neighbour, admin)
    wait_for(lambda: node.mesh() == meshes[won.index(True)], 20, "it belongs to who was told so")
    wait_for(lambda: [one for one in winner.get("/nodes").json if one["name"] == node.name and one["online"]], 20, "and is there")
    assert node.name not in names(loser)
    assert not (node.state / "setup-code.txt").exists()


def test_who_hangs_up_in_the_moment_of_joining_takes_nothing_from_the_member(demo, admin, lone):
    """A crowd that has greeted goes away while the camera writes the welcome to its disk: the member is told that it joined all the same.
    Several times, because the moment is short: where it is not so, one in three shows it."""
    for _ in range(8):
        node = lone().start()
        crowd = [Caller(node.pairing, source=f"127.0.4.{number}") for number in range(1, 15)]
        assert all(pairing.HELLO_BACK in one.greet() for one in crowd)

        def leave(way, index):
            if (way, index) == ("a", 3):
                for one in crowd:
                    one.close()

        between = Between(node.pairing, passed=leave)
        added = add(admin, between.address, node.code())
        between.close()
        wait_for(node.mesh, 20, "the camera is a member")
        assert added.status == 201, added.body
        node.stop()


def test_a_device_in_between_that_alters_anything(demo, clients, admin, lone):
    node = lone(kind=SleepyNode).start()
    code = node.code()

    def altered(message, place):
        return message[:place] + bytes([message[place] ^ 1]) + message[place + 1:]

    # A byte of: a key, or the nonce, of each; a share of each; the member's tag; the camera's tag; the camera's signature.
    for way, index, place in [("a", 0, 60), ("a", 0, 120), ("b", 0, 60), ("b", 0, 120), ("a", 1, 20), ("b", 1, 20), ("a", 2, 20), ("b", 2, 20), ("b", 2, 100)]:
        between = Between(node.pairing, lambda w, i, message: altered(message, place) if (w, i) == (way, index) else message)
        refused = add(admin, between.address, code)
        between.close()
        assert refused.status in (422, 500, 502) and refused.json["cure"], (way, index, place, refused.body)
        assert len(between.said[way]) > index, "it was altered"
        assert pairing.BOX not in kinds(between.said["a"]), f"a welcome although byte {place} of message {index} of {way} was altered"
        assert node.mesh() is None and node.name not in names(admin), (way, index, place)
        node.sleep(301)
    # Keys of its own in the place of both sides': each would hand it the other's trust.
    between = Between(node.pairing, lambda w, i, message: pairing.under_other_keys(message) if i == 0 else message)
    refused = add(admin, between.address, code)
    between.close()
    assert refused.status == 422 and problem(refused) == "wrong-code", refused.body
    assert pairing.BOX not in kinds(between.said["a"]) and node.mesh() is None and node.name not in names(admin)
    node.sleep(301)
    # The welcome altered: the camera believes nothing of it, and the same code brings it in afterwards.
    between = Between(node.pairing, lambda w, i, message: altered(message, 200) if (w, i) == ("a", 3) else message)
    refused = add(admin, between.address, code)
    between.close()
    assert refused.status == 502 and pairing.BOX not in kinds(between.said["b"]), refused.body
    assert node.mesh() is None and node.code() == code
    node.sleep(301)
    # One that alters nothing is no obstacle: it was not for another reason that all those failed.
    between = Between(node.pairing)
    added = add(admin, between.address, code)
    assert added.status == 201, added.body
    wait_for(node.mesh, 20, "a member")
    between.close()


def test_a_device_in_between_with_ends_of_its_own(demo, clients, admin, lone):
    """It is a camera for the member and a member for the camera, and does not know the code."""
    node = lone().start()
    code = node.code()
    guessed = pairing.another(code)

    def answers(heard):
        if len(heard) == 1:
            return pairing.hello(pairing.HELLO_BACK, name=node.name)
        if len(heard) == 2:
            answers.exchange = pairing.Exchange(guessed, heard[0], impostor.sent[0])
            return encode((pairing.SHARE, answers.exchange.share))
        _, tag = answers.exchange.tags(decode(heard[1])[pairing.SHARE][0], answers.exchange.share)
        return encode((pairing.PROOF, encode((1, tag), (2, os.urandom(64)))))

    impostor = Impostor(answers)
    refused = add(admin, impostor.address, code)
    impostor.close()
    assert refused.status == 502 and "another device" in refused.json["detail"], refused.body
    assert kinds(impostor.heard) == [pairing.HELLO, pairing.SHARE, pairing.TAG], "nothing of the mesh was told"
    assert guess(node.pairing, guessed) == "wrong code", "the other end"
    assert node.mesh() is None and node.name not in names(admin)
    # Had the code been right, it would have come through the tags: its side of the handshake is a true one.
    guessed = code
    impostor = Impostor(answers)
    refused = add(admin, impostor.address, code)
    impostor.close()
    assert refused.status == 500 and "did not prove that the keys" in refused.json["detail"], refused.body
    assert pairing.BOX not in kinds(impostor.heard) and node.name not in names(admin)
