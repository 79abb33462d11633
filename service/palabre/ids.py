"""Names that the service gives: ids that sort by time, tokens that nobody can guess."""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import datetime

TOKEN_BYTES = 24

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)
_SHIFTS = range(120, -1, -10)


def new_id(at: datetime) -> str:
    """A UUIDv7 (RFC 9562, 5.7) in 26 characters of lower-case base32hex (RFC 4648, 7).

    Composed here rather than by a library because the time must be the service's own clock.
    base32hex keeps the order of the bytes, so ids sort by *at*, to the millisecond.
    """
    milliseconds = int(at.timestamp() * 1000)
    random = secrets.randbits(74)
    number = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62
    number |= random & ((1 << 62) - 1)
    return _spelt(number)


def random_id() -> str:
    """An id that says nothing, not even when it was made: 128 random bits, same alphabet."""
    return _spelt(secrets.randbits(128))


def new_token() -> str:
    """192 random bits for a link or a header, in 32 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def _spelt(number: int) -> str:
    """128 bits in base32hex: 26 digits, the last of them filled up with zeros.

    Two digits at a time, which takes a third of the standard library's time.
    """
    filled = number << 2
    return "".join([_PAIRS[filled >> shift & 1023] for shift in _SHIFTS])


def as_uuid(id_: str) -> uuid.UUID:
    """The UUID that an id of ours spells."""
    return uuid.UUID(bytes=base64.b32hexdecode(id_.upper() + "=" * (-len(id_) % 8)))
