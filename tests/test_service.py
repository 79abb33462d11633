"""Opening a service: the first makes key and tables; without the right key nothing is touched."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import Clock
from palabre import keys, settings
from palabre.actions import sites
from palabre.errors import Refusal
from palabre.keys import Keys
from palabre.service import opened
from palabre.store import info
from palabre.store import sites as site_rows
from palabre.store.migrate import migrations

RIGHT, WRONG = b"\x01" * 32, b"\x02" * 32


def environ(data: Path, **more: str) -> settings.Settings:
    return settings.load({"PALABRE_DATA_DIR": str(data), **more})


def alone(data: Path) -> dict[str, str]:
    """The variables of a process that knows no other setting, such as where tests find a server."""
    others = {name: v for name, v in os.environ.items() if not name.startswith("PALABRE_")}
    return others | {"PALABRE_DATA_DIR": str(data)}


def content(folder: Path) -> Mapping[str, bytes]:
    """Every file in the folder, byte for byte.

    But for SQLite's shared memory, which holds no data and is made anew by whoever looks.
    """
    files = [path for path in folder.iterdir() if not path.name.endswith("-shm")]
    return {path.name: path.read_bytes() for path in files}


def with_key(data: Path, *masters: bytes) -> settings.Settings:
    text = " ".join(master.hex() for master in masters)
    return environ(data, PALABRE_MASTER_KEY=text)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """The folder of a store with a site, closed again."""
    folder = tmp_path / "data"
    async with opened(environ(folder), now=Clock()) as service:
        await sites.add(service, "blog", origins=["https://blog.example"])
    return folder


async def test_the_first_to_open_makes_the_key_and_the_tables(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    async with opened(environ(folder), now=Clock()) as service:
        assert await service.store.pending_migrations() == []
        known = await service.store.read(info.get)
    made = keys.read(folder / "palabre.key")
    assert made is not None
    assert known == {"key_id": made.current_id, "key_check": made.check_value()}


async def test_the_next_finds_the_same_key_and_store(data: Path) -> None:
    before = (data / "palabre.key").read_bytes()
    for serving in (False, True):
        async with opened(environ(data), serving=serving, now=Clock()) as service:
            assert await service.store.read(site_rows.ids)
    assert (data / "palabre.key").read_bytes() == before


async def test_opening_and_closing_writes_nothing_new(data: Path) -> None:
    before = content(data)
    async with opened(environ(data), now=Clock()):
        pass
    assert content(data) == before


async def test_a_key_that_is_given_makes_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with opened(with_key(folder, RIGHT), now=Clock()) as service:
        assert service.keys.ids == Keys((RIGHT,)).ids
    assert not (folder / "palabre.key").exists()


async def test_a_fresh_store_takes_the_key_that_is_there(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "data" / "palabre.key")
    async with opened(environ(tmp_path / "data"), now=Clock()) as service:
        assert service.keys.ids == made.ids


async def refuses(chosen: settings.Settings, match: str) -> None:
    """Opening refuses, and leaves every file as it was, nothing more and nothing less."""
    folder = chosen.data_dir
    before = content(folder)
    for serving in (False, True):
        with pytest.raises(Refusal, match=match):
            async with opened(chosen, serving=serving, now=Clock()):
                pass
        assert content(folder) == before


async def test_without_the_key_it_refuses_and_writes_nothing(data: Path) -> None:
    key_id = Path(data / "palabre.key").read_text().splitlines()[-1].split()[0]
    (data / "palabre.key").unlink()
    await refuses(environ(data), f"key is missing: this store belongs to key {key_id}")


async def test_with_another_key_it_refuses_and_writes_nothing(data: Path) -> None:
    await refuses(with_key(data, WRONG), f"the one given is {keys.id_of(WRONG)}")
    (data / "palabre.key").unlink()
    keys.make(data / "palabre.key")
    await refuses(environ(data), "not the master key of this store")


async def test_with_a_damaged_key_it_refuses_and_writes_nothing(data: Path) -> None:
    path = data / "palabre.key"
    path.write_bytes(path.read_bytes()[:-9])
    await refuses(environ(data), "damaged")


async def test_one_key_of_two_or_two_in_the_other_order_are_other_keys(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with opened(with_key(folder, RIGHT, WRONG), now=Clock()):
        pass
    for masters in ((RIGHT,), (WRONG,), (WRONG, RIGHT), (RIGHT, WRONG, b"\x03" * 32)):
        await refuses(with_key(folder, *masters), "not the master key")


async def test_a_store_of_a_newer_version_is_refused_and_left_alone(data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / "palabre.sqlite3")) as raw, raw:
        number = len(migrations("sqlite")) + 1
        raw.execute("insert into migration values (?, 'later', 'x', 0)", (number,))
    await refuses(environ(data), "newer version")


CRASH = """
import asyncio, os, signal
from palabre import settings
from palabre.actions import sites
from palabre.service import opened

async def main():
    async with opened(settings.load(os.environ), serving=True) as service:
        await sites.add(service, "other", origins=["https://other.example"])
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_store_that_was_killed_is_left_as_it_is_without_its_key(data: Path) -> None:
    """What is in the journal stays there, for whoever brings the key back."""
    crash = [sys.executable, "-c", CRASH]
    env = alone(data)
    await asyncio.to_thread(subprocess.run, crash, env=env, timeout=60)
    assert (data / "palabre.sqlite3-wal").stat().st_size > 0
    key = (data / "palabre.key").read_bytes()
    (data / "palabre.key").unlink()
    await refuses(environ(data), "key is missing")
    (data / "palabre.key").write_bytes(key)
    async with opened(environ(data), now=Clock()) as service:
        names = [site.name for site in await service.store.read(site_rows.every)]
    assert names == ["blog", "other"]


async def test_a_copied_store_without_its_key_is_refused_where_it_lies(
    data: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "restored"
    elsewhere.mkdir()
    shutil.copy(data / "palabre.sqlite3", elsewhere)
    await refuses(environ(elsewhere), "key is missing")
    assert list(content(elsewhere)) == ["palabre.sqlite3"]


BOTH = """
import asyncio, os, sys
from palabre import settings
from palabre.service import opened

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    async with opened(settings.load(os.environ)) as service:
        print(service.keys.current_id, flush=True)

asyncio.run(main())
"""


async def test_two_that_are_first_at_once_agree_upon_one_key(tmp_path: Path) -> None:
    env = alone(tmp_path / "data")
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            BOTH,
            env=env,
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
    assert told[0][0] == told[1][0]
