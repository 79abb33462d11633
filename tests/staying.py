"""What stays from one test to the next, since making it anew takes longer than most tests do.

A connection to PostgreSQL belongs to the event loop that it was made in, so the loop stays as well.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import asyncpg
import pytest

from palabre.store.postgres_pool import STATEMENTS, Pool

P = ParamSpec("P")
T = TypeVar("T")

MOST = 4
"""Connections that are kept for one database, which is twice what one service has."""


NAME = "of the loop"


class Threads(ThreadPoolExecutor):
    """A loop's own threads, of which it can be told whether one still works."""

    def __init__(self) -> None:
        super().__init__(max_workers=4, thread_name_prefix=NAME)
        self._unfinished: set[Future[Any]] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future = super().submit(fn, *args, **kwargs)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        return future

    def finish(self) -> None:
        """Wait for what was begun."""
        left = concurrent.futures.wait(set(self._unfinished), timeout=30).not_done
        assert not left, f"threads that have not come to their end: {left}"


def is_of_loop(thread: threading.Thread) -> bool:
    """Whether it is one of those, which wait for work when they have none."""
    return thread.name.startswith(NAME)


class Loop:
    """The loop that all tests run in. What a test leaves in it ends with the test."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._threads = Threads()
        loop.set_default_executor(self._threads)

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Those that have not come to their end."""
        return asyncio.all_tasks(self._loop)

    def end(self, tasks: set[asyncio.Task[Any]]) -> None:
        """Do as a loop does that is closed: cancel *tasks*, and wait for the threads."""
        if tasks:
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._threads.finish()


class Connections:
    """Those that services have closed, for the next ones that connect to the same database.

    A fresh one learns the tables and all statements anew, in which PostgreSQL spends four fifths
    of its time on a short test.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._kept: list[asyncpg.Connection] = []

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """While this lasts, pools take the connections from here and bring them back."""
        connect, close = Pool._connect, Pool.close

        async def connected(pool: Pool, cached_statements: int) -> asyncpg.Connection:
            while self._is_for(pool, cached_statements) and self._kept:
                connection = self._kept.pop()
                if not connection.is_closed():
                    return connection
            return await connect(pool, cached_statements)

        async def closed(pool: Pool) -> None:
            for _ in range(pool._most):
                await pool._turns.acquire()
            while self._is_for(pool, STATEMENTS) and pool._idle and len(self._kept) < MOST:
                await self._keep(pool._idle.pop())
            for _ in range(pool._most):
                pool._turns.release()
            await close(pool)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Pool, "_connect", connected)
            patch.setattr(Pool, "close", closed)
            yield

    def _is_for(self, pool: Pool, cached_statements: int) -> bool:
        return (
            pool._url == self._url
            and cached_statements == STATEMENTS
            and not pool.is_pooled
            and asyncio.get_running_loop() is self._loop
        )

    async def _keep(self, connection: asyncpg.Connection) -> None:
        if not connection.is_closed():
            # As the driver's own pool does: what it was told for a while is forgotten.
            await connection.reset(timeout=5)
            self._kept.append(connection)

    async def close(self) -> None:
        for connection in self._kept:
            await connection.close(timeout=5)
