"""The only SQL. One module a noun, typed functions; engines behind `open`."""

from __future__ import annotations

from palabre.errors import Refusal
from palabre.settings import Settings
from palabre.store import sqlite_look
from palabre.store.sqlite import SqliteStore, open_sqlite
from palabre.store.tx import Store, Taken, Tx, Unit

__all__ = ["SqliteStore", "Store", "Taken", "Tx", "Unit", "known_from_outside", "open_store"]


async def open_store(settings: Settings, *, serving: bool = False) -> SqliteStore:
    """The store that the settings name, unmigrated. *serving*: as the process that serves it."""
    return await open_sqlite(
        settings.database_path, waiting_writes=settings.waiting_writes, serving=serving
    )


def known_from_outside(settings: Settings) -> dict[str, str]:
    """What the store says of itself, without opening it; nothing where it can't be told.

    Opening a store that was killed, and closing it again, would move its journal into it.
    """
    try:
        return sqlite_look.known(settings.database_path)
    except Refusal:
        return {}
