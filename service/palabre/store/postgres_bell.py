"""Telling other processes that something was committed, and hearing it from them (LISTEN, NOTIFY).

A notification says nothing but that: whoever hears it looks. It goes out behind the commit, not
within: a transaction that notifies waits, to commit, for all others that do (PostgreSQL's
`PreCommit_Notify`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import asyncpg

from palabre.errors import Busy
from palabre.store.postgres_pool import CONNECT_S, Pool
from palabre.store.postgres_tx import FAILURES

log = logging.getLogger(__name__)

CHANNEL = "palabre_changed"

SPACING_S = 0.05
"""Between two notifications: however much is committed meanwhile is one."""

LOOK_EVERY_S = 5.0
"""Between two looks without being told: who dies behind a commit tells nobody of it."""

LOOK_EVERY_POOLED_S = 1.0
"""The same where a pooler stands in between, through which nothing can be heard."""

BACKOFF_S = (0.05, 3.0)
"""Before the first and at most before any further attempt to connect anew."""

# What is notified is written to disk with whatever comes next: nothing is lost but a call.
_NOTIFY = f"select set_config('synchronous_commit', 'off', true), pg_notify('{CHANNEL}', '')"


class Bell:
    """Rung by a process's own commits, heard by those who listen in any process."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._listeners: list[Callable[[], None]] = []
        self._waits: asyncio.TimerHandle | None = None
        self._rung_at = 0.0
        self._notifying: asyncio.Task[None] | None = None
        self._rung_meanwhile = False

    def ring(self) -> None:
        """Something was committed here. Never waits: the notification goes out by itself."""
        self._tell()
        if self._notifying is not None:
            self._rung_meanwhile = True
        elif self._waits is None:
            loop = asyncio.get_running_loop()
            self._waits = loop.call_at(self._rung_at + SPACING_S, self._begin)

    def _tell(self) -> None:
        for heard in self._listeners:
            heard()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._waits, self._rung_at = None, loop.time()
        self._notifying = loop.create_task(self._notify())
        self._notifying.add_done_callback(self._notified)

    def _notified(self, task: asyncio.Task[None]) -> None:
        self._notifying = None
        if not task.cancelled() and task.exception() is not None:
            log.error("other processes could not be told of a change", exc_info=task.exception())
        if self._rung_meanwhile:
            self._rung_meanwhile = False
            self._waits = asyncio.get_running_loop().call_later(SPACING_S, self._begin)

    async def _notify(self) -> None:
        try:
            async with self._pool.connection() as connection:
                await connection.execute(_NOTIFY)
        except (*FAILURES, Busy) as exc:
            # Those who listen look by themselves, too.
            log.debug("other processes were not told of a change: %s", exc)

    @contextlib.asynccontextmanager
    async def heard_by(self, heard: Callable[[], None]) -> AsyncIterator[None]:
        """*heard* is called whenever the bell is rung, here or elsewhere, while the block lasts."""
        self._listeners.append(heard)
        listening = asyncio.create_task(self._listen(heard))
        try:
            yield
        finally:
            self._listeners.remove(heard)
            listening.cancel()
            await asyncio.wait([listening])

    async def _listen(self, heard: Callable[[], None]) -> None:
        least_s, most_s = BACKOFF_S
        delay_s = least_s
        while True:
            try:
                async with contextlib.aclosing(self._calls()) as calls:
                    async for _ in calls:
                        delay_s = least_s
                        heard()
            except (*FAILURES, asyncpg.PostgresError) as exc:
                log.warning("listening for changes was interrupted: %s", type(exc).__name__)
            await asyncio.sleep(delay_s * random.uniform(0.5, 1))  # noqa: S311
            delay_s = min(delay_s * 2, most_s)

    async def _calls(self) -> AsyncGenerator[None, None]:
        """Each time that there is a reason to look. Raises what the driver raises."""
        connection = await self._pool.connect()
        if self._pool.is_pooled:
            await connection.close(timeout=CONNECT_S)
            while True:
                yield
                await asyncio.sleep(LOOK_EVERY_POOLED_S)
        rung = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: rung.set())
            await connection.add_listener(CHANNEL, lambda *_: rung.set())
            while True:
                # At first for all that came before there was anybody to hear it.
                yield
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await rung.wait()
                if not rung.is_set() or connection.is_closed():
                    # A connection can be gone without a word.
                    await connection.execute("select 1")
                rung.clear()
        finally:
            connection.terminate()

    async def close(self) -> None:
        """Ring for what was committed last, before the connections are closed."""
        if self._waits is not None:
            self._waits.cancel()
            self._begin()
        while self._notifying is not None:
            await asyncio.wait([self._notifying])
            if self._waits is not None:
                self._waits.cancel()
                self._begin()
