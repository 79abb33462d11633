"""An SQLite store looked at from outside: nothing is made, locked or changed.

What opens a store to work with it is `sqlite`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from palabre.errors import Refusal
from palabre.store import generation, sqlite_thread
from palabre.store.looks import Look

SAFE = (3, 51, 3)
"""The first version whose journal can't be damaged by two connections that write at once."""

OLDEST = (3, 37, 0)
"""The first version with strict tables."""

_DAMAGES_MOST = 5


def files(database: Path) -> list[Path]:
    """Every file of the store that is there: database, journal, locks."""
    endings = ("", "-wal", "-shm", ".lock", ".serve", generation.FILE_ENDING)
    return [path for e in endings if (path := database.with_name(database.name + e)).exists()]


def look(database: Path) -> Look:
    """Look at the store in this file. Refuses what can't be read. Reads all of it once."""
    with _reading(database) as raw:
        applied = sqlite_thread.applied(raw)
        checked = raw.execute(f"pragma quick_check({_DAMAGES_MOST})").fetchall()
        damages = tuple(row[0] for row in checked if row[0] != "ok")
        return Look(bool(applied) or not _tables(raw), _known(raw), applied, damages)


def known(database: Path) -> dict[str, str]:
    """What the store in this file says of itself. Refuses what can't be read. Reads little."""
    with _reading(database) as raw:
        return _known(raw)


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    journal = database.with_name(database.name + "-wal")
    try:
        # Without a journal nobody has the file open and it is all there is; an ordinary reader
        # would make one. Beside a service there is one, and reading makes nothing new.
        mode = "mode=ro" if journal.exists() else "mode=ro&immutable=1"
        uri = f"file:{quote(str(database.absolute()))}?{mode}"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as raw:
            yield raw
    except (OSError, sqlite3.Error) as exc:
        raise Refusal(f"The store {database} cannot be read: {exc}.") from exc


def _tables(raw: sqlite3.Connection) -> set[str]:
    return {row[0] for row in raw.execute("select name from sqlite_schema where type = 'table'")}


def _known(raw: sqlite3.Connection) -> dict[str, str]:
    if "store_info" not in _tables(raw):
        return {}
    return dict(tuple(row) for row in raw.execute("select name, value from store_info"))


def has_word_search() -> bool:
    """Whether the linked library has FTS5, which the word index is made with."""
    with contextlib.closing(sqlite3.connect(":memory:")) as raw:
        try:
            raw.execute("create virtual table word using fts5 (words)")
        except sqlite3.OperationalError:
            return False
    return True
