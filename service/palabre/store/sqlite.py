"""The SQLite store: one writer that commits for all who wait, readers apart.

The writer is in `sqlite_writer`, what is done with a connection in `sqlite_thread`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import aiosqlite

from palabre.errors import Refusal, StoreUnavailable
from palabre.store import migrate, sqlite_thread
from palabre.store.generation import Generation
from palabre.store.locks import Lock, beside, let_go, seize, wait_for
from palabre.store.sqlite_writer import Thread, Writer
from palabre.store.tx import Finish, Tx, Unit

T = TypeVar("T")

READERS = 2
LOOK_EVERY_S = 0.25
"""Between two looks at whether other processes have written, while somebody wants to know."""

WRITER_CACHE_KIB = 8_000
GLANCE_CACHE_KIB = 4_000
READER_CACHE_KIB = 2_000
"""SQLite's own page caches are kept small: behind them is the system's, and memory is not."""


class SqliteStore:
    """A store in one SQLite file, made by `open_sqlite`.

    Invariant: everything that writes goes through the one writer.
    """

    engine: Literal["sqlite"] = "sqlite"

    def __init__(
        self,
        path: Path,
        writer: aiosqlite.Connection,
        readers: Sequence[aiosqlite.Connection],
        glances: sqlite3.Connection,
        *,
        generation: Generation,
        write_lock: Lock,
        serve_lock: Lock,
        waiting_writes: int,
        serves: bool,
    ) -> None:
        self._path = path
        self._identity = path.stat()
        self._connections = (*readers, writer)
        self._glances = glances
        self._write_lock = write_lock
        self._serve_lock = serve_lock
        self._generation = generation
        self._idle: asyncio.Queue[Thread] = asyncio.Queue()
        for reader in readers:
            self._idle.put_nowait(_thread(reader))
        self._write_thread = _thread(writer)
        self._writer = Writer(
            self._write_thread,
            write_lock,
            self._generation,
            waiting_most=waiting_writes,
            serves=serves,
        )
        self._serves = serves
        self._closing = False

    def tell(
        self,
        *,
        committed: Callable[[int, float], None] | None = None,
        outdated: Callable[[Set[str]], None] | None = None,
        finishing: Finish | None = None,
    ) -> None:
        """Who is told of each commit, with its units and seconds, and who of what it outdates.

        Of both there may be several; the latter are told before anybody who waits for that commit.
        *finishing*, of which there is one, is the end of every unit, in its transaction.
        """
        if committed is not None:
            self._writer.on_commit.append(committed)
        if finishing is not None:
            self._writer.finish = finishing
        if outdated is not None:
            self._writer.on_outdated.append(outdated)

    @property
    def tends_files(self) -> bool:
        """Only the process that serves moves the journal, which scrubbing does."""
        return self._serves

    @contextlib.asynccontextmanager
    async def listening(self, heard: Callable[[], None]) -> AsyncIterator[None]:
        def committed(units: int, seconds: float) -> None:
            heard()

        self._writer.on_commit.append(committed)
        others = asyncio.create_task(self._watch_others(heard))
        try:
            yield
        finally:
            self._writer.on_commit.remove(committed)
            others.cancel()
            await asyncio.wait([others])

    async def _watch_others(self, heard: Callable[[], None]) -> None:
        seen = self._generation.value
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            found = self._generation.value
            if found != seen:
                seen = found
                heard()

    def generation(self) -> int:
        """Changes whenever another process changes the store; odd while one is about to.

        What was read under an even number, and is not outdated since by this process, holds for as
        long as the number is the same.
        """
        value = self._generation.word[0]
        return value if value & 1 == 0 else self._settled()

    def _settled(self) -> int:
        if not self._closing and not self._writer.is_writing and seize(self._write_lock):
            # Whoever began to change the store is dead.
            self._generation.end()
            let_go(self._write_lock)
        return self._generation.word[0]

    async def refresh(self) -> None:
        """Nothing to be done: `generation` tells at any time."""

    async def read(self, unit: Unit[T], /) -> T:
        if self._closing:
            raise StoreUnavailable(retry_after_s=5)
        thread = await self._idle.get()
        try:
            return await thread.run(lambda raw: sqlite_thread.read(raw, unit))
        except sqlite3.Error as exc:
            raise sqlite_thread.named(exc) from exc
        finally:
            self._idle.put_nowait(thread)

    async def glance(self, unit: Unit[T], /) -> T:
        """On the event loop's own thread: some rows take less time than the way to another one."""
        if self._closing:
            raise StoreUnavailable(retry_after_s=5)
        try:
            return sqlite_thread.read(self._glances, unit)
        except sqlite3.Error as exc:
            if not sqlite_thread.is_busy(exc):
                raise sqlite_thread.named(exc) from exc
        # The journal is being recovered, or the database written anew.
        return await self.read(unit)

    async def write(self, unit: Unit[T], /, *, long: bool = False) -> T:
        return await self._writer.write(unit, long=long)

    def is_in_place(self) -> bool:
        """Whether the file that is open is still the one that its name leads to."""
        try:
            return os.path.samestat(self._path.stat(), self._identity)
        except OSError:
            return False

    async def is_empty(self) -> bool:
        """Whether no migration has ever been applied."""
        return not await self._writer.alone(sqlite_thread.applied)

    async def migrate(self) -> list[str]:
        """Apply what is missing; the names of what was applied. Safe when two start at once."""
        return await self._writer.alone(lambda raw: sqlite_thread.migrate(raw, self._write_lock))

    async def pending_migrations(self) -> list[str]:
        """The names of the migrations that this store still lacks."""
        if self._closing:
            raise StoreUnavailable(retry_after_s=5)
        applied = await self._writer.alone(sqlite_thread.applied)
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
        while await self.write(partial(step, pages=pages), long=True) >= 2:
            pages = 64
        try:
            await self._writer.alone(lambda raw: sqlite_thread.rewrite(raw, self._write_lock))
        except (sqlite3.Error, OSError) as exc:
            raise StoreUnavailable(retry_after_s=60) from exc
        await self.empty_journal()

    async def is_small(self) -> bool:
        """Whether `scrub` is a matter of less than a second."""
        return await self._writer.alone(sqlite_thread.size_of) < sqlite_thread.SMALL_BYTES

    async def empty_journal(self) -> None:
        """Move the journal into the database and cut it to nothing.

        Raises StoreUnavailable when somebody has been reading the journal for a second: until
        they are done, it keeps what it holds.
        """
        try:
            await self._writer.alone(lambda raw: sqlite_thread.empty_journal(raw, self._write_lock))
        except sqlite3.Error as exc:
            raise sqlite_thread.named(exc) from exc
        except OSError as exc:
            raise StoreUnavailable(retry_after_s=60) from exc

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        try:
            await self._writer.close()
        finally:
            self._glances.close()
            for reader in self._connections[:-1]:
                await reader.close()
            await self._write_thread.run(lambda raw: sqlite_thread.close(raw, self._write_lock))
            await self._connections[-1].close()
            self._generation.close()
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
            await asyncio.to_thread(wait_for, write_lock)
            try:
                writer = await _connect(path, undo, writes=True, cache_kib=WRITER_CACHE_KIB)
            finally:
                let_go(write_lock)
            readers = [
                await _connect(path, undo, cache_kib=READER_CACHE_KIB) for _ in range(READERS)
            ]
            glances = sqlite3.connect(path, isolation_level=None, cached_statements=256)
            undo.callback(glances.close)
            sqlite_thread.prepare(glances, writes=False, waits=False, cache_kib=GLANCE_CACHE_KIB)
            generation = Generation(path)
        except (OSError, sqlite3.Error) as exc:
            raise Refusal(f"The store {path} cannot be opened: {exc}.") from exc
        undo.pop_all()
        return SqliteStore(
            path,
            writer,
            readers,
            glances,
            generation=generation,
            write_lock=write_lock,
            serve_lock=serve_lock,
            waiting_writes=waiting_writes,
            serves=serving,
        )


async def _connect(
    path: Path, undo: contextlib.AsyncExitStack, *, cache_kib: int, writes: bool = False
) -> aiosqlite.Connection:
    # The writer's is lent to the event loop's thread, between what its own thread does with it.
    connection = await aiosqlite.connect(
        path, isolation_level=None, cached_statements=256, check_same_thread=not writes
    )
    undo.push_async_callback(connection.close)
    await _thread(connection).run(
        lambda raw: sqlite_thread.prepare(raw, writes=writes, waits=not writes, cache_kib=cache_kib)
    )
    return connection


def _thread(connection: aiosqlite.Connection) -> Thread:
    """The way into a connection's own thread.

    `_execute` is aiosqlite's own, and not public; tests/store/test_sqlite.py holds the library to
    it.
    """
    return Thread(connection._conn, connection._execute)
