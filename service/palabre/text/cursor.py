"""Cursors: where a page of a list ended, sealed so that only our own come back.

A cursor carries positions, not ids, so it stays good when the row it points at disappears.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json

from palabre.keys import Keys

Position = tuple[int | str, ...]
_SEAL_BYTES = 12


def seal(keys: Keys, scope: str, position: Position) -> str:
    """A cursor good for one *scope* alone: a list, with its filters and order."""
    payload = json.dumps(position, separators=(",", ":"), ensure_ascii=True).encode()
    return _text(payload + _code(keys, scope, payload))


def position(keys: Keys, scope: str, cursor: str) -> Position:
    """What a cursor of this scope says. Raises ValueError for any that `seal` did not make."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("not a cursor") from exc
    payload, code = raw[:-_SEAL_BYTES], raw[-_SEAL_BYTES:]
    # Only the canonical spelling: a last character has spare bits that decoding ignores.
    if not hmac.compare_digest(code, _code(keys, scope, payload)) or _text(raw) != cursor:
        raise ValueError("not a cursor of this list")
    return tuple(json.loads(payload))


def _code(keys: Keys, scope: str, payload: bytes) -> bytes:
    return keys.seal("cursor", scope.encode() + b"\0" + payload)[:_SEAL_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
