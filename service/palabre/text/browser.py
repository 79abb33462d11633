"""The token by which a browser is known again, if its reader wants that, and whose name is whose.

The token says of which site it is and since when, sealed so that only ours comes back. It has 128
random bits to be known by, and holds nothing about a person. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from collections import Counter
from collections.abc import Iterable

from palabre.keys import Keys
from palabre.text import lookalike

NONCE_BYTES = 16
_VERSION = 1
_CODE_BYTES = 16
_SAID = struct.Struct(f">B16sQ{NONCE_BYTES}s")
# 57 bytes: none of the last character's bits is spare, so that no token has a second spelling.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{76}")

OWNED_FROM = 3
"""Approved comments of a browser from which on a name is its reader's."""

OUTLINE_LEAST = 5
"""Letters of a name that one reader can own; shorter ones, first names mostly, are everybody's."""


def seal(keys: Keys, site_id: str, *, at_ms: int, nonce: bytes) -> str:
    """A token for a site, in 76 URL-safe characters. *nonce*: NONCE_BYTES at random."""
    said = _SAID.pack(_VERSION, _place(site_id), at_ms, nonce)
    code = keys.seal("browser", said)[:_CODE_BYTES]
    return base64.urlsafe_b64encode(said + code).decode()


def is_ours(keys: Keys, site_id: str, token: str) -> bool:
    """Whether a token is `seal`'s, for this site, under any of the keys."""
    if not _TOKEN.fullmatch(token):
        return False
    raw = base64.urlsafe_b64decode(token)
    said, code = raw[:-_CODE_BYTES], raw[-_CODE_BYTES:]
    version, place, _, _ = _SAID.unpack(said)
    is_for = version == _VERSION and place == _place(site_id)
    return keys.has_sealed("browser", said, code) and is_for


def owned(names: Iterable[tuple[str, int]]) -> str | None:
    """How the name looks that is a reader's own, of those they sign with and how many approved
    comments with each; None as long as there are too few, or where it is too short to be theirs.
    """
    by_outline: Counter[str] = Counter()
    for name, n in names:
        by_outline[lookalike.outline(name)] += n
    if by_outline.total() < OWNED_FROM:
        return None
    outline = max(by_outline, key=lambda one: (by_outline[one], one))
    return outline if len(outline) >= OUTLINE_LEAST else None


def _place(site_id: str) -> bytes:
    return hashlib.sha256(site_id.encode()).digest()[:16]
