"""A store copied to another database holds the same, byte for byte, and goes on there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import postgres
from conftest import Clock
from counting import assert_counters_are_true
from palabre import schema
from palabre.errors import Refusal
from palabre.service import opened
from palabre.store import Tx
from palabre.store.copying import NUMBERED, TABLES
from palabre.store.migrate import migrations
from palabre.transfer import digests
from transfer.moving import Places, answers, copied, equal, fill, held, serving

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}


@pytest.fixture
def places(tmp_path: Path, postgres_server: str, _fresh_store: Path) -> Iterator[Places]:
    shutil.copy(_fresh_store / "palabre.key", tmp_path)
    with contextlib.ExitStack() as undo:
        yield Places(tmp_path, postgres_server, undo)


async def seqs(places: Places, url: str) -> dict[str, list[int]]:
    async def unit(tx: Tx) -> dict[str, list[int]]:
        return {
            table: [row["seq"] for row in await tx.all(f"select seq from {table} order by seq")]
            for table in NUMBERED
        }

    async with opened(places.settings(url)) as service:
        return await service.store.read(unit)


async def execute(places: Places, url: str, sql: str) -> None:
    async def unit(tx: Tx) -> None:
        await tx.run(sql)

    async with opened(places.settings(url)) as service:
        await service.store.write(unit)


async def test_a_store_goes_to_the_other_engine_and_back_as_it_was(
    places: Places, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "PAGE", 7)
    first, there, back, again = map(places.empty, ("sqlite", "postgres", "sqlite", "postgres"))
    filled = await fill(places, first, clock)
    gone = equal(await copied(places, first, there, clock))
    assert list(gone) == [table.name for table in TABLES]
    assert [name for name, (rows, _) in gone.items() if not rows] == [], "nothing to be copied"
    assert equal(await copied(places, there, back, clock)) == gone
    assert equal(await copied(places, there, again, clock)) == gone
    same = places.empty("sqlite")
    assert equal(await copied(places, back, same, clock)) == gone
    async with serving(places, first, clock) as (_, client):
        expected = await answers(client, filled)
    assert "xylophone" in expected["/v1/moderation/comments?q=xylophone"]
    for url in (there, back, again, same):
        async with serving(places, url, clock) as (service, client):
            found = await answers(client, filled)
            assert {key for key in found if found[key] != expected[key]} == set()
            assert found.keys() == expected.keys()
            await assert_counters_are_true(service)


async def test_what_was_promised_is_kept_and_new_numbers_go_on(
    places: Places, clock: Clock, engine: str
) -> None:
    source, target = places.empty(OTHER[engine]), places.empty(engine)
    filled = await fill(places, source, clock)
    equal(await copied(places, source, target, clock))
    before = await seqs(places, target)
    assert before == await seqs(places, source)
    async with serving(places, target, clock) as (service, client):
        answer = await client.post("/v1/comments", json=filled.replayed)
        assert answer.json()["comment"] == filled.first["comment"]
        other = filled.replayed | {"comment": "Autre chose"}
        answer = await client.post("/v1/comments", json=other)
        assert answer.json()["code"] == "idempotency_mismatch"
        twice = {k: v for k, v in filled.replayed.items() if k != "idempotency_key"}
        assert (await client.post("/v1/comments", json=twice)).json()["code"] == "duplicate_comment"
        new = twice | {"comment": "Une nouvelle idée", "article": "/a0"}
        answer = await client.post("/v1/comments", json=new)
        comment = answer.json()["comment"]["id"]
        url = f"/v1/moderation/comments/{comment}"
        for path, body in (("approve", {}), ("reply", {"text": "Oui"})):
            done = await client.post(f"{url}/{path}", json=body, headers=filled.moderator)
            assert done.status_code in (200, 201), done.text
        await client.patch(url, json={"text": "Une idée neuve"}, headers=filled.moderator)
        listed = (await client.get("/v1/comments?article=/a0")).text
        assert "idée neuve" in listed
        queue = "/v1/moderation/comments?state=approved&q=idee neuve"
        found = (await client.get(queue, headers=filled.moderator)).json()
        assert [one["id"] for one in found["comments"]] == [comment]
        await assert_counters_are_true(service)
    after = await seqs(places, target)
    for table in NUMBERED:
        new_ones = after[table][len(before[table]) :]
        assert after[table][: len(before[table])] == before[table]
        assert new_ones
        assert min(new_ones) > max(before[table])


async def test_sqlite_knows_again_where_time_turned_back_and_every_word(
    places: Places, clock: Clock
) -> None:
    first, there, back = map(places.empty, ("sqlite", "postgres", "sqlite"))
    await fill(places, first, clock)
    await copied(places, first, there, clock)
    await copied(places, there, back, clock)
    turns = []
    for url in (first, back):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as raw:
            turns.append(raw.execute("select seq from turn order by seq").fetchall())
            raw.execute("insert into word_index (word_index, rank) values ('integrity-check', 1)")
    assert turns[0] == turns[1] != []


RUN = """
import asyncio, os, random, signal, sys, threading
from palabre import settings
from palabre.service import utc_now
from palabre.transfer import copy, digests, ends

source, target, steps, seconds = sys.argv[1:]
digests.PAGE = 1
left = int(steps)

def told(what, rows):
    global left
    left -= 1
    if left == 0:
        threading.Timer(float(seconds), os.kill, (os.getpid(), signal.SIGKILL)).start()

async def main():
    both = [settings.load(os.environ, database_url=url) for url in (source, target)]
    async with ends.opened(*both) as opened:
        compared = await copy.copy(opened, now=utc_now, told=told)
    assert all(one.is_equal for one in compared)
    os._exit(0)  # before the timer, if it has been started at the very end

asyncio.run(main())
"""
"""A copy of many small transactions that is killed some milliseconds after one of them."""


def test_killed_again_and_again_it_goes_on_and_ends_equal(
    places: Places, clock: Clock, engine: str
) -> None:
    source, target = places.empty(OTHER[engine]), places.empty(engine)
    filled = asyncio.run(fill(places, source, clock))
    chance = random.Random(engine)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PALABRE_")}
    environ["PALABRE_DATA_DIR"] = str(places.folder)
    seen = [-1, 0]
    while True:
        # When only comparing is left, there has to be time for it.
        steps = 10_000 if seen[-1] == seen[-2] else chance.randrange(20, 100)
        run = subprocess.run(
            [sys.executable, "-c", RUN, source, target, str(steps), str(chance.uniform(0, 0.01))],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL, run.stderr
        seen.append(held(target))
        if len(seen) < 4:
            with pytest.raises(Refusal, match="unfinished copy"):
                asyncio.run(execute(places, target, "select 1"))
    assert len(seen) > 4, seen
    assert seen == sorted(seen)
    assert asyncio.run(seqs(places, source)) == asyncio.run(seqs(places, target))

    async def asked(url: str) -> dict[str, str]:
        async with serving(places, url, clock) as (_, client):
            return await answers(client, filled)

    equal(asyncio.run(copied(places, source, target, clock)))
    assert asyncio.run(asked(source)) == asyncio.run(asked(target))


# What is refused, before anything is written.


async def test_a_target_in_use_is_left_alone(places: Places, clock: Clock) -> None:
    source, target = places.empty("sqlite"), places.empty("postgres")
    await fill(places, source, clock)
    await execute(places, target, "insert into recurring (name, due_at) values ('a', 1)")
    with pytest.raises(Refusal, match="its table recurring holds rows already"):
        await copied(places, source, target, clock)
    await execute(places, target, "delete from recurring")
    equal(await copied(places, source, target, clock))


async def test_of_two_sources_the_first_keeps_the_target(
    places: Places, clock: Clock, engine: str
) -> None:
    source, other, target = map(places.empty, ("sqlite", "sqlite", engine))
    await fill(places, source, clock)
    await fill(places, other, clock)
    gone = equal(await copied(places, source, target, clock))
    with pytest.raises(Refusal, match="a copy of another store"):
        await copied(places, other, target, clock)
    assert equal(await copied(places, source, target, clock)) == gone


async def test_a_source_that_changes_meanwhile_shows_and_the_copy_stays_unusable(
    places: Places, clock: Clock, engine: str
) -> None:
    source, target = places.empty("sqlite"), places.empty(engine)
    await fill(places, source, clock)

    def change(what: str, rows: int) -> None:
        if what == "copying receipt":
            with closing(sqlite3.connect(source.removeprefix("sqlite:///"))) as raw:
                raw.execute("update comment set reports = reports + 1 where seq = 2")
                raw.commit()

    compared = await copied(places, source, target, clock, told=change)
    assert [one.table for one in compared if not one.is_equal] == ["comment"]
    with pytest.raises(Refusal, match="unfinished copy"):
        await execute(places, target, "select 1")


async def test_of_two_that_copy_at_once_the_later_goes_on(places: Places, clock: Clock) -> None:
    source, target = places.empty("postgres"), places.empty("postgres")
    await fill(places, source, clock)
    begun = asyncio.Event()

    def told(what: str, rows: int) -> None:
        begun.set()

    first = asyncio.create_task(copied(places, source, target, clock, told=told))
    await begun.wait()
    second = asyncio.create_task(copied(places, source, target, clock))
    one, other = await asyncio.gather(first, second, return_exceptions=True)
    if isinstance(one, BaseException):
        assert "has taken over" in str(one)
    else:
        equal(one)
    assert isinstance(other, list)
    equal(other)


async def test_a_store_that_is_served_is_not_copied(places: Places, clock: Clock) -> None:
    source, target = places.empty("sqlite"), places.empty("sqlite")
    await fill(places, source, clock)
    for served in (source, target):
        async with opened(places.settings(served), serving=True):
            with pytest.raises(Refusal, match="already running"):
                await copied(places, source, target, clock)
    equal(await copied(places, source, target, clock))


async def test_an_unfinished_copy_is_no_source(places: Places, clock: Clock) -> None:
    source, half, target = map(places.empty, ("sqlite", "sqlite", "sqlite"))
    await fill(places, source, clock)

    def stop(what: str, rows: int) -> None:
        raise KeyError(what)

    with pytest.raises(KeyError):
        await copied(places, source, half, clock, told=stop)
    with pytest.raises(Refusal, match="unfinished copy"):
        await copied(places, half, target, clock)
    assert not Path(target.removeprefix("sqlite:///")).exists()


async def test_a_source_without_this_versions_tables_is_refused(
    places: Places, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = places.empty("sqlite"), places.empty("sqlite")
    await fill(places, source, clock)
    newer = tmp_path / "newer"
    shutil.copytree(schema.root() / "migrations", newer / "migrations")
    number = len(migrations("sqlite")) + 1
    (newer / "migrations" / f"{number:04d}_more.sql").write_text("create table more (id text);")
    monkeypatch.setattr(schema, "root", lambda: newer)
    with pytest.raises(Refusal, match=f"The source lacks {number:04d}_more"):
        await copied(places, source, target, clock)


async def test_both_need_the_same_key_and_it_has_to_be_here(
    places: Places, clock: Clock, tmp_path: Path
) -> None:
    source, target, other = map(places.empty, ("sqlite", "sqlite", "postgres"))
    await fill(places, source, clock)
    key = tmp_path / "palabre.key"
    kept = key.rename(tmp_path / "kept")
    with pytest.raises(Refusal, match="master key is missing"):
        await copied(places, source, target, clock)
    assert not key.exists()
    async with opened(places.settings(other)):
        pass  # which makes another key
    with pytest.raises(Refusal, match="not the master key of this store"):
        await copied(places, source, target, clock)
    kept.replace(key)
    with pytest.raises(Refusal, match="not the master key of this store"):
        await copied(places, source, other, clock)
    equal(await copied(places, source, target, clock))


async def test_there_has_to_be_a_source_and_another_target(places: Places, clock: Clock) -> None:
    for engine in ("sqlite", "postgres"):
        source = places.empty(engine)
        with pytest.raises(Refusal, match=r"no store|not a store"):
            await copied(places, source, places.empty("sqlite"), clock)
        with pytest.raises(Refusal, match="the same store"):
            await copied(places, source, source, clock)
    assert not list(places.folder.glob("*.sqlite3"))
    with pytest.raises(Refusal, match="cannot be opened"):
        await copied(places, f"{postgres.LOCAL}_absent", source, clock)
