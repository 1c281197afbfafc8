"""Writes libsodium.json: python3 libsodium.py > libsodium.json

It drives libsodium itself (libsodium.so.23, Debian package libsodium23) through ctypes. init_pull with a header that is
chosen makes the same state as init_push does with a random one, so that the vectors are the same in each run.
"""

import base64
import ctypes
import hashlib
import json
import struct

sodium = ctypes.CDLL("libsodium.so.23")
sodium.sodium_init()
sodium.sodium_version_string.restype = ctypes.c_char_p
NAME = "crypto_secretstream_xchacha20poly1305_"
MESSAGE, PUSH, REKEY, FINAL = 0, 1, 2, 3
CHUNK = 1024


class Stream:
    def __init__(self, key, header):
        self.state = ctypes.create_string_buffer(52)
        assert getattr(sodium, NAME + "init_pull")(self.state, header, key) == 0

    def push(self, plain, tag, additional=b""):
        out, n = ctypes.create_string_buffer(len(plain) + 17), ctypes.c_ulonglong()
        assert getattr(sodium, NAME + "push")(
            self.state, out, ctypes.byref(n), plain, ctypes.c_ulonglong(len(plain)),
            additional or None, ctypes.c_ulonglong(len(additional)), ctypes.c_ubyte(tag)) == 0
        return out.raw[: n.value]

    def rekey(self):
        getattr(sodium, NAME + "rekey")(self.state)

    def set_counter(self, n):
        ctypes.memmove(ctypes.addressof(self.state) + 32, struct.pack("<I", n), 4)  # behind the key


def plaintext(size):
    return bytes(i * 31 % 251 for i in range(size))


def vector(name, size, write, full=True, **more):
    key = hashlib.sha256(b"key of " + name.encode()).digest()
    header = hashlib.sha256(b"header of " + name.encode()).digest()[:24]
    sealed = header + write(Stream(key, header), plaintext(size))
    v = {"name": name, "key": key.hex(), "header": header.hex(), "size": size,
         "plain_sha256": hashlib.sha256(plaintext(size)).hexdigest(),
         "sealed_sha256": hashlib.sha256(sealed).hexdigest(), **more}
    if full:
        v["sealed"] = base64.b64encode(sealed).decode()
    return v


def chunks(special={}, counter=None, last=FINAL):
    def write(stream, plain):
        if counter is not None:
            stream.set_counter(counter)
        parts = [plain[i:i + CHUNK] for i in range(0, len(plain), CHUNK)]
        return b"".join(stream.push(part, special.get(i, last if i == len(parts) - 1 else MESSAGE))
                        for i, part in enumerate(parts))
    return write


def manual_rekey(stream, plain):
    first = stream.push(plain[:CHUNK], MESSAGE)
    stream.rekey()
    return first + stream.push(plain[CHUNK:], FINAL)


sizes = [0, 1, 15, 16, 17, 1008, 1023, 1024, 1025, 2047, 2048, 10_000, 1_000_000]
top = 0xFFFFFFFF
print(json.dumps({
    "made_by": "libsodium " + sodium.sodium_version_string().decode(),
    "both_ways": [vector(f"{n} bytes", n, chunks(), full=n < 20 or n == 1025) for n in sizes]
    + [vector(f"counter {n:08x}", 2500, chunks(counter=n), counter=n) for n in (top - 2, top - 1, top)],
    "opened": [
        vector("push", 1100, chunks({0: PUSH})),
        vector("rekey", 1100, chunks({0: REKEY})),
        vector("two rekeys", 2100, chunks({0: REKEY, 1: REKEY})),
        vector("an empty last chunk alone", 0, lambda s, p: s.push(p, FINAL)),
        vector("an empty last chunk after a full one", 1024, lambda s, p: s.push(p, MESSAGE) + s.push(b"", FINAL)),
    ],
    "refused": [
        vector("no last chunk", 1100, chunks(last=MESSAGE), error="truncated"),
        vector("no last chunk, all full", 1024, chunks(last=MESSAGE), error="truncated"),
        vector("an empty chunk that is not the last", 1024, lambda s, p: s.push(p, MESSAGE) + s.push(b"", MESSAGE),
               error="truncated"),
        vector("two last chunks", 1100, chunks({0: FINAL}), error="corrupt"),
        vector("a chunk after the last", 1100, chunks({0: FINAL, 1: MESSAGE}), error="corrupt"),
        vector("an unknown tag", 1100, chunks({0: 4}), error="corrupt"),
        vector("unknown bits in the last tag", 1100, chunks(last=0xFF), error="corrupt"),
        vector("a rekey that no tag says", 1100, manual_rekey, error="corrupt"),
        vector("additional data", 10, lambda s, p: s.push(p, FINAL, b"more"), error="corrupt"),
    ],
}, indent="\t"))
