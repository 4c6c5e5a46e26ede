"""What an attacker needs of libsodium, which every node has."""

import ctypes
import ctypes.util

LIBRARY = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
assert LIBRARY.sodium_init() >= 0


def _made(size: int, function: str, *arguments):
    made = ctypes.create_string_buffer(size)
    if getattr(LIBRARY, function)(made, *arguments) != 0:
        return None
    return made.raw


def point(hash_: bytes) -> bytes:
    """ristretto255 from 64 bytes."""
    return _made(32, "crypto_core_ristretto255_from_hash", hash_)


def scalar() -> bytes:
    made = ctypes.create_string_buffer(32)
    LIBRARY.crypto_core_ristretto255_scalar_random(made)
    return made.raw


def times(scalar_: bytes, point_: bytes):
    """None where the result is the identity, or the point is none."""
    return _made(32, "crypto_scalarmult_ristretto255", scalar_, point_)


def shared(secret: bytes, public: bytes) -> bytes:
    """X25519."""
    return _made(32, "crypto_scalarmult", secret, public)


def public_dh(secret: bytes) -> bytes:
    return _made(32, "crypto_scalarmult_base", secret)


class Signer:
    """An Ed25519 key, from its seed."""

    def __init__(self, seed: bytes):
        public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        assert LIBRARY.crypto_sign_seed_keypair(public, secret, seed) == 0
        self.public, self._secret = public.raw, secret.raw

    def sign(self, message: bytes) -> bytes:
        return _made(64, "crypto_sign_detached", None, message, ctypes.c_ulonglong(len(message)), self._secret)


def seal(plain: bytes, header: bytes, nonce: bytes, key: bytes) -> bytes:
    """XChaCha20-Poly1305."""
    return _made(len(plain) + 16, "crypto_aead_xchacha20poly1305_ietf_encrypt", None, plain, ctypes.c_ulonglong(len(plain)),
                 header, ctypes.c_ulonglong(len(header)), None, nonce, key)


def open_(sealed: bytes, header: bytes, nonce: bytes, key: bytes):
    """None when it was altered, or made with another key."""
    return _made(len(sealed) - 16, "crypto_aead_xchacha20poly1305_ietf_decrypt", None, None, sealed, ctypes.c_ulonglong(len(sealed)),
                 header, ctypes.c_ulonglong(len(header)), nonce, key)


def with_passphrase(sealed: bytes, passphrase: str, passes: int):
    """What a passphrase opens (`version 1 | salt 16 | nonce 24 | secretbox`, Argon2id with 64 MiB); None when it is another one."""
    salt, nonce, box = sealed[1:17], sealed[17:41], sealed[41:]
    key = _made(32, "crypto_pwhash", ctypes.c_ulonglong(32), passphrase.encode(), ctypes.c_ulonglong(len(passphrase.encode())), salt,
                ctypes.c_ulonglong(passes), ctypes.c_size_t(64 << 20), 2)
    return _made(len(box) - 16, "crypto_secretbox_open_easy", box, ctypes.c_ulonglong(len(box)), nonce, key)
