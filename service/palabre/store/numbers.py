"""Sums over the comments and the log of one site: each is a bounded part, or ranges of an index.

Days are of UTC, counted from 1970-01-01. Every sum can be counted again from the log: a comment's
`created_at` is when its first decision was, and its `state` is what its last one made of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import State
from palabre.store import decisions
from palabre.store.tx import Tx, among, ms

DAY_MS = 86_400_000
SLACK_MS = int(decisions.SLACK.total_seconds() * 1000)

AT_ONCE = 50_000
"""Decisions that are summed in one statement: a tenth of a second (measured), so that none of them
comes near the limit of a statement, and others may read in between."""

AGES_MOST = 1_000
"""Comments of an age that are counted; one more says that there are more."""


@dataclass(frozen=True, slots=True)
class Part:
    """Decisions of a site, by the least and the greatest of their numbers. `last_ms`: when the
    last of them was."""

    site_id: str
    low: int
    high: int
    last_ms: int

    @property
    def values(self) -> dict[str, int | str]:
        return {"site": self.site_id, "low": self.low, "high": self.high}


_IN = "d.site_id = :site and d.seq >= :low and d.seq <= :high"


async def first_since(tx: Tx, site_id: str, start: datetime) -> int:
    """A number below which all decisions are from before *start*."""
    return await decisions.number_at(tx, site_id, start - decisions.SLACK)


async def part(tx: Tx, site_id: str, first: int, *, below: int) -> Part | None:
    """The decisions from the number *first* on, as many as are summed at once; None without any."""
    row = await tx.one(
        "select max(part1.seq) as high from (select seq from decision where site_id = :site "
        "and seq >= :first and seq < :below order by seq limit :most) as part1",
        site=site_id,
        first=first,
        below=below,
        most=AT_ONCE,
    )
    if row is None or row["high"] is None:
        return None
    last = await tx.one(
        "select at from decision where site_id = :site and seq = :high",
        site=site_id,
        high=row["high"],
    )
    return Part(site_id, first, row["high"], last["at"] if last else 0)


async def caught(tx: Tx, asked: Part) -> list[tuple[int, str, int]]:
    """Day, rule, and how many comments that came that day it did not let through."""
    rows = await tx.all(
        "select d.at / :day as day, d.decided_by as rule, count(*) as n from decision as d "
        f"where {_IN} and d.from_state is null and d.to_state <> 'approved' group by 1, 2",
        day=DAY_MS,
        **asked.values,
    )
    return [(row["day"], row["rule"], row["n"]) for row in rows]


_DECIDED = (
    # SQLite keeps to the order of a cross join; PostgreSQL finds it.
    "from decision as d cross join decision as f "
    f"where {_IN} and d.from_state is not null and f.comment_id = d.comment_id "
    "and f.site_id = d.site_id and f.seq < d.seq and f.from_state is null"
)
"""What was decided on comments after they had come, each with the first decision `f`, by which the
comment came."""


async def waits(tx: Tx, asked: Part) -> list[tuple[int, int, int]]:
    """The day of a moderator's first decision on a comment, whole minutes since it came by the
    whole seconds of the log, and how many there were.

    What a moderator has written comes by their own decision, and is not theirs to decide on.
    """
    rows = await tx.all(
        "select d.at / :day as day, (d.at / 1000 - f.at / 1000) / 60 as waited, count(*) as n "
        f"{_DECIDED} and d.moderator_id is not null and not exists (select 1 from decision as e "
        "where e.comment_id = d.comment_id and e.site_id = d.site_id and e.seq < d.seq "
        "and e.moderator_id is not null) group by 1, 2",
        day=DAY_MS,
        **asked.values,
    )
    # A clock that was set back: nobody decides before a comment comes.
    return [(row["day"], max(row["waited"], 0), row["n"]) for row in rows]


async def freed(tx: Tx, asked: Part) -> list[tuple[int, str, int]]:
    """The day on which a comment came, the rule that did not let it through, and how many more of
    those are approved than before: as often as one was, less as often as it was taken back."""
    rows = await tx.all(
        "select f.at / :day as day, f.decided_by as rule, "
        "sum(case d.to_state when 'approved' then 1 else -1 end) as n "
        f"{_DECIDED} and f.to_state <> 'approved' "
        "and (d.from_state = 'approved') <> (d.to_state = 'approved') group by 1, 2",
        day=DAY_MS,
        **asked.values,
    )
    return [(row["day"], row["rule"], row["n"]) for row in rows]


async def by_state(tx: Tx, site_id: str, state: State, *, first: int, last: int) -> list[int]:
    """How many of the comments that came on each of these days are in this state now."""
    rows = await tx.all(
        "with recursive due (day) as (select cast(:first as bigint) "
        "union all select day + 1 from due where day < :last) "
        "select day, (select count(*) from comment as c where c.site_id = :site "
        "and c.state = :state and c.created_at >= due.day * :length "
        "and c.created_at < (due.day + 1) * :length) as n from due",
        site=site_id,
        state=state,
        first=first,
        last=last,
        length=DAY_MS,
    )
    found = {row["day"]: row["n"] for row in rows}
    return [found[day] for day in range(first, last + 1)]


async def ages(tx: Tx, site_id: str, edges: Sequence[datetime]) -> list[int]:
    """Of what waits, how many came after the first edge, then between each and the next; of each
    at most one more than AGES_MOST.

    *edges*: from now back; the last number is of all that is older than the last.
    """
    found = []
    later = 1 << 62
    for edge in (*map(ms, edges), -(1 << 62)):
        row = await tx.one(
            "select count(*) as n from (select c.seq from comment as c where c.site_id = :site "
            "and c.state = 'pending' and c.created_at >= :edge and c.created_at < :later "
            "limit :most) as part1",
            site=site_id,
            edge=edge,
            later=later,
            most=AGES_MOST + 1,
        )
        found.append(0 if row is None else row["n"])
        later = edge
    return found


async def discussed(
    tx: Tx, site_id: str, start: datetime, *, published: int, most: int
) -> list[tuple[Mapping[str, object], int]]:
    """Articles (their rows) and how many of the comments that came since *start* are published,
    the most first. *published*: how many these are.

    Looks each of the comments up, or counts each article's in its index, where that is less.
    """
    if published <= AT_ONCE:
        text = (
            "select c.article_id as id, count(*) as n from (select seq from comment "
            "where site_id = :site and state = 'approved' and created_at >= :start limit :at_once) "
            "as part1 cross join comment as c where c.seq = part1.seq and c.site_id = :site "
            "group by 1 order by 2 desc, 1 limit :most"
        )
        values = {"at_once": AT_ONCE}
    else:
        text = (
            "select a.id, (select count(*) from comment as c where c.article_id = a.id "
            "and c.state = 'approved' and c.created_at >= :start) as n from article as a "
            "where a.site_id = :site order by 2 desc, 1 limit :most"
        )
        values = {}
    rows = await tx.all(text, site=site_id, start=ms(start), most=most, **values)
    counted = {row["id"]: row["n"] for row in rows if row["n"]}
    articles = await tx.all(
        f"select id, address, title from article where id {among(tx, 'ids')}",
        ids=json.dumps(list(counted)),
    )
    known = {row["id"]: row for row in articles}
    return [(known[article_id], n) for article_id, n in counted.items()]
