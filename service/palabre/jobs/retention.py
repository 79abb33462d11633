"""The job that lets go of what has been kept for as long as the operator said."""

from __future__ import annotations

from palabre.actions import tidy
from palabre.service import Service


async def retention(service: Service) -> None:
    """Delete overdue comments, forget expired hashes."""
    await tidy.tidy(service)
