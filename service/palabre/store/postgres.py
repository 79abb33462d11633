"""The PostgreSQL store: any number of processes on one database.

What several do at once is kept apart by rows that are held (`tx.held`), unique keys and
conditional updates. Connections are in `postgres_pool`, what other processes have changed in
`postgres_fresh`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Coroutine, Set
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, TypeVar

import asyncpg

from palabre.errors import Busy, Refusal, StoreUnavailable
from palabre.store import migrate
from palabre.store.postgres_bell import Bell
from palabre.store.postgres_fresh import KEPT_S, Freshness
from palabre.store.postgres_pool import LONG_S, Pool
from palabre.store.postgres_tx import (
    COLLISIONS,
    FAILURES,
    RETRY_AFTER_S,
    PostgresTx,
    is_lost,
    named,
)
from palabre.store.tx import Finish, Tx, Unit

T = TypeVar("T")
log = logging.getLogger(__name__)

OLDEST = 15
"""The first version that is tested."""

ATTEMPTS = 6
"""How often a unit is begun before it is given up: others may have stood in its way."""

SMALL_BYTES = 64 * 1024 * 1024
PRUNE_EVERY_S = 60.0

MIGRATING_S = 3600.0
"""How long a migration may take, and another process wait for it."""

_MIGRATING = 7_237_105
"""The key of the lock that migrations are applied under; any number would do."""

OLDER_S = 10.0
"""How long a scrub waits for transactions that began before it."""

_OLDER = (
    "select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint) <= $1 "
    "or exists (select 1 from pg_stat_activity where pid <> pg_backend_pid() "
    "and age(backend_xmin) >= age(cast(cast($1 % 4294967296 as text) as xid)))"
)
"""Whether there still is a transaction that is not newer than one of this number. Numbers of 64
bits count the rounds of those of 32 (PostgreSQL manual, 25.1.5)."""

_PERSONAL = (
    "comment", "comment_words", "decision", "edit", "article", "author", "replay", "visit",
    "receipt", "comment_band", "report", "report_receipt",
)  # fmt: skip
"""Tables that hold words or hashes which go."""

_OUTDATED = (
    "insert into outdated (xact, at, names) "
    "values (cast(cast(pg_current_xact_id() as text) as bigint), $1, $2)"
)


class PostgresStore:
    """A store in a PostgreSQL database, made by `open_postgres`."""

    engine: Literal["postgres"] = "postgres"

    def __init__(self, pool: Pool, *, waiting_writes: int) -> None:
        self._pool = pool
        self._waiting_most = waiting_writes
        self._writing = 0
        self._generation = 0
        self._on_commit: list[Callable[[int, float], None]] = []
        self._on_outdated: list[Callable[[Set[str]], None]] = []
        self._fresh = Freshness(pool, self._forget)
        self._bell = Bell(pool)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pruned_at = time.monotonic()
        self._closing = False
        self._finish: Finish = _nothing_more

    def tell(
        self,
        *,
        committed: Callable[[int, float], None] | None = None,
        outdated: Callable[[Set[str]], None] | None = None,
        finishing: Finish | None = None,
    ) -> None:
        """Who is told of each commit, with its units and seconds, and who of what it outdates;
        and what is done at the end of every unit that writes, in its transaction."""
        if finishing is not None:
            self._finish = finishing
        if committed is not None:
            self._on_commit.append(committed)
        if outdated is not None:
            self._on_outdated.append(outdated)

    def listening(self, heard: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        return self._bell.heard_by(heard)

    def generation(self) -> int:
        """Changes when everything that was remembered may be outdated; always even."""
        return self._generation

    def _forget(self, names: Set[str] | None) -> None:
        if names is None:
            self._generation += 2
            return
        for forget in self._on_outdated:
            forget(names)

    async def refresh(self) -> None:
        """Forget what other processes have outdated before this call. Raises StoreUnavailable."""
        if self._closing:
            raise StoreUnavailable(retry_after_s=RETRY_AFTER_S)
        try:
            await self._fresh.refresh()
        except Exception as exc:
            raise named(exc) from exc

    async def read(self, unit: Unit[T], /) -> T:
        return await self._undisturbed(self._again(lambda: self._read(unit)))

    async def glance(self, unit: Unit[T], /) -> T:
        return await self.read(unit)

    async def write(self, unit: Unit[T], /, *, long: bool = False) -> T:
        if self._writing >= self._waiting_most:
            raise Busy(retry_after_s=1)
        self._writing += 1
        try:
            return await self._undisturbed(self._again(lambda: self._write(unit, long=long)))
        finally:
            self._writing -= 1

    async def _undisturbed(self, work: Coroutine[Any, Any, T]) -> T:
        """*work* goes on to its end when whoever waits for it goes away."""
        if self._closing:
            work.close()
            raise StoreUnavailable(retry_after_s=RETRY_AFTER_S)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waits; nobody may wait any more

    async def _again(self, attempt: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What *attempt* returns, begun anew where it can't have stored anything."""
        for number in range(1, ATTEMPTS + 1):
            try:
                return await attempt()
            except _UnknownEnd as exc:
                # Stored or not: only a repeated request with its idempotency key can tell.
                raise named(exc.cause) from exc.cause
            except FAILURES as exc:
                collided = isinstance(exc, COLLISIONS)
                if number == ATTEMPTS or not (collided or (is_lost(exc) and number <= 2)):
                    raise named(exc) from exc
                if isinstance(exc, TimeoutError):
                    raise named(exc) from exc
            await asyncio.sleep(random.uniform(0, 0.01) * 2**number)  # noqa: S311
        raise AssertionError

    async def _read(self, unit: Unit[T]) -> T:
        async with self._pool.connection() as connection:
            await connection.execute("begin isolation level repeatable read read only")
            try:
                found = await unit(PostgresTx(connection))
            except FAILURES:
                raise
            except Exception:
                await connection.execute("rollback")
                raise
            await connection.execute("commit")
            return found

    async def _write(self, unit: Unit[T], *, long: bool) -> T:
        async with self._pool.connection() as connection:
            await connection.execute("begin")
            tx = PostgresTx(connection)
            try:
                async with asyncio.timeout(LONG_S):
                    found = await unit(tx)
                    await self._finish(tx)
                    if tx.outdated:
                        at = int(time.time() * 1000)
                        names = json.dumps(sorted(tx.outdated))
                        await connection.execute(_OUTDATED, at, names)
            except Exception as exc:
                if not is_lost(exc):
                    await connection.execute("rollback")
                raise
            seconds = await self._commit(connection)
        self._tell(tx.outdated, seconds)
        return found

    async def _commit(self, connection: asyncpg.Connection) -> float:
        began = time.perf_counter()
        try:
            await connection.execute("commit")
        except FAILURES as exc:
            if is_lost(exc):
                connection.terminate()
                raise _UnknownEnd(exc) from exc
            raise
        return time.perf_counter() - began

    def _tell(self, outdated: Set[str], seconds: float) -> None:
        if outdated:
            try:
                self._forget(outdated)
            except Exception:
                # Whoever waits is answered next, so nobody may go on remembering anything.
                log.exception("forgetting what is outdated failed")
                self._forget(None)
        self._bell.ring()
        for committed in self._on_commit:
            try:
                committed(1, seconds)
            except Exception:
                log.exception("counting a commit failed")
        if outdated and time.monotonic() - self._pruned_at > PRUNE_EVERY_S:
            self._pruned_at = time.monotonic()
            task = asyncio.create_task(self._prune())
            self._tasks.add(task)
            task.add_done_callback(self._finished)

    async def _prune(self) -> None:
        """Forget names that every process has seen, or will never ask for."""
        before = int((time.time() - KEPT_S) * 1000)
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("delete from outdated where at < $1", before)

    @property
    def tends_files(self) -> bool:
        """Whether it is up to this process to `scrub`: any may, one at a time."""
        return True

    def is_in_place(self) -> bool:
        """Whether the store is still the one that was opened: a database has no other."""
        return True

    async def is_empty(self) -> bool:
        """Whether no migration has ever been applied."""
        return not await self._applied()

    async def pending_migrations(self) -> list[str]:
        """The names of the migrations that this store still lacks."""
        missing = migrate.missing("postgres", await self._applied())
        return [str(migration) for migration in missing]

    async def _applied(self) -> dict[int, str]:
        async def applied() -> dict[int, str]:
            async with self._pool.connection() as connection, connection.transaction():
                return await _applied(connection)

        return await self._undisturbed(self._again(applied))

    async def migrate(self) -> list[str]:
        """Apply what is missing; the names of what was applied. Safe when two start at once."""
        if not await self.pending_migrations():
            return []
        done: list[str] = []
        while True:
            async with self._pool.connection() as connection, connection.transaction():
                # Until the end of the transaction: a pooler may give the next one to another.
                await connection.execute(
                    f"select pg_advisory_xact_lock({_MIGRATING})", timeout=MIGRATING_S
                )
                missing = migrate.missing("postgres", await _applied(connection))
                if not missing:
                    return done
                await connection.execute(missing[0].text, timeout=MIGRATING_S)
                await _note(connection, missing[0])
            done.append(str(missing[0]))

    async def is_small(self) -> bool:
        """Whether `scrub` is a matter of less than a second."""
        async with self._pool.statement() as connection:
            size = await connection.fetchval(
                "select sum(pg_total_relation_size(cast(name as regclass))) "
                "from unnest(cast($1 as text[])) as name",
                list(_PERSONAL),
            )
        return int(size) < SMALL_BYTES

    async def scrub(self) -> None:
        """Write the tables that hold words and hashes anew, without what was deleted.

        A plain vacuum frees the rows but leaves their bytes in the pages. Readers and writers of a
        table wait while it is written. The log of the server (WAL), its archives and replicas are
        the operator's.
        """
        try:
            async with self._pool.connection() as connection:
                await _all_before_are_over(connection)
            for table in _PERSONAL:
                async with self._pool.connection() as connection:
                    await connection.execute(f"vacuum (full, analyze) {table}", timeout=3600)
        except FAILURES as exc:
            raise named(exc) from exc

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._fresh.close()
        await self._bell.close()
        await self._pool.close()


async def _nothing_more(tx: Tx) -> None:
    """The end of a unit where nobody has told the store of another one."""


class _UnknownEnd(Exception):
    """The connection broke while the transaction was being committed."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


async def _all_before_are_over(connection: asyncpg.Connection) -> None:
    """Wait until nobody can see what has been deleted by now: a vacuum would have to keep it.

    Transactions in other databases of the server count as well. Raises StoreUnavailable when one
    of them takes longer than OLDER_S.
    """
    async with connection.transaction():
        ours = await connection.fetchval(
            "select cast(cast(pg_current_xact_id() as text) as bigint)"
        )
    deadline = time.monotonic() + OLDER_S
    while await connection.fetchval(_OLDER, ours):
        if time.monotonic() > deadline:
            log.warning(
                "something else keeps a transaction open: what was deleted stays until then"
            )
            raise StoreUnavailable(retry_after_s=60)
        await asyncio.sleep(0.05)


async def _applied(connection: asyncpg.Connection) -> dict[int, str]:
    # Looked up first: a statement that fails would end the transaction. By a query: `to_regclass`
    # may answer from what it knew before somebody else's lock was waited for.
    there = await connection.fetchval(
        "select 1 from pg_class where relname = 'migration' and pg_table_is_visible(oid)"
    )
    if there is None:
        return {}
    rows = await connection.fetch("select number, checksum from migration")
    return {row["number"]: row["checksum"] for row in rows}


async def _note(connection: asyncpg.Connection, migration: migrate.Migration) -> None:
    await connection.execute(
        "create table if not exists migration (number bigint primary key, "
        "name text not null, checksum text not null, applied_at bigint not null)"
    )
    await connection.execute(
        "insert into migration (number, name, checksum, applied_at) values ($1, $2, $3, $4)",
        migration.number,
        migration.name,
        migration.checksum,
        int(time.time() * 1000),
    )


async def open_postgres(
    url: str, *, connections: int = 10, waiting_writes: int = 1000
) -> PostgresStore:
    """Open the database at *url*, which must be there. Refuses with the reason when it can't be."""
    pool = Pool(url, most=connections)
    try:
        async with pool.connection() as connection:
            fits(connection)
    except Refusal:
        await pool.close()
        raise
    except (asyncpg.PostgresError, *FAILURES, ValueError) as exc:
        await pool.close()
        why = str(exc) or type(exc).__name__
        raise Refusal(f"The store cannot be opened: {why}.") from exc
    return PostgresStore(pool, waiting_writes=waiting_writes)


def fits(connection: asyncpg.Connection) -> None:
    """Refuses a server or database that can't hold a store."""
    version = connection.get_server_version()
    if version.major < OLDEST:
        raise Refusal(f"This is PostgreSQL {version.major}; Palabre needs {OLDEST} or newer.")
    encoding = connection.get_settings().server_encoding
    if encoding != "UTF8":
        raise Refusal(
            f"The database's encoding is {encoding}; Palabre needs UTF8 "
            "(create database … encoding 'UTF8' template template0)."
        )
