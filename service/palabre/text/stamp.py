"""The stamp of a form: which article it was made for and when, sealed so that only ours comes back.

Kept nowhere when it is given out. It says nothing about a person and tells two forms apart, so
that one that was filled in once is known when it comes again.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from dataclasses import dataclass

from palabre.keys import Keys

NONCE_BYTES = 13
_VERSION = 1
_CODE_BYTES = 16
_SAID = struct.Struct(f">B16sQ{NONCE_BYTES}s")
# 54 bytes: none of the last character's bits is spare, so that no stamp has a second spelling.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{72}")


@dataclass(frozen=True, slots=True)
class Told:
    """What a stamp of ours tells. `at_ms`: since 1970. `tag`: 16 bytes to know it again by."""

    place: bytes
    at_ms: int
    tag: bytes


def seal(keys: Keys, place: bytes, *, at_ms: int, nonce: bytes) -> str:
    """A stamp, in 72 URL-safe characters. *nonce*: NONCE_BYTES at random."""
    said = _SAID.pack(_VERSION, place, at_ms, nonce)
    code = keys.seal("stamp", said)[:_CODE_BYTES]
    return base64.urlsafe_b64encode(said + code).decode()


def read(keys: Keys, token: str) -> Told:
    """What a stamp of `seal` tells, under any of the keys. Raises ValueError for any other."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("not a stamp")
    raw = base64.urlsafe_b64decode(token)
    said, code = raw[:-_CODE_BYTES], raw[-_CODE_BYTES:]
    if said[0] != _VERSION or not keys.has_sealed("stamp", said, code):
        raise ValueError("not a stamp of ours")
    _, place, at_ms, _ = _SAID.unpack(said)
    return Told(place, at_ms, hashlib.sha256(said).digest()[:16])


def place_of(site_id: str, article: str) -> bytes:
    """What stands in a stamp for an article, by its canonical address on its site."""
    return hashlib.sha256(f"{site_id}\0{article}".encode()).digest()[:16]
