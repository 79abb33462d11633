"""Several services on one PostgreSQL server: thousands of decisions, and faults without end.

`make experiments`. Prints what was seen; what was sent, acknowledged and found.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import faults
import postgres
import racing
from postgres import Server

pytestmark = pytest.mark.whole
ROUNDS = 6000
FAULTS = 60
PROCESSES = 3


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(max_connections="100") as found:
        yield found


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    with postgres.database(server.url, "palabre") as found:
        yield found


async def test_thousands_of_decisions_by_three_processes_are_seen_by_every_reader_at_once(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    services = postgres.processes(tmp_path, url, PROCESSES)
    tally = await racing.across(services, ROUNDS, seed=6000)
    for service in services:
        assert service.stop() == 0
    with capsys.disabled():
        print(
            f"\n{tally.rounds} decisions by {PROCESSES} processes, {tally.reads} reads by "
            f"{racing.READERS} readers, {tally.kept} of them kept answers, "
            f"{len(tally.wrong)} wrong"
        )
    assert tally.wrong == []
    assert tally.rounds == ROUNDS
    assert tally.kept > ROUNDS


@pytest.mark.parametrize("kind", ["cut", "restart", "crash", "pause", "kill of a service"])
async def test_faults_without_end_lose_nothing(
    kind: str, tmp_path: Path, server: Server, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    services = postgres.processes(tmp_path, url, PROCESSES)
    services[0].add_site()
    for service in services:
        service.start()
    chance = random.Random(kind)

    async def fault() -> None:
        if kind == "cut":
            connection = await asyncpg.connect(server.url)
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'palabre'"
            )
            await connection.close()
        elif kind == "pause":
            server.pause()
            await asyncio.sleep(chance.choice((0.2, 1, 7)))
            server.resume()
        elif kind == "kill of a service":
            service = chance.choice(services)
            service.kill()
            await asyncio.to_thread(service.start)
        else:
            await asyncio.to_thread(server.stop, "fast" if kind == "restart" else "immediate")
            await asyncio.to_thread(server.start)

    tally = await faults.under_load(
        services, url, [fault] * (FAULTS if kind == "cut" else FAULTS // 4)
    )
    for service in services:
        assert service.stop() == 0
    with capsys.disabled():
        print(f"\n{kind}: {tally}")
    assert tally.unexplained == []
    assert (tally.lost, tally.twice) == (0, 0)
    assert tally.sent == tally.acknowledged == tally.found
