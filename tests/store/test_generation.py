"""The number beside the database: how the process that serves knows of others' changes."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from palabre.memory import Memory
from palabre.store import Tx, Unit
from palabre.store.generation import Generation
from palabre.store.sqlite import SqliteStore, open_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "things.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """A store of things, opened as the one that serves."""
    found = await open_sqlite(path, serving=True)
    await found.write(run("create table thing (name text primary key)"))
    yield found
    await found.close()


@pytest.fixture
async def beside(store: SqliteStore, path: Path) -> AsyncIterator[SqliteStore]:
    """The same store as another process opens it."""
    found = await open_sqlite(path)
    yield found
    await found.close()


def run(sql: str, **values: str) -> Unit[int]:
    async def unit(tx: Tx) -> int:
        return await tx.run(sql, **values)

    return unit


def put(name: str) -> Unit[int]:
    return run("insert into thing values (:name)", name=name)


async def names(store: SqliteStore) -> list[str]:
    async def unit(tx: Tx) -> list[str]:
        return [row["name"] for row in await tx.all("select name from thing order by name")]

    return await store.read(unit)


def in_the_file(path: Path) -> int:
    """The number as it lies on the disk, which nobody repairs by looking."""
    return int.from_bytes(beside_it(path).read_bytes()[:8], sys.byteorder)


def beside_it(path: Path) -> Path:
    return path.with_name(f"{path.name}.generation")


# The number itself.


def test_it_is_odd_from_beginning_to_end_and_never_the_same_again(path: Path) -> None:
    number = Generation(path)
    seen = [number.value]
    for _ in range(3):
        assert not number.is_changing
        number.begin()
        assert number.is_changing
        seen.append(number.value)
        number.end()
        seen.append(number.value)
    assert [value % 2 for value in seen] == [0, 1, 0, 1, 0, 1, 0]
    assert len(set(seen)) == len(seen)
    number.close()


def test_an_end_without_a_beginning_is_none(path: Path) -> None:
    number = Generation(path)
    number.end()
    assert number.value == 0
    number.close()


def test_a_change_that_follows_one_broken_off_has_a_number_of_its_own(path: Path) -> None:
    number = Generation(path)
    number.begin()
    broken_off = number.value
    number.begin()
    assert number.is_changing
    assert number.value != broken_off
    number.end()
    assert not number.is_changing
    number.close()


def test_it_is_the_same_for_everybody_and_stays_when_they_are_gone(path: Path) -> None:
    ours, theirs = Generation(path), Generation(path)
    theirs.begin()
    assert ours.is_changing
    theirs.end()
    assert ours.value == theirs.value == in_the_file(path)
    ours.close()
    theirs.close()
    again = Generation(path)
    assert again.value == in_the_file(path) > 0
    again.close()


async def test_its_file_is_the_services_own(store: SqliteStore, path: Path) -> None:
    assert stat.S_IMODE(beside_it(path).stat().st_mode) == 0o600


OPENING = """
import asyncio, sys
from pathlib import Path
from palabre.errors import Refusal
from palabre.store.sqlite import open_sqlite

try:
    asyncio.run(open_sqlite(Path(sys.argv[1])))
except Refusal as refusal:
    print("refused:", refusal)
"""


async def test_a_store_whose_number_cannot_be_opened_is_refused(path: Path) -> None:
    beside_it(path).mkdir()
    # In a process of its own, which a connection left open would keep from ending.
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", OPENING, str(path)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout.startswith(f"refused: The store {path} cannot be opened"), done.stderr


# Who changes it.


async def test_what_the_serving_process_stores_itself_leaves_it(store: SqliteStore) -> None:
    before = store.generation()
    await store.write(put("a"))
    assert store.generation() == before
    assert before % 2 == 0


async def test_every_commit_of_another_process_changes_it(
    store: SqliteStore, beside: SqliteStore
) -> None:
    seen = [store.generation()]
    for name in "abc":
        await beside.write(put(name))
        seen.append(store.generation())
    assert len(set(seen)) == 4
    assert all(value % 2 == 0 for value in seen)


async def test_a_unit_of_another_process_that_changes_nothing_leaves_it(
    store: SqliteStore, beside: SqliteStore
) -> None:
    before = store.generation()

    async def fails(tx: Tx) -> None:
        raise LookupError

    await beside.write(run("delete from thing where name = 'never there'"))
    await beside.write(run("select * from thing"))
    with pytest.raises(LookupError):
        await beside.write(fails)
    await beside.read(run("select * from thing"))
    assert store.generation() == before


async def test_whoever_has_closed_the_store_remembers_nothing(store: SqliteStore) -> None:
    memory: Memory[str] = Memory(store.generation, most=100)
    memory.put("a", "A", size=1, of=(), mark=memory.mark())
    assert memory.get("a") == "A"
    await store.close()
    memory.put("b", "B", size=1, of=(), mark=memory.mark())
    assert memory.get("a") is None
    assert memory.get("b") is None


# Another process, all of it.

OTHER = """
import asyncio, os, sys
from pathlib import Path
from palabre.store import sqlite_thread
from palabre.store.sqlite import open_sqlite

commit = sqlite_thread.commit

def dies_before(raw):
    os._exit(7)

def dies_after(raw):
    commit(raw)
    os._exit(7)

def waits(raw):
    print("inside", flush=True)
    sys.stdin.readline()
    return commit(raw)

async def main():
    sqlite_thread.commit = globals()[sys.argv[2]]
    store = await open_sqlite(Path(sys.argv[1]))
    async def unit(tx):
        await tx.run("insert into thing values ('theirs')")
    await store.write(unit)
    await store.close()

asyncio.run(main())
"""


async def other(path: Path, commits: str) -> asyncio.subprocess.Process:
    """A process that adds a thing, and what becomes of its commit."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OTHER, str(path), commits),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


async def test_it_is_odd_while_another_process_commits_and_nobody_ends_that_for_it(
    store: SqliteStore, path: Path
) -> None:
    before = store.generation()
    process = await other(path, "waits")
    assert process.stdin
    assert process.stdout
    assert await process.stdout.readline() == b"inside\n"
    during = store.generation()
    assert during % 2 == 1
    assert await names(store) == []
    assert store.generation() == during
    await process.communicate(b"go on\n")
    assert process.returncode == 0
    assert await names(store) == ["theirs"]
    assert store.generation() % 2 == 0
    assert store.generation() not in (before, during)


@pytest.mark.parametrize(("moment", "stored"), [("dies_before", []), ("dies_after", ["theirs"])])
async def test_a_change_that_death_broke_off_is_ended_by_who_serves(
    store: SqliteStore, path: Path, moment: str, stored: list[str]
) -> None:
    memory: Memory[str] = Memory(store.generation, most=100)
    memory.put("a", "before", size=1, of=(), mark=memory.mark())
    before = store.generation()
    assert await (await other(path, moment)).wait() == 7
    assert in_the_file(path) % 2 == 1
    assert store.generation() % 2 == 0
    assert store.generation() != before
    assert await names(store) == stored
    # What was remembered is not, and what is read from now on may be.
    assert memory.get("a") is None
    memory.put("a", "after", size=1, of=(), mark=memory.mark())
    assert memory.get("a") == "after"
    await store.write(put("z"))
    assert await names(store) == [*stored, "z"]


async def test_it_is_ended_by_the_next_write_too(store: SqliteStore, path: Path) -> None:
    before = in_the_file(path)
    assert await (await other(path, "dies_after")).wait() == 7
    await store.write(put("z"))
    assert in_the_file(path) % 2 == 0
    assert in_the_file(path) != before


async def test_a_change_broken_off_while_nobody_served_is_ended_by_who_serves_next(
    path: Path,
) -> None:
    store = await open_sqlite(path)
    await store.write(run("create table thing (name text primary key)"))
    await store.close()
    assert await (await other(path, "dies_after")).wait() == 7
    store = await open_sqlite(path, serving=True)
    assert store.generation() % 2 == 0
    assert await names(store) == ["theirs"]
    await store.close()


async def test_one_broken_off_does_not_keep_another_process_from_announcing_its_own(
    store: SqliteStore, beside: SqliteStore, path: Path
) -> None:
    assert await (await other(path, "dies_before")).wait() == 7
    broken_off = in_the_file(path)
    await beside.write(put("b"))
    assert in_the_file(path) % 2 == 0
    assert in_the_file(path) > broken_off
    assert await names(store) == ["b"]
