"""A STUN server (RFC 8489) as far as gathering candidates needs one: it answers binding requests, and may lie about what it sees."""

import ipaddress
import socket
import struct
import threading

COOKIE = 0x2112A442


class StunServer:
    """On a free port of `address`; tells everybody `mapped`, an address and a port, or what it sees."""

    def __init__(self, address="127.0.0.1", mapped=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]
        self.mapped = mapped
        self.asked = 0
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            try:
                request, sender = self.socket.recvfrom(1500)
            except OSError:
                return
            if len(request) < 20 or struct.unpack(">HHI", request[:8])[::2] != (1, COOKIE):
                continue
            self.asked += 1
            host, port = self.mapped or sender
            seen = struct.pack(">HHBBHI", 0x20, 8, 0, 1, port ^ COOKIE >> 16, int(ipaddress.IPv4Address(host)) ^ COOKIE)
            try:
                self.socket.sendto(struct.pack(">HHI", 0x101, len(seen), COOKIE) + request[8:20] + seen, sender)
            except OSError:
                return  # closed while it answered

    def close(self):
        self.socket.close()
