"""The job that indexes the words of new comments, many at a time."""

from __future__ import annotations

from palabre.actions.indexing import catch_up, is_behind
from palabre.service import Service


async def is_wanted(service: Service) -> bool:
    """Whether anything has come that is not indexed."""
    return await is_behind(service)


async def indexing(service: Service) -> None:
    """Index what has come. A search does it for itself, but has less to do then."""
    await catch_up(service)
