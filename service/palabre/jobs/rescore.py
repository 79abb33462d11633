"""Scoring what waits on a site anew, now that more has been learned there."""

from __future__ import annotations

from palabre.actions import learn
from palabre.service import Service
from palabre.store.jobs import Job


async def rescore(service: Service, job: Job) -> None:
    """Bring the learned signal of a site's pending comments up to date."""
    await learn.rescore(service, job.site_id)
