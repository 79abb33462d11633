"""What runs now and then, and when next: in one process at a time, however many there are."""

from __future__ import annotations

from datetime import datetime

from palabre.store.tx import Tx, moment_or_none, ms


async def due_at(tx: Tx, name: str) -> datetime | None:
    """When it is to run next; None if it never has."""
    row = await tx.one("select due_at from recurring where name = :name", name=name)
    return None if row is None else moment_or_none(row["due_at"])


async def claim(tx: Tx, name: str, now: datetime, next: datetime) -> bool:
    """Whether it is the caller's to run now; if so, nobody else's before *next*.

    What is due only after *next* was written when a clock was wrong or the interval longer, and
    does not count.
    """
    return (
        await tx.run(
            "insert into recurring (name, due_at) values (:name, :next) "
            "on conflict (name) do update set due_at = excluded.due_at "
            "where recurring.due_at <= :now or recurring.due_at > excluded.due_at",
            name=name,
            now=ms(now),
            next=ms(next),
        )
        == 1
    )
