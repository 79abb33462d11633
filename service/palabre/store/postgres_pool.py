"""Connections to PostgreSQL, taken and given back.

asyncpg's own pool asks the server to reset a connection each time it is given back, a way there
and back that nothing here needs, and after a restart of the server hands out what is dead one by
one. This one lets go of all that it has as soon as one of them turns out to be dead.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

import asyncpg

from palabre.errors import Busy
from palabre.store.postgres_tx import is_lost

CONNECT_S = 3.0
STATEMENT_S = 5.0
"""How long a statement may take. Those of a `long` unit may take LONG_S."""
LONG_S = 60.0
STATEMENTS = 500
"""Prepared statements that a connection keeps; we have some two hundred."""

TURN_S = 5.0
"""How long one waits for a connection."""


class Pool:
    """At most *most* connections. Invariant: one that is idle has no transaction open."""

    def __init__(self, url: str, *, most: int) -> None:
        self._url = url
        self._most = most
        self._turns = asyncio.Semaphore(most)
        self._idle: deque[asyncpg.Connection] = deque()
        self._waiting = 0
        self._cached_statements: int | None = None

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of one's own. Raises Busy when none is free in time."""
        try:
            async with asyncio.timeout(TURN_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy(retry_after_s=1) from None
        try:
            connection = self._taken() or await self.connect()
            try:
                yield connection
            except BaseException as exc:
                if is_lost(exc):
                    self._let_go()
                if not isinstance(exc, Exception) or is_lost(exc) or not _is_at_rest(connection):
                    connection.terminate()
                raise
            finally:
                if not connection.is_closed():
                    self._idle.append(connection)
        finally:
            self._turns.release()

    @contextlib.asynccontextmanager
    async def statement(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for one reading statement.

        Behind a pooler its parts would go to different servers, but for a transaction around it.
        """
        async with self.connection() as connection:
            if self._cached_statements:
                yield connection
            else:
                async with connection.transaction(readonly=True):
                    yield connection

    def _taken(self) -> asyncpg.Connection | None:
        """The connection that was given back last: it is the warmest."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def connect(self) -> asyncpg.Connection:
        """A new connection, which the caller closes. Raises what the driver raises."""
        if self._cached_statements is not None:
            return await self._connect(self._cached_statements)
        connection = await self._connect(STATEMENTS)
        try:
            is_pooled = await _is_pooled(connection)
        except BaseException:
            connection.terminate()
            raise
        self._cached_statements = 0 if is_pooled else STATEMENTS
        if not is_pooled:
            return connection
        await connection.close(timeout=CONNECT_S)
        return await self._connect(0)

    async def _connect(self, cached_statements: int) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._url,
            timeout=CONNECT_S,
            command_timeout=STATEMENT_S,
            statement_cache_size=cached_statements,
            max_cached_statement_lifetime=0,
        )

    @property
    def is_pooled(self) -> bool:
        """Whether the last look found a pooler in between."""
        return self._cached_statements == 0

    def _let_go(self) -> None:
        """One connection was dead: the others will be. A pooler may have come or gone, too."""
        self._cached_statements = None
        while self._idle:
            self._idle.pop().terminate()

    async def close(self) -> None:
        """Wait for those who have a connection, then close all."""
        for _ in range(self._most):
            await self._turns.acquire()
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.close(timeout=CONNECT_S)
            except (*_CLOSING, OSError, TimeoutError):
                connection.terminate()


async def _is_pooled(connection: asyncpg.Connection) -> bool:
    """Whether something stands between us and the server, such as pgbouncer.

    Prepared statements don't outlast a transaction there. It shows by telling another process
    number than the server's own.
    """
    async with connection.transaction():
        pid = await connection.fetchval("select pg_backend_pid()")
        is_pooled = bool(pid != connection.get_server_pid())
        if is_pooled:
            # Whoever gets that server's connection next may give its statements the same names.
            await connection.execute("deallocate all")
    return is_pooled


def _is_at_rest(connection: asyncpg.Connection) -> bool:
    """Whether somebody else may have it: it is open, and no transaction is."""
    return not connection.is_closed() and not connection.is_in_transaction()


_CLOSING = (asyncpg.PostgresError, asyncpg.InterfaceError)
