"""A PostgreSQL server that fails in every way there is: told, waited for, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

import faults
import makers
import postgres
from postgres import Server
from running import Running

pytestmark = pytest.mark.whole
PROCESSES = 2


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that may be mistreated."""
    with Server(max_connections="40", superuser_reserved_connections="2") as found:
        yield found


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with postgres.database(server.url, "palabre") as found:
        yield found


@pytest.fixture
def services(tmp_path: Path, url: str) -> Iterator[list[Running]]:
    found = postgres.processes(tmp_path, url, PROCESSES)
    found[0].add_site()
    for service in found:
        service.start()
    yield found
    for service in found:
        assert service.stop() == 0


def assert_nothing_lost(tally: faults.Tally) -> None:
    assert tally.unexplained == []
    assert (tally.lost, tally.twice) == (0, 0)
    assert tally.sent == tally.acknowledged == tally.found, str(tally)
    assert tally.acknowledged > 20


async def test_a_server_that_is_restarted(
    server: Server, services: list[Running], url: str
) -> None:
    async def restart() -> None:
        await asyncio.to_thread(server.restart)

    tally = await faults.under_load(services, url, [restart] * 2)
    assert_nothing_lost(tally)
    assert max(tally.recovery_s) < 2


async def test_a_server_that_crashes_and_recovers(
    server: Server, services: list[Running], url: str
) -> None:
    async def crash() -> None:
        await asyncio.to_thread(server.stop, "immediate")
        await asyncio.to_thread(server.start)

    tally = await faults.under_load(services, url, [crash] * 2)
    assert_nothing_lost(tally)
    assert max(tally.recovery_s) < 2


async def test_connections_that_are_cut(server: Server, services: list[Running], url: str) -> None:
    async def cut() -> None:
        connection = await asyncpg.connect(server.url)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'palabre'"
        )
        await connection.close()

    tally = await faults.under_load(services, url, [cut] * 15, between_s=0.1)
    assert_nothing_lost(tally)
    assert max(tally.recovery_s) < 2


async def test_a_server_that_stops_in_its_tracks(
    server: Server, services: list[Running], url: str
) -> None:
    async def pause() -> None:
        server.pause()
        try:
            # Whoever asks meanwhile is told to come back, and does not wait for ever.
            async with httpx2.AsyncClient(
                base_url=services[0].url, timeout=30, verify=False
            ) as client:
                told = [client.get(path) for path in ("/v1/comments?article=/a", "/readyz")]
                assert (await client.get("/healthz")).status_code == 200
                for answer in await asyncio.gather(*told):
                    assert answer.status_code == 503
                    assert int(answer.headers["retry-after"]) > 0
        finally:
            server.resume()

    tally = await faults.under_load(services, url, [pause])
    assert_nothing_lost(tally)
    assert max(tally.recovery_s) < 2
    assert tally.longest_s < 20


async def test_a_server_without_a_connection_left(server: Server, tmp_path: Path, url: str) -> None:
    (service,) = postgres.processes(tmp_path, url, 1)
    service.add_site()
    service.start()

    async def take_all() -> None:
        # As somebody without the superusers' last seats would: those are left to the tests.
        taken = []
        while True:
            try:
                taken.append(await asyncpg.connect(url))
            except asyncpg.TooManyConnectionsError:
                break
        await _cut(taken[0], but={connection.get_server_pid() for connection in taken})
        await asyncio.sleep(1)
        for connection in taken:
            await connection.close()

    tally = await faults.under_load([service], url, [take_all] * 2)
    assert_nothing_lost(tally)
    assert max(tally.recovery_s) < 2
    assert service.stop() == 0


async def _cut(connection: asyncpg.Connection, *, but: set[int]) -> None:
    """Cut the service's connections, whose places are then taken by others."""
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = 'palabre' and not pid = any(cast($1 as int[]))",
        list(but),
    )


async def test_a_server_in_recovery_is_read_from_and_written_to_once_it_is_promoted(
    server: Server, services: list[Running], url: str
) -> None:
    service = services[0]
    async with httpx2.AsyncClient(base_url=service.url, timeout=30, verify=False) as client:
        await makers.comment(client)
        server.stop()
        (server.data / "standby.signal").touch()
        try:
            server.start()
            answer = await client.get("/v1/comments?article=/a")
            assert answer.status_code == 200
            answer = await client.post("/v1/comments", json=makers.fields())
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert (await client.get("/readyz")).status_code == 503
        finally:
            server.promote()
        await faults.recovered(client, service)
        assert (await client.get("/readyz")).status_code == 200
