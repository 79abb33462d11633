"""Who looks at which comment just now: a courtesy between moderators that locks nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.store.tx import Tx, among, ms

LASTS = timedelta(minutes=2)

MOST = 12
"""Comments that one moderator is told to look at: the last of them, however many they open."""


@dataclass(frozen=True, slots=True)
class Look:
    """A moderator, by id and by name, looks at a comment of a site."""

    comment_id: str
    site_id: str
    moderator_id: str
    name: str


async def take(tx: Tx, comment_id: str, *, site_id: str, moderator_id: str, now: datetime) -> None:
    """Note, or note again, that a moderator looks at a comment."""
    await tx.run(
        "insert into lease (site_id, comment_id, moderator_id, until_at) "
        "values (:site, :comment, :moderator, :until) "
        "on conflict (site_id, comment_id, moderator_id) do update set until_at = :until",
        site=site_id,
        comment=comment_id,
        moderator=moderator_id,
        until=ms(now + LASTS),
    )
    await tx.run(
        "delete from lease where moderator_id = :moderator and until_at < (select until_at "
        "from lease where moderator_id = :moderator order by until_at desc limit 1 offset :most)",
        moderator=moderator_id,
        most=MOST - 1,
    )


async def end(tx: Tx, comment_ids: Collection[str], *, moderator_id: str) -> None:
    """A moderator looks at these no more; who else does goes on."""
    await tx.run(
        f"delete from lease where moderator_id = :moderator and comment_id {among(tx, 'comments')}",
        comments=json.dumps(sorted(comment_ids)),
        moderator=moderator_id,
    )


async def in_force(tx: Tx, *, now: datetime) -> Sequence[Look]:
    """Who looks at what, on all sites: at most `MOST` for each moderator whose token is good.

    In an order that saying it again does not change.
    """
    rows = await tx.all(
        "select l.comment_id, l.site_id, l.moderator_id, m.name from lease as l "
        "join moderator as m on m.id = l.moderator_id where l.until_at > :now "
        "and m.revoked_at is null and (m.expires_at is null or m.expires_at > :now)",
        now=ms(now),
    )
    return sorted(
        (Look(row["comment_id"], row["site_id"], row["moderator_id"], row["name"]) for row in rows),
        key=lambda look: (look.comment_id, look.name),
    )


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove those that are over; how many."""
    return await tx.run(
        "delete from lease where (site_id, comment_id, moderator_id) in (select site_id, "
        "comment_id, moderator_id from lease where until_at <= :now order by until_at limit :most)",
        now=ms(now),
        most=most,
    )
