"""The only SQL. One module a noun, typed functions; engines behind `open`."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

from palabre.errors import Refusal
from palabre.settings import Settings
from palabre.store import sqlite_look
from palabre.store.looks import Look
from palabre.store.sqlite import open_sqlite
from palabre.store.tx import Store, Taken, Tx, Unit

__all__ = ["Look", "Store", "Taken", "Tx", "Unit", "known_from_outside", "look_at", "open_store"]


async def open_store(settings: Settings, *, serving: bool = False) -> Store:
    """The store that the settings name, unmigrated. *serving*: as the process that serves it.

    Refuses what can't be opened.
    """
    if settings.is_shared:
        opened: Store = await _driver("postgres").open_postgres(
            settings.database_url,
            connections=settings.database_connections,
            waiting_writes=settings.waiting_writes,
        )
        return opened
    return await open_sqlite(
        settings.database_path, waiting_writes=settings.waiting_writes, serving=serving
    )


def look_at(settings: Settings) -> Look | None:
    """What the store shows from outside; None where there is none yet. Refuses what it can't read.

    On SQLite all of it is read once.
    """
    if settings.is_shared:
        found: Look = asyncio.run(_driver("postgres_look").look(settings.database_url))
        return found
    path = settings.database_path
    return sqlite_look.look(path) if path.exists() else None


def _driver(module: str) -> Any:
    """A module of the PostgreSQL store, whose driver is only looked for when it is needed."""
    try:
        return importlib.import_module(f"palabre.store.{module}")
    except ModuleNotFoundError as exc:
        raise Refusal(
            "PALABRE_DATABASE_URL names a PostgreSQL database, whose driver is not installed: "
            "install palabre[postgres]."
        ) from exc


def known_from_outside(settings: Settings) -> dict[str, str]:
    """What the store says of itself, without opening it; nothing where it can't be told.

    Opening a store that was killed, and closing it again, would move its journal into it.
    """
    if settings.is_shared:
        return {}  # opening it changes nothing
    try:
        return sqlite_look.known(settings.database_path)
    except Refusal:
        return {}
