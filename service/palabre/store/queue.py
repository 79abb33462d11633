"""Comments as moderators see them: one, or a filtered list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import Author, Comment, Site, State
from palabre.store import articles, authors, sites, words
from palabre.store.comments import signals_of
from palabre.store.mailboxes import Told
from palabre.store.order import Order, Seen
from palabre.store.threads import full
from palabre.store.tx import Row, Tx, Value, among, moment_or_none, ms

BRANCHES_MOST = 200
"""Index ranges merged in one statement; SQLite allows 500 parts in a compound select."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the queue is asked for, by ids. `words`: folded ones, or none."""

    states: Sequence[State]
    site_id: str | None = None
    article_id: str | None = None
    author_id: str | None = None
    words: Sequence[str] = ()


async def page(
    tx: Tx, wanted: Filter, *, order: Order, after: Seen | None, limit: int, now: datetime
) -> list[tuple[Comment, Seen]]:
    """Comments that pass the filter, each with the cursor that leads past it.

    Costs one index range of *limit* rows a state and scope, or the word index as many, at any
    length of the queue.
    """
    if wanted.words:
        seen = await _searched(tx, wanted, order=order, after=after, limit=limit)
    else:
        seen = await _listed(tx, wanted, order=order, after=after, limit=limit)
    rows = await tx.all(
        f"select * from comment where seq {among(tx, 'numbers', 'bigint')}",
        numbers=json.dumps([seq for _, seq in seen]),
    )
    comments = {row["seq"]: row for row in rows}
    assembled = await assemble(tx, [comments[seq] for _, seq in seen], now=now)
    return list(zip(assembled, seen, strict=True))


async def _searched(
    tx: Tx, wanted: Filter, *, order: Order, after: Seen | None, limit: int
) -> list[Seen]:
    asked = {"site": wanted.site_id, "article": wanted.article_id, "author": wanted.author_id}
    return await words.find(
        tx,
        wanted.words,
        states=wanted.states,
        only={kind: value for kind, value in asked.items() if value is not None},
        order=order,
        after=after,
        limit=limit,
    )


async def _listed(
    tx: Tx, wanted: Filter, *, order: Order, after: Seen | None, limit: int
) -> list[Seen]:
    if wanted.author_id is not None:
        scopes = [("author_id", wanted.author_id)]
    elif wanted.article_id is not None:
        scopes = [("article_id", wanted.article_id)]
    elif wanted.site_id is not None:
        scopes = [("site_id", wanted.site_id)]
    else:
        scopes = [("site_id", site_id) for site_id in await sites.ids(tx)]
    branches = [(column, value, state) for column, value in scopes for state in wanted.states]
    found: list[Seen] = []
    for start in range(0, len(branches), BRANCHES_MOST):
        part = branches[start : start + BRANCHES_MOST]
        found += await _merged(tx, wanted, part, order=order, after=after, limit=limit)
    found.sort(reverse=order == "newest")
    return found[:limit]


async def _merged(
    tx: Tx,
    wanted: Filter,
    branches: Sequence[tuple[str, str, State]],
    *,
    order: Order,
    after: Seen | None,
    limit: int,
) -> list[Seen]:
    sign, turn = (">", "") if order == "oldest" else ("<", " desc")
    values: dict[str, Value] = {"limit": limit}
    rest = ""
    if after is not None:
        rest += f" and (created_at, seq) {sign} (:at, :seq)"
        values |= {"at": after[0], "seq": after[1]}
    if wanted.author_id is not None:
        # An author is of one site; the token may be of another, and the article asked for too.
        for column, only in (("site_id", wanted.site_id), ("article_id", wanted.article_id)):
            if only is not None:
                rest += f" and {column} = :{column}"
                values[column] = only
    parts = []
    for number, (column, value, state) in enumerate(branches):
        parts.append(
            f"select * from (select created_at, seq from comment where {column} = :scope{number} "
            f"and state = :state{number}{rest} order by created_at{turn}, seq{turn} "
            f"limit :limit) as part{number}"
        )
        values |= {f"scope{number}": value, f"state{number}": state}
    if not parts:
        return []
    rows = await tx.all(
        f"{' union all '.join(parts)} order by created_at{turn}, seq{turn} limit :limit", **values
    )
    return [(row["created_at"], row["seq"]) for row in rows]


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
