"""The desk's pages of authors as persons, and of moderators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import Author


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
    """One author. `asks`: whether to erase them is being asked. `until_error`: of the date."""

    author: Author
    asks: bool = False
    until: str = ""
    reason: str = ""
    until_error: str | None = None


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
    """All moderators. `token` and `link` are shown once, of `added`. `asks`: who may be revoked."""

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
