"""Request ids: what an answer (`X-Request-Id`) and its log lines have in common."""

from __future__ import annotations

import itertools
import secrets

_PROCESS = secrets.token_hex(4)
_numbers = itertools.count(1)


def next_id() -> str:
    """An id that no other request of this process has, and hardly any of another one."""
    return f"{_PROCESS}{next(_numbers):08x}"
