"""What is done with an SQLite connection: whole units of work, commits, migrations.

A unit is a coroutine that awaits nothing but the store, and here the store never really
suspends. So a whole unit runs in one go, on whatever thread has the connection just then, and
nothing foreign can slip into a transaction.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sqlite3
import time
from collections.abc import Coroutine, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from palabre.errors import StoreUnavailable
from palabre.store import migrate as migrations
from palabre.store.locks import Lock, exclusively, let_go, seize, wait_for
from palabre.store.tx import Finish, Noting, Row, Taken, Tx, Unit, Value

T = TypeVar("T")
log = logging.getLogger(__name__)

_OUTAGES = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
}
_UNIQUE = re.compile(r"UNIQUE constraint failed: (.+)")
_CONSTRAINTS = {
    "comment.article_id, comment.fingerprint": "comment_fingerprint",
    "site.name": "site_name",
    "site_origin.origin": "site_origin",
    "moderator.name": "moderator_name",
}
BUSY_TIMEOUT_MS = 10_000
SMALL_BYTES = 64 * 1024 * 1024
"""A database below this is written anew in well under a second."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a unit returned, and what its changes outdate; or what it raised."""

    value: Any = None
    error: Exception | None = None
    outdated: Set[str] = frozenset()


class SqliteTx(Noting):
    """A transaction on SQLite; its methods never suspend."""

    __slots__ = ("_connection",)

    engine: Literal["sqlite"] = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    async def run(self, sql: str, /, **values: Value) -> int:
        return self._execute(sql, values).rowcount

    async def each(self, sql: str, rows: Sequence[Mapping[str, Value]], /) -> None:
        self._connection.executemany(sql, rows).close()

    async def one(self, sql: str, /, **values: Value) -> Row | None:
        cursor = self._execute(sql, values)
        try:
            return cast("Row | None", cursor.fetchone())
        finally:
            cursor.close()

    async def all(self, sql: str, /, **values: Value) -> list[Row]:
        return cast("list[Row]", self._execute(sql, values).fetchall())

    def either(self, *, sqlite: str, postgres: str) -> str:
        return sqlite

    def _execute(self, sql: str, values: dict[str, Value]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except sqlite3.IntegrityError as exc:
            named = _UNIQUE.match(str(exc))
            if named is None:
                raise
            raise Taken(_CONSTRAINTS.get(named[1], named[1])) from exc


def prepare(raw: sqlite3.Connection, *, writes: bool, waits: bool, cache_kib: int) -> None:
    """Set a fresh connection up. *waits*: for a lock that somebody else has, or fail at once."""
    raw.row_factory = sqlite3.Row
    # Whatever comes later: another process may be recovering the journal just now.
    set_patience(raw, BUSY_TIMEOUT_MS)
    raw.execute("pragma foreign_keys = on")
    raw.execute("pragma trusted_schema = off")
    raw.execute("pragma temp_store = memory")
    raw.execute(f"pragma cache_size = -{cache_kib}")
    if writes:
        raw.execute("pragma journal_mode = wal").fetchall()
        raw.execute("pragma synchronous = full")
        raw.execute("pragma secure_delete = on").fetchall()
    else:
        raw.execute("pragma query_only = on")
    # Two connections that checkpoint at once can corrupt a database before SQLite 3.51.3, so
    # only the process that serves does it while it runs, and never within a commit: whoever waits
    # for a commit waits for one sync.
    raw.execute("pragma wal_autocheckpoint = 0").fetchall()
    # The first look at the file, which waits if need be.
    raw.execute("select count(*) from sqlite_schema").fetchall()
    if not waits:
        set_patience(raw, 0)


def set_patience(raw: sqlite3.Connection, milliseconds: int) -> None:
    """How long the connection waits for SQLite's own locks."""
    raw.execute(f"pragma busy_timeout = {milliseconds}").fetchall()


def _drive(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends."""
    try:
        work.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    work.close()
    raise RuntimeError("a unit of work awaited something other than the store")


def read(raw: sqlite3.Connection, unit: Unit[T]) -> T:
    raw.execute("begin")
    try:
        return _drive(unit(SqliteTx(raw)))
    finally:
        raw.execute("rollback")


def begin_at_once(raw: sqlite3.Connection, lock: Lock) -> bool:
    """Begin to write if nobody else does; whether it has begun. Never waits."""
    if not seize(lock):
        return False
    try:
        raw.execute("begin immediate")
    except sqlite3.Error as exc:
        let_go(lock)
        if is_busy(exc):
            return False
        raise
    return True


def begin(raw: sqlite3.Connection, lock: Lock) -> None:
    """Begin to write, waiting for those who do. Raises sqlite3.Error, OSError."""
    wait_for(lock)
    set_patience(raw, BUSY_TIMEOUT_MS)
    try:
        raw.execute("begin immediate")
    except sqlite3.Error:
        let_go(lock)
        raise
    finally:
        set_patience(raw, 0)


def commit(raw: sqlite3.Connection) -> float:
    """Commit, synced to the disk; the seconds that it took. What fails is rolled back."""
    began = time.perf_counter()
    try:
        raw.execute("commit")
    except sqlite3.Error:
        abandon(raw)
        raise
    return time.perf_counter() - began


def abandon(raw: sqlite3.Connection) -> None:
    """Undo an open transaction, if SQLite has not already done so."""
    with contextlib.suppress(sqlite3.Error):
        if raw.in_transaction:
            raw.execute("rollback")


def checkpoint(raw: sqlite3.Connection) -> None:
    """Move what is committed from the journal into the database, as far as readers let it."""
    try:
        raw.execute("pragma wal_checkpoint(passive)").fetchall()
    except sqlite3.Error as exc:
        # Nothing is lost: it stays in the journal, and the next one tries again.
        log.warning("the journal could not be moved into the database: %s", exc)


def rewrite(raw: sqlite3.Connection, lock: Lock) -> None:
    """Write the whole database anew.

    What was moved between pages, not freed, leaves its bytes in the gaps of the old ones, where
    secure_delete does not reach.
    """
    is_small = size_of(raw) < SMALL_BYTES
    with exclusively(lock):
        # The copy is made in memory or, where that would be much, in a file without a name.
        raw.execute(f"pragma temp_store = {'memory' if is_small else 'file'}")
        try:
            raw.execute("vacuum")
        finally:
            raw.execute("pragma temp_store = memory")


def size_of(raw: sqlite3.Connection) -> int:
    """The database's size in bytes, the journal aside."""
    (pages,) = raw.execute("pragma page_count").fetchone()
    (page_bytes,) = raw.execute("pragma page_size").fetchone()
    return int(pages) * int(page_bytes)


def close(raw: sqlite3.Connection, lock: Lock) -> None:
    """Close the write connection: the last one to close empties the journal, under the lock.

    A process that keeps the lock has the store open too, so this one is not the last.
    """
    with contextlib.suppress(TimeoutError), exclusively(lock, timeout_s=1.0):
        raw.close()


def empty_journal(raw: sqlite3.Connection, lock: Lock) -> None:
    # Writers wait meanwhile, so not for as long as they would wait for one another.
    set_patience(raw, 1000)
    try:
        with exclusively(lock):
            (busy, *_) = raw.execute("pragma wal_checkpoint(truncate)").fetchone()
    finally:
        set_patience(raw, 0)
    if busy:
        raise StoreUnavailable(retry_after_s=60)


async def nothing_more(tx: Tx) -> None:
    """The end of a unit where nobody has told the store of another one."""


def run_unit(raw: sqlite3.Connection, unit: Unit[Any], finish: Finish = nothing_more) -> Outcome:
    """Run a unit in a savepoint of its own within the open transaction, and *finish* after it.

    Raises sqlite3.Error when the whole transaction has ended with it: a full disk or a failing one
    takes the others' work along.
    """
    tx = SqliteTx(raw)
    raw.execute("savepoint unit")
    try:
        value = _drive(unit(tx))
        _drive(finish(tx))
    except Exception as exc:
        if not raw.in_transaction:
            raise exc if isinstance(exc, sqlite3.Error) else sqlite3.OperationalError() from exc
        raw.execute("rollback to unit")
        raw.execute("release unit")
        return Outcome(error=named(exc) if isinstance(exc, sqlite3.Error) else exc)
    raw.execute("release unit")
    return Outcome(value, outdated=tx.outdated)


def is_busy(exc: sqlite3.Error) -> bool:
    """Whether somebody else has the lock that was wanted."""
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def is_full(exc: Exception) -> bool:
    """Whether there was no room."""
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def named(exc: sqlite3.Error) -> Exception:
    """An outage of the store as a problem; a mistake of ours as itself."""
    code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_IOERR)
    return outage(exc) if code & 0xFF in _OUTAGES else exc


def outage(exc: Exception) -> StoreUnavailable:
    """What whoever waits is told of a store that can't be written."""
    log.error("the store is unavailable: %s", exc)
    return StoreUnavailable(retry_after_s=5)


def migrate(raw: sqlite3.Connection, lock: Lock) -> list[str]:
    done = []
    with exclusively(lock):
        for migration in migrations.missing("sqlite", applied(raw)):
            raw.execute("begin immediate")
            try:
                _apply(raw, migration)
                raw.execute("commit")
            except BaseException:
                if raw.in_transaction:
                    raw.execute("rollback")
                raise
            done.append(str(migration))
    return done


def applied(raw: sqlite3.Connection) -> dict[int, str]:
    if not raw.execute("select 1 from sqlite_schema where name = 'migration'").fetchall():
        return {}
    return dict(tuple(row) for row in raw.execute("select number, checksum from migration"))


def _apply(raw: sqlite3.Connection, migration: migrations.Migration) -> None:
    raw.execute(
        "create table if not exists migration (number integer primary key, name text not null, "
        "checksum text not null, applied_at integer not null) strict"
    )
    statement = ""
    for line in migration.text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            raw.execute(statement)
            statement = ""
    # A last one without its semicolon counts as well; a last comment does nothing.
    raw.execute(statement)
    raw.execute(
        "insert into migration values (?, ?, ?, ?)",
        (migration.number, migration.name, migration.checksum, int(time.time() * 1000)),
    )
