"""Moderators who are signed in at the desk, and the links that sign one in once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import Moderator, Scope
from palabre.store.tx import Row, Tx, held, moment, ms


@dataclass(frozen=True, slots=True)
class Session:
    """A moderator at the desk.

    `id`: names it where sessions are listed; it lets nobody in. `language`: None as long as none
    was chosen. `has_keys`: single keys decide. `last`: the last decision, as its action wrote it.
    """

    id: str
    moderator: Moderator
    language: str | None
    has_keys: bool
    last: str | None
    created_at: datetime
    seen_at: datetime


_WHO = (
    "select s.*, m.name, m.scope, m.site_id from session as s "
    "join moderator as m on m.id = s.moderator_id where m.revoked_at is null "
    "and (m.expires_at is null or m.expires_at > :now) "
    "and s.created_at > :born and s.seen_at > :seen"
)


async def add(
    tx: Tx, token_hash: bytes, *, id: str, moderator_id: str, language: str | None, at: datetime
) -> None:
    """A new session, seen just now."""
    await tx.run(
        "insert into session (token_hash, id, moderator_id, language, created_at, seen_at) "
        "values (:hash, :id, :moderator, :language, :at, :at)",
        hash=token_hash,
        id=id,
        moderator=moderator_id,
        language=language,
        at=ms(at),
    )


async def by_token(
    tx: Tx, token_hash: bytes, *, now: datetime, born: datetime, seen: datetime
) -> Session | None:
    """The session of a token: begun after *born*, used after *seen*, its moderator in force."""
    row = await tx.one(
        f"{_WHO} and s.token_hash = :hash",
        hash=token_hash,
        now=ms(now),
        born=ms(born),
        seen=ms(seen),
    )
    return None if row is None else _session(row)


async def of_moderator(
    tx: Tx, moderator_id: str, *, now: datetime, born: datetime, seen: datetime
) -> Sequence[Session]:
    """A moderator's sessions that still let them in, newest first."""
    rows = await tx.all(
        f"{_WHO} and s.moderator_id = :moderator order by s.created_at desc",
        moderator=moderator_id,
        now=ms(now),
        born=ms(born),
        seen=ms(seen),
    )
    return [_session(row) for row in rows]


async def touch(tx: Tx, token_hash: bytes, *, at: datetime) -> None:
    """Note that a session is in use."""
    await tx.run(
        "update session set seen_at = :at where token_hash = :hash", at=ms(at), hash=token_hash
    )


async def remember(tx: Tx, token_hash: bytes, last: str | None) -> None:
    """Keep the session's last decision, or forget it."""
    await tx.run(
        "update session set last = :last where token_hash = :hash", last=last, hash=token_hash
    )


async def last_of(tx: Tx, token_hash: bytes) -> str | None:
    """The session's last decision; nobody else undoes it until the transaction ends."""
    row = await tx.one(
        f"select last from session where token_hash = :hash{held(tx)}", hash=token_hash
    )
    return None if row is None else row["last"]


async def choose(
    tx: Tx, token_hash: bytes, *, language: str | None = None, has_keys: bool | None = None
) -> None:
    """Set what was chosen for a session; None leaves it as it is."""
    await tx.run(
        "update session set language = coalesce(:language, language), "
        "has_keys = coalesce(:has_keys, has_keys) where token_hash = :hash",
        language=language,
        has_keys=None if has_keys is None else int(has_keys),
        hash=token_hash,
    )


async def end(tx: Tx, moderator_id: str, session_id: str | None) -> int:
    """End one of a moderator's sessions, or (None) all, with the links that wait; how many."""
    if session_id is None:
        await tx.run(
            "delete from login_link where moderator_id = :moderator", moderator=moderator_id
        )
    return await tx.run(
        "delete from session where moderator_id = :moderator "
        "and (cast(:id as text) is null or id = :id)",
        moderator=moderator_id,
        id=session_id,
    )


async def add_link(tx: Tx, token_hash: bytes, moderator_id: str, *, expires_at: datetime) -> None:
    """A link that signs a moderator in once."""
    await tx.run(
        "insert into login_link (token_hash, moderator_id, expires_at) "
        "values (:hash, :moderator, :expires)",
        hash=token_hash,
        moderator=moderator_id,
        expires=ms(expires_at),
    )


async def linked(tx: Tx, token_hash: bytes, *, now: datetime) -> Moderator | None:
    """Whom a link still signs in."""
    row = await tx.one(
        "select m.id, m.name, m.scope, m.site_id from login_link as l "
        "join moderator as m on m.id = l.moderator_id where l.token_hash = :hash "
        "and l.expires_at > :now and m.revoked_at is null "
        "and (m.expires_at is null or m.expires_at > :now)",
        hash=token_hash,
        now=ms(now),
    )
    return None if row is None else _moderator(row, row["id"])


async def use_link(tx: Tx, token_hash: bytes) -> bool:
    """Use a link up; whether it was there to be used."""
    return await tx.run("delete from login_link where token_hash = :hash", hash=token_hash) == 1


async def forget_links(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove links past their time; how many."""
    return await tx.run(
        "delete from login_link where token_hash in (select token_hash from login_link "
        "where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )


async def forget(tx: Tx, *, born: datetime, most: int) -> int:
    """Remove sessions begun before *born*; how many."""
    return await tx.run(
        "delete from session where token_hash in (select token_hash from session "
        "where created_at <= :born order by created_at limit :most)",
        born=ms(born),
        most=most,
    )


def _session(row: Row) -> Session:
    return Session(
        id=row["id"],
        moderator=_moderator(row, row["moderator_id"]),
        language=row["language"],
        has_keys=bool(row["has_keys"]),
        last=row["last"],
        created_at=moment(row["created_at"]),
        seen_at=moment(row["seen_at"]),
    )


def _moderator(row: Row, moderator_id: str) -> Moderator:
    return Moderator(moderator_id, row["name"], Scope(row["scope"]), row["site_id"])
