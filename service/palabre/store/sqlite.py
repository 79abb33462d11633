"""The SQLite driver: one writer that commits for all who wait, readers apart.

What runs in the connections' threads is in `sqlite_thread`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from palabre.errors import Busy, Refusal, StoreUnavailable
from palabre.store import migrate, sqlite_thread
from palabre.store.locks import Lock, beside, exclusively, seize
from palabre.store.tx import Tx, Unit

T = TypeVar("T")
log = logging.getLogger(__name__)

BATCH_MOST = 256
READERS = 3
_Waiting = tuple[Unit[Any], "asyncio.Future[Any]"]


class SqliteStore:
    """A store in one SQLite file, made by `open_sqlite`.

    Invariant: everything that writes runs in the write connection's own thread, one after the
    other.
    `on_commit` is told the size of each batch and how long its commit took, in seconds.
    """

    engine = "sqlite"

    def __init__(
        self,
        path: Path,
        writer: aiosqlite.Connection,
        readers: Sequence[aiosqlite.Connection],
        *,
        write_lock: Lock,
        serve_lock: Lock,
        waiting_writes: int,
    ) -> None:
        self.on_commit: Callable[[int, float], None] = lambda units, seconds: None
        self._path = path
        self._identity = path.stat()
        self._writer = writer
        self._readers = tuple(readers)
        self._write_lock = write_lock
        self._serve_lock = serve_lock
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for reader in readers:
            self._idle.put_nowait(reader)
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue(waiting_writes)
        self._closing = False
        self._task = asyncio.create_task(self._work(), name="palabre-writer")

    async def read(self, unit: Unit[T], /) -> T:
        if self._closing:
            raise StoreUnavailable(retry_after_s=5)
        connection = await self._idle.get()
        try:
            return await _in_thread(connection, lambda raw: sqlite_thread.read(raw, unit))
        except sqlite3.Error as exc:
            raise sqlite_thread.named(exc) from exc
        finally:
            self._idle.put_nowait(connection)

    async def write(self, unit: Unit[T], /) -> T:
        if self._closing:
            raise Busy(retry_after_s=5)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        # Whoever waits may be gone by then; what happened to the unit is still "retrieved".
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            self._waiting.put_nowait((unit, future))
        except asyncio.QueueFull:
            raise Busy(retry_after_s=1) from None
        return await asyncio.shield(future)

    async def _work(self) -> None:
        """Commit for all who wait, until told to stop (None in the queue)."""
        stopping = False
        while not stopping:
            batch = []
            entry = await self._waiting.get()
            while entry is not None:
                batch.append(entry)
                if len(batch) == BATCH_MOST or self._waiting.empty():
                    break
                entry = self._waiting.get_nowait()
            stopping = entry is None
            if batch:
                await self._commit(batch)

    async def _commit(self, batch: list[_Waiting]) -> None:
        units = [unit for unit, _ in batch]
        try:
            outcomes, seconds = await _in_thread(
                self._writer, lambda raw: sqlite_thread.commit(raw, self._write_lock, units)
            )
        except Exception:
            # Whatever it was: those who wait are told, and the writer goes on.
            log.exception("a batch of writes failed")
            outcomes, seconds = [(False, StoreUnavailable(retry_after_s=5))] * len(batch), 0.0
        for (_, future), (good, value) in zip(batch, outcomes, strict=True):
            if future.done():
                continue
            if good:
                future.set_result(value)
            else:
                future.set_exception(value)
        try:
            self.on_commit(len(batch), seconds)
        except Exception:
            log.exception("counting a commit failed")

    def is_in_place(self) -> bool:
        """Whether the file that is open is still the one that its name leads to."""
        try:
            return os.path.samestat(self._path.stat(), self._identity)
        except OSError:
            return False

    async def is_empty(self) -> bool:
        """Whether no migration has ever been applied."""
        return not await _in_thread(self._writer, sqlite_thread.applied)

    async def migrate(self) -> list[str]:
        """Apply what is missing; the names of what was applied. Safe when two start at once."""
        return await _in_thread(
            self._writer, lambda raw: sqlite_thread.migrate(raw, self._write_lock)
        )

    async def pending_migrations(self) -> list[str]:
        """The names of the migrations that this store still lacks."""
        if self._closing:
            raise StoreUnavailable(retry_after_s=5)
        applied = await _in_thread(self._writer, sqlite_thread.applied)
        return [str(migration) for migration in migrate.missing("sqlite", applied)]

    async def scrub(self) -> None:
        """Make what was deleted leave the files: the word index, the database, the journal.

        The merging is done in small steps, each a write unit of its own, so that submissions slip
        in between. The `merge` command is FTS5's (its manual, 6.8): a negative page count begins
        to merge all segments into one, which is when deleted words leave the index; done when it
        changes nothing any more. Writing anew takes time in proportion to the size, during which
        others wait.
        """

        async def step(tx: Tx, pages: int) -> int:
            changes = "select total_changes() as n"
            before = await tx.one(changes)
            await tx.run(
                "insert into word_index (word_index, rank) values ('merge', :pages)", pages=pages
            )
            after = await tx.one(changes)
            return int(after["n"]) - int(before["n"]) if before and after else 0

        pages = -64
        while await self.write(partial(step, pages=pages)) >= 2:
            pages = 64
        try:
            await _in_thread(self._writer, lambda raw: sqlite_thread.rewrite(raw, self._write_lock))
        except (sqlite3.Error, OSError) as exc:
            raise StoreUnavailable(retry_after_s=60) from exc
        await self.empty_journal()

    async def is_small(self) -> bool:
        """Whether `scrub` is a matter of less than a second."""
        size = await _in_thread(self._writer, sqlite_thread.size_of)
        return size < sqlite_thread.SMALL_BYTES

    async def empty_journal(self) -> None:
        """Move the journal into the database and cut it to nothing.

        Raises StoreUnavailable when somebody has been reading the journal for a second: until
        they are done, it keeps what it holds.
        """
        try:
            await _in_thread(
                self._writer, lambda raw: sqlite_thread.empty_journal(raw, self._write_lock)
            )
        except sqlite3.Error as exc:
            raise sqlite_thread.named(exc) from exc
        except OSError as exc:
            raise StoreUnavailable(retry_after_s=60) from exc

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        try:
            await self._waiting.put(None)
            await self._task
        finally:
            for reader in self._readers:
                await reader.close()
            await _in_thread(self._writer, lambda raw: sqlite_thread.close(raw, self._write_lock))
            await self._writer.close()
            self._write_lock.close()
            self._serve_lock.close()


async def open_sqlite(
    path: Path, *, waiting_writes: int = 1000, serving: bool = False
) -> SqliteStore:
    """Open the database at *path*, or make an empty one. *serving*: be the one that serves it.

    Refuses when another process serves it already, or when it can't be opened.
    """
    async with contextlib.AsyncExitStack() as undo:
        try:
            write_lock = undo.enter_context(beside(path, ".lock"))
            serve_lock = undo.enter_context(beside(path, ".serve"))
            if serving and not seize(serve_lock):
                raise Refusal(
                    f"Another `palabre serve` is already running on {path}. On SQLite one process "
                    "serves a store; stop the other one first."
                )
            # Made here with its mode: SQLite gives the journal the same.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with exclusively(write_lock):
                writer = await _connect(path, undo, writes=True, checkpoints=serving)
            readers = [await _connect(path, undo) for _ in range(READERS)]
        except (OSError, sqlite3.Error) as exc:
            raise Refusal(f"The store {path} cannot be opened: {exc}.") from exc
        undo.pop_all()
        return SqliteStore(
            path,
            writer,
            readers,
            write_lock=write_lock,
            serve_lock=serve_lock,
            waiting_writes=waiting_writes,
        )


async def _connect(
    path: Path,
    undo: contextlib.AsyncExitStack,
    *,
    writes: bool = False,
    checkpoints: bool = False,
) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None, cached_statements=256)
    undo.push_async_callback(connection.close)
    await _in_thread(
        connection, lambda raw: sqlite_thread.prepare(raw, writes=writes, checkpoints=checkpoints)
    )
    return connection


async def _in_thread(
    connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]
) -> T:
    """Run *work* in the connection's own thread.

    `_execute` is aiosqlite's own way there, and not public; tests/store/test_sqlite.py holds the
    library to it.
    """
    return cast("T", await connection._execute(work, connection._conn))  # type: ignore[no-untyped-call]
