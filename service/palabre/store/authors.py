"""Authors: a keyed hash of an address, what became of their comments, and blocks."""

from __future__ import annotations

from datetime import datetime

from palabre.keys import Tag
from palabre.model import Author, State
from palabre.store.tx import Row, Tx, held, moment, moment_or_none, ms

_COUNTED = ("approved", "rejected", "spam")


async def came(
    tx: Tx, site_id: str, tag: Tag, state: State, *, author_id: str, at: datetime
) -> str:
    """The id of the author behind a tag, one more of whose comments is in *state*.

    They become known under *author_id* if new.
    """
    row = await tx.one(
        "insert into author as w "
        "(id, site_id, tag, key_id, first_seen_at, approved, rejected, spam) "
        "values (:id, :site, :tag, :key, :at, :approved, :rejected, :spam) "
        "on conflict (site_id, tag) do update set key_id = excluded.key_id, "
        "approved = w.approved + excluded.approved, rejected = w.rejected + excluded.rejected, "
        "spam = w.spam + excluded.spam returning id",
        id=author_id,
        site=site_id,
        tag=tag.value,
        key=tag.key_id,
        at=ms(at),
        approved=int(state is State.APPROVED),
        rejected=int(state is State.REJECTED),
        spam=int(state is State.SPAM),
    )
    if row is None:
        raise LookupError(author_id)
    return str(row["id"])


async def by_tag(tx: Tx, site_id: str, tag: Tag, *, now: datetime) -> Author | None:
    row = await tx.one(
        "select * from author where site_id = :site and tag = :tag", site=site_id, tag=tag.value
    )
    return None if row is None else author(row, now=now)


async def by_id(tx: Tx, author_id: str, *, now: datetime) -> Author | None:
    row = await tx.one("select * from author where id = :id", id=author_id)
    return None if row is None else author(row, now=now)


async def hold(tx: Tx, author_id: str) -> None:
    """Let nobody else change the author or any comment of theirs until the transaction ends."""
    await tx.one(f"select 1 from author where id = :id{held(tx)}", id=author_id)


async def count(tx: Tx, author_id: str, state: str, n: int) -> None:
    """*n* more (or fewer) of the author's comments are in *state*; pending is not counted."""
    if state in _COUNTED:
        await tx.run(
            f"update author set {state} = {state} + :n where id = :id",
            id=author_id,
            n=n,
        )


async def block(
    tx: Tx, author_id: str, *, at: datetime, until: datetime | None, reason: str | None, by: str
) -> None:
    await tx.run(
        "update author set blocked_at = :at, blocked_until = :until, blocked_reason = :reason, "
        "blocked_by = :by where id = :id",
        id=author_id,
        at=ms(at),
        until=None if until is None else ms(until),
        reason=reason,
        by=by,
    )


async def unblock(tx: Tx, author_id: str) -> None:
    await tx.run(
        "update author set blocked_at = null, blocked_until = null, blocked_reason = null, "
        "blocked_by = null where id = :id",
        id=author_id,
    )


async def forget(tx: Tx, author_id: str) -> None:
    """Remove an author whose comments are all wiped."""
    await tx.run("delete from author where id = :id", id=author_id)


async def forget_if_gone(tx: Tx, author_id: str, *, now: datetime) -> None:
    """Remove an author without a comment left, unless a block stands on the hash."""
    await tx.run(
        "delete from author where id = :id and (blocked_at is null or blocked_until <= :now) "
        "and not exists (select 1 from comment where author_id = :id)",
        id=author_id,
        now=ms(now),
    )


def author(row: Row, *, now: datetime) -> Author:
    """An author as they stand at *now*: a block past its end is none."""
    until = row["blocked_until"]
    blocked = is_blocked(row, now=now)
    return Author(
        id=row["id"],
        site_id=row["site_id"],
        first_seen=moment(row["first_seen_at"]),
        approved=row["approved"],
        rejected=row["rejected"],
        spam=row["spam"],
        blocked=blocked,
        blocked_until=moment_or_none(until) if blocked else None,
        blocked_reason=row["blocked_reason"] if blocked else None,
    )


def is_blocked(row: Row, *, now: datetime) -> bool:
    """Whether a block stands at *now*."""
    until = row["blocked_until"]
    return row["blocked_at"] is not None and (until is None or ms(now) < until)
