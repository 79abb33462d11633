"""What runs now and then: in one process at a time, and without writing while there is nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import httpx2
import pytest

import makers
from conftest import Clock, client_of
from palabre.jobs import worker
from palabre.jobs.outbox import Outbox
from palabre.jobs.recurring import Recurring, turn
from palabre.model import Site
from palabre.service import Service, opened
from palabre.store import info, recurring
from palabre.store.jobs import Job

JOBS = {job.name: job for job in worker.JOBS}


class Counted:
    """A job that counts its runs. `wanted`: whether there is anything to do."""

    def __init__(self) -> None:
        self.runs = 0
        self.wanted = True
        self.job = Recurring("counted", self.run, 60.0, self.is_wanted)

    async def run(self, service: Service) -> None:
        self.runs += 1

    async def is_wanted(self, service: Service) -> bool:
        return self.wanted


async def test_it_runs_once_an_interval_however_many_take_turns(
    service: Service, clock: Clock
) -> None:
    counted = Counted()
    for _ in range(4):
        await asyncio.gather(*(turn(service, counted.job) for _ in range(5)))
        clock.advance(seconds=30)
    assert counted.runs == 2


async def test_whoever_comes_too_early_waits_for_the_rest_of_the_interval(
    service: Service, clock: Clock
) -> None:
    counted = Counted()
    assert await turn(service, counted.job) == 60
    clock.advance(seconds=20)
    assert await turn(service, counted.job) == 40


async def test_without_anything_to_do_nothing_is_claimed(service: Service) -> None:
    counted = Counted()
    counted.wanted = False
    assert await turn(service, counted.job) == 60
    counted.wanted = True
    await turn(service, counted.job)
    assert counted.runs == 1


async def test_an_idle_service_writes_nothing_from_one_hour_to_the_next(
    service: Service, site: Site, moderator: dict[str, str], clock: Clock
) -> None:
    async with client_of(service) as client:
        comment = await makers.comment(client)
        await makers.act(client, moderator, comment, "delete")
    # Its jobs have ended with it: what goes on is what runs below.
    for job in worker.JOBS:
        clock.advance(minutes=2)
        await turn(service, job)
    commits: list[int] = []
    service.store.tell(committed=lambda units, seconds: commits.append(units))
    outbox, runs = Outbox(service, {"ring": ring}), 0
    until = clock.now + timedelta(minutes=59)
    while clock.now < until:
        for name in ("indexing", "erasure"):
            await turn(service, JOBS[name])
        await outbox.turn()
        runs += 1
        clock.advance(seconds=3)
    assert runs > 1000
    assert commits == []


async def ring(service: Service, job: Job) -> None:
    raise AssertionError("nobody rang")


async def test_with_jobs_off_only_what_no_other_process_can_do_is_done(service: Service) -> None:
    await service.store.write(lambda tx: info.put(tx, to_scrub="something"))
    async with worker.running(service, whole=False), asyncio.timeout(20):
        while "to_scrub" in await service.store.read(info.get):
            await asyncio.sleep(0.01)
    for name in ("retention", "indexing"):
        assert await service.store.read(partial(recurring.due_at, name=name)) is None


@pytest.mark.engine("sqlite")
async def test_files_that_another_process_serves_are_left_to_it(service: Service) -> None:
    await service.store.write(lambda tx: info.put(tx, to_scrub="something"))
    due = partial(recurring.due_at, name="retention")
    async with (
        opened(service.settings, now=service.now) as beside,
        worker.running(beside),
        asyncio.timeout(20),
    ):
        while await service.store.read(due) is None:
            await asyncio.sleep(0.01)
    assert await service.store.read(partial(recurring.due_at, name="erasure")) is None
    assert "to_scrub" in await service.store.read(info.get)


async def test_several_are_told_of_each_commit(
    service: Service, client: httpx2.AsyncClient
) -> None:
    heard: list[str] = []
    service.store.tell(committed=lambda units, seconds: heard.append("one"))
    service.store.tell(committed=lambda units, seconds: heard.append("two"))
    await makers.comment(client)
    assert heard[:2] == ["one", "two"]
    assert "palabre_commit_seconds_count" in (await client.get("/metrics")).text
