"""The jobs that run beside the answers, in the process that serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from palabre.jobs import erasure, indexing, retention
from palabre.service import Service

log = logging.getLogger(__name__)

Job = Callable[[Service], Awaitable[None]]

JOBS: tuple[tuple[Job, float], ...] = (
    (retention.retention, 3600.0),
    (erasure.erasure, 60.0),
    (indexing.indexing, 3.0),
)
"""Each job, and the seconds between two of its runs."""


@contextlib.asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """Run every job at once and then at its intervals, until the block ends."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_repeat(service, job, every_s)) for job, every_s in JOBS]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _repeat(service: Service, job: Job, every_s: float) -> None:
    while True:
        try:
            await job(service)
        except Exception:
            log.exception("the job %s failed; it is tried again at its next turn", job.__name__)
        await asyncio.sleep(every_s)
