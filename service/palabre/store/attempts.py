"""Where wrong tokens came from in the last 24 hours, known by a keyed hash of the day."""

from __future__ import annotations

from datetime import datetime, timedelta

from palabre.store.tx import Tx, ms

AT_ONCE = 5
STEP = timedelta(seconds=30)
"""Five wrong tokens at once, then one in half a minute: of 2^192 tokens that guesses none, and it
keeps the log readable."""

KEPT_FOR = timedelta(hours=24)


async def take(tx: Tx, network_tag: bytes, *, now: datetime) -> None:
    """Count one wrong token. GCRA, as in `visits`, but what is over the limit counts too."""
    await tx.run(
        "insert into login_attempt as a (network_tag, due_at, expires_at) "
        "values (:tag, :due, :expires) on conflict (network_tag) do update set "
        "due_at = (case when a.due_at > :at then a.due_at else :at end) + :step",
        tag=network_tag,
        at=ms(now),
        due=ms(now + STEP),
        step=int(STEP.total_seconds() * 1000),
        expires=ms(now + KEPT_FOR),
    )


async def wait_s(tx: Tx, network_tag: bytes, *, now: datetime) -> int:
    """The seconds until another token may be tried from there; 0 if one may now."""
    row = await tx.one("select due_at from login_attempt where network_tag = :tag", tag=network_tag)
    if row is None:
        return 0
    left = row["due_at"] - ms(now) - int(STEP.total_seconds() * 1000) * (AT_ONCE - 1)
    return -(-left // 1000) if left > 0 else 0


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove those past their 24 hours; how many."""
    return await tx.run(
        "delete from login_attempt where network_tag in (select network_tag from login_attempt "
        "where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )
