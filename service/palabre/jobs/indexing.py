"""The job that indexes the words of new comments, many at a time."""

from __future__ import annotations

from palabre.actions.indexing import catch_up
from palabre.service import Service


async def indexing(service: Service) -> None:
    """Index what has come. A search does it for itself, but has less to do then."""
    await catch_up(service)
