"""Readers' reports of comments, and the receipts that tell reporters what became of them.

Whoever adds a report or settles some holds the comment (`comments.standing`): one at a time.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.model import Decider, Outcome, Report, State
from palabre.store import marks
from palabre.store.tx import Row, Tx, among, moment, moment_or_none, ms

TAGS_FOR = timedelta(hours=24)
"""How long a reporter is known again (contract section 6)."""

KEPT_FOR = timedelta(days=90)
"""How long reports and their receipts are kept when what they were about is public no longer."""

OPEN_MOST = 100
"""Open reports that a comment may have: by then moderators know, and the store need not grow."""

RECEIPTS_MOST = 20
SHOWN_MOST = 200
"""Reports of one comment that moderators are shown, the newest."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: keyed hashes of their address and of the wider network around it, each under
    today's key and yesterday's. `request`: the hash of the key that the request came with."""

    visitor: tuple[bytes, bytes]
    area: tuple[bytes, bytes]
    request: bytes | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when somebody reports a comment.

    `counted`: its open reports that speak for holding it. `is_dismissed`: a
    moderator has let it stand in spite of reports. `has_neighbour`: one from the same wider
    network came within a day. `dismissed_before`: of this reporter's own of the day, on any
    comment of the site.
    """

    counted: int
    is_dismissed: bool
    has_neighbour: bool
    dismissed_before: int


@dataclass(frozen=True, slots=True)
class Told:
    """A report as its receipt tells of it. `reported_at`: when the receipt was handed out."""

    comment_id: str
    outcome: Outcome
    reported_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class New:
    """A report to be stored."""

    id: str
    site_id: str
    comment_id: str
    reason: str
    note: str | None
    counts: bool
    dismissed_before: int
    recent: int
    at: datetime


async def same(tx: Tx, comment_id: str, reporter: Reporter, *, now: datetime) -> str | None:
    """The id of the report that this reporter, or this very request, brought in the last day."""
    row = await tx.one(
        "select id from report where comment_id = :comment "
        "and tags_until > :now and (visitor_tag in (:today, :yesterday) "
        "or request_tag = :request) order by id limit 1",
        comment=comment_id,
        now=ms(now),
        today=reporter.visitor[0],
        yesterday=reporter.visitor[1],
        request=reporter.request,
    )
    return None if row is None else str(row["id"])


async def known(
    tx: Tx, site_id: str, comment_id: str, reporter: Reporter, *, now: datetime
) -> Known:
    """What is known before one more report is stored."""
    of_it = "from report where comment_id = :comment"
    row = await tx.one(
        f"select (select count(*) {of_it} and outcome = 'open' and counts = 1) as counted, "
        f"(select count(*) {of_it} and outcome = 'dismissed') as dismissed, "
        f"(select count(*) {of_it} and tags_until > :now "
        "and area_tag in (:area, :area_yesterday)) as near, "
        "(select count(*) from report where site_id = :site "
        "and visitor_tag in (:today, :yesterday) and tags_until > :now "
        "and outcome = 'dismissed') as dismissed_before",
        site=site_id,
        comment=comment_id,
        now=ms(now),
        today=reporter.visitor[0],
        yesterday=reporter.visitor[1],
        area=reporter.area[0],
        area_yesterday=reporter.area[1],
    )
    if row is None:
        raise LookupError(comment_id)
    return Known(
        counted=row["counted"],
        is_dismissed=row["dismissed"] > 0,
        has_neighbour=row["near"] > 0,
        dismissed_before=row["dismissed_before"],
    )


async def add(tx: Tx, new: New, reporter: Reporter) -> None:
    """Store a report; the comment has one more that is open."""
    await tx.run(
        "insert into report (id, site_id, comment_id, reason, note, counts, dismissed_before, "
        "recent, at, visitor_tag, area_tag, request_tag, tags_until) values (:id, :site, "
        ":comment, :reason, :note, :counts, :dismissed_before, :recent, :at, :visitor, :area, "
        ":request, :until)",
        id=new.id,
        site=new.site_id,
        comment=new.comment_id,
        reason=new.reason,
        note=new.note,
        counts=int(new.counts),
        dismissed_before=new.dismissed_before,
        recent=new.recent,
        at=ms(new.at),
        visitor=reporter.visitor[0],
        area=reporter.area[0],
        request=reporter.request,
        until=ms(new.at + TAGS_FOR),
    )
    await _recount(tx, new.comment_id)


async def is_full(tx: Tx, comment_id: str) -> bool:
    """Whether a comment has as many open reports as it may."""
    row = await tx.one("select reports from comment where id = :comment", comment=comment_id)
    return row is not None and row["reports"] >= OPEN_MOST


async def follow(tx: Tx, comment_id: str, becomes: State, *, by: Decider, at: datetime) -> None:
    """Let a comment's reports follow a decision about it: what a moderator decides settles all of
    them, anew each time. What rules and the author do settles nothing, unless it is deletion."""
    if by.moderator_id is not None:
        await _settle(tx, comment_id, _FOLLOWS[becomes], by=by.name, at=at)
    elif becomes is State.DELETED:
        await _settle(tx, comment_id, Outcome.GONE, by=by.name, at=at)
    if becomes is State.DELETED:
        await tx.run(
            "update report set note = null where comment_id = :comment and note is not null",
            comment=comment_id,
        )


async def outcomes(tx: Tx, comment_id: str) -> str | None:
    """What a comment's reports have come to, for `bring_back`; None if it has none."""
    rows = await tx.all(
        "select id, outcome, settled_at, settled_by from report where comment_id = :comment "
        "order by id",
        comment=comment_id,
    )
    alike = itertools.groupby(
        rows, lambda row: (row["outcome"], row["settled_at"], row["settled_by"])
    )
    runs = [[list(run)[-1]["id"], *outcome] for outcome, run in alike]
    return json.dumps(runs) if runs else None


async def bring_back(tx: Tx, comment_id: str, decided: State, before: str | None) -> None:
    """A moderator's decision is taken back that made a comment *decided*: what it had made of the
    reports is again as `outcomes` found it; what came later is open.

    What has been settled otherwise since stays settled.
    """
    made, after, changed = _FOLLOWS[decided], "", 0
    for last, outcome, settled_at, settled_by in json.loads(before or "[]"):
        changed += await tx.run(
            "update report set outcome = :outcome, settled_at = :at, settled_by = :by "
            "where comment_id = :comment and id > :after and id <= :last and outcome = :made",
            outcome=outcome,
            at=settled_at,
            by=settled_by,
            comment=comment_id,
            after=after,
            last=last,
            made=made,
        )
        after = last
    changed += await tx.run(
        "update report set outcome = 'open', settled_at = null, settled_by = null "
        "where comment_id = :comment and id > :after and outcome = :made",
        comment=comment_id,
        after=after,
        made=made,
    )
    if changed:
        await _recount(tx, comment_id)


async def dismiss(tx: Tx, comment_id: str, *, by: Decider, at: datetime) -> None:
    """A moderator lets the comment stand as it is: its open reports are settled."""
    await _settle(tx, comment_id, Outcome.DISMISSED, by=by.name, at=at)


_FOLLOWS = {
    State.PENDING: Outcome.OPEN,
    State.APPROVED: Outcome.DISMISSED,
    State.REJECTED: Outcome.UPHELD,
    State.SPAM: Outcome.UPHELD,
    State.DELETED: Outcome.UPHELD,
}
_SETTLED_BY_NOBODY = (Outcome.OPEN, Outcome.DISMISSED)
"""What becomes `gone` when the comment does: an upheld report stays one."""


async def _settle(tx: Tx, comment_id: str, outcome: Outcome, *, by: str, at: datetime) -> None:
    among_them = _SETTLED_BY_NOBODY if outcome is Outcome.GONE else tuple(Outcome)[:3]
    settled = await tx.run(
        "update report set outcome = :outcome, settled_at = :at, settled_by = :by "
        "where comment_id = :comment and outcome <> :outcome "
        f"and outcome {among(tx, 'among')}",
        outcome=outcome,
        at=None if outcome is Outcome.OPEN else ms(at),
        by=None if outcome is Outcome.OPEN else by,
        comment=comment_id,
        among=json.dumps(among_them),
    )
    if settled:
        await _recount(tx, comment_id)


async def _recount(tx: Tx, comment_id: str) -> None:
    """How many are open stands in the comment, and moves it in the order of urgency."""
    row = await tx.one(
        "select count(*) as n from report where comment_id = :comment and outcome = 'open'",
        comment=comment_id,
    )
    await tx.run(
        "update comment set rank = rank + :weight * (reports - :n), reports = :n where id = :id",
        weight=marks.OF_A_REPORT,
        n=0 if row is None else row["n"],
        id=comment_id,
    )


async def of_comment(tx: Tx, comment_id: str) -> list[Report]:
    """A comment's reports, oldest first; of more than SHOWN_MOST the newest."""
    rows = await tx.all(
        "select * from report where comment_id = :comment order by id desc limit :most",
        comment=comment_id,
        most=SHOWN_MOST,
    )
    return [_report(row) for row in reversed(rows)]


async def hand_receipt(
    tx: Tx, token_hash: bytes, *, site_id: str, report_id: str, at: datetime
) -> None:
    """One more receipt of a report; its newest RECEIPTS_MOST stay valid."""
    await tx.run(
        "insert into report_receipt (token_hash, site_id, report_id, created_at) "
        "values (:hash, :site, :report, :at)",
        hash=token_hash,
        site=site_id,
        report=report_id,
        at=ms(at),
    )
    await _trim(tx, token_hash, site_id=site_id, report_id=report_id)


async def _trim(tx: Tx, token_hash: bytes, *, site_id: str, report_id: str) -> None:
    """Keep a report's newest receipts, whatever else the one just handed out."""
    await tx.run(
        "delete from report_receipt where site_id = :site and report_id = :report "
        "and token_hash not in (select token_hash from report_receipt where site_id = :site "
        "and report_id = :report order by created_at desc, token_hash limit :most) "
        "and token_hash <> :hash",
        hash=token_hash,
        site=site_id,
        report=report_id,
        most=RECEIPTS_MOST,
    )


async def of_receipt(tx: Tx, token_hash: bytes) -> Told | None:
    """What a receipt tells."""
    held = await tx.one("select * from report_receipt where token_hash = :hash", hash=token_hash)
    if held is None:
        return None
    row = await tx.one(
        "select comment_id, outcome, settled_at from report where site_id = :site and id = :id",
        site=held["site_id"],
        id=held["report_id"],
    )
    if row is None:
        raise LookupError(held["report_id"])
    return Told(
        comment_id=row["comment_id"],
        outcome=Outcome(row["outcome"]),
        reported_at=moment(held["created_at"]),
        settled_at=moment_or_none(row["settled_at"]),
    )


async def forget_tags(tx: Tx, *, now: datetime, most: int) -> int:
    """Forget who reported, where 24 hours have passed; of how many reports."""
    return await tx.run(
        "update report set visitor_tag = null, area_tag = null, request_tag = null, "
        "tags_until = null where (site_id, id) in (select site_id, id from report "
        "where tags_until <= :now order by tags_until limit :most)",
        now=ms(now),
        most=most,
    )


async def forget_old(tx: Tx, *, site_id: str, now: datetime, most: int) -> int:
    """Remove some of a site's reports past KEPT_FOR, with their receipts, whose comments are
    public no longer; how many. What is open, or let stand, belongs to a comment that is kept."""
    ids: list[str] = []
    for outcome in (Outcome.UPHELD, Outcome.GONE):
        rows = await tx.all(
            "select id from report where site_id = :site and outcome = :outcome "
            "and at < :before order by at limit :limit",
            site=site_id,
            outcome=outcome,
            before=ms(now - KEPT_FOR),
            limit=most - len(ids),
        )
        ids += [row["id"] for row in rows]
    if ids:
        await _remove(tx, site_id, ids)
    return len(ids)


async def _remove(tx: Tx, site_id: str, ids: Sequence[str]) -> None:
    await tx.run(
        f"delete from report_receipt where site_id = :site and report_id {among(tx, 'ids')}",
        site=site_id,
        ids=json.dumps(ids),
    )
    await tx.run(
        f"delete from report where site_id = :site and id {among(tx, 'ids')}",
        site=site_id,
        ids=json.dumps(ids),
    )


def _report(row: Row) -> Report:
    return Report(
        id=row["id"],
        reason=row["reason"],
        note=row["note"],
        at=moment(row["at"]),
        outcome=Outcome(row["outcome"]),
        settled_at=moment_or_none(row["settled_at"]),
        settled_by=row["settled_by"],
        counts=bool(row["counts"]),
        dismissed_before=row["dismissed_before"],
        recent=row["recent"],
    )
