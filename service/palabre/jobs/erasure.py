"""The job that makes deleted words leave the files (contract section 2: within 24 hours)."""

from __future__ import annotations

from datetime import timedelta

from palabre.service import Service
from palabre.store import Tx, info
from palabre.store.tx import moment, ms

APART = timedelta(hours=20)
"""Between two scrubs of a large store, which make writers wait: 40 s at 3 GB. With the scrub itself
and some runs that fail it stays within 24 hours."""


async def is_wanted(service: Service) -> bool:
    """Whether anything was deleted and it is time to scrub."""
    return await _deleted(service) is not None


async def erasure(service: Service) -> None:
    """Scrub the store if anything was deleted: a small one at once, a large one once a day.

    Raises StoreUnavailable when the files can't be scrubbed now; the next run tries again.
    """
    deleted = await _deleted(service)
    if deleted is None:
        return
    await service.store.scrub()

    async def note(tx: Tx) -> None:
        # Only now, and only if nothing was deleted meanwhile: a scrub that breaks off, or one that
        # a deletion has come after, is not the last.
        await info.forget(tx, "to_scrub", value=deleted)
        await info.put(tx, scrubbed_at=str(ms(service.now())))

    await service.store.write(note)


async def _deleted(service: Service) -> str | None:
    """The name of what was deleted, if it is time to scrub it."""
    said = await service.store.read(info.get)
    deleted = said.get("to_scrub")
    if deleted is None:
        return None
    last = moment(int(said.get("scrubbed_at", "0")))
    if service.now() - last < APART and not await service.store.is_small():
        return None
    return deleted
