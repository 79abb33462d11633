"""The desk's pages of authors as persons, and of moderators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import Author
from palabre.rendering.desk import SURE_MOST


@dataclass(frozen=True, slots=True)
class PeopleView:
    """Looking an author up by address; what was typed is never shown again. `erased`: somebody
    has just been."""

    sites: tuple[str, ...]
    site: str | None
    error: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class PersonView:
    """One author. `until_error`: of the date.

    `goes`: whether to erase them is being asked; then the names they signed with, and how many
    comments with each, the most first.
    """

    author: Author
    goes: Sequence[tuple[str, int]] | None = None
    until: str = ""
    reason: str = ""
    until_error: str | None = None

    @property
    def asks(self) -> bool:
        return self.goes is not None

    @property
    def count(self) -> int:
        """How many comments go."""
        return sum(n for _, n in self.goes or ())

    @property
    def named(self) -> Sequence[tuple[str, int]]:
        """The names to be shown of those that go."""
        return (self.goes or ())[:SURE_MOST]

    @property
    def unnamed(self) -> int:
        """How many names there are besides."""
        return len(self.goes or ()) - len(self.named)


@dataclass(frozen=True, slots=True)
class ModeratorLine:
    """A moderator in the list. `standing`: `works`, `expired` or `revoked`, and `since` when."""

    name: str
    scope: str
    site: str | None
    standing: str
    since: datetime | None
    may_revoke: bool


@dataclass(frozen=True, slots=True)
class ModeratorsView:
    """All moderators. `token` and `link` are shown once, of `added`.

    `asks`: who is to be revoked, if that is being asked; `is_self`: it is oneself; `is_last`:
    nobody else could then administer.
    """

    moderators: Sequence[ModeratorLine]
    sites: tuple[str, ...]
    own_site: str | None
    scopes: tuple[str, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    added: str | None = None
    token: str | None = None
    link: str | None = None
    asks: str | None = None
    is_self: bool = False
    is_last: bool = False
