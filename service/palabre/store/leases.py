"""Who looks at which comment just now: a courtesy between moderators that locks nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from palabre.store.tx import Tx, among, ms

LASTS = timedelta(minutes=2)


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


async def end(tx: Tx, comment_ids: Collection[str], *, moderator_id: str) -> None:
    """A moderator looks at these no more; who else does goes on."""
    await tx.run(
        f"delete from lease where moderator_id = :moderator and comment_id {among(tx, 'comments')}",
        comments=json.dumps(sorted(comment_ids)),
        moderator=moderator_id,
    )


async def others(tx: Tx, sites: Collection[str], *, but: str, now: datetime) -> Mapping[str, str]:
    """Who looks at which comments of these sites, by comment; the moderator *but* left out."""
    rows = await tx.all(
        "select l.comment_id, l.until_at, m.name from lease as l "
        "join moderator as m on m.id = l.moderator_id "
        f"where l.site_id {among(tx, 'sites')} and l.until_at > :now and l.moderator_id <> :but",
        sites=json.dumps(sorted(sites)),
        now=ms(now),
        but=but,
    )
    return {
        row["comment_id"]: row["name"] for row in sorted(rows, key=lambda row: int(row["until_at"]))
    }


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove those that are over; how many."""
    return await tx.run(
        "delete from lease where (site_id, comment_id, moderator_id) in (select site_id, "
        "comment_id, moderator_id from lease where until_at <= :now order by until_at limit :most)",
        now=ms(now),
        most=most,
    )
