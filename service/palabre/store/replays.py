"""Comments as they came, for judging them again: the newest first, a bounded page at a time.

Reads only. What came before a comment is counted by the hashes that are kept of both: of texts
that are gone, none are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.model import Signal, State
from palabre.store import ranges
from palabre.store.alike import Earlier, Near
from palabre.store.comments import signals_of
from palabre.store.moderators import NAMES_AT
from palabre.store.order import Reached
from palabre.store.ranges import Filter
from palabre.store.tx import Row, Tx, among, moment, ms


@dataclass(frozen=True, slots=True)
class Past:
    """A comment as it came, and what became of it.

    `state`: what it is now. `then`, `by`: its first state, and who decided it. `decided`: what a
    moderator made of it last, if any has. `is_remembered`: it came with its reader's token.
    `same_text`, `earlier`: what `facts.Known` has of it, of comments from before it.
    """

    id: str
    article_id: str
    name: str
    website: str | None
    title: str | None
    text: str
    created_at: datetime
    state: State
    is_moderators: bool
    is_edited: bool
    is_remembered: bool
    signals: tuple[Signal, ...]
    then: State
    by: str
    decided: State | None
    same_text: int
    earlier: tuple[Earlier, ...]


async def moderators(tx: Tx, site_id: str, *, now: datetime) -> tuple[str, ...]:
    """The names of those whose token works on the site."""
    row = await tx.one(
        f"select {tx.either(**NAMES_AT)} as moderators from site as s where s.id = :site",
        site=site_id,
        now=ms(now),
    )
    return () if row is None else tuple(json.loads(row["moderators"] or "[]"))


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at of a site: comments that came since a moment, in pages of *limit*.

    `within`, `most`: how far before a comment, and up to how many, equal texts count.
    """

    site_id: str
    since: datetime
    within: timedelta
    most: int
    limit: int


async def page(tx: Tx, look: Look, *, after: Reached | None) -> tuple[list[Past], Reached | None]:
    """The next comments of the site, the newest first, and where they end; None without any.

    Those of moderators, and those that are deleted, are among them.
    """
    wanted = Filter(list(State), site_id=look.site_id, since=look.since)
    places = await ranges.page(tx, wanted, order="newest", after=after, limit=look.limit)
    rows = await tx.all(
        "select c.id, c.article_id, c.name, c.website, c.title, c.body, c.created_at, c.seq, "
        "c.state, c.moderator_id, c.edited_at, c.browser, c.signals, "
        # No state holds a space.
        "(select d.to_state || ' ' || d.decided_by from decision as d where d.comment_id = c.id "
        "and d.site_id = c.site_id and d.from_state is null order by d.seq limit 1) as first, "
        "(select d.to_state from decision as d where d.comment_id = c.id "
        "and d.site_id = c.site_id and d.moderator_id is not null "
        "order by d.seq desc limit 1) as decided, "
        f"{_before(tx, 'body_hash')} as equal, {_before(tx, 'alike')} as alike "
        f"from comment as c where c.seq {among(tx, 'numbers', 'bigint')} and c.site_id = :site",
        numbers=json.dumps([place[-1] for place in places]),
        site=look.site_id,
        within=look.within // timedelta(milliseconds=1),
        most=look.most,
    )
    found = {row["seq"]: row for row in rows}
    past = [_past(found[place[-1]]) for place in places if place[-1] in found]
    return past, places[-1] if places else None


def _before(tx: Tx, column: str) -> str:
    """The comments with the same text, or of the same group, that came before `c`."""
    row = "same.seq, same.id, same.alike, same.article_id, same.name, same.is_equal"
    array = tx.either(
        sqlite=f"json_group_array(json_array({row}))",
        postgres=f"cast(json_agg(json_build_array({row})) as text)",
    )
    return (
        f"(select {array} from (select e.seq, e.id, e.alike, e.article_id, e.name, "
        "case when e.body_hash = c.body_hash then 1 else 0 end as is_equal from comment as e "
        f"where e.site_id = c.site_id and e.{column} = c.{column} "
        "and e.created_at > c.created_at - :within and e.created_at <= c.created_at "
        "and (e.created_at < c.created_at or e.seq < c.seq) and e.name is not null "
        "limit :most) as same)"
    )


def _past(row: Row) -> Past:
    equal = json.loads(row["equal"] or "[]")
    others = {one[0]: one for one in (*equal, *json.loads(row["alike"] or "[]"))}
    then, _, by = (row["first"] or f"{row['state']} ").partition(" ")
    return Past(
        id=row["id"],
        article_id=row["article_id"],
        name=row["name"] or "",
        website=row["website"],
        title=row["title"],
        text=row["body"] or "",
        created_at=moment(row["created_at"]),
        state=State(row["state"]),
        is_moderators=row["moderator_id"] is not None,
        is_edited=row["edited_at"] is not None,
        is_remembered=row["browser"] is not None,
        signals=signals_of(row["signals"]),
        then=State(then),
        by=by,
        decided=None if row["decided"] is None else State(row["decided"]),
        same_text=len(equal),
        earlier=tuple(
            Earlier(Near(name_id, group), article_id, name, bool(is_equal))
            for _, name_id, group, article_id, name, is_equal in others.values()
        ),
    )
