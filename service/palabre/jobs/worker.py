"""The work beside the answers: what there is to do, and the block in which it is done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from palabre.jobs import (
    digest,
    erasure,
    indexing,
    publish,
    purge,
    quarantine,
    rescore,
    retention,
    webhook,
)
from palabre.jobs.outbox import Handler, Outbox, Ran
from palabre.jobs.outcome import GiveUp
from palabre.jobs.recurring import Recurring, repeat
from palabre.service import Service

__all__ = ["HANDLERS", "JOBS", "GiveUp", "running"]

GRACE_S = 1.5
"""What runs gets so much to come to its end: a `serve` has ten seconds, of which requests may take
eight."""

HANDLERS: dict[str, Handler] = {
    "digest": digest.digest,
    "publish": publish.publish,
    "purge": purge.purge,
    "quarantine": quarantine.quarantine,
    "rescore": rescore.rescore,
    "webhook": webhook.webhook,
}
"""Who does each kind of work that the outbox holds."""

JOBS: tuple[Recurring, ...] = (
    Recurring("retention", retention.retention, 3600.0),
    Recurring("erasure", erasure.erasure, 60.0, erasure.is_wanted, of_files=True),
    Recurring("indexing", indexing.indexing, 3.0, indexing.is_wanted),
)
"""What is done now and then, without being asked for."""


@contextlib.asynccontextmanager
async def running(
    service: Service,
    *,
    whole: bool = True,
    handlers: Mapping[str, Handler] = HANDLERS,
    ran: Ran = lambda kind, outcome: None,
    grace_s: float = GRACE_S,
) -> AsyncIterator[None]:
    """Do all of it until the block ends. *ran* is told of each attempt at what the outbox holds.

    *whole*: or only what this process alone can do, because it tends the store's files.
    """
    chosen = [job for job in JOBS if (service.store.tends_files if job.of_files else whole)]
    outbox = Outbox(service, handlers if whole else {}, ran=ran)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(repeat(service, job)) for job in chosen]
        if whole:
            tasks.append(group.create_task(outbox.run()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await outbox.close(grace_s=grace_s)
