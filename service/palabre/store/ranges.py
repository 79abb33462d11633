"""Where in the indexes the comments are that a moderator asks for, and a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from palabre.model import State
from palabre.store import sites
from palabre.store.order import QueueOrder, Reached
from palabre.store.tx import Tx, Value, ms

BRANCHES_MOST = 200
"""Index ranges merged in one statement; SQLite allows 500 parts in a compound select."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the queue is asked for, by ids.

    `words`: folded ones, or none. `signal`: the name of one that they have. `since`, `until`: when
    they were created, the latter not included. `text_hash`: of texts that are equal to screening;
    `alike`: the group of those that are alike, which count as well. `reported`: those with open
    reports, by an index of their own in the order of urgency.
    """

    states: Sequence[State]
    site_id: str | None = None
    article_id: str | None = None
    author_id: str | None = None
    words: Sequence[str] = ()
    signal: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text_hash: bytes | None = None
    alike: str | None = None
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL about the comment `c`, which begins with " and ", and its values."""

    text: str = ""
    values: dict[str, Value] = field(default_factory=dict)


def condition(wanted: Filter, *, but: Sequence[str] = ()) -> Condition:
    """What a comment must fulfil besides its state and words; *but*: what an index sees to."""
    equal = {
        "site_id": wanted.site_id,
        "article_id": wanted.article_id,
        "author_id": wanted.author_id,
        "body_hash": wanted.text_hash if wanted.alike is None else None,
    }
    values: dict[str, Value] = {
        column: value for column, value in equal.items() if value is not None and column not in but
    }
    text = "".join(f" and c.{column} = :{column}" for column in values)
    if wanted.alike is not None and "alike" not in but:
        text += " and (c.alike = :alike or c.body_hash = :body_hash)"
        values |= {"alike": wanted.alike, "body_hash": wanted.text_hash}
    if wanted.since is not None:
        text += " and c.created_at >= :since"
        values["since"] = ms(wanted.since)
    if wanted.until is not None:
        text += " and c.created_at < :until"
        values["until"] = ms(wanted.until)
    if wanted.reported:
        text += " and c.reports > 0"
    if wanted.signal is not None and "signal" not in but:
        text += (
            " and exists (select 1 from comment_signal as m where m.site_id = c.site_id "
            "and m.name = :signal and m.state = c.state and m.created_at = c.created_at "
            "and m.seq = c.seq)"
        )
        values["signal"] = wanted.signal
    return Condition(text, values)


async def page(
    tx: Tx, wanted: Filter, *, order: QueueOrder, after: Reached | None, limit: int
) -> list[Reached]:
    """The places of comments that pass the filter, in order.

    Costs an index range of *limit* rows a state and site, of those that are reported if so asked,
    or one of an author, an article, a signal or a text; what else is asked for is looked up in
    each row of that range.
    """
    scopes: list[dict[str, Value]]
    if wanted.author_id is not None and not wanted.reported:
        scopes = [{"author_id": wanted.author_id}]
    elif wanted.article_id is not None and not wanted.reported:
        scopes = [{"article_id": wanted.article_id}]
    else:
        asked = await sites.ids(tx) if wanted.site_id is None else [wanted.site_id]
        scopes = [{"site_id": site_id} for site_id in asked]
        if wanted.text_hash is not None:
            same: list[dict[str, Value]] = [{"body_hash": wanted.text_hash}]
            if wanted.alike is not None:
                # An equal one may be in no group, as those from before there were any.
                same = [{"alike": wanted.alike}, {**same[0], "alike": None}]
            scopes = [{**scope, **one} for scope in scopes for one in same]
        elif wanted.signal is not None and order != "urgent":
            scopes = [{**scope, "signal": wanted.signal} for scope in scopes]
    branches = [(scope, state) for scope in scopes for state in wanted.states]
    found: list[Reached] = []
    for start in range(0, len(branches), BRANCHES_MOST):
        part = branches[start : start + BRANCHES_MOST]
        found += await _merged(tx, wanted, part, order=order, after=after, limit=limit)
    found.sort(reverse=order == "newest")
    return found[:limit]


async def _merged(
    tx: Tx,
    wanted: Filter,
    branches: Sequence[tuple[dict[str, Value], State]],
    *,
    order: QueueOrder,
    after: Reached | None,
    limit: int,
) -> list[Reached]:
    if not branches:
        return []
    names = ("rank", "created_at", "seq") if order == "urgent" else ("created_at", "seq")
    sign, turn = ("<", " desc") if order == "newest" else (">", "")
    by_signal = "signal" in branches[0][0]
    rest = condition(wanted, but=tuple(branches[0][0]))
    values: dict[str, Value] = {"limit": limit, **rest.values}
    text = rest.text
    if after is not None:
        values |= {f"at{number}": value for number, value in enumerate(after)}
        columns = ", ".join(f"c.{name}" for name in names)
        places = ", ".join(f":at{number}" for number in range(len(after)))
        text += f" and ({columns}) {sign} ({places})"
    if by_signal:
        # The row of the signal stands for the comment's, as long as nothing else is asked of that.
        text = text.replace("c.created_at", "m.created_at").replace("c.seq", "m.seq")
    parts = []
    for number, (scope, state) in enumerate(branches):
        alias = "m" if by_signal else "c"
        where = [
            f"{alias}.{'name' if name == 'signal' else name} "
            + (f"= :{name}{number}" if value is not None else "is null")
            for name, value in scope.items()
        ]
        table = "comment_signal as m" if by_signal else "comment as c"
        if by_signal and "c." in text:
            table += " join comment as c on c.seq = m.seq"
        selected = ", ".join(f"{alias}.{name} as {name}" for name in names)
        ordered = ", ".join(f"{alias}.{name}{turn}" for name in names)
        parts.append(
            f"select * from (select {selected} from {table} where {' and '.join(where)} "
            f"and {alias}.state = :state{number}{text} order by {ordered} limit :limit) "
            f"as part{number}"
        )
        values |= {f"{name}{number}": it for name, it in scope.items() if it is not None}
        values[f"state{number}"] = state
    ordered = ", ".join(f"{name}{turn}" for name in names)
    rows = await tx.all(
        f"{' union all '.join(parts)} order by {ordered} limit :limit",
        **values,
    )
    return [tuple(row[name] for name in names) for row in rows]
