"""Screening a submission: what the store knows about it, and what the rules make of that."""

from __future__ import annotations

from datetime import datetime, timedelta

from palabre import screening
from palabre.actions import allowance
from palabre.actions.allowance import Taken
from palabre.actions.tags import Tags
from palabre.model import Article, Facts, Manner, Site, Stamp, State, Submission
from palabre.screening import Verdict
from palabre.service import Service
from palabre.store import Tx, facts
from palabre.text import features
from palabre.text.policy import OFF

REPEATS_WITHIN = timedelta(days=30)
REPEATS_MOST = 20


async def known(tx: Tx, site: Site, sent: Submission, tags: Tags, *, now: datetime) -> facts.Known:
    """All that the store knows about a submission, in one read or two. Writes nothing."""
    return await facts.about(
        tx,
        site,
        sent.article,
        author=tags.author,
        text_hash=tags.text,
        sketch=tags.sketch,
        bannable=tags.bannable,
        features=features.of(sent.text, sent.name, sent.website),
        since=now - REPEATS_WITHIN,
        most=REPEATS_MOST,
        now=now,
    )


async def judge(
    tx: Tx,
    service: Service,
    site: Site,
    sent: Submission,
    known: facts.Known,
    article: Article,
    *,
    taken: Taken,
    stamp: Stamp,
    manner: Manner,
) -> Verdict:
    """What screening says. *taken*: what the submission found left of each limit.

    In a flood, one that would wait in the queue takes of the room that is left there.
    """
    others = known.earlier
    is_limited = service.settings.submission_limit is not None
    policy = article.policy
    found = Facts(
        policy=policy,
        same_text=known.same_text,
        alike=min(REPEATS_MOST, sum(not one.is_equal for one in others)),
        articles=len({one.article_id for one in others} - {known.article.id}),
        names=len({one.name for one in others} - {sent.name}),
        recent=taken.recent,
        blocked=known.blocked,
        banned=known.banned,
        learned=known.learned,
        moderators=known.moderators,
        locale=site.locale,
        site_name=site.name,
        stamp=stamp,
        manner=manner,
        network_over=taken.network_over,
        author_over=taken.author_over,
        flooded=taken.site_over or (known.flooded and is_limited and policy.site_limit != OFF),
        crowded=taken.article_over
        or (known.crowded and is_limited and policy.article_limit != OFF),
    )
    verdict = screening.screen(sent, found)
    is_for_queue = (found.flooded or found.crowded) and verdict.state is not State.SPAM
    if is_for_queue and not await allowance.take_room(tx, service, article):
        return screening.without_room(verdict)
    return verdict
