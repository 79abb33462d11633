"""The desk's pages: what stands around each, and the small ones. Values in, HTML out.

Pages run under `default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from palabre import locale
from palabre.model import AUTHOR, Moderator, Scope
from palabre.rendering.templating import render

SURE_MOST = 10

MENU = {
    "queue": ("", Scope.READ),
    "articles": ("articles", Scope.READ),
    "people": ("people", Scope.MODERATE),
    "bans": ("bans", Scope.MODERATE),
    "rules": ("rules", Scope.READ),
    "numbers": ("numbers", Scope.READ),
    "log": ("log", Scope.READ),
    "moderators": ("moderators", Scope.ADMIN),
}
"""The desk's pages in the order of its menu: what follows `/desk/` in each one's path, and who may
see it."""

OF_A_SITE = frozenset(MENU) - {"moderators"}
"""Those that can be asked for of one site alone."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page of somebody who is signed in.

    `here`: the entry of the menu that the page belongs to. `csrf`: what its forms carry. `site`:
    the name of the only site that the moderator sees; of one who sees all `sites`, None. `chosen`:
    the one among these that the page was asked for. `has_keys`: single keys decide.
    """

    language: str
    base: str
    now: datetime
    here: str
    csrf: str = field(repr=False)
    moderator: Moderator
    site: str | None
    sites: tuple[str, ...]
    chosen: str | None
    has_keys: bool

    @property
    def menu(self) -> Mapping[str, str]:
        """The pages that this moderator may see, those of a site of the one that is chosen."""
        allows = self.moderator.scope.allows
        query = "" if self.chosen is None else "?" + urlencode({"site": self.chosen})
        return {
            name: path + (query if name in OF_A_SITE else "")
            for name, (path, scope) in MENU.items()
            if allows(scope)
        }

    def may(self, scope: str) -> bool:
        return self.moderator.scope.allows(Scope(scope))


@dataclass(frozen=True, slots=True)
class Login:
    """The token's form. `to`: what follows `/desk/` where it leads. `ended`: a session is over,
    and `typed` is what somebody was writing when it was."""

    to: str = ""
    error: str | None = None
    ended: bool = False
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class LoginLink:
    """A link's button. `name`: whom it signs in."""

    name: str


@dataclass(frozen=True, slots=True)
class Signed:
    """One session of a moderator's."""

    id: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Sessions:
    """A moderator's own sessions. `current`: the id of the one that looks."""

    sessions: tuple[Signed, ...]
    current: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sure:
    """A question before what can't be taken back.

    `comments`: the name and beginning of each, of the first SURE_MOST. `fields`: what the form
    sends again. `back`: what follows `/desk/` where one was.
    """

    count: int
    comments: tuple[tuple[str, str], ...]
    fields: Mapping[str, str]
    back: str


def page(name: str, frame: Frame, view: object) -> str:
    """A page of the desk."""
    return render(
        f"desk/{name}.html",
        language=frame.language,
        base=frame.base,
        frame=frame,
        view=view,
        now=frame.now,
    )


def outside(name: str, view: object, *, language: str, base: str) -> str:
    """A page before the door: nobody is signed in."""
    return render(
        f"desk/{name}.html", language=language, base=base, view=view, languages=locale.LANGUAGES
    )


def decider(name: str, language: str) -> str:
    """Who decided, in words: a moderator's name, the author, a rule."""
    if name == AUTHOR.name:
        return locale.say(language, "mail.by_author")
    if not name.startswith("rule:"):
        return name
    return locale.say(language, "desk.by_rule", rule=rule_words(name, language))


def rule_words(name: str, language: str) -> str:
    """A rule's `rule:NAME` in words; one that was there once is still in the log."""
    code = name.replace(":", ".")
    return locale.say(language, code) if locale.has(code) else name
