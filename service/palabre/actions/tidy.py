"""Letting go: what has been kept for as long as the operator said (contract section 6)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

from palabre.actions import decide, screen
from palabre.model import Decider, State
from palabre.service import Service
from palabre.store import (
    Tx,
    alike,
    attempts,
    bans,
    comments,
    info,
    leases,
    receipts,
    reports,
    retention,
    sessions,
    sites,
    spent,
    visits,
)
from palabre.store.tx import ms

AT_ONCE = 20
"""Comments deleted in a transaction, some ten milliseconds, for which everybody else waits."""
FORGOTTEN_AT_ONCE = 20
"""A transaction of 200 deletions made everybody wait for 0.1 to 0.2 s."""
MARKS_AT_ONCE = 1000
"""Small rows of moderators' own; there are never many."""
BANDS_AT_ONCE = 100
"""Rows of an index all over the place, those of some twenty comments."""
BY = Decider("rule:retention")

Forget = Callable[..., Coroutine[Any, Any, int]]
Overdue = Callable[[Tx], Coroutine[Any, Any, list[str]]]


async def tidy(service: Service) -> int:
    """Delete overdue comments, forget expired hashes; how many comments were deleted.

    Overdue at one moment, that of the call; in small transactions, so that submissions slip in
    between.
    """
    deleted, now = 0, service.now()
    days_by_state = {
        State.REJECTED: service.settings.retention_rejected_days,
        State.SPAM: service.settings.retention_spam_days,
        State.PENDING: service.settings.retention_pending_days,
    }
    every = await service.store.read(sites.ids)
    for site_id in every:
        for state, days in days_by_state.items():
            if days is None:
                continue
            before = now - timedelta(days=days)
            for overdue in (retention.overdue, retention.overdue_as_told):
                find = partial(overdue, site_id=site_id, state=state, before=before, limit=AT_ONCE)
                deleted += await _delete(service, find)
        spam_days = days_by_state[State.SPAM]
        if spam_days is not None:
            before = now - timedelta(days=spam_days)
            floods = retention.overdue_in_quarantine
            find = partial(floods, site_id=site_id, before=before, limit=AT_ONCE)
            deleted += await _delete(service, find)
    of_sites: list[Forget] = [
        partial(forget_of_site, site_id=site_id)
        for forget_of_site in (bans.forget_changes_of_ended_blocks, reports.forget_old)
        for site_id in every
    ]
    for forget in (
        visits.forget_expired,
        receipts.forget_expired,
        attempts.forget_expired,
        spent.forget_expired,
        bans.forget_expired,
        bans.forget_ended,
        reports.forget_tags,
        *of_sites,
    ):
        unit = partial(_forget, service, forget)
        while await service.store.write(unit, long=True) == FORGOTTEN_AT_ONCE:
            pass
    for site_id in await service.store.read(sites.ids):
        # Their comments stand, with their texts: nothing has to leave the files.
        expire = partial(
            alike.forget_expired,
            site_id=site_id,
            before=now - screen.REPEATS_WITHIN,
            most=BANDS_AT_ONCE,
        )
        while await service.store.write(expire, long=True) == BANDS_AT_ONCE:
            pass
    await service.store.write(partial(_end_sessions, service), long=True)
    return deleted


async def _end_sessions(service: Service, tx: Tx) -> None:
    """Forget who was signed in to the desk, links that nobody used, and who looked at what."""
    now = service.now()
    born = now - timedelta(days=service.settings.desk_session_days)
    await sessions.forget(tx, born=born, most=MARKS_AT_ONCE)
    await sessions.forget_links(tx, now=now, most=MARKS_AT_ONCE)
    await leases.forget_expired(tx, now=now, most=MARKS_AT_ONCE)


async def _delete(service: Service, overdue: Overdue) -> int:
    deleted = 0

    async def unit(tx: Tx) -> int:
        found = await overdue(tx)
        await comments.hold(tx, found)
        for comment_id in found:
            standing = await comments.standing(tx, comment_id, site_id=None)
            if standing is not None:
                await decide.delete(tx, service, standing, BY)
        return len(found)

    while True:
        some = await service.store.write(unit, long=True)
        deleted += some
        if some < AT_ONCE:
            return deleted


async def _forget(service: Service, forget: Forget, tx: Tx) -> int:
    """Forget some hashes that have expired; they leave the files with the next scrub."""
    forgotten = await forget(tx, now=service.now(), most=FORGOTTEN_AT_ONCE)
    if forgotten:
        await info.put(tx, to_scrub=f"hashes/{ms(service.now())}")
    return forgotten
