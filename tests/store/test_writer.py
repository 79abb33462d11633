"""The one writer: who is told what and when, what it does for want of room, and that it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Set
from itertools import pairwise
from pathlib import Path

import pytest

import filling
from palabre.errors import Busy, StoreUnavailable
from palabre.store import Tx, Unit, locks, sqlite_thread, sqlite_writer
from palabre.store.sqlite import SqliteStore, open_sqlite

TABLE = "create table thing (name text primary key, value text not null)"
OTHERS = "create table other (name text references thing (name) deferrable initially deferred)"
"""Its rows need not be right before the commit, which is what then fails."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "things.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """A store of things, opened as the one that serves."""
    async with opened(path) as found:
        yield found


@contextlib.asynccontextmanager
async def opened(path: Path, *, serving: bool = True) -> AsyncIterator[SqliteStore]:
    found = await open_sqlite(path, serving=serving)
    try:
        await found.write(run(TABLE))
        await found.write(run(OTHERS))
        yield found
    finally:
        await found.close()


def run(sql: str, **values: str) -> Unit[int]:
    async def unit(tx: Tx) -> int:
        return await tx.run(sql, **values)

    return unit


def put(name: str, value: str = "x", *, outdates: str | None = None) -> Unit[str]:
    """Store a thing; its name."""

    async def unit(tx: Tx) -> str:
        await tx.run("insert into thing values (:name, :value)", name=name, value=value)
        if outdates is not None:
            tx.outdates(outdates)
        return name

    return unit


async def all_names(tx: Tx) -> list[str]:
    return [row["name"] for row in await tx.all("select name from thing order by name")]


async def names(store: SqliteStore) -> list[str]:
    return await store.read(all_names)


class Room:
    """How many more pages the database may have."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def leave(self, pages: int) -> None:
        def limit(raw: sqlite3.Connection) -> None:
            (used,) = raw.execute("pragma page_count").fetchone()
            raw.execute(f"pragma max_page_count = {used + pages}").fetchone()

        await self._store._writer.alone(limit)


# What is outdated.


async def test_what_is_outdated_is_told_once_it_is_stored_and_before_anybody_is_answered(
    store: SqliteStore, path: Path
) -> None:
    events: list[object] = []

    def forget(names: Set[str]) -> None:
        with contextlib.closing(sqlite3.connect(path)) as elsewhere:
            (n,) = elsewhere.execute("select count(*) from thing").fetchone()
        events.append((sorted(names), n))

    store.tell(outdated=forget)

    async def ask(name: str, outdates: str | None) -> None:
        events.append(await store.write(put(name, outdates=outdates)))

    await asyncio.gather(ask("a", "one"), ask("b", None), ask("c", "two"), ask("d", "one"))
    assert events == [(["one", "two"], 4), "a", "b", "c", "d"]


async def test_everybody_who_remembers_is_told(store: SqliteStore) -> None:
    told: list[tuple[str, Set[str]]] = []
    store.tell(outdated=lambda names: told.append(("first", names)))
    store.tell(outdated=lambda names: told.append(("second", names)))
    await store.write(put("a", outdates="one"))
    assert told == [("first", {"one"}), ("second", {"one"})]


async def test_what_a_unit_outdated_before_it_failed_is_not_told(store: SqliteStore) -> None:
    told: list[Set[str]] = []
    store.tell(outdated=told.append)

    async def fails(tx: Tx) -> None:
        tx.outdates("never")
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(fails)
    await store.write(put("a"))
    assert told == []
    await asyncio.gather(
        store.write(fails), store.write(put("b", outdates="one")), return_exceptions=True
    )
    assert told == [{"one"}]


async def test_what_a_commit_that_failed_would_have_outdated_is_not_told(
    store: SqliteStore,
) -> None:
    told: list[Set[str]] = []
    store.tell(outdated=told.append)
    outcomes = await asyncio.gather(
        store.write(put("a", outdates="one")),
        store.write(run("insert into other values ('not there')")),
        return_exceptions=True,
    )
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert told == []
    assert await names(store) == []
    assert await store.write(put("a", outdates="one")) == "a"
    assert told == [{"one"}]


async def test_where_forgetting_fails_nothing_that_is_remembered_holds_any_longer(
    store: SqliteStore,
) -> None:
    def fails(names: Set[str]) -> None:
        raise KeyError("forgetting")

    store.tell(outdated=fails)
    before = store.generation()
    assert await store.write(put("a", outdates="one")) == "a"
    assert store.generation() != before
    assert store.generation() % 2 == 0
    assert await store.write(put("b")) == "b"


# On the loop, and beside it.


async def test_a_unit_runs_on_the_loop_and_a_long_one_beside_it(store: SqliteStore) -> None:
    batches: list[int] = []
    store.tell(committed=lambda units, seconds: batches.append(units))
    loop = asyncio.get_running_loop()

    async def where(tx: Tx) -> threading.Thread:
        await tx.run("insert into thing values ('from ' || hex(randomblob(8)), 'x')")
        return threading.current_thread()

    async def answered() -> str:
        return "the loop is free"

    async def long(tx: Tx) -> threading.Thread:
        # The loop turns while it runs, or there would be no result.
        asyncio.run_coroutine_threadsafe(answered(), loop).result(timeout=20)
        return await where(tx)

    short, other, last = await asyncio.gather(
        store.write(where), store.write(long, long=True), store.write(where)
    )
    assert short is last is threading.current_thread()
    assert other is not short
    assert batches == [3]
    assert len(await names(store)) == 3


async def test_a_long_unit_that_fails_is_undone_alone(store: SqliteStore) -> None:
    async def fails(tx: Tx) -> None:
        await tx.run("insert into thing values ('b', 'x')")
        raise LookupError("b")

    outcomes = await asyncio.gather(
        store.write(put("a")),
        store.write(fails, long=True),
        store.write(put("c")),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], LookupError)
    assert await names(store) == ["a", "c"]


async def test_the_loop_turns_while_a_batch_runs(store: SqliteStore) -> None:
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def heavy(tx: Tx) -> int:
        """A unit that takes longer than a slice."""
        await tx.one(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000) "
            "select max(i) from n"
        )
        return turns

    batches: list[int] = []
    store.tell(committed=lambda units, seconds: batches.append(units))
    ticking = asyncio.create_task(tick())
    seen = await asyncio.gather(*(store.write(heavy) for _ in range(8)))
    ticking.cancel()
    assert batches == [8]
    assert all(before < after for before, after in pairwise(seen))


async def test_more_than_fit_into_one_batch_are_spread_over_several(store: SqliteStore) -> None:
    most = sqlite_writer.BATCH_MOST
    batches: list[int] = []
    answered: list[int] = []
    stored = 0

    def committed(units: int, seconds: float) -> None:
        batches.append(units)
        answered.append(stored)

    async def ask(name: str) -> None:
        nonlocal stored
        await store.write(put(name))
        stored += 1

    store.tell(committed=committed)
    given = [f"{number:04}" for number in range(2 * most + 40)]
    await asyncio.gather(*map(ask, given))
    assert batches == [most, most, 40]
    # The first did not wait for the last.
    assert answered == [0, most, 2 * most]
    assert await names(store) == given


# A glance.


async def test_a_glance_sees_what_is_committed_and_only_that(store: SqliteStore) -> None:
    loop = asyncio.get_running_loop()
    during: list[list[str]] = []

    async def look() -> None:
        during.append(await store.glance(all_names))

    async def long(tx: Tx) -> None:
        await tx.run("insert into thing values ('b', 'x')")
        asyncio.run_coroutine_threadsafe(look(), loop).result(timeout=20)

    await store.write(put("a"))
    assert await store.glance(all_names) == ["a"]
    await store.write(long, long=True)
    assert during == [["a"]]
    assert await store.glance(all_names) == ["a", "b"]


async def test_a_glance_sees_at_once_what_another_process_has_committed(
    store: SqliteStore, path: Path
) -> None:
    beside = await open_sqlite(path)
    await beside.write(put("a"))
    assert await store.glance(all_names) == ["a"]
    await beside.close()


async def test_a_glance_gives_nobody_else_a_turn(store: SqliteStore) -> None:
    other = asyncio.create_task(asyncio.sleep(0))
    assert await store.glance(all_names) == []
    assert not other.done()
    await other


async def test_a_glance_cannot_write_and_can_fail(store: SqliteStore) -> None:
    with pytest.raises(StoreUnavailable):
        await store.glance(put("a"))

    async def fails(tx: Tx) -> None:
        raise LookupError("as it is")

    with pytest.raises(LookupError, match="as it is"):
        await store.glance(fails)
    assert await store.glance(all_names) == []
    assert await names(store) == []


async def test_a_glance_that_finds_the_store_busy_is_made_where_it_can_wait(
    store: SqliteStore, path: Path
) -> None:
    await store.write(put("a"))
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        other.execute("begin immediate")
        with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as third:

            async def busy_at_first(tx: Tx) -> list[str]:
                if threading.current_thread() is threading.main_thread():
                    third.execute("begin immediate")
                return await all_names(tx)

            assert await store.glance(busy_at_first) == ["a"]
    # The connection is none the worse for it.
    assert await store.glance(all_names) == ["a"]


async def test_a_closed_store_has_nothing_to_look_at(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.glance(all_names)


# For want of room.


async def test_those_for_whom_there_is_room_are_stored_though_one_has_none(
    store: SqliteStore,
) -> None:
    told: list[Set[str]] = []
    batches: list[int] = []
    store.tell(outdated=told.append, committed=lambda units, seconds: batches.append(units))
    await Room(store).leave(2)
    outcomes = await asyncio.gather(
        store.write(put("a", outdates="one")),
        store.write(put("b", "x" * 100_000, outdates="two")),
        store.write(put("c", outdates="three")),
        return_exceptions=True,
    )
    assert (outcomes[0], outcomes[2]) == ("a", "c")
    assert isinstance(outcomes[1], StoreUnavailable)
    assert outcomes[1].retry_after_s == 5
    assert await names(store) == ["a", "c"]
    assert told == [{"one"}, {"three"}]
    assert batches == [1, 1]
    await Room(store).leave(1000)
    assert await store.write(put("b", "x" * 100_000)) == "b"


async def test_on_a_full_disk_a_batch_s_small_ones_are_stored_all_the_same(
    tmp_path: Path,
) -> None:
    with filling.disk(tmp_path / "disk", size_bytes=1 << 20, ballast_bytes=1 << 18) as disk:
        async with opened(disk.folder / "things.sqlite3") as store:
            outcomes = await asyncio.gather(
                *(store.write(put(f"{number:02}", "x" * 9000)) for number in range(40)),
                store.write(put("big", "x" * 1_000_000)),
                store.write(put("z")),
                return_exceptions=True,
            )
            stored = [outcome for outcome in outcomes if isinstance(outcome, str)]
            refused = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailable)]
            assert "00" in stored
            assert isinstance(outcomes[-2], StoreUnavailable)
            assert len(stored) + len(refused) == len(outcomes)
            assert await names(store) == sorted(stored)
            disk.make_room()
            assert await store.write(put("after", "x" * 20_000)) == "after"
            assert await names(store) == sorted([*stored, "after"])


# What cannot be begun.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> list[locks.Lock]:
    """Wait for a lock for a moment only; which ones have been waited for."""
    briefly = functools.partial(locks.wait_for, timeout_s=0.05)
    waited: list[locks.Lock] = []

    def wait_for(lock: locks.Lock, *, timeout_s: float = 0.05) -> None:
        waited.append(lock)
        briefly(lock)

    monkeypatch.setattr(locks, "wait_for", wait_for)
    monkeypatch.setattr(sqlite_thread, "wait_for", wait_for)
    monkeypatch.setattr(sqlite_thread, "BUSY_TIMEOUT_MS", 50)
    return waited


@contextlib.contextmanager
def lock_file(path: Path) -> Iterator[Callable[[], None]]:
    """Another process has the lock file until what this yields is called."""
    with locks.beside(path, ".lock") as theirs:
        assert locks.seize(theirs)
        yield lambda: locks.let_go(theirs)


@contextlib.contextmanager
def lock_of_sqlite(path: Path) -> Iterator[Callable[[], None]]:
    """Something that knows nothing of the lock file writes, until what this yields is called."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")

        def let_go() -> None:
            other.execute("rollback")

        yield let_go


@pytest.mark.parametrize("locked", [lock_file, lock_of_sqlite])
async def test_all_who_wait_for_a_lock_that_does_not_come_free_are_told_and_it_goes_on(
    store: SqliteStore,
    path: Path,
    locked: Callable[[Path], contextlib.AbstractContextManager[Callable[[], None]]],
    impatient: list[locks.Lock],
) -> None:
    told: list[Set[str]] = []
    store.tell(outdated=told.append)
    with locked(path) as let_go:
        for times in (1, 2):
            outcomes = await asyncio.gather(
                *(store.write(put(name, outdates=name)) for name in "abc"), return_exceptions=True
            )
            # All have waited together, not one after the other.
            assert len(impatient) == times
            for outcome in outcomes:
                assert isinstance(outcome, StoreUnavailable)
                assert outcome.retry_after_s == 5
        assert await names(store) == []
        assert told == []
        let_go()
        assert await store.write(put("a")) == "a"
    # Nor has it kept the lock for itself.
    with lock_file(path):
        pass
    assert await names(store) == ["a"]


@pytest.mark.parametrize("locked", [lock_file, lock_of_sqlite])
async def test_who_finds_the_lock_taken_waits_for_it_and_the_loop_turns(
    store: SqliteStore,
    path: Path,
    locked: Callable[[Path], contextlib.AbstractContextManager[Callable[[], None]]],
) -> None:
    batches: list[int] = []
    store.tell(committed=lambda units, seconds: batches.append(units))
    with locked(path) as let_go:
        waiting = [asyncio.create_task(store.write(put(name))) for name in "abc"]
        # Only a loop that turns gets through all of this.
        for _ in range(100):
            await asyncio.sleep(0)
            assert await store.glance(all_names) == []
        assert not any(task.done() for task in waiting)
        let_go()
        assert await asyncio.gather(*waiting) == ["a", "b", "c"]
    assert batches == [3]


async def test_a_commit_that_fails_is_told_to_all_and_nothing_of_it_is_stored(
    store: SqliteStore,
) -> None:
    for _ in range(2):
        outcomes = await asyncio.gather(
            store.write(put("a")),
            store.write(run("insert into other values ('not there')")),
            store.write(put("b")),
            return_exceptions=True,
        )
        assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
        assert await names(store) == []
    assert await asyncio.gather(*(store.write(put(name)) for name in "ab")) == ["a", "b"]
    assert await names(store) == ["a", "b"]


async def test_a_hook_that_fails_stops_nothing(store: SqliteStore) -> None:
    def fails(units: int, seconds: float) -> None:
        raise RuntimeError("counting")

    store.tell(committed=fails)
    assert await asyncio.gather(*(store.write(put(name)) for name in "abc")) == ["a", "b", "c"]
    assert await store.write(put("d")) == "d"
    assert await names(store) == ["a", "b", "c", "d"]


# The journal.


def in_the_database_alone(path: Path, copy: Path) -> list[str]:
    """The things that are in the database file, the journal left aside."""
    shutil.copyfile(path, copy)
    with contextlib.closing(sqlite3.connect(copy)) as found:
        if not found.execute("select 1 from sqlite_schema where name = 'thing'").fetchone():
            return []
        return [name for (name,) in found.execute("select name from thing order by name")]


async def test_now_and_then_the_journal_is_moved_into_the_database(
    store: SqliteStore, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    await store.write(put("a"))
    assert in_the_database_alone(path, copy) == []
    monkeypatch.setattr(sqlite_writer, "CHECKPOINT_CHANGES", 2)
    await store.write(put("b"))
    await store.write(put("c"))
    # A unit's turn comes once the checkpoint of the one before is over.
    await store.write(run("select 1"))
    assert in_the_database_alone(path, copy) == ["a", "b", "c"]
    await store.write(put("d"))
    await store.write(run("select 1"))
    assert in_the_database_alone(path, copy) == ["a", "b", "c"]


async def test_nobody_waits_for_that(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    seen: list[bool] = []

    def checkpoint(raw: sqlite3.Connection) -> None:
        seen.append(answered.wait(20))

    monkeypatch.setattr(sqlite_writer, "CHECKPOINT_CHANGES", 0)
    monkeypatch.setattr(sqlite_thread, "checkpoint", checkpoint)
    await store.write(put("a"))
    answered.set()
    await store.write(run("select 1"))
    assert seen == [True]


async def test_only_who_serves_moves_it(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "CHECKPOINT_CHANGES", 0)
    async with opened(path, serving=False) as store:
        await store.write(put("a"))
        await store.write(put("b"))
        assert in_the_database_alone(path, tmp_path / "copy") == []


# The end.


async def test_closing_finishes_all_that_was_accepted_however_many_batches_it_takes(
    path: Path,
) -> None:
    given = [f"{number:04}" for number in range(2 * sqlite_writer.BATCH_MOST + 1)]
    async with opened(path) as store:
        accepted = [asyncio.create_task(store.write(put(name))) for name in given]
        await asyncio.sleep(0)
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await store.write(put("late"))
        assert await asyncio.gather(*accepted) == given
        await closing
    again = await open_sqlite(path)
    assert await names(again) == given
    await again.close()


@pytest.mark.usefixtures("impatient")
async def test_closing_does_not_wait_for_ever_for_a_lock(path: Path) -> None:
    async with opened(path) as store:
        with lock_file(path):
            accepted = [asyncio.create_task(store.write(put(name))) for name in "abc"]
            await asyncio.sleep(0)
            await store.close()
            outcomes = await asyncio.gather(*accepted, return_exceptions=True)
            assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    again = await open_sqlite(path)
    assert await names(again) == []
    await again.close()
