"""The worker: it does what the outbox holds, tries again what fails, and gives up in the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import START, Clock
from palabre.errors import StoreUnavailable
from palabre.ids import new_id
from palabre.jobs import outbox, worker
from palabre.jobs.outbox import Handler, Outbox
from palabre.model import Site
from palabre.service import Service
from palabre.store import Store, Unit, jobs
from palabre.store.jobs import Job


async def put(service: Service, site: Site, topic: str, *, kind: str = "ring") -> None:
    now = service.now()
    await service.store.write(
        lambda tx: jobs.put(
            tx,
            kind,
            job_id=new_id(now),
            site_id=site.id,
            topic=topic,
            subject={"bell": topic},
            at=now,
        )
    )


async def rows(service: Service) -> list[Job]:
    return await service.store.read(lambda tx: jobs.page(tx, only_given_up=False, limit=99))


class Bell:
    """A handler's other end: what rang, and what happens when it does."""

    def __init__(self, then: Callable[[Job], Awaitable[None]] | None = None) -> None:
        self.rung: list[str] = []
        self.heard = asyncio.Event()
        self._then = then

    async def __call__(self, service: Service, job: Job) -> None:
        self.rung.append(job.topic)
        self.heard.set()
        if self._then is not None:
            await self._then(job)

    async def wait(self) -> None:
        async with asyncio.timeout(10):
            await self.heard.wait()
        self.heard.clear()


def raising(exc: Exception) -> Callable[[Job], Awaitable[None]]:
    async def fail(job: Job) -> None:
        raise exc

    return fail


async def for_ever(job: Job) -> None:
    await asyncio.Event().wait()


def an_outbox(service: Service, handler: Handler, **options: float) -> tuple[Outbox, list[str]]:
    """An outbox whose chance is always in the middle, and what became of each attempt."""
    outcomes: list[str] = []
    found = Outbox(
        service,
        {"ring": handler},
        ran=lambda kind, outcome: outcomes.append(f"{kind} {outcome}"),
        chance=lambda: 0.5,
        **options,
    )
    return found, outcomes


async def test_what_is_due_is_done_once_and_gone(service: Service, site: Site) -> None:
    bell = Bell()
    ours, outcomes = an_outbox(service, bell)
    for topic in "abc":
        await put(service, site, topic)
    assert await ours.turn() == 3
    assert sorted(bell.rung) == ["a", "b", "c"]
    assert outcomes == ["ring done"] * 3
    assert await rows(service) == []
    assert await ours.turn() == 0


async def test_a_kind_that_nobody_here_does_is_left_alone(service: Service, site: Site) -> None:
    await put(service, site, "a", kind="unknown")
    [before] = await rows(service)
    assert await an_outbox(service, Bell())[0].turn() == 0
    assert await Outbox(service, {}).turn() == 0
    assert await rows(service) == [before]


async def test_a_failure_is_tried_again_three_times_as_late_each_time(
    service: Service, site: Site, clock: Clock
) -> None:
    bell = Bell(raising(RuntimeError("the bell is broken")))
    ours, outcomes = an_outbox(service, bell)
    await put(service, site, "a")
    for seconds in (5, 15, 45, 135):
        assert await ours.turn() == 1
        [job] = await rows(service)
        assert job.due_at == clock.now + timedelta(seconds=seconds)
        assert job.error == "RuntimeError: the bell is broken"
        clock.advance(seconds=seconds - 0.001)
        assert await ours.turn() == 0
        clock.advance(seconds=0.001)
    assert outcomes == ["ring failed"] * 4


async def test_after_twelve_failures_it_is_given_up(
    service: Service, site: Site, clock: Clock
) -> None:
    bell = Bell(raising(RuntimeError("the bell is broken")))
    ours, outcomes = an_outbox(service, bell)
    await put(service, site, "a")
    for _ in range(20):
        await ours.turn()
        clock.advance(hours=6)
    assert len(bell.rung) == outbox.ATTEMPTS_MOST == 12
    assert outcomes == [*["ring failed"] * 11, "ring given_up"]
    [job] = await service.store.read(lambda tx: jobs.page(tx, only_given_up=True, limit=9))
    assert job.error == "RuntimeError: the bell is broken"
    assert await service.store.write(lambda tx: jobs.retry(tx, now=clock.now, ids=[job.id])) == 1
    assert await ours.turn() == 1
    assert outcomes[-1] == "ring failed"


async def test_what_is_hopeless_is_given_up_at_once(service: Service, site: Site) -> None:
    ours, outcomes = an_outbox(service, Bell(raising(worker.GiveUp("there is no such bell"))))
    await put(service, site, "a")
    await ours.turn()
    [job] = await rows(service)
    assert (job.given_up_at, job.error, job.attempts) == (START, "there is no such bell", 1)
    assert outcomes == ["ring given_up"]


async def test_what_only_ever_kills_its_worker_is_given_up(
    service: Service, site: Site, clock: Clock
) -> None:
    bell = Bell()
    ours, _ = an_outbox(service, bell)
    await put(service, site, "a")
    for _ in range(outbox.ATTEMPTS_MOST):
        until = clock.now + outbox.LEASE
        begun = partial(
            jobs.claim, kinds=["ring"], lease="dead", now=clock.now, until=until, most=1
        )
        assert len(await service.store.write(begun)) == 1
        clock.advance(seconds=60)
    await ours.turn()
    assert bell.rung == []
    [job] = await rows(service)
    assert (job.given_up_at, job.error) == (clock.now, "no attempt came to its end")


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ValueError("two\n  lines\tand more"), "ValueError: two lines and more"),
        (
            OSError("cannot reach https://a.example/x?key=secret for zoe@example.com"),
            "OSError: cannot reach https://a.example/x?[query] for [e-mail]",
        ),
        (worker.GiveUp("no such palabre_abcdefgh"), "no such palabre_[token]"),
        (TimeoutError("too slow over there"), "TimeoutError: too slow over there"),
    ],
)
async def test_an_error_is_one_line_without_secrets(
    service: Service, site: Site, raised: Exception, error: str
) -> None:
    ours, _ = an_outbox(service, Bell(raising(raised)))
    await put(service, site, "a")
    await ours.turn()
    assert (await rows(service))[0].error == error


async def test_an_error_is_short(service: Service, site: Site) -> None:
    ours, _ = an_outbox(service, Bell(raising(ValueError("long " * 1000))))
    await put(service, site, "a")
    await ours.turn()
    error = (await rows(service))[0].error
    assert error is not None
    assert len(error) == outbox.ERROR_MOST


async def test_what_takes_too_long_has_failed(service: Service, site: Site) -> None:
    ours, outcomes = an_outbox(service, Bell(for_ever), limit_s=0.01)
    await put(service, site, "a")
    await ours.turn()
    assert outcomes == ["ring failed"]
    assert (await rows(service))[0].error == "TimeoutError: it took more than 0.01 s"


async def test_one_that_fails_stops_no_other(
    service: Service, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def only_b(job: Job) -> None:
        if job.topic != "b":
            raise RuntimeError(job.topic)

    ours, outcomes = an_outbox(service, Bell(only_b))
    for topic in "abc":
        await put(service, site, topic)
    with caplog.at_level(logging.WARNING):
        await ours.turn()
    assert sorted(outcomes) == ["ring done", "ring failed", "ring failed"]
    assert {job.topic for job in await rows(service)} == {"a", "c"}
    assert "a job (ring) failed, attempt 1: RuntimeError: a" in caplog.text


async def test_asked_for_again_while_it_is_done_it_is_done_again(
    service: Service, site: Site
) -> None:
    async def again(job: Job) -> None:
        if job.wanted == 1:
            await put(service, site, "a")

    bell = Bell(again)
    ours, _ = an_outbox(service, bell)
    await put(service, site, "a")
    assert [await ours.turn() for _ in range(3)] == [1, 1, 0]
    assert bell.rung == ["a", "a"]


@given(attempts=st.integers(1, 60), chance=st.floats(0, 1))
@settings(deadline=None)
def test_a_delay_lies_within_a_quarter_of_its_middle_and_below_six_hours(
    attempts: int, chance: float
) -> None:
    found = outbox.delay(attempts, chance)
    middle = outbox.delay(attempts, 0.5)
    assert abs(found - middle) <= middle * 0.25 + timedelta(milliseconds=1)
    assert timedelta(seconds=3.75) <= found <= timedelta(hours=6)
    assert outbox.delay(attempts + 1, chance) >= found


def test_attempts_are_spread_over_most_of_a_day() -> None:
    delays = [outbox.delay(attempts, 0.5) for attempts in range(1, outbox.ATTEMPTS_MOST)]
    assert timedelta(hours=18) < sum(delays, timedelta()) < timedelta(hours=24)


def test_the_lease_outlasts_the_limit() -> None:
    assert timedelta(seconds=outbox.LIMIT_S + 10) < outbox.LEASE


# Going on by itself.


async def test_the_process_own_commits_wake_it(
    service: Service, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "EVERY_S", 3600)
    bell = Bell()
    async with worker.running(service, handlers={"ring": bell}):
        for topic in "abc":
            await put(service, site, topic)
            await bell.wait()
    assert bell.rung == ["a", "b", "c"]
    assert await rows(service) == []


async def test_more_than_fits_at_once_is_done_as_there_is_room(
    service: Service, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "EVERY_S", 3600)
    number = 3 * outbox.AT_ONCE
    running = most = 0
    all_done = asyncio.Event()

    async def counting(service: Service, job: Job) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        seen.add(job.topic)
        if len(seen) == number:
            all_done.set()

    seen: set[str] = set()
    for n in range(number):
        await put(service, site, str(n))
    async with worker.running(service, handlers={"ring": counting}), asyncio.timeout(10):
        await all_done.wait()
    assert most <= outbox.AT_ONCE
    assert await rows(service) == []


async def test_a_slow_one_keeps_no_other_waiting(service: Service, site: Site) -> None:
    async def slow(job: Job) -> None:
        if job.topic == "slow":
            await asyncio.Event().wait()

    bell = Bell(slow)
    async with worker.running(service, handlers={"ring": bell}, grace_s=0):
        for topic in ("slow", "quick"):
            await put(service, site, topic)
            await bell.wait()
    assert bell.rung == ["slow", "quick"]
    assert [job.topic for job in await rows(service)] == ["slow"]


async def test_at_the_end_what_runs_may_finish(service: Service, site: Site) -> None:
    finish = asyncio.Event()

    async def until_asked(job: Job) -> None:
        await finish.wait()

    bell = Bell(until_asked)
    async with worker.running(service, handlers={"ring": bell}, grace_s=10):
        await put(service, site, "a")
        await bell.wait()
        asyncio.get_running_loop().call_soon(finish.set)
    assert await rows(service) == []


async def test_what_does_not_finish_in_time_is_anybody_s_at_once(
    service: Service, site: Site
) -> None:
    bell = Bell(for_ever)
    await put(service, site, "a")
    [before] = await rows(service)
    async with worker.running(service, handlers={"ring": bell}, grace_s=0):
        await bell.wait()
        assert (await rows(service))[0].lease is not None
    assert await rows(service) == [before]


async def test_a_store_that_fails_for_a_while_stops_nothing(
    service: Service, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(outbox, "EVERY_S", 0.001)
    failing = replace(service, store=cast(Store, _Failing(service.store, times=3)))
    bell = Bell()
    await put(service, site, "a")
    ours = Outbox(failing, {"ring": bell})
    task = asyncio.create_task(ours.run())
    await bell.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await ours.close(grace_s=10)
    assert bell.rung == ["a"]
    assert caplog.text.count("cannot be reached just now") == 3
    assert await rows(service) == []


class _Failing:
    """A store that can't be looked at, so many times."""

    def __init__(self, store: Store, *, times: int) -> None:
        self._store = store
        self._times = times
        self.tell = store.tell
        self.write = store.write

    async def glance(self, unit: Unit[bool]) -> bool:
        if self._times:
            self._times -= 1
            raise StoreUnavailable(retry_after_s=5)
        return await self._store.glance(unit)


async def test_with_jobs_off_the_outbox_is_left_to_others(service: Service, site: Site) -> None:
    bell = Bell()
    await put(service, site, "a")
    async with worker.running(service, whole=False, handlers={"ring": bell}):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await bell.wait()
    assert bell.rung == []


async def test_another_worker_takes_over_once_the_lease_has_run_out(
    service: Service, site: Site, clock: Clock
) -> None:
    stuck, other = Bell(for_ever), Bell()
    first, _ = an_outbox(service, stuck)
    second, _ = an_outbox(service, other)
    await put(service, site, "a")
    turn = asyncio.create_task(first.turn())
    await stuck.wait()
    clock.advance(seconds=59)
    assert await second.turn() == 0
    clock.advance(seconds=1)
    assert await second.turn() == 1
    turn.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await turn
    assert other.rung == ["a"]
    assert await rows(service) == []
