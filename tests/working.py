"""Work as browsers do it for a form's puzzle, and the puzzle's own words on what is worth it."""

from __future__ import annotations

import hashlib
import itertools

PARTS, DIGITS = 8, 6


def solve(stamp: str, bits: int) -> str:
    """The proof of work for a stamp: 2 ** bits hashes a part, more or less."""
    return "".join(_number(f"{stamp}{part:x}".encode(), bits) for part in range(PARTS))


def is_worth(stamp: str, bits: int, proof: str) -> bool:
    """Whether each part of a proof is worth so many bits."""
    return all(
        _is_worth(f"{stamp}{part:x}{proof[DIGITS * part : DIGITS * (part + 1)]}".encode(), bits)
        for part in range(PARTS)
    )


def _number(begins: bytes, bits: int) -> str:
    # What is the same for all is hashed once, and what begins with so many zeros is a number below.
    first, below = hashlib.sha256(begins), (1 << 256 - bits).to_bytes(32)
    for number in itertools.count():
        found = first.copy()
        digits = b"%06x" % number
        found.update(digits)
        if found.digest() < below:
            return digits.decode()
    raise AssertionError


def _is_worth(data: bytes, bits: int) -> bool:
    return _starts(hashlib.sha256(data).digest(), bits)


def _starts(digest: bytes, bits: int) -> bool:
    return f"{int.from_bytes(digest):0256b}".startswith("0" * bits)
