"""The outbox's rows: put, claimed, done, tried again, given up, revived."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from conftest import START
from palabre.model import Site
from palabre.service import Service
from palabre.store import Tx, jobs, recurring
from palabre.store.jobs import Job, Tally

MINUTE = timedelta(minutes=1)


async def put(
    service: Service,
    site: Site,
    topic: str,
    *,
    kind: str = "purge",
    at: datetime = START,
    due_at: datetime | None = None,
) -> None:
    """Something to do; its id is its kind and topic, and a mark where it is not the first."""

    async def unit(tx: Tx) -> None:
        there = {job.id for job in await jobs.page(tx, only_given_up=False, limit=99)}
        job_id = f"{kind} {topic}"
        await jobs.put(
            tx,
            kind,
            job_id=f"{job_id} again" if job_id in there else job_id,
            site_id=site.id,
            topic=topic,
            subject={"article": topic},
            at=at,
            due_at=due_at,
        )

    await service.store.write(unit)


async def claim(
    service: Service,
    *,
    now: datetime = START,
    lease: str = "mine",
    kinds: Sequence[str] = ("purge",),
    most: int = 9,
) -> list[Job]:
    return await service.store.write(
        lambda tx: jobs.claim(tx, kinds, lease=lease, now=now, until=now + MINUTE, most=most)
    )


async def waiting(service: Service, *, only_given_up: bool = False) -> list[Job]:
    return await service.store.read(lambda tx: jobs.page(tx, only_given_up=only_given_up, limit=99))


async def done(service: Service, job: Job) -> None:
    await service.store.write(lambda tx: jobs.done(tx, job))


async def failed(service: Service, job: Job, due_at: datetime) -> None:
    await service.store.write(lambda tx: jobs.failed(tx, job, error="no answer", due_at=due_at))


async def given_up(service: Service, job: Job, *, at: datetime = START) -> None:
    await service.store.write(lambda tx: jobs.given_up(tx, job, error="gone", at=at))


async def test_what_is_put_is_claimed_whole_and_gone_once_it_is_done(
    service: Service, site: Site
) -> None:
    await put(service, site, "a")
    [job] = await claim(service)
    assert job == Job(
        id="purge a",
        site_id=site.id,
        kind="purge",
        topic="a",
        subject={"article": "a"},
        wanted=1,
        attempts=1,
        lease="mine",
        due_at=START + MINUTE,
        given_up_at=None,
        error=None,
        created_at=START,
    )
    await done(service, job)
    assert await waiting(service) == []


async def test_nobody_claims_what_is_not_due_of_another_kind_or_too_much(
    service: Service, site: Site
) -> None:
    await put(service, site, "later", due_at=START + MINUTE)
    await put(service, site, "b", at=START - MINUTE)
    await put(service, site, "a")
    await put(service, site, "other", kind="digest")
    assert [job.topic for job in await claim(service, most=1)] == ["b"]
    assert [job.topic for job in await claim(service)] == ["a"]
    assert await claim(service, kinds=()) == []
    assert [job.topic for job in await claim(service, now=START + MINUTE / 2)] == []


async def test_there_is_something_due_exactly_when_a_claim_finds_it(
    service: Service, site: Site
) -> None:
    await put(service, site, "a", due_at=START + MINUTE)

    async def is_due(now: datetime, *kinds: str) -> bool:
        return await service.store.read(lambda tx: jobs.is_due(tx, kinds, now=now))

    assert not await is_due(START, "purge")
    assert await is_due(START + MINUTE, "purge", "digest")
    assert not await is_due(START + MINUTE, "digest")
    assert not await is_due(START + MINUTE)
    await claim(service, now=START + MINUTE)
    assert not await is_due(START + MINUTE, "purge")


async def test_of_many_who_claim_at_once_each_gets_something_else(
    service: Service, site: Site
) -> None:
    for n in range(20):
        await put(service, site, f"{n:02}")
    found = await asyncio.gather(*(claim(service, lease=f"{n}", most=3) for n in range(8)))
    assert sorted(job.topic for one in found for job in one) == [f"{n:02}" for n in range(20)]


async def test_a_lease_that_ran_out_makes_it_somebody_elses(service: Service, site: Site) -> None:
    await put(service, site, "a")
    [mine] = await claim(service)
    assert await claim(service, lease="theirs", now=START + MINUTE * 0.99) == []
    [theirs] = await claim(service, lease="theirs", now=START + MINUTE)
    assert (theirs.lease, theirs.attempts) == ("theirs", 2)
    await done(service, mine)
    await failed(service, mine, START)
    await given_up(service, mine)
    await service.store.write(lambda tx: jobs.let_go(tx, mine, at=START))
    assert await waiting(service) == [theirs]
    await done(service, theirs)
    assert await waiting(service) == []


async def test_asked_for_again_while_it_waits_it_is_done_once(service: Service, site: Site) -> None:
    due = START + MINUTE
    await put(service, site, "a", due_at=due)
    for _ in range(3):
        await put(service, site, "a", at=START + MINUTE / 2, due_at=START + 9 * MINUTE)
    [job] = await claim(service, now=due)
    assert (job.wanted, job.attempts, job.created_at) == (4, 1, START)
    await done(service, job)
    assert await waiting(service) == []


async def test_asked_for_again_while_somebody_is_at_it_it_is_done_again(
    service: Service, site: Site
) -> None:
    await put(service, site, "a")
    [job] = await claim(service)
    for minutes in (3, 2, 4):
        await put(service, site, "a", due_at=START + minutes * MINUTE)
    await done(service, job)
    [again] = await waiting(service)
    assert (again.lease, again.attempts, again.wanted) == (None, 0, 4)
    assert again.due_at == START + 2 * MINUTE
    [job] = await claim(service, now=again.due_at)
    await done(service, job)
    assert await waiting(service) == []


async def test_a_failure_is_remembered_and_tried_again_later(service: Service, site: Site) -> None:
    await put(service, site, "a")
    for attempt in (1, 2, 3):
        now = START + attempt * MINUTE
        [job] = await claim(service, now=now)
        assert job.attempts == attempt
        await failed(service, job, now + MINUTE)
        [after] = await waiting(service)
        assert (after.error, after.lease, after.due_at) == ("no answer", None, now + MINUTE)
        await put(service, site, "a")
    assert (await waiting(service))[0].attempts == 3


async def test_what_is_given_up_is_left_alone_until_somebody_asks_again(
    service: Service, site: Site
) -> None:
    await put(service, site, "a")
    [job] = await claim(service)
    await given_up(service, job)
    assert await claim(service, now=START + 999 * MINUTE) == []
    [found] = await waiting(service, only_given_up=True)
    assert found == replace(job, lease=None, error="gone", given_up_at=START)
    await put(service, site, "a", at=START + MINUTE)
    assert await waiting(service, only_given_up=True) == []
    [again] = await claim(service, now=START + MINUTE)
    assert (again.attempts, again.wanted) == (1, 2)


async def test_what_was_asked_for_meanwhile_is_not_given_up(service: Service, site: Site) -> None:
    await put(service, site, "a")
    [job] = await claim(service)
    await put(service, site, "a", at=START + MINUTE / 2)
    await given_up(service, job)
    [found] = await waiting(service)
    assert (found.given_up_at, found.attempts, found.lease) == (None, 0, None)
    assert found.due_at == START + MINUTE / 2


async def test_what_is_let_go_is_as_if_nobody_had_claimed_it(service: Service, site: Site) -> None:
    await put(service, site, "a")
    [before] = await waiting(service)
    [job] = await claim(service)
    await service.store.write(lambda tx: jobs.let_go(tx, job, at=START))
    assert await waiting(service) == [before]


async def test_operators_revive_some_or_all_and_nothing_that_somebody_is_at(
    service: Service, site: Site
) -> None:
    for topic in "abcd":
        await put(service, site, topic)
    a, b, c, _ = await claim(service)
    await given_up(service, a)
    await given_up(service, b)
    await failed(service, c, START + 9 * MINUTE)

    async def retry(*ids: str, every: bool = False) -> int:
        chosen = None if every else ids
        return await service.store.write(lambda tx: jobs.retry(tx, now=START, ids=chosen))

    assert await retry("purge a", "purge c", "purge d", "unknown") == 2
    assert [job.topic for job in await waiting(service, only_given_up=True)] == ["b"]
    assert await retry(every=True) == 1
    assert [(job.topic, job.attempts) for job in await claim(service)] == [
        ("a", 1),
        ("b", 1),
        ("c", 1),
    ]


async def test_what_is_dropped_is_done_by_nobody(service: Service, site: Site) -> None:
    await put(service, site, "a")
    [job] = await claim(service)
    assert await service.store.write(lambda tx: jobs.drop(tx, job.id))
    assert not await service.store.write(lambda tx: jobs.drop(tx, job.id))
    await failed(service, job, START)
    assert await waiting(service) == []


async def test_pages_lead_past_everything_once(service: Service, site: Site) -> None:
    for n in range(7):
        await put(service, site, str(n))
    seen: list[str] = []
    after = ""
    while found := await service.store.read(
        partial(jobs.page, only_given_up=False, limit=3, after=after)
    ):
        seen += [job.topic for job in found]
        after = found[-1].id
    assert seen == list("0123456")


async def test_the_tally_tells_what_waits_and_since_when(service: Service, site: Site) -> None:
    assert await service.store.read(jobs.tally) == Tally(0, 0, None)
    for topic in "abc":
        await put(service, site, topic, at=START - MINUTE)
    [job] = await claim(service, most=1)
    await given_up(service, job)
    assert await service.store.read(jobs.tally) == Tally(2, 1, START - MINUTE)


async def test_what_recurs_is_claimed_once_an_interval(service: Service) -> None:
    async def claimed(minutes: float, *, apart: timedelta = MINUTE) -> bool:
        now = START + minutes * MINUTE
        return await service.store.write(
            lambda tx: recurring.claim(tx, "retention", now, now + apart)
        )

    assert await service.store.read(lambda tx: recurring.due_at(tx, "retention")) is None
    assert [await claimed(minutes) for minutes in (0, 0, 0.9, 1, 1.5, 2)] == [
        *(True, False, False),
        *(True, False, True),
    ]
    due = await service.store.read(lambda tx: recurring.due_at(tx, "retention"))
    assert due == START + 3 * MINUTE


async def test_a_clock_that_was_wrong_stops_nothing(service: Service) -> None:
    async def claimed(now: datetime) -> bool:
        return await service.store.write(
            lambda tx: recurring.claim(tx, "retention", now, now + MINUTE)
        )

    assert await claimed(START + timedelta(days=9999))
    assert await claimed(START)
    assert not await claimed(START)
