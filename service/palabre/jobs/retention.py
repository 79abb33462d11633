"""The job that deletes what is overdue, and makes deleted words leave the files."""

from __future__ import annotations

from palabre.actions import tidy
from palabre.service import Service
from palabre.store import Tx, info


async def retention(service: Service) -> None:
    """Delete overdue comments, forget expired hashes, scrub if anything was deleted."""
    await tidy.tidy(service)
    if "to_scrub" in await service.store.read(info.get):
        await service.store.write(_note_scrub)
        await service.store.scrub()


async def _note_scrub(tx: Tx) -> None:
    # Before scrubbing: what is deleted meanwhile asks for the next one.
    await info.forget(tx, "to_scrub")
