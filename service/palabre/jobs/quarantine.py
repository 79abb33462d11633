"""Deciding on the rest of a burst, once a moderator has decided on it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from palabre.actions import quarantine as actions
from palabre.service import Service
from palabre.store import Tx, jobs
from palabre.store.jobs import Job


async def quarantine(service: Service, job: Job) -> None:
    """Go on for a while, and come back for what is left: other jobs have their turn in between."""
    if await actions.go_on(service, job):
        await service.store.write(partial(_again, job=job, at=service.now()))


async def _again(tx: Tx, *, job: Job, at: datetime) -> None:
    """Come back for it, unless somebody has dropped it meanwhile."""
    if await jobs.hold(tx, job.id):
        await jobs.put(
            tx,
            job.kind,
            job_id=job.id,
            site_id=job.site_id,
            topic=job.topic,
            subject=job.subject,
            at=at,
        )
