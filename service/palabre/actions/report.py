"""Readers report comments: what may be reported, reporting it, and what became of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre import keys
from palabre.actions.decide import present
from palabre.actions.submit import may_post_from
from palabre.errors import (
    CommentNotFound,
    InvalidReport,
    NotAllowedFromHere,
    OriginNotAllowed,
    ReceiptNotFound,
    ReportedEnough,
    TooFast,
)
from palabre.ids import new_id, new_token
from palabre.model import (
    Article,
    Comment,
    Decider,
    Moderator,
    Outcome,
    Shown,
    Signal,
    Site,
    State,
    Visitor,
)
from palabre.service import Service
from palabre.store import Tx, articles, comments, reports, sites, threads, visits
from palabre.text import network, submission

AT_ONCE = 10
PERIOD_S = 3_600
"""Reports that one visitor may send on a site: ten, and then one in six minutes."""

DISMISSED_MOST = 2
RECENT_MOST = 4
"""From the third report of a reporter that was dismissed within the day on, and from their sixth in
ten minutes on, what they report is kept and shown, but holds nothing."""

AGAIN = 2
"""A comment that a moderator let stand in spite of reports takes so many times as many."""

HELD_SCORE = 0.6
BY = Decider("rule:reports")


@dataclass(frozen=True, slots=True)
class Reported:
    """A comment that is public, to be reported."""

    comment: Shown
    article: Article
    site: Site


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report as its reporter is told of it. `comment`: only as long as it is public."""

    comment_id: str
    comment: Shown | None
    article: Article
    site: Site
    outcome: Outcome
    reported_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filed:
    """A report on disk, and the token of the receipt for it."""

    receipt: Receipt
    token: str


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A request to report a comment."""

    service: Service
    comment_id: str
    fields: submission.Fields
    visitor: Visitor
    header_key: str | None


@dataclass(frozen=True, slots=True)
class _Look:
    """A report that may be stored. `again`: the id of the one that this is once more."""

    article: Article
    site: Site
    sent: submission.Report
    reporter: reports.Reporter
    again: str | None


async def about(service: Service, comment_id: str) -> Reported:
    """A public comment. Raises CommentNotFound, whatever else it is."""

    async def unit(tx: Tx) -> Reported:
        found = await threads.any_of(tx, comment_id)
        if found is None or found.shown.state is not State.APPROVED:
            raise CommentNotFound
        site = await sites.by_id(tx, found.site_id)
        return Reported(found.shown, await _article(tx, service, site, found), site)

    return await service.store.read(unit)


async def report(
    service: Service,
    comment_id: str,
    fields: submission.Fields,
    visitor: Visitor,
    *,
    header_key: str | None = None,
) -> Filed:
    """Report a public comment; returns once it is on disk.

    The same visitor within a day, or the same request (*header_key*: its Idempotency-Key header),
    changes nothing and gets a fresh receipt, whatever the comment has become. Raises, in this
    order: CommentNotFound, OriginNotAllowed, InvalidReport, ReportedEnough, TooFast; Busy and
    StoreUnavailable.
    """
    arrival = _Arrival(service, comment_id, fields, visitor, header_key)
    # What is to be refused need not wait for anybody who writes.
    await service.store.glance(lambda tx: _look(tx, arrival))
    token = new_token()

    async def unit(tx: Tx) -> Filed:
        now = service.now()
        standing = await comments.standing(tx, comment_id, site_id=None)
        if standing is None:
            raise CommentNotFound
        look = await _look(tx, arrival)
        report_id = look.again or await _file(tx, arrival, look, standing)
        digest = keys.digest(token)
        await reports.hand_receipt(tx, digest, site_id=look.site.id, report_id=report_id, at=now)
        return Filed(await _receipt(tx, service, token), token)

    return await service.store.write(unit)


async def receipt(service: Service, token: str) -> Receipt:
    """What became of a report. Raises ReceiptNotFound."""
    return await service.store.read(lambda tx: _receipt(tx, service, token))


async def dismiss(service: Service, moderator: Moderator, comment_id: str) -> Comment:
    """A moderator lets a comment stand in spite of its reports; it stays what it is.

    Raises CommentNotFound, NotAllowedFromHere for a deleted one.
    """

    async def unit(tx: Tx) -> Comment:
        standing = await comments.standing(tx, comment_id, site_id=moderator.site_id)
        if standing is None:
            raise CommentNotFound
        if standing.state is State.DELETED:
            raise NotAllowedFromHere
        await reports.dismiss(tx, standing.id, by=moderator.decider, at=service.now())
        return await present(tx, service, comment_id)

    return await service.store.write(unit)


async def _look(tx: Tx, arrival: _Arrival) -> _Look:
    """All that can be told by reading; raises what `report` does but TooFast."""
    service = arrival.service
    found = await threads.any_of(tx, arrival.comment_id)
    if found is None:
        raise CommentNotFound
    site = await sites.by_id(tx, found.site_id)
    checked = submission.check_report(arrival.fields, header_key=arrival.header_key)
    key = None if checked.report is None else checked.report.idempotency_key
    reporter = _reporter(service, site, arrival, key)
    again = await reports.same(tx, arrival.comment_id, reporter, now=service.now())
    if again is None and found.shown.state is not State.APPROVED:
        raise CommentNotFound
    if not may_post_from(site, arrival.visitor):
        raise OriginNotAllowed
    if checked.report is None:
        raise InvalidReport(checked.errors)
    if again is None and await reports.is_full(tx, arrival.comment_id):
        raise ReportedEnough
    article = await _article(tx, service, site, found)
    return _Look(article, site, checked.report, reporter, again)


async def _file(tx: Tx, arrival: _Arrival, look: _Look, standing: comments.Standing) -> str:
    """Store one more report, and hold the comment if it is one too many; the report's id."""
    site_id, now = look.site.id, arrival.service.now()
    bucket = visits.Bucket(look.reporter.visitor[0], AT_ONCE, PERIOD_S)
    (recent,) = await visits.take(tx, site_id, [bucket], now=now)
    if recent is None:
        wait_s = await visits.wait(tx, site_id, bucket, now=now)
        raise TooFast(retry_after_s=wait_s, n=wait_s)
    known = await reports.known(tx, site_id, standing.id, look.reporter, now=now)
    is_trusted = known.dismissed_before <= DISMISSED_MOST and recent <= RECENT_MOST
    new = reports.New(
        id=new_id(now),
        site_id=site_id,
        comment_id=standing.id,
        reason=look.sent.reason,
        note=look.sent.note,
        counts=is_trusted and not known.has_neighbour,
        dismissed_before=known.dismissed_before,
        recent=recent,
        at=now,
    )
    await reports.add(tx, new, look.reporter)
    counted = known.counted + new.counts
    if new.counts and standing.moderator_id is None and _is_enough(counted, known, look.article):
        await _hold(tx, standing, counted, at=now)
    return new.id


def _is_enough(counted: int, known: reports.Known, article: Article) -> bool:
    rule = article.policy.reports_to_hold
    return rule > 0 and counted >= rule * (AGAIN if known.is_dismissed else 1)


async def _hold(tx: Tx, standing: comments.Standing, counted: int, *, at: datetime) -> None:
    signal = Signal("reports", HELD_SCORE, "reports", {"n": counted})
    marked = await comments.resignal(tx, standing, signal)
    await comments.set_state(tx, marked, State.PENDING, by=BY, at=at)


def _reporter(service: Service, site: Site, arrival: _Arrival, key: str | None) -> reports.Reporter:
    """Who reports, by today's key and by yesterday's: midnight makes nobody somebody else."""
    today = service.now().date()

    def tags(of: str) -> tuple[bytes, bytes]:
        yesterday = today - timedelta(days=1)
        return (
            service.keys.reporter(of, site.id, today),
            service.keys.reporter(of, site.id, yesterday),
        )

    here = arrival.visitor.network
    request = None
    if key is not None:
        named = f"{arrival.comment_id}\0{key}".encode()
        request = service.keys.tag("report", site.id, named).value
    return reports.Reporter(tags(here), tags(network.area(here)), request)


async def _article(tx: Tx, service: Service, site: Site, found: threads.Own) -> Article:
    article = await articles.by_id(tx, site, found.article_id, now=service.now())
    if article is None:
        raise LookupError(found.article_id)
    return article


async def _receipt(tx: Tx, service: Service, token: str) -> Receipt:
    told = await reports.of_receipt(tx, keys.digest(token))
    if told is None:
        raise ReceiptNotFound
    found = await threads.own(tx, told.comment_id)
    site = await sites.by_id(tx, found.site_id)
    return Receipt(
        comment_id=told.comment_id,
        comment=found.shown if found.shown.state is State.APPROVED else None,
        article=await _article(tx, service, site, found),
        site=site,
        outcome=told.outcome,
        reported_at=told.reported_at,
        settled_at=told.settled_at,
    )
