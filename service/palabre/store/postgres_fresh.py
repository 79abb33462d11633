"""Knowing what other processes have outdated, before anything remembered is used.

Each transaction that changes what readers see leaves its names in the table `outdated`. One read,
shared by all who ask at the same time, finds those that the last one could not see yet: what
PostgreSQL's snapshots tell exactly, in whatever order transactions were begun and committed
(PostgreSQL manual, `pg_current_snapshot`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Set
from dataclasses import dataclass

from palabre.store.postgres_pool import Pool

KEPT_S = 600.0
"""How long the names are kept, at least."""

TRUSTED_S = 120.0
"""After so long without a look everything is forgotten instead."""

_NEW = (
    "select cast(pg_current_snapshot() as text) as snapshot, (select json_agg(names) "
    "from outdated where xact >= cast($1 as bigint) or xact = any(cast($2 as bigint[]))) as names"
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions were over: those below `ahead` but for the `open` ones."""

    ahead: int
    open: tuple[int, ...]

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """From PostgreSQL's `xmin:xmax:xip,…`."""
        _, ahead, still_open = text.split(":")
        return cls(int(ahead), tuple(int(xid) for xid in still_open.split(",") if xid))


class Freshness:
    """Tells *forget* the names that others have outdated; None for all of them."""

    def __init__(self, pool: Pool, forget: Callable[[Set[str] | None], None]) -> None:
        self._pool = pool
        self._forget = forget
        self._seen: Snapshot | None = None
        self._seen_at = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Returns once all that was committed before the call is known.

        Raises what the driver raises.
        """
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(after=None))
            await asyncio.shield(self._looking)
            return
        # One that is under way may have looked too early: the next one serves all who came since.
        if self._next is None or self._next is self._looking or self._next.done():
            self._next = asyncio.create_task(self._look(after=self._looking))
        await asyncio.shield(self._next)

    async def _look(self, *, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait([after])
            self._looking = asyncio.current_task()
        began = time.monotonic()
        seen = self._seen
        if seen is not None and began - self._seen_at > TRUSTED_S:
            seen = None
        known = seen or Snapshot(1 << 62, ())
        try:
            async with self._pool.statement() as connection:
                row = await connection.fetchrow(_NEW, known.ahead, known.open)
        except BaseException:
            self._seen = None
            raise
        found = Snapshot.read(row["snapshot"])
        if seen is None or found.ahead < seen.ahead:
            self._forget(None)
        elif row["names"] is not None:
            names: set[str] = set()
            for listed in json.loads(row["names"]):
                names.update(json.loads(listed))
            self._forget(names)
        self._seen, self._seen_at = found, began

    async def close(self) -> None:
        """Wait for the looks that are under way."""
        tasks = [task for task in (self._looking, self._next) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
