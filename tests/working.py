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
    # What is the same for all is hashed once.
    first = hashlib.sha256(begins)
    for number in itertools.count():
        found = first.copy()
        digits = f"{number:06x}"
        found.update(digits.encode())
        if _starts(found.digest(), bits):
            return digits
    raise AssertionError


def _is_worth(data: bytes, bits: int) -> bool:
    return _starts(hashlib.sha256(data).digest(), bits)


def _starts(digest: bytes, bits: int) -> bool:
    return f"{int.from_bytes(digest):0256b}".startswith("0" * bits)
