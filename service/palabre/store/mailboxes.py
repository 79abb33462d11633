"""Which moderators are told by mail of what waits, where, and how far they have been told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from palabre.store.tx import Row, Tx, moment, ms


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where a moderator is told. The address is the only one that is stored anywhere."""

    moderator_id: str
    address: str = field(repr=False)
    language: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """How far a moderator has been told of a site.

    Of all that was created up to `to`, and of the comments in `lately`, which are younger.
    """

    to: datetime
    lately: Sequence[str] = ()


async def put(tx: Tx, mailbox: Mailbox) -> None:
    """A moderator's mailbox. The same address again stays the same mailbox, in that language."""
    await tx.run(
        "insert into mailbox (moderator_id, address, language, created_at) "
        "values (:moderator, :address, :language, :at) "
        "on conflict (moderator_id) do update set language = excluded.language, "
        "address = excluded.address, created_at = case when mailbox.address = excluded.address "
        "then mailbox.created_at else excluded.created_at end",
        moderator=mailbox.moderator_id,
        address=mailbox.address,
        language=mailbox.language,
        at=ms(mailbox.created_at),
    )


async def of_moderator(tx: Tx, moderator_id: str) -> Mailbox | None:
    """A moderator's mailbox, if they have one."""
    row = await tx.one("select * from mailbox where moderator_id = :id", id=moderator_id)
    return None if row is None else _mailbox(row)


async def every(tx: Tx) -> dict[str, Mailbox]:
    """All of them, by their moderator's id."""
    return {row["moderator_id"]: _mailbox(row) for row in await tx.all("select * from mailbox")}


async def end(tx: Tx, moderator_id: str, *, set_up_ms: int | None = None) -> bool:
    """End a moderator's mailbox, if it is the one *set_up_ms* names; whether there was one."""
    ended = await tx.run(
        "delete from mailbox where moderator_id = :id "
        "and (cast(:at as bigint) is null or created_at = :at)",
        id=moderator_id,
        at=set_up_ms,
    )
    if ended:
        await tx.run("delete from digest where moderator_id = :id", id=moderator_id)
    return ended == 1


async def told(tx: Tx, moderator_id: str, site_id: str) -> Told:
    """How far a moderator has been told of a site; not at all, if never."""
    row = await tx.one(
        "select told_to, lately from digest where moderator_id = :id and site_id = :site",
        id=moderator_id,
        site=site_id,
    )
    if row is None:
        return Told(moment(0))
    return Told(moment(row["told_to"]), tuple(json.loads(row["lately"])))


async def note_told(tx: Tx, mailbox: Mailbox, site_id: str, told: Told) -> None:
    """Remember how far a moderator has been told of a site, unless the mailbox is gone."""
    await tx.run(
        "insert into digest (moderator_id, site_id, told_to, lately) "
        "select moderator_id, cast(:site as text), cast(:to as bigint), cast(:lately as text) "
        "from mailbox where moderator_id = :id "
        "on conflict (moderator_id, site_id) do update set told_to = excluded.told_to, "
        "lately = excluded.lately",
        id=mailbox.moderator_id,
        site=site_id,
        to=ms(told.to),
        lately=json.dumps(list(told.lately)),
    )


def set_up_ms(mailbox: Mailbox) -> int:
    """Which of a moderator's mailboxes it is: one set up anew is another."""
    return ms(mailbox.created_at)


def _mailbox(row: Row) -> Mailbox:
    return Mailbox(
        moderator_id=row["moderator_id"],
        address=row["address"],
        language=row["language"],
        created_at=moment(row["created_at"]),
    )
