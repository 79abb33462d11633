"""The desk's pages of bans: those that stand, and what one would do before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from palabre import locale
from palabre.actions.bans import Preview
from palabre.model import Ban, BanKind
from palabre.rendering.desk import SURE_MOST
from palabre.rendering.desk_queue import excerpt


@dataclass(frozen=True, slots=True)
class BanLine:
    """A ban in the list. `name`: what is banned, in words; `words`: how the comment that it was
    made from begins, as long as that is there."""

    ban: Ban
    name: str
    site: str
    words: str | None


@dataclass(frozen=True, slots=True)
class BansView:
    """The bans that stand. `values`, `errors`: of the form for a domain. `lifted`: one has just
    been. `restored`, `left`: what became of comments that were to be brought back."""

    lines: Sequence[BanLine]
    site: str | None
    sites: tuple[str, ...]
    next: str | None
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    lifted: bool = False
    made: BanLine | None = None
    moved: int | None = None
    restored: int | None = None
    left: int = 0


@dataclass(frozen=True, slots=True)
class BanView:
    """What a ban would do, before it is made. `fields`: what the form sends again. `back`: what
    follows `/desk/` where one was."""

    name: str
    kind: str
    preview: Preview
    fields: Mapping[str, str]
    reason: str
    until: str
    errors: Mapping[str, str]
    back: str

    @property
    def count(self) -> int:
        return sum(self.preview.counts.values())

    @property
    def examples(self) -> Sequence[tuple[str, str, str, str]]:
        """Some of what it hits: state, id, name and beginning of each."""
        return [
            (one.state.value, one.id, one.shown.name or "", excerpt(one.text or ""))
            for one in self.preview.examples[:SURE_MOST]
        ]


def ban_name(kind: BanKind, label: str | None, language: str) -> str:
    """What is banned, in words."""
    if label is None:
        return locale.say(language, f"ban.of.{kind}")
    return locale.say(language, f"ban.named.{kind}", domain=label)
