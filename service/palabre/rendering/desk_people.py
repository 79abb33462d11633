"""The desk's pages of authors as persons, and of moderators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import Author
from palabre.rendering.desk import SURE_MOST
from palabre.store.browsers import Browser


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
    """One author. `names`: those they signed with, and how many comments with each, the most
    first; all of them where it `asks` whether to erase that person. `browsers`: those that they let
    remember them. `until_error`: of the date.
    `moved`: how many comments have just gone to spam with the block, if any were to.
    """

    author: Author
    names: Sequence[tuple[str, int]]
    browsers: Sequence[Browser]
    asks: bool = False
    until: str = ""
    reason: str = ""
    until_error: str | None = None
    moved: int | None = None

    @property
    def name(self) -> str | None:
        """What to call them."""
        return self.names[0][0] if self.names else None

    @property
    def count(self) -> int:
        """How many comments there are of theirs."""
        return sum(n for _, n in self.names)

    @property
    def named(self) -> Sequence[tuple[str, int]]:
        """The names to be shown."""
        return self.names[:SURE_MOST]

    @property
    def unnamed(self) -> int:
        """How many names there are besides."""
        return len(self.names) - len(self.named)


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
    nobody else could then administer. `forgets`: whose `taught` decisions are to be taken out of
    the learned score, if that is being asked; `forgot`: whose have just been.
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
    forgets: str | None = None
    forgot: str | None = None
    taught: int = 0
