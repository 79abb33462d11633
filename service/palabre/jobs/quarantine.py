"""Deciding on the rest of a burst, once a moderator has decided on it."""

from __future__ import annotations

from functools import partial

from palabre.actions import quarantine as actions
from palabre.service import Service
from palabre.store import jobs
from palabre.store.jobs import Job


async def quarantine(service: Service, job: Job) -> None:
    """Go on for a while, and come back for what is left: other jobs have their turn in between."""
    if await actions.go_on(service, job):
        await service.store.write(
            partial(
                jobs.put,
                kind=job.kind,
                job_id=job.id,
                site_id=job.site_id,
                topic=job.topic,
                subject=job.subject,
                at=service.now(),
            )
        )
