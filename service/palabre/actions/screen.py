"""Screening a submission: what the store knows about it, and what the rules make of that.

Also for what nobody has sent: `looked_at` says what would become of it, and stores nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from palabre import screening
from palabre.actions import allowance, stamps
from palabre.actions.allowance import Room, Taken
from palabre.actions.tags import Tags, tags_of
from palabre.errors import FieldError
from palabre.model import (
    Article,
    Facts,
    Learned,
    Manner,
    Policy,
    Signal,
    Site,
    Stamp,
    Submission,
    Visitor,
)
from palabre.screening import Verdict
from palabre.service import Service
from palabre.store import Tx, facts
from palabre.text import features, submission, urls, wordlist
from palabre.text.policy import OFF

REPEATS_WITHIN = timedelta(days=30)
REPEATS_MOST = 20


UNSAID: Mapping[str, submission.Value] = {
    "article": "/",
    "name": "Camille",
    "email": "camille@example.com",
}
"""What stands in a comment that is only looked at, where nothing else is said."""

NOBODY = Visitor("nobody", "nobody")


@dataclass(frozen=True, slots=True)
class Looked:
    """What would become of a comment: what is wrong with its fields, or else the verdict.

    `learned`: what the site knows about comments like it.
    """

    errors: tuple[FieldError, ...]
    verdict: Verdict | None = None
    learned: Learned = field(default_factory=Learned)


async def looked_at(service: Service, site: Site, fields: submission.Fields) -> Looked:
    """Screen what *fields* would bring, by all that the store knows; a visitor never seen before.

    Of the fields only `comment` has to be there. Stores nothing.
    """
    fields = {**UNSAID, **fields}
    checked = submission.check(fields, site.policy, site.origins)
    sent = checked.submission
    if sent is None:
        return Looked(checked.errors)
    tags = tags_of(service, site, sent, NOBODY)

    async def unit(tx: Tx) -> facts.Known:
        return await known(tx, site, sent, tags, now=service.now())

    found = await service.store.read(unit)
    policy = found.article.policy
    if policy != site.policy:
        again = submission.check(fields, policy, site.origins)
        if again.submission is None:
            return Looked(again.errors)
    verdict = screening.screen(sent, _facts(site, sent, found, policy))
    return Looked((), verdict, found.learned)


async def ready(policy: Policy) -> None:
    """Prepare the site's lists of words where nobody waits for it, if they are new here."""
    for entries in (policy.hold_words, policy.reject_words):
        if not wordlist.is_compiled(entries):
            await asyncio.to_thread(wordlist.compiled, entries)


def judged_again(
    site: Site, sent: Submission, known: facts.Known, then: Sequence[Signal], *, trusted: bool
) -> Verdict:
    """What screening would say of a comment that came with the signals *then*, by the rules of
    its article as it is *known* here. *trusted*: it was let through for its reader's browser."""
    found = _facts(site, sent, known, known.article.policy)
    found = replace(found, trusted=trusted)
    return screening.screen_again(sent, found, then)


async def known(
    tx: Tx,
    site: Site,
    sent: Submission,
    tags: Tags,
    *,
    now: datetime,
    to_store: bool = False,
) -> facts.Known:
    """All that the store knows about a submission, in one read or two. Writes nothing.

    *to_store*: it is going to be stored in this transaction, and waits for its likes.
    """
    return await facts.about(
        tx,
        site,
        sent.article,
        author=tags.author,
        text_hash=tags.text,
        sketch=tags.sketch,
        bannable=tags.bannable,
        features=features.of(sent.text, sent.name, sent.website),
        browser=tags.browser,
        name=sent.name,
        since=now - REPEATS_WITHIN,
        most=REPEATS_MOST,
        now=now,
        to_store=to_store,
    )


async def judge(
    tx: Tx,
    service: Service,
    site: Site,
    sent: Submission,
    known: facts.Known,
    article: Article,
    *,
    network: bytes,
    taken: Taken,
    stamp: Stamp,
    manner: Manner,
) -> Verdict:
    """What screening says. *network*: the tag of the visitor's. *taken*: what the submission found
    left of each limit.

    In a flood, one that nothing speaks against takes of the room that is left for such.
    """
    is_limited = service.settings.submission_limit is not None
    policy = article.policy
    found = replace(
        _facts(site, sent, known, policy),
        recent=taken.recent,
        stamp=stamp,
        manner=manner,
        network_over=taken.network_over,
        author_over=taken.author_over,
        flooded=taken.site_over or (known.flooded and is_limited and policy.site_limit != OFF),
        crowded=taken.article_over
        or (known.crowded and is_limited and policy.article_limit != OFF),
        trusted=policy.trust_after is not None and known.earned >= policy.trust_after,
    )
    if found.attacked and stamps.are_asked_for(service, article):
        found = replace(found, proof=stamps.proof_of(service, sent, stamp))
    verdict = screening.screen(sent, found)
    if not found.attacked or not screening.takes_room(verdict):
        return verdict
    kind = screening.kind_in_flood(found)
    room = await allowance.take_room(tx, service, article, network, kind=kind)
    if room is Room.LEFT:
        return verdict
    return screening.without_room(verdict, "flood_full" if room is Room.FULL else "flood_share")


def _facts(site: Site, sent: Submission, known: facts.Known, policy: Policy) -> Facts:
    """What is known of a submission, whoever sent it and however it came."""
    others = known.earlier
    return Facts(
        policy=policy,
        same_text=known.same_text,
        alike=min(REPEATS_MOST, sum(not one.is_equal for one in others)),
        articles=min(REPEATS_MOST, len({one.article_id for one in others} - {known.article.id})),
        names=min(REPEATS_MOST, len({one.name for one in others} - {sent.name})),
        blocked=known.blocked,
        banned=known.banned,
        learned=known.learned,
        moderators=known.moderators,
        locale=site.locale,
        site_name=site.name,
        hosts=tuple(map(urls.host_of, site.origins)),
        borrowed=known.borrowed,
        name_is_own=known.name_is_own,
        name_is_approved=known.name_is_approved,
    )
