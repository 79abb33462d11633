"""The log: every change of state and every edit, appended, never changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from palabre.model import Decider, Decision, Edit, Event, State
from palabre.store import sites
from palabre.store.tx import Happening, Row, Tx, among, moment, ms

SLACK = timedelta(hours=1)
"""How far numbers and times may be out of order: clocks are set, transactions overlap."""


async def add(
    tx: Tx,
    site_id: str,
    comment_id: str,
    was: State | None,
    becomes: State,
    *,
    by: Decider,
    at: datetime,
    reason: str | None = None,
    note: str | None = None,
) -> None:
    """Append one decision, and note it for those who want to know of it (`outbox`)."""
    tx.happens(Happening(site_id, comment_id, was, becomes, by=by, at=at, reason=reason))
    await tx.run(
        "insert into decision (site_id, comment_id, from_state, to_state, moderator_id, "
        "decided_by, at, reason, note) values (:site, :comment, :was, :becomes, :moderator, "
        ":by, :at, :reason, :note)",
        site=site_id,
        comment=comment_id,
        was=was,
        becomes=becomes,
        moderator=by.moderator_id,
        by=by.name,
        at=ms(at),
        reason=reason,
        note=note,
    )


async def add_edit(
    tx: Tx,
    site_id: str,
    comment_id: str,
    before: str,
    *,
    by: Decider,
    at: datetime,
    masked: Mapping[str, int] | None = None,
) -> None:
    """Append one edit: the text *before* it. *masked*: what of it is left out, if it is a mask."""
    await tx.run(
        "insert into edit (site_id, comment_id, moderator_id, edited_by, at, body, masked) "
        "values (:site, :comment, :moderator, :by, :at, :body, :masked)",
        site=site_id,
        comment=comment_id,
        moderator=by.moderator_id,
        by=by.name,
        at=ms(at),
        body=before,
        masked=None if masked is None else json.dumps(masked),
    )


async def edited_texts(tx: Tx, comment_id: str) -> list[tuple[int, str]]:
    """What a comment said before each of its edits, with the number of that edit."""
    rows = await tx.all(
        "select seq, body from edit where comment_id = :id order by seq", id=comment_id
    )
    return [(row["seq"], row["body"]) for row in rows]


async def mask_edit(tx: Tx, comment_id: str, seq: int, text: str) -> None:
    """Let an edit hold its text with what is masked in it; its own words are no longer kept."""
    await tx.run(
        "update edit set body = :body where comment_id = :id and seq = :seq",
        id=comment_id,
        seq=seq,
        body=text,
    )


async def forget_texts(tx: Tx, comment_id: str) -> None:
    """Wipe what people wrote from a comment's log: notes and earlier texts. The rows stay."""
    await tx.run("update decision set note = null where comment_id = :id", id=comment_id)
    await tx.run("delete from edit where comment_id = :id", id=comment_id)


async def of_comment(tx: Tx, comment_id: str) -> list[Decision]:
    """A comment's decisions, oldest first."""
    rows = await tx.all("select * from decision where comment_id = :id order by seq", id=comment_id)
    return [_decision(row) for row in rows]


async def edits_of(tx: Tx, comment_id: str) -> list[Edit]:
    """A comment's edits, oldest first."""
    rows = await tx.all("select * from edit where comment_id = :id order by seq", id=comment_id)
    return [
        Edit(
            by=row["edited_by"],
            at=moment(row["at"]),
            text=row["body"],
            masked=json.loads(row["masked"] or "{}"),
        )
        for row in rows
    ]


async def page(
    tx: Tx,
    *,
    site_id: str | None,
    comment_id: str | None,
    moderator_id: str | None,
    before: int | None,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[tuple[Decision, int]]:
    """Decisions, newest first, each with the cursor that leads past it.

    *comment_id*: of the site, if one is given. *until*: not included. Costs one index range of
    *limit*, whatever there is; of a moderator's, one a site.
    """
    first = 0 if since is None else await number_at(tx, site_id, since - SLACK)
    end = 1 << 62 if before is None else before
    if until is not None:
        end = min(end, await number_at(tx, site_id, until + SLACK))
    if comment_id is not None:
        scopes = [{"comment_id": comment_id}]
    elif moderator_id is not None:
        asked = await sites.ids(tx) if site_id is None else [site_id]
        scopes = [{"site_id": site, "moderator_id": moderator_id} for site in asked]
    elif site_id is not None:
        scopes = [{"site_id": site_id}]
    else:
        scopes = [{}]
    if comment_id is not None and moderator_id is not None:
        scopes[0]["moderator_id"] = moderator_id
    rows: list[Row] = []
    for scope in scopes:
        where = "".join(f"{column} = :{column} and " for column in scope)
        rows += await tx.all(
            f"select * from decision where {where}seq < :before and seq >= :first "
            "and at >= :since and at < :until order by seq desc limit :limit",
            before=end,
            first=first,
            since=0 if since is None else ms(since),
            until=1 << 62 if until is None else ms(until),
            limit=limit,
            **scope,
        )
    rows.sort(key=lambda row: int(row["seq"]), reverse=True)
    return [(_decision(row), row["seq"]) for row in rows[:limit]]


async def number_at(tx: Tx, site_id: str | None, moment: datetime) -> int:
    """The least number of a decision of *moment* or later, on a site or on any (None).

    Found by halving, since numbers grow with time; the one after the last if all are earlier.
    What was decided within SLACK of the moment may stand on either side of it.
    """
    where = "" if site_id is None else "site_id = :site and "
    scope = {} if site_id is None else {"site": site_id}
    wanted = ms(moment)
    low, high = 0, 1
    row = await tx.one(
        f"select seq from decision where {where}seq < :most order by seq desc limit 1",
        most=1 << 62,
        **scope,
    )
    if row is not None:
        high = row["seq"] + 1
    while low < high:
        middle = (low + high) // 2
        row = await tx.one(
            f"select seq, at from decision where {where}seq >= :seq order by seq limit 1",
            seq=middle,
            **scope,
        )
        if row is None or row["at"] >= wanted:
            high = middle
        else:
            low = row["seq"] + 1
    return low


async def since(
    tx: Tx, after: int, *, site_id: str | None, limit: int, until: int = 1 << 62
) -> list[Event]:
    """Decisions behind the number *after*, in the order of their numbers, *until* included.

    Costs one index range of *limit*. On PostgreSQL a lower number may come to light after a
    higher one: see `at_numbers`.
    """
    where = "" if site_id is None else "site_id = :site and "
    scope = {} if site_id is None else {"site": site_id}
    rows = await tx.all(
        f"select * from decision where {where}seq > :after and seq <= :until "
        "order by seq limit :limit",
        after=after,
        until=until,
        limit=limit,
        **scope,
    )
    return await _events(tx, rows)


async def at_numbers(tx: Tx, numbers: Collection[int], *, site_id: str | None) -> list[Event]:
    """Those decisions of these numbers that are there, in the order of their numbers."""
    rows = await tx.all(
        f"select * from decision where seq {among(tx, 'numbers', 'bigint')} "
        "and (cast(:site as text) is null or site_id = :site)",
        numbers=json.dumps(sorted(numbers)),
        site=site_id,
    )
    return await _events(tx, sorted(rows, key=lambda row: int(row["seq"])))


async def last_numbers(
    tx: Tx, *, before: int = 1 << 62, limit: int = 1000
) -> list[tuple[int, datetime]]:
    """The highest numbers below *before*, from the highest on, and when each was decided."""
    rows = await tx.all(
        "select seq, at from decision where seq < :before order by seq desc limit :limit",
        before=before,
        limit=limit,
    )
    return [(row["seq"], moment(row["at"])) for row in rows]


async def urls_of(tx: Tx, comment_ids: Collection[str]) -> dict[str, str]:
    """Comments' articles, by comment: one statement for all, and one a site."""
    rows = await tx.all(
        "select comment.id, comment.site_id, article.address from comment "
        "join article on article.id = comment.article_id "
        f"and article.site_id = comment.site_id where comment.id {among(tx, 'ids')}",
        ids=json.dumps(sorted(comment_ids)),
    )
    homes = {site_id: await sites.by_id(tx, site_id) for site_id in {r["site_id"] for r in rows}}
    return {row["id"]: homes[row["site_id"]].origins[0] + row["address"] for row in rows}


async def _events(tx: Tx, rows: Sequence[Row]) -> list[Event]:
    """Decisions with where they happened: two statements for all, and two a site."""
    if not rows:
        return []
    urls = await urls_of(tx, {row["comment_id"] for row in rows})
    homes = {site_id: await sites.by_id(tx, site_id) for site_id in {r["site_id"] for r in rows}}
    waiting = {site_id: (await sites.tally(tx, site_id))["pending"] for site_id in homes}
    return [
        Event(
            number=row["seq"],
            site_id=row["site_id"],
            site=homes[row["site_id"]].name,
            url=urls[row["comment_id"]],
            waiting=waiting[row["site_id"]],
            decision=_decision(row),
        )
        for row in rows
    ]


def _decision(row: Row) -> Decision:
    return Decision(
        comment=row["comment_id"],
        from_state=None if row["from_state"] is None else State(row["from_state"]),
        to_state=State(row["to_state"]),
        by=row["decided_by"],
        at=moment(row["at"]),
        reason=row["reason"],
        note=row["note"],
    )
