"""The only SQL. One module a noun, typed functions; engines behind `open`."""

from __future__ import annotations

from palabre.settings import Settings
from palabre.store.sqlite import SqliteStore, open_sqlite
from palabre.store.tx import Store, Taken, Tx, Unit

__all__ = ["SqliteStore", "Store", "Taken", "Tx", "Unit", "open_store"]


async def open_store(settings: Settings, *, serving: bool = False) -> SqliteStore:
    """The store that the settings name, unmigrated. *serving*: as the process that serves it."""
    return await open_sqlite(
        settings.database_path, waiting_writes=settings.waiting_writes, serving=serving
    )
