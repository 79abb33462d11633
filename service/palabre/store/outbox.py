"""Who wants to know of what a unit of work changed: each gets a row in the outbox.

In the unit's own transaction, so that there is no change without its rows and no row without its
change. What a row's work is about stands in `palabre.jobs`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.ids import new_id
from palabre.model import AUTHOR, State
from palabre.store import articles, jobs
from palabre.store.tx import Finish, Happening, Row, Tx, ms

EVENTS = ("submitted", "decided", "withdrawn")
"""What a webhook may want to be told of."""

_EVENT = re.compile("[a-z]+")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is switched on for the whole service. `digest_after`: how long a burst may take.

    `purges`, `publishes`: whether there are caches to purge, and a folder to publish into.
    """

    digest_after: timedelta = timedelta(minutes=10)
    purges: bool = False
    publishes: bool = False

    @property
    def of_articles(self) -> tuple[str, ...]:
        """The kinds of work that every changed article brings."""
        kinds = {"purge": self.purges, "publish": self.publishes}
        return tuple(kind for kind, is_on in kinds.items() if is_on)


def finishing(wishes: Wishes, now: Callable[[], datetime]) -> Finish:
    """What a store does at the end of every unit that writes (`Store.tell`)."""
    kinds = wishes.of_articles

    async def finish(tx: Tx) -> None:
        if tx.happened or (kinds and tx.outdated):
            await fill(tx, tx.happened, frozenset(tx.outdated), at=now(), wishes=wishes)

    return finish


async def fill(
    tx: Tx, happened: Sequence[Happening], outdated: Set[str], *, at: datetime, wishes: Wishes
) -> None:
    """Write down what is to be done now that this *happened* and these names are *outdated*.

    Where nobody subscribed and nothing is switched on: one statement a site that something
    happened on, two looks at an index.
    """
    # In one order always, so that two transactions never wait for each other's rows.
    for site_id in sorted({one.site_id for one in happened}):
        there = [one for one in happened if one.site_id == site_id]
        await _tell_subscribers(tx, site_id, there, at=at, wishes=wishes)
    if wishes.of_articles:
        for article_id in articles.changed(outdated):
            await _renew(tx, article_id, at=at, wishes=wishes)


def event(happening: Happening) -> str:
    """What a happening is called, one of EVENTS."""
    if happening.was is None:
        return "submitted"
    return "withdrawn" if happening.by == AUTHOR else "decided"


async def _tell_subscribers(
    tx: Tx, site_id: str, happened: Sequence[Happening], *, at: datetime, wishes: Wishes
) -> None:
    subscribers = await tx.all(
        "select 'webhook' as kind, id, events from webhook where site_id = :site union all "
        "select 'digest' as kind, moderator.id, '' as events from mailbox "
        "join moderator on moderator.id = mailbox.moderator_id "
        "where (moderator.site_id is null or moderator.site_id = :site) "
        "and moderator.scope in ('moderate', 'admin') and moderator.revoked_at is null "
        "and (moderator.expires_at is null or moderator.expires_at > :now)",
        site=site_id,
        now=ms(at),
    )
    if not subscribers:
        return
    events = [(new_id(one.at), one) for one in happened]
    for subscriber in sorted(subscribers, key=lambda row: (row["kind"], row["id"])):
        if subscriber["kind"] == "webhook":
            await _tell_webhook(tx, subscriber, events, at=at)
        elif any(one.becomes is State.PENDING for one in happened):
            await _tell_moderator(tx, subscriber["id"], site_id, at=at, wishes=wishes)


async def _tell_webhook(
    tx: Tx, webhook: Row, events: Iterable[tuple[str, Happening]], *, at: datetime
) -> None:
    """*events*: each with its id, the same for all who are told of it."""
    wanted = set(_EVENT.findall(webhook["events"]))
    for event_id, one in events:
        if event(one) not in wanted:
            continue
        job_id = f"{event_id}.{webhook['id']}"
        subject = {
            "event": event(one),
            "event_id": event_id,
            "webhook": webhook["id"],
            "comment": one.comment_id,
            "from": one.was,
            "to": one.becomes,
            "by": one.by.name,
            "at": ms(one.at),
            "reason": one.reason,
        }
        await jobs.put(
            tx,
            "webhook",
            job_id=job_id,
            site_id=one.site_id,
            topic=job_id,
            subject=subject,
            at=at,
        )


async def _tell_moderator(
    tx: Tx, moderator_id: str, site_id: str, *, at: datetime, wishes: Wishes
) -> None:
    await jobs.put(
        tx,
        "digest",
        job_id=new_id(at),
        site_id=site_id,
        topic=moderator_id,
        subject={"moderator": moderator_id},
        at=at,
        due_at=at + wishes.digest_after,
    )


async def _renew(tx: Tx, article_id: str, *, at: datetime, wishes: Wishes) -> None:
    site_id = await articles.site_of(tx, article_id)
    if site_id is None:
        return
    for kind in wishes.of_articles:
        await jobs.put(
            tx,
            kind,
            job_id=new_id(at),
            site_id=site_id,
            topic=article_id,
            subject={"article": article_id},
            at=at,
        )
