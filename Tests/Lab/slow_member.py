"""What a member with valid keys can do with time: be reached and say nothing, or a byte a second.

    slow_member.py listen PORT mute                       (takes every connection, and never answers)
    slow_member.py listen PORT trickle                    (passes it on to the node on this host, and its answers back a byte a second)

Runs on the member's host until its standard input ends; then prints what it did.
"""

import select
import socket
import sys
import threading

PEERS = 7462


def listen(port: int, how: str):
    door = socket.create_server(("", port), family=socket.AF_INET6, backlog=1024, dualstack_ipv6=True)
    print("listening", flush=True)
    held = []

    def trickle(source, target, slowly):
        pause = threading.Event()
        try:
            while data := source.recv(1 if slowly else 1 << 16):
                target.sendall(data)
                if slowly:
                    pause.wait(1)
        except OSError:
            pass
    while sys.stdin not in (ready := select.select([sys.stdin, door], [], [])[0]):
        if door not in ready:
            continue
        one, _ = door.accept()
        held.append(one)
        if how == "trickle":
            try:
                node = socket.create_connection(("127.0.0.1", PEERS))
            except OSError:
                one.close()  # Its node is just starting.
                continue
            held.append(node)
            for source, target, slowly in ((one, node, False), (node, one, True)):
                threading.Thread(target=trickle, args=(source, target, slowly), daemon=True).start()
    print(f"{len(held)} sockets held", flush=True)


if __name__ == "__main__":
    listen(int(sys.argv[2]), sys.argv[3])
