"""How far a reader of the log has come, as the text that they bring back (`Last-Event-ID`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

MISSING_MOST = 40
"""Numbers that a text names; with more, some events come twice instead."""

_TEXT = re.compile(rf"[0-9]{{1,18}}(?:\.[0-9]{{1,18}}){{0,{MISSING_MOST}}}")


@dataclass(frozen=True, slots=True)
class Reached:
    """Everything up to `number` is known, but for the `missing` ones, in ascending order.

    Those may come to light yet: on PostgreSQL numbers are given out before they are committed.
    """

    number: int
    missing: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """What leads on from here without a loss."""
        if len(self.missing) > MISSING_MOST:
            return str(self.missing[0] - 1)
        return ".".join(map(str, (self.number, *self.missing)))


def read(text: str) -> Reached:
    """What `Reached.text` says. Raises ValueError for anything that it can't have said."""
    if not _TEXT.fullmatch(text):
        raise ValueError("not a place in the log")
    number, *missing = map(int, text.split("."))
    if sorted(set(missing)) != missing or any(one >= number for one in missing):
        raise ValueError("not a place in the log")
    return Reached(number, tuple(missing))
