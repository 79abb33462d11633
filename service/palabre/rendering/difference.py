"""What changed from one text to the next, by words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
PIECES_MOST = 4000
"""Beyond, finding the differences would take seconds: the texts are shown as exchanged."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text that stayed, was taken out, or came in."""

    kind: Literal["same", "out", "in"]
    text: str


def difference(before: str, after: str) -> list[Part]:
    """The parts that make up *before* (without what came in) and *after* (without what went)."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    if len(old) + len(new) > PIECES_MOST:
        return _exchanged(before, after)
    parts: list[Part] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            parts.append(Part("same", "".join(old[a:b])))
        else:
            parts += _exchanged("".join(old[a:b]), "".join(new[c:d]))
    return parts


def _exchanged(before: str, after: str) -> list[Part]:
    parts = [Part("out", before), Part("in", after)]
    return [part for part in parts if part.text]
