"""The SQLite driver's promises: what is acknowledged is stored, what fails fails alone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from palabre.errors import Busy, Refusal, StoreUnavailable
from palabre.service import Service
from palabre.store import Taken, Tx, Unit, info, locks
from palabre.store.sqlite import SqliteStore, open_sqlite

TABLE = "create table thing (name text primary key, value text not null check (value <> ''))"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "things.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """A store of things, opened as the one that serves."""
    found = await open_sqlite(path, serving=True)
    await found.write(run(TABLE))
    yield found
    await found.close()


def run(sql: str, **values: str) -> Unit[int]:
    async def unit(tx: Tx) -> int:
        return await tx.run(sql, **values)

    return unit


def put(name: str, value: str = "x") -> Unit[str]:
    """Store a thing; its name."""

    async def unit(tx: Tx) -> str:
        await tx.run("insert into thing values (:name, :value)", name=name, value=value)
        return name

    return unit


async def names(store: SqliteStore) -> list[str]:
    async def unit(tx: Tx) -> list[str]:
        return [row["name"] for row in await tx.all("select name from thing order by name")]

    return await store.read(unit)


async def on_the_writer(store: SqliteStore, work: Callable[[sqlite3.Connection], Any]) -> Any:
    """What *work* says of the write connection, asked in its own thread."""
    return await store._writer.alone(work)


# One commit for all who wait.


async def test_those_who_wait_together_are_committed_together(store: SqliteStore) -> None:
    batches = []
    store.tell(committed=lambda units, seconds: batches.append((units, seconds >= 0)))
    stored = await asyncio.gather(*(store.write(put(name)) for name in "abcde"))
    assert stored == list("abcde")
    assert batches == [(5, True)]
    assert await names(store) == list("abcde")


async def test_a_unit_that_fails_is_undone_alone(store: SqliteStore) -> None:
    async def two_then_fail(tx: Tx) -> None:
        await tx.run("insert into thing values ('b1', 'x'), ('b2', 'x')")
        raise LookupError("b")

    async def unnamed(tx: Tx) -> None:
        await tx.run("insert into thing values ('c', 'x')")
        await tx.run("insert into absent values (1)")

    outcomes = await asyncio.gather(
        store.write(put("a")),
        store.write(two_then_fail),
        store.write(unnamed),
        store.write(put("a")),
        store.write(put("d")),
        return_exceptions=True,
    )
    assert outcomes[0] == "a"
    assert isinstance(outcomes[1], LookupError)
    assert isinstance(outcomes[2], sqlite3.OperationalError)
    assert isinstance(outcomes[3], Taken)
    assert outcomes[4] == "d"
    assert await names(store) == ["a", "d"]


async def test_a_unit_sees_what_those_before_it_in_the_batch_have_done(
    store: SqliteStore,
) -> None:
    async def count(tx: Tx) -> int:
        row = await tx.one("select count(*) as n from thing")
        return int(row["n"]) if row else -1

    found = await asyncio.gather(
        store.write(put("a")), store.write(count), store.write(put("b")), store.write(count)
    )
    assert list(found) == ["a", 1, "b", 2]


async def test_the_unit_of_one_who_no_longer_waits_is_whole(store: SqliteStore) -> None:
    async def two(tx: Tx) -> None:
        await tx.run("insert into thing values ('a1', 'x')")
        await tx.run("insert into thing values ('a2', 'x')")

    waiting = [asyncio.create_task(store.write(two)), asyncio.create_task(store.write(put("b")))]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    await store.write(put("c"))
    assert await names(store) == ["a1", "a2", "b", "c"]


async def test_the_failing_unit_of_one_who_no_longer_waits_disturbs_nobody(
    store: SqliteStore,
) -> None:
    async def fail(tx: Tx) -> None:
        raise LookupError("nobody hears it")

    gone = asyncio.create_task(store.write(fail))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert await store.write(put("a")) == "a"


async def test_a_unit_that_awaits_something_foreign_is_refused(store: SqliteStore) -> None:
    async def foreign(tx: Tx) -> None:
        await tx.run("insert into thing values ('a', 'x')")
        await asyncio.sleep(0)

    outcomes = await asyncio.gather(
        store.write(foreign), store.write(put("b")), return_exceptions=True
    )
    assert isinstance(outcomes[0], RuntimeError)
    assert outcomes[1] == "b"
    with pytest.raises(RuntimeError, match="awaited something other than the store"):
        await store.read(foreign_read)
    assert await names(store) == ["b"]


async def foreign_read(tx: Tx) -> None:
    await asyncio.sleep(0)


async def test_more_than_may_wait_are_told_to_come_back(path: Path) -> None:
    store = await open_sqlite(path, waiting_writes=3)
    await store.write(run(TABLE))
    outcomes = await asyncio.gather(
        *(store.write(put(name)) for name in "abcde"), return_exceptions=True
    )
    assert outcomes[:3] == ["a", "b", "c"]
    for outcome in outcomes[3:]:
        assert isinstance(outcome, Busy)
        assert outcome.retry_after_s == 1
    assert await store.write(put("f")) == "f"
    assert await names(store) == ["a", "b", "c", "f"]
    await store.close()


async def test_closing_finishes_what_was_accepted_and_takes_no_more(path: Path) -> None:
    store = await open_sqlite(path)
    await store.write(run(TABLE))
    accepted = [asyncio.create_task(store.write(put(name))) for name in "abc"]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*accepted) == ["a", "b", "c"]
    with pytest.raises(Busy):
        await store.write(put("d"))
    await store.close()
    again = await open_sqlite(path)
    assert await names(again) == ["a", "b", "c"]
    await again.close()


# Constraints and mistakes.


async def test_a_unique_constraint_is_told_by_its_name(store: SqliteStore) -> None:
    await store.write(put("a"))

    async def returning(tx: Tx) -> None:
        await tx.one("insert into thing values ('a', 'y') returning name")

    async def every(tx: Tx) -> None:
        await tx.all("insert into thing values ('a', 'y') returning name")

    for unit in (put("a"), returning, every):
        with pytest.raises(Taken) as caught:
            await store.write(unit)
        assert caught.value.constraint == "thing.name"
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        await store.write(put("b", ""))


async def test_a_reader_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(StoreUnavailable):
        await store.read(put("a"))
    assert await names(store) == []


async def test_a_reading_unit_has_one_view_while_others_write(store: SqliteStore) -> None:
    await store.write(put("a"))
    loop = asyncio.get_running_loop()

    async def twice(tx: Tx) -> tuple[int, int]:
        before = len(await tx.all("select name from thing"))
        # In this connection's thread: wait for the write that goes on in another.
        asyncio.run_coroutine_threadsafe(store.write(put("b")), loop).result(timeout=10)
        return before, len(await tx.all("select name from thing"))

    assert await store.read(twice) == (1, 1)
    assert await names(store) == ["a", "b"]


async def test_a_cancelled_read_leaves_the_connection_usable(store: SqliteStore) -> None:
    await store.write(put("a"))
    for _ in range(10):
        task = asyncio.create_task(names(store))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.gather(*(names(store) for _ in range(10))) == [["a"]] * 10


# The files.


async def test_a_commit_is_synced_and_only_who_serves_checkpoints(path: Path) -> None:
    def pragmas(raw: sqlite3.Connection) -> dict[str, Any]:
        asked = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return {
            name: raw.execute(f"pragma {name}").fetchone()[0]
            for name in (*asked, "wal_autocheckpoint")
        }

    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    serving = await open_sqlite(path, serving=True)
    beside = await open_sqlite(path)
    assert await on_the_writer(serving, pragmas) == expected | {"wal_autocheckpoint": 0}
    assert await on_the_writer(beside, pragmas) == expected | {"wal_autocheckpoint": 0}
    await beside.close()
    await serving.close()


async def test_the_files_are_the_services_own(store: SqliteStore, path: Path) -> None:
    await store.write(put("a"))
    found = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {"things.sqlite3", "things.sqlite3-wal", "things.sqlite3.lock"} <= set(found)
    assert set(found.values()) == {0o600}


async def test_one_process_serves_and_others_may_work_beside_it(
    store: SqliteStore, path: Path
) -> None:
    with pytest.raises(Refusal, match="already running"):
        await open_sqlite(path, serving=True)
    beside = await open_sqlite(path)
    await beside.write(put("a"))
    assert await names(store) == ["a"]
    await beside.close()


async def test_the_place_of_one_that_served_is_free_again(path: Path) -> None:
    for _ in range(2):
        store = await open_sqlite(path, serving=True)
        await store.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" * 64])
async def test_what_is_no_database_is_refused(content: bytes, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(Refusal, match="cannot be opened"):
        await open_sqlite(path)
    assert path.read_bytes() == content


async def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(Refusal, match="cannot be opened"):
        await open_sqlite(path)


# A full disk.


async def test_a_full_database_fails_clearly_and_recovers_when_there_is_room(
    store: SqliteStore,
) -> None:
    await store.write(put("before"))

    def limit(raw: sqlite3.Connection) -> None:
        (pages,) = raw.execute("pragma page_count").fetchone()
        raw.execute(f"pragma max_page_count = {pages + 4}").fetchone()

    await on_the_writer(store, limit)
    outcomes = await asyncio.gather(
        *(store.write(put(f"n{number:02}", "x" * 3000)) for number in range(20)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailable)]
    acknowledged = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert refused
    assert refused[0].retry_after_s
    assert len(refused) + len(acknowledged) == 20
    assert await names(store) == sorted(["before", *acknowledged])
    await on_the_writer(store, lambda raw: raw.execute("pragma max_page_count = 9999").fetchone())
    assert await store.write(put("z", "x" * 30_000)) == "z"
    assert await names(store) == sorted(["before", *acknowledged, "z"])


FULL_DISK = """
import asyncio, json, resource, signal, sys
from pathlib import Path
from palabre.errors import StoreUnavailable
from palabre.store.sqlite import open_sqlite

def put(name):
    async def unit(tx):
        await tx.run("insert into thing values (:n, :v)", n=name, v="x" * 2000)
        return name
    return unit

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = await open_sqlite(Path(sys.argv[1]), serving=True)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, unlimited[1]))
    told = {"good": [], "refused": [], "after": []}
    for start in range(0, 100, 5):
        units = [store.write(put(f"n{start + n:03}")) for n in range(5)]
        for number, outcome in enumerate(await asyncio.gather(*units, return_exceptions=True)):
            name = f"n{start + number:03}"
            if outcome == name:
                told["good"].append(name)
            elif isinstance(outcome, StoreUnavailable):
                told["refused"].append(name)
            else:
                raise outcome
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    told["after"].append(await store.write(put("z")))
    print(json.dumps(told), flush=True)
    if sys.argv[2] == "kill":
        import os
        os.kill(os.getpid(), signal.SIGKILL)
    await store.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["kill", "close"])
async def test_a_disk_that_is_full_loses_nothing_acknowledged(end: str, path: Path) -> None:
    store = await open_sqlite(path)
    await store.write(run(TABLE))
    await store.close()
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FULL_DISK, str(path), end],
        capture_output=True,
        text=True,
        timeout=60,
    )
    told = json.loads(done.stdout)
    assert len(told["good"]) >= 5, done.stderr
    assert len(told["refused"]) >= 5
    assert told["after"] == ["z"]
    store = await open_sqlite(path)
    assert await names(store) == sorted([*told["good"], *told["after"]])
    assert await on_the_writer(store, integrity) == "ok"
    await store.close()


def integrity(raw: sqlite3.Connection) -> object:
    return raw.execute("pragma integrity_check").fetchone()[0]


# Two processes.

WRITER = """
import asyncio, sys
from pathlib import Path
from palabre.store.sqlite import open_sqlite

def put(name):
    async def unit(tx):
        await tx.run("insert into thing values (:n, 'x')", n=name)
        row = await tx.one("select value from thing where name = 'counter'")
        await tx.run("update thing set value = :v where name = 'counter'", v=str(int(row["value"]) + 1))
    return unit

async def main():
    store = await open_sqlite(Path(sys.argv[1]))
    print("ready", flush=True)
    for number in range(int(sys.argv[2])):
        await store.write(put(f"theirs{number}"))
    await store.close()

asyncio.run(main())
"""  # noqa: E501


async def test_two_processes_write_in_turns_under_the_lock_file(
    store: SqliteStore, path: Path
) -> None:
    await store.write(put("counter", "0"))

    def both(name: str) -> Unit[None]:
        async def unit(tx: Tx) -> None:
            await tx.run("insert into thing values (:n, 'x')", n=name)
            row = await tx.one("select value from thing where name = 'counter'")
            value = str(int(row["value"]) + 1 if row else 0)
            await tx.run("update thing set value = :v where name = 'counter'", v=value)

        return unit

    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(path), "100"), stdout=subprocess.PIPE
    )
    assert other.stdout
    assert await other.stdout.readline() == b"ready\n"
    # The lock is nobody's by turns: whoever wrote without end might keep the other from it.
    for number in range(100):
        await store.write(both(f"ours{number}"))
    assert await other.wait() == 0

    async def counter(tx: Tx) -> int:
        row = await tx.one("select value from thing where name = 'counter'")
        return int(row["value"]) if row else -1

    assert await store.read(counter) == 200
    assert len(await names(store)) == 200 + 1
    assert await on_the_writer(store, integrity) == "ok"


# The library.


async def test_aiosqlite_runs_work_in_the_connections_thread_as_the_driver_needs() -> None:
    """`_execute` and `_conn` are not public: this is all that is relied upon."""
    connection = await aiosqlite.connect(":memory:", isolation_level=None)
    try:
        raw = connection._conn
        assert isinstance(raw, sqlite3.Connection)
        order: list[int] = []

        async def execute(work: Callable[..., Any], *arguments: object) -> Any:
            return await connection._execute(work, *arguments)  # type: ignore[no-untyped-call]

        # In the thread that may use the connection, with its arguments, and a result back.
        found = await execute(lambda one, n: one.execute("select ?", (n,)).fetchone(), raw, 7)
        assert found == (7,)
        # Whatever is raised comes back as it is.
        error = LookupError("as it is")

        def fail() -> None:
            raise error

        with pytest.raises(LookupError) as caught:
            await execute(fail)
        assert caught.value is error
        # One after the other, in order, even when nobody waits any more.
        tasks = [asyncio.create_task(execute(order.append, number)) for number in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await execute(order.append, 20)
        assert order == list(range(21))
    finally:
        await connection.close()


async def test_counting_that_fails_stops_no_writing(service: Service) -> None:
    def fails(units: int, seconds: float) -> None:
        raise RuntimeError("counting")

    service.store.tell(committed=fails)
    await service.store.write(lambda tx: info.put(tx, one="1"))
    await service.store.write(lambda tx: info.put(tx, two="2"))
    assert (await service.store.read(info.get))["two"] == "2"


async def test_a_lock_that_another_process_keeps_is_not_waited_for_without_end(
    service: Service, tmp_path: Path
) -> None:
    database = tmp_path / "x.sqlite3"
    with locks.beside(database, ".lock") as ours, locks.beside(database, ".lock") as theirs:
        assert locks.seize(theirs)
        with pytest.raises(TimeoutError), locks.exclusively(ours, timeout_s=0.02):
            pass
