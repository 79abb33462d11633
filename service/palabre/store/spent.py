"""What is good for one comment and was used, known by a hash that says nothing of who used it."""

from __future__ import annotations

from datetime import datetime

from palabre.store.tx import Tx, ms


async def spend(tx: Tx, site_id: str, tag: bytes, *, until: datetime) -> int:
    """Use something up; how often it was used before. Known again *until* then.

    One row and one statement, so that of racing ones each counts the others.
    """
    row = await tx.one(
        "insert into spent as s (site_id, tag, uses, expires_at) "
        "values (:site, :tag, 1, :expires) on conflict (site_id, tag) do update set "
        "uses = s.uses + 1, expires_at = excluded.expires_at returning uses",
        site=site_id,
        tag=tag,
        expires=ms(until),
    )
    if row is None:
        raise LookupError(site_id)
    return int(row["uses"]) - 1


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove what was used long enough ago; how many."""
    return await tx.run(
        "delete from spent where (site_id, tag) in (select site_id, tag "
        "from spent where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )
