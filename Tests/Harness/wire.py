"""Protobuf messages as an attacker reads and writes them: fields by number, and nothing is checked."""

import hashlib


def number(value: int) -> bytes:
    """A varint, which is also LEB128."""
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes(written) + bytes([value])


def encode(*fields) -> bytes:
    """Of (number, value): integers, bytes, text."""
    message = b""
    for field, value in fields:
        if isinstance(value, int):
            message += number(field << 3) + number(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            message += number(field << 3 | 2) + number(len(value)) + value
    return message


def decode(message: bytes) -> dict:
    """All values of each field, in their order."""
    found, place = {}, 0

    def take():
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(message):
        key = take()
        kind = key & 7
        if kind == 0:
            value = take()
        else:
            size = {1: 8, 5: 4}.get(kind) or take()
            value = message[place:place + size]
            place += size
        found.setdefault(key >> 3, []).append(value)
    return found


def unsealed(file: bytes) -> bytes:
    """The content of a file of the state directory: its checksum is at its end."""
    content = file[:-32]
    assert file[-32:] == hashlib.blake2b(content, digest_size=32).digest(), "the form of the file has changed"
    return content
