"""The quarantine: what came in a flood and bore a mark, in bursts of what is alike.

A comment is there as long as it is spam, has the signal `flood`, and its author is told that it is
pending; its marks (`marks`) lead there. Let out, it is a comment like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import State
from palabre.store import sites
from palabre.store.tx import Row, Tx, Value, moment, ms
from palabre.text.policy import OFF

LOOKED_AT_MOST = 10_000
"""Comments, the newest, that are looked through for bursts: less than a tenth of a second."""

EXAMPLES = 3

_MARKED = (
    "from comment_signal as m join comment as c on c.seq = m.seq and c.site_id = m.site_id "
    "where m.site_id = :site and m.name = 'flood' and m.state = 'spam' and c.told = 'pending' "
)
_ALIKE = "c.alike as alike, case when c.alike is null then c.body_hash end as body"


@dataclass(frozen=True, slots=True)
class Held:
    """What is in the quarantine of a site: how many comments, as far as counted, and since when.

    `flooded_until`: when the site's flood will be over, None if it is; `asks_for_proof`: whether
    browsers are to prove their work in one.
    """

    site: str
    count: int
    since: datetime | None
    flooded_until: datetime | None
    asks_for_proof: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """What a burst has in common: the group that screening found, or the text (`body`), or that
    nothing is like it, where both are None."""

    alike: str | None = None
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Burst:
    """Comments that are alike. `first`: the id of the oldest. `newest`: the ids of EXAMPLES at
    most. `articles`: how many came to each, by id."""

    what: Alike
    first: str
    count: int
    since: datetime
    until: datetime
    newest: Sequence[str]
    articles: Counter[str]


async def held(
    tx: Tx, site_id: str | None, *, now: datetime, most: int = LOOKED_AT_MOST
) -> list[Held]:
    """What is in the quarantine of a site, or of all (None), and which of them are flooded.

    Counted up to *most* on each site.
    """
    rows = await tx.all(
        "select site.name, site.flooded_until, site.policy, (select count(*) from (select 1 "
        f"{_MARKED.replace(':site', 'site.id')} limit :most) as same) as n, "
        f"(select m.created_at {_MARKED.replace(':site', 'site.id')} "
        "order by m.created_at limit 1) as since from site "
        "where cast(:site as text) is null or site.id = :site",
        site=site_id,
        most=most,
    )
    return [
        Held(
            site=row["name"],
            count=row["n"],
            since=None if row["since"] is None else moment(row["since"]),
            flooded_until=moment(row["flooded_until"])
            if (row["flooded_until"] or 0) > ms(now)
            else None,
            asks_for_proof=sites.policy_of(row).proof != OFF,
        )
        for row in sorted(rows, key=lambda row: str(row["name"]))
    ]


async def bursts(tx: Tx, site_id: str) -> list[Burst]:
    """The bursts of two and more, the newest first, and at the end, as one, what is like nothing
    else: of the newest LOOKED_AT_MOST comments, all of which are read, without their words."""
    rows = await tx.all(
        f"select c.id, c.article_id, m.created_at, {_ALIKE} {_MARKED}"
        "order by m.created_at desc, m.seq desc limit :most",
        site=site_id,
        most=LOOKED_AT_MOST,
    )
    groups: dict[tuple[str | None, bytes | None], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["alike"], row["body"]), []).append(row)
    single = [some[0] for some in groups.values() if len(some) == 1]
    found = [_burst(Alike(*what), some) for what, some in groups.items() if len(some) > 1]
    return [*found, *([_burst(Alike(), single)] if single else [])]


async def alike(tx: Tx, site_id: str, comment_id: str) -> Alike | None:
    """What a comment of the site has in common with others of its burst; None if it is gone."""
    row = await tx.one(
        f"select {_ALIKE} from comment as c where c.id = :id and c.site_id = :site "
        "and c.state <> 'deleted'",
        id=comment_id,
        site=site_id,
    )
    return None if row is None else Alike(row["alike"], row["body"])


@dataclass(frozen=True, slots=True)
class Members:
    """Which comments of a burst are meant: those created until then, and what they are now.

    `state`: spam, of what is in the quarantine, or pending, of what *decided_by* has let out.
    """

    site_id: str
    what: Alike
    until: datetime
    state: State = State.SPAM
    decided_by: str | None = None


async def ids(tx: Tx, members: Members, *, limit: int) -> list[str]:
    """Some of a burst's comments, the newest first, and of several that came at the same time the
    one with the greatest id: so the one that a burst is called by comes last."""
    text, values = _of(members)
    rows = await tx.all(
        f"select id from ({text}) as part1 order by created_at desc, id desc limit :limit",
        **values,
        limit=limit,
    )
    return [row["id"] for row in rows]


async def count(tx: Tx, members: Members) -> int:
    """How many there are, LOOKED_AT_MOST at most."""
    text, values = _of(members)
    row = await tx.one(f"select count(*) as n from ({text}) as part1", **values)
    return 0 if row is None else int(row["n"])


def _of(members: Members) -> tuple[str, dict[str, Value]]:
    """A select of `id` and `created_at`, and its values."""
    values: dict[str, Value] = {
        "site": members.site_id,
        "state": members.state,
        "until": ms(members.until),
        "most": LOOKED_AT_MOST,
    }
    standing = "c.told = 'pending'"
    if members.state is not State.SPAM:
        standing = "c.told is null and c.decided_by = :by"
        values["by"] = members.decided_by
    if members.what == Alike():
        return (
            "select min(id) as id, min(created_at) as created_at "
            f"from (select c.id, m.created_at, {_ALIKE} from comment_signal as m "
            "join comment as c on c.seq = m.seq and c.site_id = m.site_id "
            "where m.site_id = :site and m.name = 'flood' and m.state = :state "
            f"and m.created_at <= :until and {standing} "
            "order by m.created_at desc, m.seq desc limit :most) as part2 "
            "group by alike, body having count(*) = 1"
        ), values
    same = "c.alike = :alike"
    if members.what.alike is None:
        same = "c.body_hash = :body and c.alike is null"
        values["body"] = members.what.body
    else:
        values["alike"] = members.what.alike
    return (
        f"select c.id, c.created_at from comment as c where c.site_id = :site "
        f"and {same} and c.state = :state and c.created_at <= :until "
        f"and {standing} and exists (select 1 from comment_signal as m "
        "where m.site_id = c.site_id and m.name = 'flood' and m.state = c.state "
        "and m.created_at = c.created_at and m.seq = c.seq) "
        "order by c.created_at desc limit :most"
    ), values


def _burst(what: Alike, rows: Sequence[Row]) -> Burst:
    """*rows*: the newest first, one at least."""
    oldest = rows[-1]["created_at"]
    return Burst(
        what=what,
        # Of several that came at once the order of the ids decides, as in `ids`.
        first=min(row["id"] for row in rows if row["created_at"] == oldest),
        count=len(rows),
        since=moment(oldest),
        until=moment(rows[0]["created_at"]),
        newest=[row["id"] for row in rows[:EXAMPLES]],
        articles=Counter([row["article_id"] for row in rows]),
    )
