"""The stamp of a form: which article it was made for and when, sealed so that only ours comes back.

Kept nowhere when it is given out. It says nothing about a person and tells two forms apart, so
that one that was filled in once is known when it comes again. It may pose a puzzle, whose solution
is good for this stamp alone: all of it is hashed.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from dataclasses import dataclass

from palabre.keys import Keys

NONCE_BYTES = 13
BITS = 15
PARTS = 8
"""A puzzle has so many parts, each of which takes 2 ** BITS hashes, more or less: 262,000 together.
Plain JavaScript does 1.2 to 1.9 million a second in Chromium on a desktop computer, and a fourth
to a sixth of that when throttled to a phone's pace, which takes it about a second; crypto.subtle
does 80,000. With one part of 2 ** 18 one reader in twenty would wait three times the mean; with
eight it is 1.6 times."""

_CODE_BYTES = 16
_PLAIN = struct.Struct(f">B16sQ{NONCE_BYTES}s")
_POSING = struct.Struct(f">B16sQ{NONCE_BYTES}sQB")
_SAID = {1: _PLAIN, 2: _POSING}
"""By version, which is the first byte: every field has its place, so that what is sealed can be
read in one way only."""
# 54 and 63 bytes: none of the last character's bits is spare, so no stamp has a second spelling.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{72}(?:[A-Za-z0-9_-]{12})?")
_NUMBER = 6
_PROOF = re.compile(rf"[0-9a-f]{{{PARTS * _NUMBER}}}")


@dataclass(frozen=True, slots=True)
class Puzzle:
    """`until_ms`: since 1970, how long a solution is taken. `bits`: that each part is worth."""

    until_ms: int
    bits: int = BITS


@dataclass(frozen=True, slots=True)
class Told:
    """What a stamp of ours tells. `at_ms`: since 1970. `tag`: 16 bytes to know it again by."""

    place: bytes
    at_ms: int
    tag: bytes
    puzzle: Puzzle | None = None


def seal(
    keys: Keys, place: bytes, *, at_ms: int, nonce: bytes, puzzle: Puzzle | None = None
) -> str:
    """A stamp, in URL-safe characters: 72, or 84 with a puzzle. *nonce*: NONCE_BYTES at random."""
    if puzzle is None:
        said = _PLAIN.pack(1, place, at_ms, nonce)
    else:
        said = _POSING.pack(2, place, at_ms, nonce, puzzle.until_ms, puzzle.bits)
    code = keys.seal("stamp", said)[:_CODE_BYTES]
    return base64.urlsafe_b64encode(said + code).decode()


def read(keys: Keys, token: str) -> Told:
    """What a stamp of `seal` tells, under any of the keys. Raises ValueError for any other."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("not a stamp")
    raw = base64.urlsafe_b64decode(token)
    said, code = raw[:-_CODE_BYTES], raw[-_CODE_BYTES:]
    shape = _SAID.get(said[0])
    if shape is None or len(said) != shape.size or not keys.has_sealed("stamp", said, code):
        raise ValueError("not a stamp of ours")
    _, place, at_ms, _, *posed = shape.unpack(said)
    puzzle = Puzzle(*posed) if posed else None
    return Told(place, at_ms, hashlib.sha256(said).digest()[:16], puzzle)


def is_solved(token: str, puzzle: Puzzle, proof: str) -> bool:
    """Whether a proof solves the puzzle of this stamp, which has been read. Costs PARTS hashes.

    A proof is a number for each part, in six hexadecimal digits. Hashed are the stamp, the part's
    own number as one digit, and that number.
    """
    if not _PROOF.fullmatch(proof):
        return False
    for part in range(PARTS):
        number = proof[part * _NUMBER : (part + 1) * _NUMBER]
        found = hashlib.sha256(f"{token}{part:x}{number}".encode()).digest()
        if int.from_bytes(found) >> (256 - puzzle.bits):
            return False
    return True


def place_of(site_id: str, article: str) -> bytes:
    """What stands in a stamp for an article, by its canonical address on its site."""
    return hashlib.sha256(f"{site_id}\0{article}".encode()).digest()[:16]
