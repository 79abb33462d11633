"""Comments as moderators see them: one, or a filtered list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from palabre.model import Author, Comment, Site, State
from palabre.store import articles, authors, ranges, sites, words
from palabre.store.comments import signals_of
from palabre.store.mailboxes import Told
from palabre.store.order import Order, QueueOrder, Reached
from palabre.store.ranges import Filter
from palabre.store.threads import full
from palabre.store.tx import Row, Tx, Value, among, moment_or_none, ms

EQUALS_MOST = 100
"""Comments that are looked through for one with the same text: a flood may have any number."""


async def page(
    tx: Tx,
    wanted: Filter,
    *,
    order: QueueOrder,
    after: Reached | None,
    limit: int,
    now: datetime,
) -> list[tuple[Comment, Reached]]:
    """Comments that pass the filter, each with the cursor that leads past it.

    Costs what `ranges.page` does, or as many rows of the word index, at any length of the queue.
    What a search finds is ordered by age: *order* must not be `urgent` then.
    """
    seen = await _places(tx, wanted, order=order, after=after, limit=limit)
    rows = await tx.all(
        f"select * from comment where seq {among(tx, 'numbers', 'bigint')}",
        numbers=json.dumps([place[-1] for place in seen]),
    )
    comments = {row["seq"]: row for row in rows}
    assembled = await assemble(tx, [comments[place[-1]] for place in seen], now=now)
    return list(zip(assembled, seen, strict=True))


async def count(tx: Tx, wanted: Filter, *, order: QueueOrder, most: int) -> int:
    """How many comments pass the filter; of more than *most* no more are counted.

    Costs what a `page` of so many does in this order, without what stands in the comments.
    """
    return len(await _places(tx, wanted, order=order, after=None, limit=most))


async def _places(
    tx: Tx, wanted: Filter, *, order: QueueOrder, after: Reached | None, limit: int
) -> Sequence[Reached]:
    if not wanted.words:
        return await ranges.page(tx, wanted, order=order, after=after, limit=limit)
    by_age: Order = "newest" if order == "newest" else "oldest"
    asked = {"site": wanted.site_id, "article": wanted.article_id, "author": wanted.author_id}
    return await words.find(
        tx,
        wanted.words,
        states=wanted.states,
        only={kind: value for kind, value in asked.items() if value is not None},
        rest=ranges.condition(wanted, but=("site_id", "article_id", "author_id")),
        order=by_age,
        after=None if after is None else (after[0], after[1]),
        limit=limit,
    )


async def some(tx: Tx, ids: Sequence[str], *, site_id: str | None, now: datetime) -> list[Comment]:
    """Those of these comments that are there, on one site or on any (None), in no order."""
    rows = await tx.all(
        f"select * from comment where id {among(tx, 'ids')} "
        "and (cast(:site as text) is null or site_id = :site)",
        ids=json.dumps(list(ids)),
        site=site_id,
    )
    return await assemble(tx, rows, now=now)


async def repeated(tx: Tx, ids: Sequence[str]) -> frozenset[str]:
    """Those of these comments whose text stands, or nearly, in another that waits.

    Looked for among the newest `EQUALS_MOST` equal ones, and as many that are alike.
    """
    others = " or ".join(
        "exists (select 1 from (select e.id, e.state from comment as e "
        f"where e.site_id = c.site_id and e.{column} = c.{column} "
        "order by e.created_at desc limit :most) as same "
        "where same.state = 'pending' and same.id <> c.id)"
        for column in ("body_hash", "alike")
    )
    rows = await tx.all(
        f"select c.id from comment as c where c.id {among(tx, 'ids')} and ({others})",
        ids=json.dumps(list(ids)),
        most=EQUALS_MOST,
    )
    return frozenset(row["id"] for row in rows)


async def one(tx: Tx, comment_id: str, *, site_id: str | None, now: datetime) -> Comment | None:
    """A comment, on one site or on any (None)."""
    row = await tx.one(
        "select * from comment where id = :id and (cast(:site as text) is null or site_id = :site)",
        id=comment_id,
        site=site_id,
    )
    return None if row is None else (await assemble(tx, [row], now=now))[0]


async def assemble(tx: Tx, rows: Sequence[Row], *, now: datetime) -> list[Comment]:
    """Comments from their rows, with their articles and authors: one statement each for all."""
    site_by_id: dict[str, Site] = {
        site_id: await sites.by_id(tx, site_id) for site_id in {row["site_id"] for row in rows}
    }
    article_by_id = {
        row["id"]: articles.article(row, site_by_id[row["site_id"]], now=now)
        for row in await _by_ids(tx, "article", {row["article_id"] for row in rows})
    }
    author_by_id: dict[str | None, Author] = {
        row["id"]: authors.author(row, now=now)
        for row in await _by_ids(tx, "author", {row["author_id"] for row in rows} - {None})
    }
    return [
        Comment(
            shown=full(row),
            version=row["version"],
            site=site_by_id[row["site_id"]].name,
            article=article_by_id[row["article_id"]],
            text=row["body"],
            signals=signals_of(row["signals"]),
            author=author_by_id.get(row["author_id"]),
            reports=row["reports"],
            decided_at=moment_or_none(row["decided_at"]),
            decided_by=row["decided_by"],
            reason=row["reason"],
            told=None if row["told"] is None else State(row["told"]),
            remembered=row["browser"] is not None,
        )
        for row in rows
    ]


async def _by_ids(tx: Tx, table: str, wanted: Iterable[str]) -> list[Row]:
    ids = sorted(wanted)
    if not ids:
        return []
    return await tx.all(
        f"select * from {table} where id {among(tx, 'ids')}",
        ids=json.dumps(ids),
    )


async def untold(
    tx: Tx, site_id: str, told: Told, *, limit: int, now: datetime
) -> tuple[list[Comment], int, datetime | None]:
    """What waits on a site and a moderator has not been told of, oldest first.

    The first *limit* of it, how many there are, and when the newest was created.
    """
    where = (
        "from comment where site_id = :site and state = 'pending' "
        f"and created_at > :since and not id {among(tx, 'but')}"
    )
    values: dict[str, Value] = {
        "site": site_id,
        "since": ms(told.to),
        "but": json.dumps(list(told.lately)),
    }
    counted = await tx.one(f"select count(*) as n, max(created_at) as newest {where}", **values)
    rows = await tx.all(
        f"select * {where} order by created_at, seq limit :limit", **values, limit=limit
    )
    if counted is None:
        return [], 0, None
    newest = moment_or_none(counted["newest"])
    return await assemble(tx, rows, now=now), counted["n"], newest


async def ids_since(tx: Tx, site_id: str, since: datetime) -> list[str]:
    """The ids of what waits on a site and was created after *since*."""
    rows = await tx.all(
        "select id from comment where site_id = :site and state = 'pending' "
        "and created_at > :since order by created_at, seq",
        site=site_id,
        since=ms(since),
    )
    return [row["id"] for row in rows]


async def waiting(tx: Tx) -> tuple[int, datetime | None]:
    """How many comments wait on all sites, and since when the oldest does."""
    count, oldest = 0, []
    for site_id in await sites.ids(tx):
        count += (await sites.tally(tx, site_id))["pending"]
        row = await tx.one(
            "select created_at from comment where site_id = :site and state = 'pending' "
            "order by created_at, seq limit 1",
            site=site_id,
        )
        if row is not None:
            oldest.append(row["created_at"])
    return count, moment_or_none(min(oldest, default=None))
