"""What does the work in the outbox: claims it, runs its handler, writes down what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Set
from datetime import timedelta
from functools import partial

from palabre import logs
from palabre.errors import Problem
from palabre.ids import random_id
from palabre.jobs.outcome import GiveUp
from palabre.service import Service
from palabre.store import Tx, jobs
from palabre.store.jobs import Job

log = logging.getLogger(__name__)

Handler = Callable[[Service, Job], Awaitable[None]]
Ran = Callable[[str, str], None]
"""Who counts: told of each attempt's kind and outcome (done, failed, given_up)."""

LEASE = timedelta(seconds=60)
LIMIT_S = 45.0
"""What a handler may take: less than the lease, so that nobody else is at it at the same time."""
EVERY_S = 2.0
"""Between two looks for what other processes have put there, or what is to be tried again."""
AT_ONCE = 8
ATTEMPTS_MOST = 12
FIRST_DELAY_S = 5.0
DELAY_MOST_S = 6 * 3600.0
JITTER = 0.25
ERROR_MOST = 200


def delay(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many failed attempts: three times as long each time.

    *chance*: 0 to 1. What failed together does not come back together.
    """
    seconds = min(FIRST_DELAY_S * 3.0 ** (attempts - 1), DELAY_MOST_S / (1 + JITTER))
    return timedelta(seconds=seconds * (1 + JITTER * (2 * chance - 1)))


class Outbox:
    """Runs what is due, AT_ONCE at a time, until it is closed.

    Kinds without a handler are left to processes that have one. `turn` is one look, `run` goes on.
    """

    def __init__(
        self,
        service: Service,
        handlers: Mapping[str, Handler],
        *,
        ran: Ran = lambda kind, outcome: None,
        limit_s: float = LIMIT_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._service = service
        self._handlers = handlers
        self._ran = ran
        self._limit_s = limit_s
        self._chance = chance
        self._tasks: dict[asyncio.Task[None], Job] = {}
        self._left: list[Job] = []
        self._woken = asyncio.Event()
        service.store.tell(outdated=self._heard)

    async def turn(self) -> int:
        """Do some of what is due, and come back when it is done; how much it was."""
        found = await self._claim(AT_ONCE)
        await asyncio.gather(*map(self._do, found))
        return len(found)

    async def run(self) -> None:
        """Do what is due as soon as it is, until cancelled; `close` belongs behind it."""
        while True:
            self._woken.clear()
            try:
                await self._begin()
            except Problem as exc:
                log.warning("the outbox cannot be reached just now: %s", exc)
            except Exception:
                log.exception("the outbox could not be looked at; it is tried again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._woken.wait()

    async def close(self, *, grace_s: float) -> None:
        """Let what runs come to its end; after *grace_s*, let others begin it anew."""
        if self._tasks:
            await asyncio.wait([*self._tasks], timeout=grace_s)
        running = dict(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        left = [*self._left, *running.values()]
        if left:
            log.info("%d jobs are left to another worker", len(left))
            try:
                await self._service.store.write(partial(self._let_go, left))
            except Problem as exc:
                log.warning("another worker has to wait for their leases to end: %s", exc)

    def _heard(self, outdated: Set[str]) -> None:
        if jobs.OUTDATED_BY_CHANGES in outdated:
            self._woken.set()

    async def _begin(self) -> None:
        """Begin what is due, as much as there is room for."""
        if len(self._tasks) >= AT_ONCE:
            return
        claiming = asyncio.ensure_future(self._claim(AT_ONCE - len(self._tasks)))
        try:
            found = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            # What the store has already given to us would wait for the lease's end.
            await asyncio.wait([claiming])
            if claiming.exception() is None:
                self._left += claiming.result()
            raise
        for job in found:
            task = asyncio.create_task(self._do(job), name=f"palabre-job-{job.kind}")
            self._tasks[task] = job
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._woken.set()

    async def _claim(self, most: int) -> list[Job]:
        service, kinds, lease = self._service, list(self._handlers), random_id()
        look = partial(jobs.is_due, kinds=kinds, now=service.now())
        # A look first: a service that has nothing to do writes nothing.
        if not kinds or not await service.store.glance(look):
            return []

        async def unit(tx: Tx) -> list[Job]:
            # The lease begins when it is given, however long the store made us wait.
            now = service.now()
            return await jobs.claim(tx, kinds, lease=lease, now=now, until=now + LEASE, most=most)

        return await service.store.write(unit)

    async def _do(self, job: Job) -> None:
        """Try a job and write down what became of it. Whatever happens, the others go on."""
        try:
            outcome = await self._attempt(job)
        except Exception:
            log.exception("what became of a job (%s) was not stored: it is done again", job.kind)
        else:
            self._ran(job.kind, outcome)

    async def _attempt(self, job: Job) -> str:
        """What became of the job, once it is stored."""
        try:
            await self._handle(job)
        except GiveUp as exc:
            return await self._give_up(job, _line(str(exc)))
        except Exception as exc:
            log.debug("the stack of a job (%s) that failed", job.kind, exc_info=exc)
            return await self._fail(job, _line(f"{type(exc).__name__}: {exc}"))
        await self._service.store.write(partial(jobs.done, job=job))
        return "done"

    async def _handle(self, job: Job) -> None:
        if job.attempts > ATTEMPTS_MOST:
            # Attempts are counted when they begin: this one's ended with their processes.
            raise GiveUp("no attempt came to its end")
        limit = asyncio.timeout(self._limit_s)
        try:
            async with limit:
                await self._handlers[job.kind](self._service, job)
        except TimeoutError as exc:
            if limit.expired():
                raise TimeoutError(f"it took more than {self._limit_s:g} s") from exc
            raise

    async def _fail(self, job: Job, error: str) -> str:
        if job.attempts >= ATTEMPTS_MOST:
            return await self._give_up(job, error)
        due_at = self._service.now() + delay(job.attempts, self._chance())
        log.warning("a job (%s) failed, attempt %d: %s", job.kind, job.attempts, error)
        await self._service.store.write(partial(jobs.failed, job=job, error=error, due_at=due_at))
        return "failed"

    async def _give_up(self, job: Job, error: str) -> str:
        log.error("a job (%s) is given up after %d attempts: %s", job.kind, job.attempts, error)
        now = self._service.now()
        await self._service.store.write(partial(jobs.given_up, job=job, error=error, at=now))
        return "given_up"

    async def _let_go(self, left: list[Job], tx: Tx) -> None:
        now = self._service.now()
        for job in left:
            await jobs.let_go(tx, job, at=now)


def _line(text: str) -> str:
    """One short line, without addresses, tokens and queries."""
    return logs.redact(" ".join(text.split()))[:ERROR_MOST]
