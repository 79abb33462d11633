"""Letting go: what has been kept for as long as the operator said (contract section 6)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from palabre.actions import decide
from palabre.model import Decider, State
from palabre.service import Service
from palabre.store import Tx, comments, receipts, retention, sites, visits

AT_ONCE = 200
BY = Decider("rule:retention")


async def tidy(service: Service) -> int:
    """Delete overdue comments, forget expired hashes; how many comments were deleted.

    In small transactions, so that submissions slip in between.
    """
    deleted = 0
    kept = {
        State.REJECTED: service.settings.retention_rejected_days,
        State.SPAM: service.settings.retention_spam_days,
        State.PENDING: service.settings.retention_pending_days,
    }
    for site_id in await service.store.read(sites.ids):
        for state, days in kept.items():
            if days is not None:
                deleted += await _delete_overdue(service, site_id, state, days)
    for forget in (visits.forget_expired, receipts.forget_expired):
        unit = partial(forget, now=service.now(), most=AT_ONCE)
        while await service.store.write(unit) == AT_ONCE:
            pass
    return deleted


async def _delete_overdue(service: Service, site_id: str, state: State, days: int) -> int:
    deleted = 0
    before = service.now() - timedelta(days=days)

    async def unit(tx: Tx) -> int:
        overdue = await retention.overdue(tx, site_id, state, before=before, limit=AT_ONCE)
        for comment_id in overdue:
            standing = await comments.standing(tx, comment_id, site_id=site_id)
            if standing is not None:
                await decide.delete(tx, service, standing, BY)
        return len(overdue)

    while True:
        some = await service.store.write(unit)
        deleted += some
        if some < AT_ONCE:
            return deleted
