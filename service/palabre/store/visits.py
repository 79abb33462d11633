"""Visitors of the last 24 hours, known by a keyed hash of the day: the limit, and their pace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.store.tx import Tx, ms

KEPT_FOR = timedelta(hours=24)
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a submission finds when it takes from its visitor's allowance.

    `wait_s`: 0, or the seconds until there is one to take. `recent`: how many comments the visitor
    had sent before in their present window of 10 minutes.
    """

    wait_s: int
    recent: int


async def take(
    tx: Tx, site_id: str, visitor_tag: bytes, *, count: int, period_s: int, now: datetime
) -> Visit:
    """Take one submission from the visitor's allowance, if there is one.

    GCRA (ITU-T I.371, the "virtual scheduling" form): *count* at once, then one every
    *period_s* / *count*. One row and one statement a submission, so that racing ones can't both
    take the last. *count* 0 means no limit; the pace is noted all the same.
    """
    at, window = ms(now), int(WINDOW.total_seconds() * 1000)
    step = period_s * 1000 // count if count else 0
    row = await tx.one(
        "insert into visit as v (site_id, visitor_tag, due_at, window_at, window_comments, "
        "expires_at) values (:site, :tag, :due, :at, 1, :expires) "
        "on conflict (site_id, visitor_tag) do update set "
        "due_at = (case when v.due_at > :at then v.due_at else :at end) + :step, "
        "window_at = case when v.window_at > :since then v.window_at else :at end, "
        "window_comments = case when v.window_at > :since "
        "then v.window_comments + 1 else 1 end "
        "where :step = 0 or v.due_at - :at <= :slack returning window_comments",
        site=site_id,
        tag=visitor_tag,
        at=at,
        due=at + step,
        step=step,
        slack=step * (count - 1),
        since=at - window,
        expires=at + int(KEPT_FOR.total_seconds() * 1000),
    )
    if row is not None:
        return Visit(0, row["window_comments"] - 1)
    wait_s = await wait(tx, site_id, visitor_tag, count=count, period_s=period_s, now=now)
    return Visit(wait_s, 0)


async def wait(
    tx: Tx, site_id: str, visitor_tag: bytes, *, count: int, period_s: int, now: datetime
) -> int:
    """The seconds until the visitor may send again; 0 if they may now. Takes nothing."""
    row = await tx.one(
        "select due_at from visit where site_id = :site and visitor_tag = :tag",
        site=site_id,
        tag=visitor_tag,
    )
    if row is None:
        return 0
    left = row["due_at"] - ms(now) - period_s * 1000 // count * (count - 1)
    return -(-left // 1000) if left > 0 else 0


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove visitors past their 24 hours; how many."""
    return await tx.run(
        "delete from visit where (site_id, visitor_tag) in (select site_id, visitor_tag "
        "from visit where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )
