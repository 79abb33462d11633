"""Screening a submission: what the store knows about it, and what the rules make of that."""

from __future__ import annotations

from datetime import datetime, timedelta

from palabre import screening
from palabre.actions.tags import Tags
from palabre.model import Facts, Manner, Policy, Site, Stamp, Submission
from palabre.screening import Verdict
from palabre.store import Tx, facts

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
        since=now - REPEATS_WITHIN,
        most=REPEATS_MOST,
        now=now,
    )


def judge(
    site: Site,
    sent: Submission,
    known: facts.Known,
    policy: Policy,
    *,
    recent: int,
    stamp: Stamp,
    manner: Manner,
) -> Verdict:
    """What screening says. *recent*: how many comments the visitor has sent lately."""
    others = known.earlier
    return screening.screen(
        sent,
        Facts(
            policy=policy,
            same_text=known.same_text,
            alike=min(REPEATS_MOST, sum(not one.is_equal for one in others)),
            articles=len({one.article_id for one in others} - {known.article.id}),
            names=len({one.name for one in others} - {sent.name}),
            recent=recent,
            blocked=known.blocked,
            moderators=known.moderators,
            locale=site.locale,
            site_name=site.name,
            stamp=stamp,
            manner=manner,
        ),
    )
