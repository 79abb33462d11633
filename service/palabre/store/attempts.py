"""Where tokens were tried from in the last 24 hours, known by a keyed hash of the day."""

from __future__ import annotations

from datetime import datetime, timedelta

from palabre.store.tx import Tx, ms

AT_ONCE = 5
STEP = timedelta(seconds=30)
"""Five wrong tokens at once, then one in half a minute: of 2^192 tokens that guesses none, and it
keeps the log readable."""

KEPT_FOR = timedelta(hours=24)


async def take(tx: Tx, network_tag: bytes, *, now: datetime) -> int:
    """Take one try from the network's allowance: 0, or the seconds until there is one to take.

    GCRA as in `visits`: one statement, so that of many at once none slips through.
    """
    step = int(STEP.total_seconds() * 1000)
    taken = await tx.one(
        "insert into login_attempt as a (network_tag, due_at, expires_at) "
        "values (:tag, :due, :expires) on conflict (network_tag) do update set "
        "due_at = (case when a.due_at > :at then a.due_at else :at end) + :step "
        "where a.due_at - :at <= :slack returning due_at",
        tag=network_tag,
        at=ms(now),
        due=ms(now) + step,
        step=step,
        slack=step * (AT_ONCE - 1),
        expires=ms(now + KEPT_FOR),
    )
    if taken is not None:
        return 0
    row = await tx.one("select due_at from login_attempt where network_tag = :tag", tag=network_tag)
    left = 0 if row is None else row["due_at"] - ms(now) - step * (AT_ONCE - 1)
    return max(1, -(-left // 1000))


async def give_back(tx: Tx, network_tag: bytes) -> None:
    """The try was none: the token was right."""
    await tx.run(
        "update login_attempt set due_at = due_at - :step where network_tag = :tag",
        tag=network_tag,
        step=int(STEP.total_seconds() * 1000),
    )


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove those past their 24 hours; how many."""
    return await tx.run(
        "delete from login_attempt where network_tag in (select network_tag from login_attempt "
        "where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )
