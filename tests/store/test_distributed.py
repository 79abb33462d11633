"""The tables distributed by site: tried on PostgreSQL's own partitions, which ask the same of keys.

What a distributed PostgreSQL (Citus) demands, partitions demand too: every unique key, and every
reference to a table, names the column by which it is distributed. Here the migrations are applied
with each table that grows in four parts, and the whole service is driven on them.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import postgres
from conftest import Clock
from counting import assert_counters_are_true
from palabre import settings
from palabre.jobs.erasure import erasure
from palabre.service import opened
from palabre.store.migrate import migrations
from store.test_plans import drive

CITUS = (Path(__file__).parents[2] / "deploy" / "citus.sql").read_text("utf-8")
DISTRIBUTED = re.findall(r"create_distributed_table\('(\w+)', 'site_id'", CITUS)
REFERENCE = re.findall(r"create_reference_table\('(\w+)'\)", CITUS)
LOCAL = {"outdated", "migration"}
PARTS = 4


def in_parts(text: str) -> str:
    """A migration with its distributed tables in parts."""
    for name in DISTRIBUTED:
        parts = "".join(
            f"\ncreate table {name}_{n} partition of {name} "
            f"for values with (modulus {PARTS}, remainder {n});"
            for n in range(PARTS)
        )
        text = re.sub(
            rf"(create table {name} \(.*?\n\));",
            rf"\1 partition by hash (site_id);{parts}",
            text,
            flags=re.S,
        )
    return text


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    """A database whose tables are in parts, as far as the service can tell migrated."""
    with postgres.database(postgres_server, f"palabre_parts_{os.getpid()}") as found:

        async def make(connection: asyncpg.Connection) -> None:
            await connection.execute(
                "create table migration (number bigint primary key, name text not null, "
                "checksum text not null, applied_at bigint not null)"
            )
            for migration in migrations("postgres"):
                await connection.execute(in_parts(migration.text))
                await connection.execute(
                    "insert into migration values ($1, $2, $3, $4)",
                    migration.number,
                    migration.name,
                    migration.checksum,
                    int(time.time()),
                )

        postgres.within(found, make)
        yield found


def test_every_table_is_distributed_or_everywhere() -> None:
    made = {
        name
        for migration in migrations("postgres")
        for name in re.findall(r"create table (\w+) \(", migration.text)
    }
    assert made == {*DISTRIBUTED, *REFERENCE} | (LOCAL - {"migration"})
    assert not set(DISTRIBUTED) & set(REFERENCE)


async def test_the_whole_service_works_on_tables_in_parts(
    url: str, tmp_path: Path, clock: Clock
) -> None:
    chosen = settings.load(
        {
            "PALABRE_DATA_DIR": str(tmp_path),
            "PALABRE_DATABASE_URL": url,
            "PALABRE_PUBLIC_URL": "https://comments.example",
            "PALABRE_SUBMISSION_LIMIT": "off",
        }
    )
    async with opened(chosen, serving=True, now=clock) as service:
        await drive(service, clock)
        await erasure(service)
        await assert_counters_are_true(service)
        assert await service.store.pending_migrations() == []
