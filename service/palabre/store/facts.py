"""What the store holds about a submission before it is stored: all of it in one read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from palabre.keys import Tag
from palabre.model import Article, Banned, Learned, Site
from palabre.store import alike, articles, authors, bans, browsers, learned, moderators
from palabre.store.tx import Tx, ms
from palabre.text import lookalike
from palabre.text.features import Features
from palabre.text.sketch import Sketch


@dataclass(frozen=True, slots=True)
class Known:
    """The article, without an id if it isn't stored; and what screening wants to know.

    `blocked`: whether a moderator has blocked the author behind the tag. `same_text`: comments of
    the site that have this text. `earlier`: some of those, and of others that are alike.
    `moderators`: names of those whose token works on the site.
    `flooded`, `crowded`: the site, or the article, got more than its limit a moment ago. `banned`:
    the bans that stand on what it brings. `learned`: what moderators decided about comments like
    it. `earned`: approved comments of the author's that count for the browser, as far as any site
    asks. `borrowed`: the name is one known reader's alone, and not this browser's. `name_is_own`:
    it is this browser's; `name_is_approved`: a moderator has approved one of its comments with it.
    """

    article: Article
    blocked: bool
    same_text: int
    earlier: tuple[alike.Earlier, ...]
    moderators: tuple[str, ...]
    flooded: bool
    crowded: bool
    banned: tuple[Banned, ...]
    learned: Learned
    earned: int
    borrowed: bool
    name_is_own: bool
    name_is_approved: bool


_SELECTS: dict[str, str] = {}


def _select(tx: Tx) -> str:
    """The one read, put together once for each engine: it is long."""
    if tx.engine not in _SELECTS:
        _SELECTS[tx.engine] = (
            "select a.*, s.flooded_until as site_flooded_until, w.blocked_at, w.blocked_until, "
            "(select count(*) from (select 1 from comment where site_id = :site "
            "and body_hash = :text and created_at > :since limit :most) as same) as same_text, "
            f"{alike.found(tx)}, "
            f"{tx.either(**moderators.NAMES_AT)} as moderators, "
            f"{bans.standing(tx)} as banned, "
            f"{learned.seen(tx)} as learned, {browsers.EARNED} as earned, "
            f"{browsers.OWNERS} as owners, {browsers.OWN} as own_outline, "
            f"{browsers.NAMED} as named "
            "from site as s left join article as a on a.site_id = s.id and a.address = :address "
            "left join author as w on w.site_id = s.id and w.tag = :author where s.id = :site"
        )
    return _SELECTS[tx.engine]


async def about(
    tx: Tx,
    site: Site,
    address: str,
    *,
    author: Tag,
    text_hash: bytes,
    sketch: Sketch | None,
    bannable: Sequence[bans.Mark],
    features: Features,
    browser: bytes | None,
    name: str,
    since: datetime,
    most: int,
    now: datetime,
    to_store: bool = False,
) -> Known:
    """What is known at *now*. Equal texts count from *since* on, and up to *most*. *browser*: the
    digest of its token, if it has one. *to_store*: it is going to be stored in this transaction,
    and waits until others of equal or like texts are.

    One read; a second one where there are such texts, a third where some are alike.
    """
    bands = alike.bands_of(sketch)
    outline = lookalike.outline(name)
    if to_store and tx.engine == "postgres":
        # Of equal or like texts that come at the same moment, the later one has to know the first:
        # each waits until the one before it is committed. In one order, lest two wait for each
        # other.
        salt = crc32(site.id.encode())
        keys = {int.from_bytes(text_hash[:8], signed=True)}
        keys.update(band ^ salt for band in bands.values() if isinstance(band, int))
        await tx.all(
            "select pg_advisory_xact_lock(cast(value as bigint)) "
            "from json_array_elements_text(cast(:keys as json)) as n(value)",
            keys=json.dumps(sorted(keys)),
        )
    row = await tx.one(
        _select(tx),
        site=site.id,
        address=address,
        author=author.value,
        text=text_hash,
        since=ms(since),
        most=most,
        browser=browser or b"",
        name=name,
        outline=outline,
        earned_most=browsers.EARNED_MOST,
        **bands,
        tags=json.dumps([one.hex for one in bannable]),
        now=ms(now),
        buckets=learned.wanted(features),
    )
    if row is None:
        raise LookupError(site.id)
    article = articles.unknown(site, address)
    if row["id"] is not None:
        article = articles.article(row, site, now=now)
    near = alike.near_among(sketch, row["found"])
    earlier = []
    if near or row["same_text"]:
        earlier = await alike.earlier(
            tx, site.id, near, text_hash=text_hash, since=since, most=most
        )
    banned = bans.banned(row["banned"])
    if near:
        groups = [name for one in near for name in (one.group, one.id) if name is not None]
        banned += await bans.on_groups(tx, site.id, groups, now=now)
    return Known(
        article=article,
        blocked=authors.is_blocked(row, now=now),
        same_text=row["same_text"],
        earlier=tuple(earlier),
        moderators=tuple(json.loads(row["moderators"] or "[]")),
        flooded=(row["site_flooded_until"] or 0) > ms(now),
        crowded=(row["flooded_until"] or 0) > ms(now),
        banned=banned,
        learned=learned.read(row["learned"], features),
        earned=row["earned"],
        borrowed=row["owners"] == 1 and row["own_outline"] != outline,
        name_is_own=row["own_outline"] == outline,
        name_is_approved=row["named"] > 0,
    )
