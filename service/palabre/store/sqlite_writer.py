"""The one writer of an SQLite store: it commits for all who wait (group commit)."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass
from typing import Any, TypeVar

from palabre.errors import Busy, StoreUnavailable
from palabre.store import sqlite_thread
from palabre.store.generation import Generation
from palabre.store.locks import Lock, let_go
from palabre.store.sqlite_thread import Outcome
from palabre.store.tx import Finish, Unit

T = TypeVar("T")
log = logging.getLogger(__name__)

BATCH_MOST = 128
SLICE_S = 0.002
"""How long units run before whoever else waits for the event loop gets a turn."""

CHECKPOINT_CHANGES = 4_000
"""Rows changed between two checkpoints: some five hundred submissions, 35 MB of journal if each
came alone. With four times as many a checkpoint stalled writers for 0.2 s on a store of 3 GB, and
the start after a kill took 0.2 s longer."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    unit: Unit[Any]
    long: bool
    future: asyncio.Future[Any]


class Thread:
    """A connection and the way into its thread."""

    def __init__(self, raw: sqlite3.Connection, run: Callable[..., Awaitable[Any]]) -> None:
        self.raw = raw
        self._run = run

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """*work*'s result, done in the connection's own thread."""
        found: T = await self._run(work, self.raw)
        return found


class Writer:
    """Owns the write connection. Invariant: one transaction at a time, begun and ended here.

    Units run on the event loop, which the connection is lent to: a unit takes less time than the
    way to another thread and back, where each of its statements would fight for the interpreter
    with the loop. What waits for others or for the disk (a lock that is taken, a long unit, the
    commit with its sync) is done in the connection's thread.
    All of `on_commit` are told the size of each batch and how long its commit took, in seconds;
    all of `on_outdated`, before anybody who waits is answered, what a batch outdates. `finish` is
    the end of every unit.
    """

    def __init__(
        self,
        thread: Thread,
        lock: Lock,
        generation: Generation,
        *,
        waiting_most: int,
        serves: bool,
    ) -> None:
        self.on_commit: list[Callable[[int, float], None]] = []
        self.on_outdated: list[Callable[[Set[str]], None]] = []
        self.finish: Finish = sqlite_thread.nothing_more
        self._thread = thread
        self._lock = lock
        self._generation = generation
        self._serves = serves
        self._turn = asyncio.Lock()
        self._alone: set[asyncio.Task[Any]] = set()
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(waiting_most)
        self._closing = False
        self._seen = generation.value
        self._changes = self._checkpointed_at = thread.raw.total_changes
        self._task = asyncio.create_task(self._work(), name="palabre-writer")

    @property
    def is_writing(self) -> bool:
        """Whether a transaction is open, or something else has the connection."""
        return self._turn.locked()

    async def write(self, unit: Unit[T], *, long: bool) -> T:
        """The unit's result, once it is on disk. Raises Busy when too many wait."""
        if self._closing:
            raise Busy(retry_after_s=5)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(unit, long, future))
        except asyncio.QueueFull:
            raise Busy(retry_after_s=1) from None
        # Whoever waits may give up, which cancels the future and not the unit.
        return await future

    async def alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """*work*'s result, done in the connection's thread while no transaction is open.

        The connection stays taken until it is done, even when nobody waits for it any more.
        """

        async def taken() -> T:
            async with self._turn:
                return await self._thread.run(work)

        task = asyncio.create_task(taken())
        self._alone.add(task)
        task.add_done_callback(self._done_alone)
        return await asyncio.shield(task)

    def _done_alone(self, task: asyncio.Task[Any]) -> None:
        self._alone.discard(task)
        if not task.cancelled():
            task.exception()

    async def close(self) -> None:
        """Finish what was accepted."""
        self._closing = True
        await self._queue.put(None)
        await self._task
        await asyncio.gather(*self._alone, return_exceptions=True)

    async def _work(self) -> None:
        while not (self._closing and self._queue.empty()):
            first = await self._queue.get()
            if first is None:
                continue
            async with self._turn:
                await self._batch(first)

    async def _batch(self, first: _Waiting) -> None:
        """Commit *first* and those who wait with it, and tell each of them."""
        try:
            await self._begin()
        except Exception as exc:
            self._tell_all([first, *self._drained()], exc)
            return
        done: list[tuple[_Waiting, Outcome]] = []
        try:
            try:
                seconds = await self._run_and_commit(first, done)
            except Exception as exc:
                await self._thread.run(sqlite_thread.abandon)
                await self._undone([waiting for waiting, _ in done], exc)
            else:
                self._tell(done, seconds)
            await self._checkpoint()
        finally:
            self._end()

    async def _begin(self) -> None:
        if not sqlite_thread.begin_at_once(self._thread.raw, self._lock):
            await self._thread.run(lambda raw: sqlite_thread.begin(raw, self._lock))
        if self._serves:
            # Nobody else is inside, so whoever left a change unfinished is dead.
            self._generation.end()
        self._changes = self._thread.raw.total_changes

    def _end(self) -> None:
        if not self._serves:
            self._generation.end()
        let_go(self._lock)

    async def _run_and_commit(self, first: _Waiting, done: list[tuple[_Waiting, Outcome]]) -> float:
        """Run *first* and those who wait with it; the commit's seconds. Fills *done*."""
        since = time.perf_counter()
        waiting: _Waiting | None = first
        while waiting is not None:
            # Noted before it runs, so that one which ends the transaction is among the undone.
            done.append((waiting, Outcome()))
            done[-1] = (waiting, await self._run(waiting))
            if len(done) == BATCH_MOST:
                break
            if time.perf_counter() - since > SLICE_S:
                await asyncio.sleep(0)
                since = time.perf_counter()
            waiting = None if self._queue.empty() else self._queue.get_nowait()
        return await self._thread.run(self._commit)

    def _commit(self, raw: sqlite3.Connection) -> float:
        if not self._serves and raw.total_changes != self._changes:
            self._generation.begin()
        return sqlite_thread.commit(raw)

    async def _run(self, waiting: _Waiting) -> Outcome:
        unit, finish = waiting.unit, self.finish
        if waiting.long:
            return await self._thread.run(lambda raw: sqlite_thread.run_unit(raw, unit, finish))
        return sqlite_thread.run_unit(self._thread.raw, unit, finish)

    async def _undone(self, batch: list[_Waiting], exc: Exception) -> None:
        """A whole batch was undone: try each alone where there was no room for all together."""
        if len(batch) == 1 or not sqlite_thread.is_full(exc):
            self._tell_all(batch, exc)
            return
        for waiting in batch:
            try:
                self._thread.raw.execute("begin immediate")
                outcome = await self._run(waiting)
                seconds = await self._thread.run(self._commit)
            except Exception as alone:
                await self._thread.run(sqlite_thread.abandon)
                self._tell_all([waiting], alone)
            else:
                self._tell([(waiting, outcome)], seconds)

    def _tell(self, done: list[tuple[_Waiting, Outcome]], seconds: float) -> None:
        outdated = frozenset().union(*(outcome.outdated for _, outcome in done))
        if outdated:
            self._tell_outdated(outdated)
        for waiting, outcome in done:
            if waiting.future.done():
                continue
            if outcome.error is None:
                waiting.future.set_result(outcome.value)
            else:
                waiting.future.set_exception(outcome.error)
        for committed in self.on_commit:
            try:
                committed(len(done), seconds)
            except Exception:
                log.exception("telling of a commit failed")

    def _tell_outdated(self, names: Set[str]) -> None:
        try:
            for forget in self.on_outdated:
                forget(names)
        except Exception:
            # Whoever waits is answered next, so nobody may go on remembering anything.
            log.exception("forgetting what is outdated failed")
            self._generation.begin()
            self._generation.end()

    def _tell_all(self, batch: list[_Waiting], exc: Exception) -> None:
        """Whatever it was: those who wait are told, and the writer goes on."""
        if isinstance(exc, sqlite3.Error | OSError):
            problem: Exception = sqlite_thread.outage(exc)
        else:
            log.error("a batch of writes failed", exc_info=exc)
            problem = StoreUnavailable(retry_after_s=5)
        for waiting in batch:
            if not waiting.future.done():
                waiting.future.set_exception(problem)

    def _drained(self) -> list[_Waiting]:
        """Those who wait just now: what can't be begun for one can't for them either."""
        found = []
        while not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is not None:
                found.append(waiting)
        return found

    async def _checkpoint(self) -> None:
        """Now and then, after everybody was told and before the lock is let go."""
        if not self._serves:
            return
        changes, generation = self._thread.raw.total_changes, self._generation.value
        # What other processes have written is nobody else's to move.
        if changes - self._checkpointed_at > CHECKPOINT_CHANGES or generation != self._seen:
            self._checkpointed_at, self._seen = changes, generation
            await self._thread.run(sqlite_thread.checkpoint)
