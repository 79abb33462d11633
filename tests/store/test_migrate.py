"""Migrations: numbered without gaps, checksummed, whole or not at all, safe when two start."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from palabre import schema
from palabre.errors import Refusal
from palabre.store import Tx, migrate
from palabre.store.migrate import Migration, migrations
from palabre.store.sqlite import SqliteStore, open_sqlite


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A schema folder of the test's own, in place of the real one."""
    found = tmp_path / "schema" / "migrations"
    found.mkdir(parents=True)
    monkeypatch.setattr(schema, "root", lambda: found.parent)
    return found


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    found = await open_sqlite(tmp_path / "data" / "palabre.sqlite3")
    yield found
    await found.close()


async def tables(store: SqliteStore) -> set[str]:
    async def unit(tx: Tx) -> set[str]:
        return {
            row["name"] for row in await tx.all("select name from sqlite_schema where type='table'")
        }

    return await store.read(unit)


async def applied(store: SqliteStore) -> dict[int, str]:
    async def unit(tx: Tx) -> dict[int, str]:
        rows = await tx.all("select number, checksum from migration")
        return {row["number"]: row["checksum"] for row in rows}

    return await store.read(unit)


async def note(store: SqliteStore, sql: str) -> None:
    async def unit(tx: Tx) -> int:
        return await tx.run(sql)

    await store.write(unit)


# The files.


def test_the_real_migrations_are_numbered_and_named() -> None:
    found = migrations("sqlite")
    assert [migration.number for migration in found] == list(range(1, len(found) + 1))
    assert str(found[0]) == "0001_first"
    names = [path.name for path in (schema.root() / "migrations").glob("*.sql")]
    assert len(names) >= len(found)


PAST = (15, {"sqlite": "2467a7222b3e83d1", "postgres": "68b8475a1c6b8ae6"})
"""How many migrations there have been, and a hash of their checksums. Both change with each new one
and with nothing else: a store that has been through a migration refuses another text of it."""


def test_no_migration_that_stores_have_been_through_changes(engine: str) -> None:
    number, digests = PAST
    found = "".join(one.checksum for one in migrations(engine))
    assert hashlib.sha256(found.encode()).hexdigest()[:16] == digests[engine]
    assert len(migrations(engine)) == number


def test_a_file_serves_both_engines_or_the_one_that_it_names(folder: Path) -> None:
    for name in ("0001_a.sqlite.sql", "0001_a.postgres.sql", "0002_b.sql"):
        (folder / name).write_text(f"-- {name}", "utf-8")
    for engine in ("sqlite", "postgres"):
        found = migrations(engine)
        assert [one.text for one in found] == [f"-- 0001_a.{engine}.sql", "-- 0002_b.sql"]
        assert [str(one) for one in found] == ["0001_a", "0002_b"]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["0001_a.sql", "0003_c.sql"], "gaps"),
        (["0002_b.sql"], "gaps"),
        (["0000_z.sql", "0001_a.sql"], "gaps"),
        (["0001_a.postgres.sql", "0002_b.sql"], "gaps"),
        (["0001_a.sql", "0001_b.sql"], "twice"),
        (["0001_a.sql", "0001_a.sqlite.sql"], "twice"),
        (["1_a.sql"], "not named"),
        (["0001-a.sql"], "not named"),
        (["0001_a.mysql.sql"], "not named"),
        (["0001_a.SQL", "0001_.sql"], "not named"),
    ],
)
def test_misnumbered_and_misnamed_files_are_refused(
    names: list[str], match: str, folder: Path
) -> None:
    for name in names:
        (folder / name).write_text("select 1;", "utf-8")
    with pytest.raises(Refusal, match=match):
        migrations("sqlite")


def test_a_checksum_is_of_the_text(folder: Path) -> None:
    first = Migration(1, "a", "create table a (x);")
    assert first.checksum == Migration(2, "b", first.text).checksum
    assert first.checksum != Migration(1, "a", first.text + "\n").checksum


# Against a store.


async def test_a_fresh_store_gets_all_of_them_once(store: SqliteStore) -> None:
    names = [str(migration) for migration in migrations("sqlite")]
    assert await store.is_empty()
    assert await store.pending_migrations() == names
    assert await store.migrate() == names
    assert not await store.is_empty()
    assert await store.pending_migrations() == []
    assert await store.migrate() == []
    assert await applied(store) == {one.number: one.checksum for one in migrations("sqlite")}


async def test_the_next_one_is_applied_upon_the_last(store: SqliteStore, folder: Path) -> None:
    (folder / "0001_a.sql").write_text("create table a (x text) strict;", "utf-8")
    assert await store.migrate() == ["0001_a"]
    (folder / "0002_b.sql").write_text(
        "-- A comment; with a semicolon.\n"
        "alter table a add column y text;\n"
        "create trigger t after insert on a begin\n"
        "  update a set y = 'a;b';\n"
        "end;\n"
        "insert into a (x) values ('1')",
        "utf-8",
    )
    assert await store.migrate() == ["0002_b"]

    async def unit(tx: Tx) -> list[str]:
        return [row["y"] for row in await tx.all("select y from a")]

    assert await store.read(unit) == ["a;b"]


async def test_one_that_fails_leaves_nothing_behind(store: SqliteStore, folder: Path) -> None:
    (folder / "0001_a.sql").write_text("create table a (x);", "utf-8")
    (folder / "0002_b.sql").write_text("create table b (x);\ninsert into absent values (1);")
    with pytest.raises(Exception, match="no such table"):
        await store.migrate()
    assert await tables(store) == {"a", "migration"}
    assert list(await applied(store)) == [1]
    (folder / "0002_b.sql").write_text("create table b (x);")
    assert await store.migrate() == ["0002_b"]


async def test_a_store_migrated_by_a_newer_version_is_refused_and_left_alone(
    store: SqliteStore,
) -> None:
    await store.migrate()
    newer = len(migrations("sqlite")) + 1
    await note(store, f"insert into migration values ({newer}, 'later', 'x', 0)")
    before = await applied(store)
    for ask in (store.migrate, store.pending_migrations):
        with pytest.raises(Refusal, match="newer version"):
            await ask()
    assert await applied(store) == before


async def test_a_store_with_another_past_is_refused_and_left_alone(store: SqliteStore) -> None:
    await store.migrate()
    await note(store, "update migration set checksum = 'other' where number = 1")
    before = await applied(store)
    for ask in (store.migrate, store.pending_migrations):
        with pytest.raises(Refusal, match="0001_first is not the one"):
            await ask()
    assert await applied(store) == before


def test_a_changed_file_is_refused_before_later_ones_are_applied(folder: Path) -> None:
    for name in ("0001_a.sql", "0002_b.sql"):
        (folder / name).write_text("select 1;", "utf-8")
    first = migrations("sqlite")[0]
    assert [str(one) for one in migrate.missing("sqlite", {1: first.checksum})] == ["0002_b"]
    (folder / "0001_a.sql").write_text("select 2;", "utf-8")
    with pytest.raises(Refusal, match="nothing was changed"):
        migrate.missing("sqlite", {1: first.checksum})


BOTH = """
import asyncio, sys
from pathlib import Path
from palabre.store.sqlite import open_sqlite

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    store = await open_sqlite(Path(sys.argv[1]))
    print(",".join(await store.migrate()), flush=True)
    await store.close()

asyncio.run(main())
"""


async def test_of_two_processes_that_start_at_once_one_migrates(
    tmp_path: Path, folder: Path
) -> None:
    path = tmp_path / "data" / "palabre.sqlite3"
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            BOTH,
            str(path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(process.communicate(b"go\n") for process in both))
    assert [process.returncode for process in both] == [0, 0], told
    files = (Path(__file__).parents[2] / "schema" / "migrations").glob("*.sql")
    everything = ",".join(sorted({path.name.partition(".")[0] for path in files}))
    assert sorted(printed.strip() for printed, _ in told) == [b"", everything.encode()]
