"""`/healthz` and `/readyz`: whether the process lives, and whether it can work (contract 3.3)."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import httpx2
import pytest

from conftest import sqlite_of
from palabre.service import Service


async def ready(client: httpx2.AsyncClient) -> tuple[int, dict[str, bool]]:
    answer = await client.get("/readyz")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert ("retry-after" in answer.headers) is (answer.status_code == 503)
    return answer.status_code, answer.json()["checks"]


async def test_a_process_that_answers_lives(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_service_with_a_store_is_ready(client: httpx2.AsyncClient) -> None:
    assert await ready(client) == (200, {"store": True, "migrations": True})


async def test_looking_is_enough(client: httpx2.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await client.head(path)).status_code == 200


async def test_without_its_store_it_lives_but_is_not_ready(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await service.store.close()
    assert (await client.get("/healthz")).status_code == 200
    status, checks = await ready(client)
    assert (status, checks["store"]) == (503, False)


@pytest.mark.engine("sqlite")
async def test_a_store_that_cannot_be_written_is_not_ready(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await sqlite_of(service)._writer.alone(lambda raw: raw.execute("pragma query_only = on"))
    status, checks = await ready(client)
    assert (status, checks["store"]) == (503, False)
    await sqlite_of(service)._writer.alone(lambda raw: raw.execute("pragma query_only = off"))
    assert (await ready(client))[0] == 200


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    "lost", [("delete from migration",), ("drop table migration", "drop table store_info")]
)
async def test_a_store_that_lacks_a_migration_is_not_ready(
    client: httpx2.AsyncClient, service: Service, lost: tuple[str, ...]
) -> None:
    def lose() -> None:
        path = service.settings.database_path
        with contextlib.closing(sqlite3.connect(path)) as raw, raw:
            for statement in lost:
                raw.execute(statement)

    # Not on the loop, where what the service writes just now has to come to its end.
    await asyncio.to_thread(lose)
    assert await ready(client) == (503, {"store": True, "migrations": False})


@pytest.mark.engine("sqlite")
async def test_a_store_whose_file_was_taken_away_is_not_ready(
    service: Service, client: httpx2.AsyncClient
) -> None:
    assert (await client.get("/readyz")).status_code == 200
    database = service.settings.database_path
    database.rename(database.with_name("elsewhere"))
    assert (await client.get("/readyz")).status_code == 503
    database.with_name("elsewhere").rename(database)
    assert (await client.get("/readyz")).status_code == 200
