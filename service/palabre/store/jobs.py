"""The outbox: work that was written down in the transaction of its cause, and who has it just now.

Nothing is promised but that it is done at least once: whoever claims it has a lease that ends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from palabre.store.tx import Row, Tx, among, held, moment, moment_or_none, ms

OUTDATED_BY_CHANGES = "jobs"
"""The name of what there is to do, for `Tx.outdates`: it wakes this process's worker."""

TALLY_MOST = 10_000
"""Rows that `tally` counts of each sort; more is a number that nobody has to know."""

_ALWAYS = 1 << 62


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do. `subject`: what it is about, as JSON; `error`: of the last attempt.

    `wanted`: how often it was asked for since it was put there. `attempts`: those begun. `lease`:
    of the worker that has it until `due_at`.
    """

    id: str
    site_id: str
    kind: str
    topic: str
    subject: Mapping[str, Any]
    wanted: int
    attempts: int
    lease: str | None
    due_at: datetime
    given_up_at: datetime | None
    error: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """How many wait and how many were given up, TALLY_MOST at most; when the first was due."""

    waiting: int
    given_up: int
    due_at: datetime | None


NOTHING = Tally(0, 0, None)
"""The tally of an outbox that is empty."""


async def put(
    tx: Tx,
    kind: str,
    *,
    job_id: str,
    site_id: str,
    topic: str,
    subject: Mapping[str, Any],
    at: datetime,
    due_at: datetime | None = None,
) -> None:
    """Something is to be done, at *due_at* or at once.

    Asked for again while it waits it is not done twice; while somebody is at it, it is done again,
    from *due_at* on. What was given up gets another chance.
    """
    tx.outdates(OUTDATED_BY_CHANGES)
    await tx.run(
        "insert into job (id, site_id, kind, topic, subject, due_at, created_at) "
        "values (:id, :site, :kind, :topic, :subject, :due, :at) "
        "on conflict (site_id, kind, topic) do update set wanted = job.wanted + 1, "
        "due_at = case when job.given_up_at is null then job.due_at else excluded.due_at end, "
        "attempts = case when job.given_up_at is null then job.attempts else 0 end, "
        "again_at = case when job.lease is null then null "
        "when job.again_at < excluded.due_at then job.again_at else excluded.due_at end, "
        "given_up_at = null",
        id=job_id,
        site=site_id,
        kind=kind,
        topic=topic,
        subject=json.dumps(subject, ensure_ascii=False),
        due=ms(due_at or at),
        at=ms(at),
    )


async def is_due(tx: Tx, kinds: Sequence[str], *, now: datetime) -> bool:
    """Whether `claim` would find anything. Costs one look at an index."""
    row = await tx.one(
        "select id from job where given_up_at is null and due_at <= :now "
        f"and kind {among(tx, 'kinds')} limit 1",
        now=ms(now),
        kinds=json.dumps(list(kinds)),
    )
    return row is not None


async def claim(
    tx: Tx, kinds: Sequence[str], *, lease: str, now: datetime, until: datetime, most: int
) -> list[Job]:
    """Take what is due, of these kinds, the longest due first; nobody else gets it until *until*.

    What another worker took and did not finish in time is due again.
    """
    # Found first and once for all: PostgreSQL may run a subquery with a limit more than once.
    held = tx.either(sqlite="", postgres=" for update skip locked")
    rows = await tx.all(
        "with due as materialized (select id from job where given_up_at is null "
        f"and due_at <= :now and kind {among(tx, 'kinds')} "
        f"order by due_at limit :most{held}) "
        "update job set lease = :lease, due_at = :until, attempts = attempts + 1, again_at = null "
        "where id in (select id from due) returning *",
        lease=lease,
        now=ms(now),
        until=ms(until),
        most=most,
        kinds=json.dumps(list(kinds)),
    )
    return sorted(map(_job, rows), key=lambda job: job.id)


async def done(tx: Tx, job: Job) -> None:
    """It is done: gone, unless it was asked for again meanwhile or is somebody else's by now."""
    if not await tx.run(
        "delete from job where id = :id and lease = :lease and wanted = :wanted",
        id=job.id,
        lease=job.lease,
        wanted=job.wanted,
    ):
        await _begin_anew(tx, job)


async def failed(tx: Tx, job: Job, *, error: str, due_at: datetime) -> None:
    """It is to be tried again at *due_at*. *error*: a line without anything secret or personal."""
    await tx.run(
        "update job set lease = null, error = :error, due_at = :due "
        "where id = :id and lease = :lease",
        id=job.id,
        lease=job.lease,
        error=error,
        due=ms(due_at),
    )


async def given_up(tx: Tx, job: Job, *, error: str, at: datetime) -> None:
    """It is not tried any more, unless it was asked for again meanwhile."""
    if not await tx.run(
        "update job set lease = null, error = :error, given_up_at = :at "
        "where id = :id and lease = :lease and wanted = :wanted",
        id=job.id,
        lease=job.lease,
        wanted=job.wanted,
        error=error,
        at=ms(at),
    ):
        await _begin_anew(tx, job)


async def _begin_anew(tx: Tx, job: Job) -> None:
    """What was asked for while somebody was at it: due when it was asked for, as if untried."""
    await tx.run(
        "update job set lease = null, attempts = 0, error = null, "
        "due_at = coalesce(again_at, due_at) where id = :id and lease = :lease",
        id=job.id,
        lease=job.lease,
    )


async def let_go(tx: Tx, job: Job, *, at: datetime) -> None:
    """It was begun and not finished, through no fault of its own: anybody may take it now."""
    await tx.run(
        "update job set lease = null, attempts = attempts - 1, due_at = :at "
        "where id = :id and lease = :lease",
        id=job.id,
        lease=job.lease,
        at=ms(at),
    )


async def page(tx: Tx, *, only_given_up: bool, limit: int, after: str = "") -> list[Job]:
    """What waits and what was given up, the oldest first. *after*: the id of the last one seen."""
    narrowed = "given_up_at is not null and " if only_given_up else ""
    rows = await tx.all(
        f"select * from job where {narrowed}id > :after order by id limit :limit",
        after=after,
        limit=limit,
    )
    return [_job(row) for row in rows]


async def known(tx: Tx, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are in the outbox."""
    rows = await tx.all(
        f"select id from job where id {among(tx, 'ids')}", ids=json.dumps(list(ids))
    )
    return {row["id"] for row in rows}


async def hold(tx: Tx, job_id: str) -> bool:
    """Whether a job is in the outbox; if it is, nobody drops it until this transaction ends."""
    return await tx.one(f"select id from job where id = :id{held(tx)}", id=job_id) is not None


async def subject_of(tx: Tx, job_id: str) -> dict[str, Any] | None:
    """What a job in the outbox is about."""
    row = await tx.one("select subject from job where id = :id", id=job_id)
    return None if row is None else dict(json.loads(row["subject"]))


async def change_subject(tx: Tx, job_id: str, subject: Mapping[str, Any]) -> None:
    """Let a job be about something else. Whoever is at it goes on with what it was about: it is to
    be asked for again (`put`) in the same transaction, before."""
    await tx.run(
        "update job set subject = :subject where id = :id",
        id=job_id,
        subject=json.dumps(subject, ensure_ascii=False),
    )


async def retry(tx: Tx, *, now: datetime, ids: Sequence[str] | None) -> int:
    """Do now what waits for its next attempt or was given up, as if untried; how many.

    *ids*: None for all that was given up.
    """
    tx.outdates(OUTDATED_BY_CHANGES)
    which = "given_up_at is not null and id > ''" if ids is None else f"id {among(tx, 'ids')}"
    chosen = {} if ids is None else {"ids": json.dumps(list(ids))}
    return await tx.run(
        "update job set given_up_at = null, attempts = 0, due_at = :now "
        f"where lease is null and {which}",
        now=ms(now),
        **chosen,
    )


async def drop(tx: Tx, job_id: str) -> bool:
    """Nobody is to do it any more; whether it was there."""
    return await tx.run("delete from job where id = :id", id=job_id) == 1


async def withdraw(tx: Tx, job_id: str) -> bool:
    """Who has asked for it has done it; whether nobody else had asked, or was at it."""
    return (
        await tx.run("delete from job where id = :id and lease is null and wanted = 1", id=job_id)
        == 1
    )


async def tally(tx: Tx) -> Tally:
    """How much there is, for those who watch. Costs TALLY_MOST rows of two indexes at most."""
    row = await tx.one(
        "select (select count(*) from (select 1 from job where given_up_at is null "
        "and due_at < :always limit :most) as waiting) as waiting, "
        "(select count(*) from (select 1 from job where given_up_at is not null "
        "and id > '' limit :most) as given_up) as given_up, "
        "(select min(due_at) from job where given_up_at is null) as due_at",
        always=_ALWAYS,
        most=TALLY_MOST,
    )
    if row is None:
        raise LookupError("job")
    return Tally(row["waiting"], row["given_up"], moment_or_none(row["due_at"]))


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        site_id=row["site_id"],
        kind=row["kind"],
        topic=row["topic"],
        subject=json.loads(row["subject"]),
        wanted=row["wanted"],
        attempts=row["attempts"],
        lease=row["lease"],
        due_at=moment(row["due_at"]),
        given_up_at=moment_or_none(row["given_up_at"]),
        error=row["error"],
        created_at=moment(row["created_at"]),
    )
