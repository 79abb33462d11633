"""Sums over the log of one site: each reads the range of decisions it is about, and no more.

Days are of UTC, counted from 1970-01-01. `log` is the table `decision`: every sum can be counted
again from its rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.store.tx import Row, Tx, among, ms

DAY_MS = 86_400_000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Range:
    """Decisions of a site from a moment on. `first`: the least number that any of them has."""

    site_id: str
    first: int
    start_ms: int

    @property
    def values(self) -> dict[str, int | str]:
        return {"site": self.site_id, "first": self.first, "start": self.start_ms}


_IN = "d.site_id = :site and d.seq >= :first and d.at >= :start"

SLACK_MS = 3_600_000
"""How far numbers and times may be out of order: clocks are set, transactions overlap."""


async def since(tx: Tx, site_id: str, start: datetime) -> Range:
    """The range of decisions from *start* on, found by halving: numbers grow with time."""
    wanted = ms(start) - SLACK_MS
    low, high = 0, 1
    row = await tx.one(
        "select seq from decision where site_id = :site order by seq desc limit 1", site=site_id
    )
    if row is not None:
        high = row["seq"] + 1
    while low < high:
        middle = (low + high) // 2
        row = await tx.one(
            "select seq, at from decision where site_id = :site and seq >= :seq "
            "order by seq limit 1",
            site=site_id,
            seq=middle,
        )
        if row is None or row["at"] >= wanted:
            high = middle
        else:
            low = row["seq"] + 1
    return Range(site_id, low, ms(start))


async def by_day(tx: Tx, asked: Range) -> list[tuple[int, str, int]]:
    """Day, state, and how many comments came to it; `submitted` for each that was new."""
    rows = await tx.all(
        "select d.at / :day as day, case when d.from_state is null then 'submitted' "
        f"else d.to_state end as kind, count(*) as n from decision as d where {_IN} "
        "group by 1, 2",
        day=DAY_MS,
        **asked.values,
    )
    return [(row["day"], row["kind"], row["n"]) for row in rows]


async def published_at_once(tx: Tx, asked: Range) -> list[tuple[int, str, int]]:
    """Day, first state, and how many new comments had it, for those that never waited."""
    rows = await tx.all(
        "select d.at / :day as day, d.to_state as kind, count(*) as n from decision as d "
        f"where {_IN} and d.from_state is null and d.to_state <> 'pending' group by 1, 2",
        day=DAY_MS,
        **asked.values,
    )
    return [(row["day"], row["kind"], row["n"]) for row in rows]


async def waits(tx: Tx, asked: Range) -> list[tuple[int, int, int]]:
    """Day, minutes from coming to the first decision of a moderator, and how many waited so."""
    rows = await tx.all(
        "select d.at / :day as day, (d.at - c.created_at) / :minute as waited, count(*) as n "
        "from decision as d join comment as c on c.id = d.comment_id and c.site_id = d.site_id "
        f"where {_IN} and d.from_state = 'pending' and d.moderator_id is not null "
        "and not exists (select 1 from decision as e where e.comment_id = d.comment_id "
        "and e.seq < d.seq and e.moderator_id is not null) group by 1, 2",
        day=DAY_MS,
        minute=MINUTE_MS,
        **asked.values,
    )
    return [(row["day"], row["waited"], row["n"]) for row in rows]


async def ages(tx: Tx, site_id: str, edges: Sequence[datetime]) -> list[int]:
    """Of what waits, how many came after the first edge, then between each and the next.

    *edges*: from now back; the last number is of all that is older than the last.
    """
    found = []
    later = 1 << 62
    for edge in (*map(ms, edges), -(1 << 62)):
        row = await tx.one(
            "select count(*) as n from comment where site_id = :site and state = 'pending' "
            "and created_at >= :edge and created_at < :later",
            site=site_id,
            edge=edge,
            later=later,
        )
        found.append(0 if row is None else row["n"])
        later = edge
    return found


async def rules(tx: Tx, asked: Range) -> list[tuple[str, int, int]]:
    """Rule, how many new comments it did not let through, and how many of them a moderator then
    approved."""
    rows = await tx.all(
        "select d.decided_by as name, count(*) as n, sum(case when (select max(e.seq) "
        "from decision as e where e.comment_id = d.comment_id and e.moderator_id is not null "
        "and e.to_state = 'approved') is not null then 1 else 0 end) as freed "
        f"from decision as d where {_IN} and d.from_state is null "
        "and d.to_state <> 'approved' group by 1",
        **asked.values,
    )
    return sorted((row["name"], row["n"], int(row["freed"])) for row in rows)


async def discussed(tx: Tx, asked: Range, *, most: int) -> list[tuple[Mapping[str, object], int]]:
    """Articles (their rows) and how many of their comments were approved, the most first."""
    rows = await tx.all(
        "select c.article_id as id, count(distinct d.comment_id) as n from decision as d "
        "join comment as c on c.id = d.comment_id and c.site_id = d.site_id "
        f"where {_IN} and d.to_state = 'approved' group by 1 order by 2 desc, 1 limit :most",
        most=most,
        **asked.values,
    )
    articles = {
        row["id"]: row
        for row in await tx.all(
            f"select id, address, title from article where id {among(tx, 'ids')}",
            ids=json.dumps([row["id"] for row in rows]),
        )
    }
    return [(_row(articles[row["id"]]), row["n"]) for row in rows]


def _row(row: Row) -> Mapping[str, object]:
    return {"id": row["id"], "address": row["address"], "title": row["title"]}
