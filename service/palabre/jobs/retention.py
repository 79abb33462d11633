"""The job that deletes what is overdue, and makes deleted words leave the files."""

from __future__ import annotations

from palabre.actions import tidy
from palabre.service import Service
from palabre.store import info


async def retention(service: Service) -> None:
    """Delete overdue comments, forget expired hashes, scrub if anything was deleted.

    Raises StoreUnavailable when the files can't be scrubbed now; the next run tries again.
    """
    await tidy.tidy(service)
    deleted = (await service.store.read(info.get)).get("to_scrub")
    if deleted is not None:
        await service.store.scrub()
        # Only now, and only if nothing was deleted meanwhile: a scrub that breaks off, or one that
        # a deletion has come after, is not the last.
        await service.store.write(lambda tx: info.forget(tx, "to_scrub", value=deleted))
