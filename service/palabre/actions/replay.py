"""Trying rules on what has come already: what they would have done, beside what was decided.

Writes nothing. What the text, the name and the website say is judged again, by the rules as they
are to be and by what is learned today; what else spoke against a comment still does (`screening.
screen_again`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from palabre.actions import screen, sites
from palabre.model import Article, Learned, Site, State, Submission
from palabre.screening import Verdict
from palabre.service import Service
from palabre.store import Tx, articles, learned, replays
from palabre.store.facts import Known
from palabre.store.order import Reached
from palabre.store.replays import Past
from palabre.text import features
from palabre.text.policy import LIMITS

DAYS = 30
DAYS_MOST = 366

AT_ONCE = 50
"""Comments that are read at once: as many as are in memory at a time."""

EXAMPLES = 20

NOT_TRIED = frozenset(
    {
        *LIMITS,
        "depth",
        "comment_limit",
        "close_after_days",
        "min_seconds",
        "proof",
        "reports_to_hold",
        "trust_after",
        "privacy_url",
        "stylesheet",
        "reasons",
    }
)
"""Rules of a policy that no stored comment can be judged by: of how it came, or of no comment."""

OF_READER, OF_MODERATOR = "name_of_reader", "name_of_moderator"
"""What the name's rule says that can't be told any more: whose browser a comment came from."""

BY_POLICY, BY_TRUST = "rule:policy", "rule:trust"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked at, the newest first, at most; None for all of it."""

    comments: int | None = None
    characters: int | None = None


IN_A_REQUEST = Bounds(comments=2_000, characters=1_000_000)
"""A few seconds of work, in steps of some milliseconds between which others are answered."""


@dataclass(slots=True)
class Compared:
    """A number of comments by what moderators made of them. `waiting`: nobody has decided."""

    approved: int = 0
    refused: int = 0
    waiting: int = 0

    @property
    def comments(self) -> int:
        return self.approved + self.refused + self.waiting

    @property
    def precision(self) -> float | None:
        """How many of those that were decided on were refused, 0 to 1; None where none was."""
        decided = self.approved + self.refused
        return round(self.refused / decided, 3) if decided else None

    def add(self, past: Past) -> None:
        if past.decided is State.APPROVED:
            self.approved += 1
        elif past.decided in (State.REJECTED, State.SPAM):
            self.refused += 1
        else:
            self.waiting += 1


@dataclass(slots=True)
class OfRule:
    """What one rule decided then, and what it would decide."""

    before: Compared = field(default_factory=Compared)
    after: Compared = field(default_factory=Compared)


@dataclass(frozen=True, slots=True)
class Example:
    """A comment that would fare otherwise."""

    past: Past
    verdict: Verdict


@dataclass(slots=True, kw_only=True)
class Replay:
    """What came of it. `oldest`: the creation of the oldest comment looked at; `is_all`: it reaches
    back to `since`.

    `comments`: all that were looked at; `of_moderators`, `deleted`, `edited`: those of them that
    were left out, `edited` because the words they came with are no longer there. `caught`: would be
    held back and were not, or would be by a rule and merely waited as everything does; `freed`: the
    reverse. `states`: the first states, as they were and as they would be. `rules`: by name, those
    that decided (`rule:NAME`, `rule:policy` where none minded). `not_tried`: of the changes, those
    that make no difference here.
    """

    site: Site
    since: datetime
    until: datetime
    not_tried: tuple[str, ...] = ()
    oldest: datetime | None = None
    is_all: bool = True
    comments: int = 0
    of_moderators: int = 0
    deleted: int = 0
    edited: int = 0
    caught: Compared = field(default_factory=Compared)
    freed: Compared = field(default_factory=Compared)
    states: tuple[Counter[State], Counter[State]] = field(
        default_factory=lambda: (Counter(), Counter())
    )
    rules: dict[str, OfRule] = field(default_factory=dict)
    examples_caught: list[Example] = field(default_factory=list)
    examples_freed: list[Example] = field(default_factory=list)


async def replay(
    service: Service,
    site: Site,
    changes: Mapping[str, object],
    *,
    span: timedelta,
    bounds: Bounds = Bounds(),
    told: Callable[[int], None] = lambda n: None,
) -> Replay:
    """Judge what came to the site within *span* until now, as if its rules had been changed so.

    *told*: is called with each number of comments looked at. Raises InvalidRequest.
    """
    changed = await sites.with_changes(service, site, changes)
    now = service.now()
    found = Replay(
        site=changed,
        since=now - span,
        until=now,
        not_tried=tuple(sorted(NOT_TRIED & changes.keys())),
    )
    names = await service.store.read(partial(replays.moderators, site_id=site.id, now=now))
    after: Reached | None = None
    characters = 0
    while True:
        limit = AT_ONCE
        if bounds.comments is not None:
            limit = min(limit, bounds.comments - found.comments)
        is_over = bounds.characters is not None and characters >= bounds.characters
        page, reached = await _page(service, found, after, 1 if limit < 1 or is_over else limit)
        if reached is None:
            return found
        if limit < 1 or is_over:
            found.is_all = False
            return found
        after = reached
        for past, known in await _known(service, changed, page, names):
            _judge(found, past, known)
            characters += len(past.text)
            # Others are answered meanwhile: the longest of texts takes some milliseconds.
            await asyncio.sleep(0)
        told(len(page))


async def _page(
    service: Service, found: Replay, after: Reached | None, limit: int
) -> tuple[list[Past], Reached | None]:
    look = replays.Look(
        site_id=found.site.id,
        since=found.since,
        within=screen.REPEATS_WITHIN,
        most=screen.REPEATS_MOST,
        limit=limit,
    )
    return await service.store.read(lambda tx: replays.page(tx, look, after=after))


async def _known(
    service: Service, site: Site, page: Sequence[Past], names: tuple[str, ...]
) -> list[tuple[Past, Known]]:
    """What the store knows about each, as far as it can be known afterwards."""
    counted = []
    for past in page:
        counted.append(features.of(past.text, past.name, past.website))
        await asyncio.sleep(0)

    async def unit(tx: Tx) -> tuple[dict[str, Article], list[Learned]]:
        on = await articles.some(tx, site, {past.article_id for past in page}, now=service.now())
        return on, await learned.about_each(tx, site.id, counted)

    on, known = await service.store.read(unit)
    return [
        (
            past,
            Known(
                article=on[past.article_id],
                blocked=False,
                same_text=past.same_text,
                earlier=past.earlier,
                moderators=names,
                flooded=False,
                crowded=False,
                banned=(),
                learned=has_learned,
                earned=0,
                borrowed=any(one.why == OF_READER for one in past.signals),
                name_is_own=past.is_remembered
                and all(one.why != OF_MODERATOR for one in past.signals),
                name_is_approved=False,
            ),
        )
        for past, has_learned in zip(page, known, strict=True)
    ]


def _judge(found: Replay, past: Past, known: Known) -> None:
    """Count a comment, and judge it if that can be done."""
    found.comments += 1
    found.oldest = past.created_at
    if past.state is State.DELETED:
        found.deleted += 1
    elif past.is_moderators:
        found.of_moderators += 1
    elif past.is_edited:
        found.edited += 1
    else:
        sent = _as_sent(past, known)
        is_trusted = past.by == BY_TRUST
        verdict = screen.judged_again(found.site, sent, known, past.signals, trusted=is_trusted)
        _compare(found, past, verdict)


def _as_sent(past: Past, known: Known) -> Submission:
    """A comment as it was sent, but for its address, which nobody knows, and rules don't read."""
    return Submission(
        article=known.article.address,
        name=past.name,
        email="",
        website=past.website,
        text=past.text,
        parent=None,
        title=past.title,
        idempotency_key=None,
    )


def _compare(found: Replay, past: Past, verdict: Verdict) -> None:
    before, after = found.states
    before[past.then] += 1
    after[verdict.state] += 1
    found.rules.setdefault(past.by, OfRule()).before.add(past)
    found.rules.setdefault(verdict.by, OfRule()).after.add(past)
    was, would_be = _severity(past.then, past.by), _severity(verdict.state, verdict.by)
    if was == would_be:
        return
    compared, examples = (
        (found.caught, found.examples_caught)
        if would_be > was
        else (found.freed, found.examples_freed)
    )
    compared.add(past)
    if len(examples) < EXAMPLES:
        examples.append(Example(past, verdict))


def _severity(state: State, by: str) -> int:
    """Let through; waiting as everything does on the site; or held back by a rule."""
    if state is State.APPROVED:
        return 0
    return 1 if by == BY_POLICY else 2
