"""What the store holds about a submission before it is stored: all of it in one read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from palabre.keys import Tag
from palabre.model import Article, Site
from palabre.store import articles, authors
from palabre.store.tx import Tx, ms


@dataclass(frozen=True, slots=True)
class Known:
    """The article, without an id if it isn't stored; and what screening wants to know.

    `blocked`: whether a moderator has blocked the author behind the tag. `same_text`: comments of
    the site that have this text.
    """

    article: Article
    blocked: bool
    same_text: int


async def about(
    tx: Tx,
    site: Site,
    address: str,
    *,
    author: Tag,
    text_hash: bytes,
    since: datetime,
    most: int,
    now: datetime,
) -> Known:
    """What is known at *now*. Equal texts count from *since* on, and up to *most*."""
    if tx.engine == "postgres":
        # Of equal texts that come at the same moment, the later one has to know the first: each
        # waits until the one before it is committed.
        await tx.one(
            "select pg_advisory_xact_lock(:text)",
            text=int.from_bytes(text_hash[:8], signed=True),
        )
    row = await tx.one(
        "select a.*, w.blocked_at, w.blocked_until, "
        "(select count(*) from (select 1 from comment where site_id = :site "
        "and body_hash = :text and created_at > :since limit :most) as same) as same_text "
        "from site as s left join article as a on a.site_id = s.id and a.address = :address "
        "left join author as w on w.site_id = s.id and w.tag = :author where s.id = :site",
        site=site.id,
        address=address,
        author=author.value,
        text=text_hash,
        since=ms(since),
        most=most,
    )
    if row is None:
        raise LookupError(site.id)
    article = articles.unknown(site, address)
    if row["id"] is not None:
        article = articles.article(row, site, now=now)
    return Known(
        article=article,
        blocked=authors.is_blocked(row, now=now),
        same_text=row["same_text"],
    )
