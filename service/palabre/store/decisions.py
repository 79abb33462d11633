"""The log: every change of state and every edit, appended, never changed."""

from __future__ import annotations

from datetime import datetime

from palabre.model import Decider, Decision, Edit, State
from palabre.store import sites
from palabre.store.tx import Row, Tx, moment, ms


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
    """Append one decision."""
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
    tx: Tx, site_id: str, comment_id: str, before: str, *, by: Decider, at: datetime
) -> None:
    """Append one edit: the text *before* it."""
    await tx.run(
        "insert into edit (site_id, comment_id, moderator_id, edited_by, at, body) "
        "values (:site, :comment, :moderator, :by, :at, :body)",
        site=site_id,
        comment=comment_id,
        moderator=by.moderator_id,
        by=by.name,
        at=ms(at),
        body=before,
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
    return [Edit(by=row["edited_by"], at=moment(row["at"]), text=row["body"]) for row in rows]


async def page(
    tx: Tx,
    *,
    site_id: str | None,
    comment_id: str | None,
    moderator_id: str | None,
    before: int | None,
    limit: int,
) -> list[tuple[Decision, int]]:
    """Decisions, newest first, each with the cursor that leads past it.

    *comment_id*: of the site, if one is given. Costs one index range of *limit*, whatever there
    is; of a moderator's, one a site.
    """
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
            f"select * from decision where {where}seq < :before order by seq desc limit :limit",
            before=before if before is not None else 1 << 62,
            limit=limit,
            **scope,
        )
    rows.sort(key=lambda row: int(row["seq"]), reverse=True)
    return [(_decision(row), row["seq"]) for row in rows[:limit]]


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
