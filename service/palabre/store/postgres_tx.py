"""One transaction on PostgreSQL, and how its errors are named."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import asyncpg

from palabre.errors import StoreUnavailable
from palabre.store.tx import Noting, Row, Taken, Value

log = logging.getLogger(__name__)

_PARAMETER = re.compile(r"'[^']*'|:([a-z_][a-z0-9_]*)")

RETRY_AFTER_S = 2

MANY_S = 60.0
"""How long many rows of one statement may take together."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    OSError,
    TimeoutError,
)
"""After these nobody knows what state a connection is in."""

_OUTAGES = (
    *_LOST,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.ObjectInUseError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

COLLISIONS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""Two transactions stood in each other's way: one was undone, and may be tried again."""

FAILURES = (*_OUTAGES, *COLLISIONS)

_TELLING = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
"""What the server or the driver says of these repeats values: words of a comment, hashes."""


class Refused(Exception):
    """PostgreSQL refused a value: a mistake of ours, told without the value."""


def _discreet(exc: Exception) -> Exception:
    """The same without any value, to be raised in its place."""
    if isinstance(exc, asyncpg.UniqueViolationError):
        return Taken(str(exc.constraint_name))
    return Refused(f"{type(exc).__name__} {getattr(exc, 'constraint_name', None) or ''}".strip())


class PostgresTx(Noting):
    """A transaction on PostgreSQL."""

    __slots__ = ("_connection",)

    engine: Literal["postgres"] = "postgres"

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__()
        self._connection = connection

    async def run(self, sql: str, /, **values: Value) -> int:
        text, names = numbered(sql)
        try:
            status = await self._connection.execute(text, *[_taken(values[name]) for name in names])
        except _TELLING as exc:
            raise _discreet(exc) from None
        return int(status.rpartition(" ")[2]) if status[-1:].isdigit() else 0

    async def each(self, sql: str, rows: Sequence[Mapping[str, Value]], /) -> None:
        text, names = numbered(sql)
        values = [[row[name] for name in names] for row in rows]
        await self._connection.executemany(text, values, timeout=MANY_S)

    async def one(self, sql: str, /, **values: Value) -> Row | None:
        rows = await self.all(sql, **values)
        return rows[0] if rows else None

    async def all(self, sql: str, /, **values: Value) -> list[Row]:
        text, names = numbered(sql)
        try:
            rows: list[Row] = await self._connection.fetch(
                text, *[_taken(values[name]) for name in names]
            )
        except _TELLING as exc:
            raise _discreet(exc) from None
        return rows

    def either(self, *, sqlite: str, postgres: str) -> str:
        return postgres


def _taken(value: Value) -> Value:
    """A value that PostgreSQL takes: a NUL, which nothing stored holds, can't be asked for."""
    if isinstance(value, str) and "\0" in value:
        return value.replace("\0", "\N{SYMBOL FOR NULL}")
    return value


@functools.lru_cache(maxsize=1024)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """A statement with `$1` for its first `:name`, and the names in that order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return found[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PARAMETER.sub(number, sql), tuple(names)


def is_lost(exc: BaseException) -> bool:
    """Whether the connection is of no use any more."""
    return isinstance(exc, _LOST)


def named(exc: Exception) -> Exception:
    """An outage of the store as a problem; a mistake of ours as itself."""
    if not isinstance(exc, FAILURES):
        return exc
    log.error("the store is unavailable: %s: %s", type(exc).__name__, exc)
    return StoreUnavailable(retry_after_s=RETRY_AFTER_S)
