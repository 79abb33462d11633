"""Which sites and articles get more comments than they may, and until when that lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

from palabre.store.tx import Tx, ms

NOTED_EVERY = timedelta(minutes=1)
"""How exactly it is known when a flood ends: in one, nothing is written that need not be."""


async def ongoing(tx: Tx, site_id: str, address: str, *, now: datetime) -> tuple[bool, bool]:
    """Whether the site, and whether the article at that canonical address, gets too much."""
    row = await tx.one(
        "select s.flooded_until as site, a.flooded_until as article from site as s "
        "left join article as a on a.site_id = s.id and a.address = :address where s.id = :site",
        site=site_id,
        address=address,
    )
    if row is None:
        raise LookupError(site_id)
    return (row["site"] or 0) > ms(now), (row["article"] or 0) > ms(now)


async def note_site(tx: Tx, site_id: str, *, until: datetime) -> None:
    """More came to a site than may; readers see nothing of it."""
    await tx.run(
        "update site set flooded_until = :until where id = :id "
        "and (flooded_until is null or flooded_until < :soon)",
        id=site_id,
        until=ms(until),
        soon=ms(until - NOTED_EVERY),
    )


async def note_article(tx: Tx, article_id: str, *, until: datetime) -> None:
    """The same of an article."""
    await tx.run(
        "update article set flooded_until = :until where id = :id "
        "and (flooded_until is null or flooded_until < :soon)",
        id=article_id,
        until=ms(until),
        soon=ms(until - NOTED_EVERY),
    )
