"""What runs jobs now and then: each in one process at a time, and only if there is something to do.

How long until the next look is remembered here; when the next run is due stands in the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from palabre.errors import Problem
from palabre.service import Service
from palabre.store import recurring

log = logging.getLogger(__name__)


async def always(service: Service) -> bool:
    """Whether there is something to do: it can't be told without doing it."""
    return True


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job and the seconds between two of its runs.

    `is_wanted`: a look, before anything is written, whether a run would do anything. `of_files`:
    only the process that tends the store's files may run it.
    """

    name: str
    run: Callable[[Service], Awaitable[None]]
    every_s: float
    is_wanted: Callable[[Service], Awaitable[bool]] = always
    of_files: bool = False


async def repeat(service: Service, job: Recurring) -> None:
    """Run a job at once and then at its intervals, until cancelled."""
    while True:
        pause_s = job.every_s
        try:
            pause_s = await turn(service, job)
        except Problem as exc:
            log.warning("the job %s cannot run just now: %s", job.name, exc)
        except Exception:
            log.exception("the job %s failed; it is tried again at its next turn", job.name)
        await asyncio.sleep(pause_s)


async def turn(service: Service, job: Recurring) -> float:
    """Run a job if it is due and nobody else runs it; the seconds until the next look."""
    store, now = service.store, service.now()
    due_at = await store.glance(partial(recurring.due_at, name=job.name))
    wait_s = (due_at - now).total_seconds() if due_at is not None else 0.0
    if 0 < wait_s <= job.every_s:
        return wait_s
    if await job.is_wanted(service):
        following = now + timedelta(seconds=job.every_s)
        if await store.write(partial(recurring.claim, name=job.name, now=now, next=following)):
            await job.run(service)
    return job.every_s
