"""The event stream of real processes: what is stored by one is told by all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx2
import pytest

import makers
import postgres
from following import URL, Parser, Received, over_socket
from palabre import settings
from palabre.actions import decide, moderators
from palabre.commands.server import GRACE_S
from palabre.model import State
from palabre.service import opened
from running import Running

pytestmark = pytest.mark.whole

DECISIONS = 500
PROCESSES = 3
WAIT_S = 30.0


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    """A fresh database, without a table."""
    with postgres.database(postgres_server, f"palabre_events_{os.getpid()}") as found:
        yield found


@pytest.fixture(params=["straight", "behind pgbouncer"])
def services(tmp_path: Path, url: str, request: pytest.FixtureRequest) -> Iterator[list[Running]]:
    if request.param != "straight":
        with postgres.pooler(url, tmp_path) as pooled:
            yield from started(postgres.processes(tmp_path, pooled, PROCESSES))
    else:
        yield from started(postgres.processes(tmp_path, url, PROCESSES))


def started(found: list[Running]) -> Iterator[list[Running]]:
    found[0].add_site()
    for service in found:
        service.start()
    yield found
    for service in found:
        assert service.stop() == 0


@dataclass
class Desk:
    """Somebody who follows the events of a process, and comes back whenever the stream ends."""

    service: Running
    headers: dict[str, str]
    parser: Parser = field(default_factory=Parser)
    received: list[tuple[float, Received]] = field(default_factory=list)
    connections: int = 0

    async def follow(self) -> None:
        async with client_of(self.service, timeout=None) as client:
            while True:
                self.connections += 1
                with contextlib.suppress(httpx2.TransportError):
                    async for event in over_socket(client, self.headers, self.parser):
                        self.received.append((time.perf_counter(), event))
                await asyncio.sleep(0.01)

    async def has(self, number: int) -> None:
        """Until so many different events have come."""
        async with asyncio.timeout(WAIT_S):
            while len({event.what for _, event in self.received}) < number:
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def client_of(
    service: Running, timeout: float | None = 30
) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=service.url, timeout=timeout, verify=False) as client:
        yield client


@contextlib.asynccontextmanager
async def desks(services: list[Running], headers: dict[str, str]) -> AsyncIterator[list[Desk]]:
    """One at each process, all of whom have begun."""
    found = [Desk(service, headers) for service in services]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(desk.follow()) for desk in found]
        async with asyncio.timeout(WAIT_S):
            while not all(desk.parser.last_id for desk in found):
                await asyncio.sleep(0.01)
        yield found
        for task in tasks:
            task.cancel()


async def test_five_hundred_events_reach_a_desk_at_every_process_while_connections_are_cut(
    services: list[Running], url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = services[0].add_moderator()
    decided: dict[str, float] = {}
    cut = 0
    async with desks(services, alice) as found, contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client_of(one)) for one in services]

        async def work(number: int) -> None:
            client = clients[number % PROCESSES]
            for _ in range(DECISIONS // 2 // 10):
                comment = await makers.comment(client)
                await makers.act(client, alice, comment, "approve")
                decided[comment] = time.perf_counter()

        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(work(number))
            while len(decided) < DECISIONS // 4:
                await asyncio.sleep(0.01)
            cut = await asyncio.to_thread(cut_listeners, url)
        for desk in found:
            await desk.has(DECISIONS)
        expected: set[tuple[str, str | None, str]] = {(one, None, "pending") for one in decided}
        expected |= {(one, "pending", "approved") for one in decided}
        for desk in found:
            assert {event.what for _, event in desk.received} == expected
            assert len(desk.received) == DECISIONS
        delays = [
            at - decided[event.what[0]]
            for desk in found
            for at, event in desk.received
            if event.kind == "decided"
        ]
    with capsys.disabled():
        print(
            f"\n{DECISIONS} events at {PROCESSES} processes, {cut} listening connections cut: "
            f"{statistics.median(delays) * 1000:.0f} ms behind the acknowledgement (median), "
            f"{max(delays) * 1000:.0f} ms at most"
        )


def cut_listeners(url: str) -> int:
    async def work(connection: asyncpg.Connection) -> int:
        return int(
            await connection.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                "where datname = current_database() and query ilike 'listen%'"
            )
        )

    return postgres.within(url, work)


async def test_who_moves_from_one_process_to_another_misses_nothing(
    services: list[Running],
) -> None:
    alice = services[0].add_moderator()
    parser, told = Parser(), list[Received]()
    stored: list[str] = []

    async def write() -> None:
        async with client_of(services[0]) as client:
            for _ in range(60):
                stored.append(await makers.comment(client))

    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(client_of(one, timeout=None)) for one in services
        ]
        # Before the first event, where to begin is known by the head of the stream.
        async with clients[0].stream("GET", URL, headers=alice) as answer:
            async for data in answer.aiter_raw():
                parser.feed(data)
                break
        writing = asyncio.create_task(write())
        async with asyncio.timeout(WAIT_S):
            for number in range(1, 1000):
                async with contextlib.aclosing(
                    over_socket(clients[number % PROCESSES], alice, parser)
                ) as stream:
                    async for event in stream:
                        told.append(event)
                        if len(told) % 7 == 0 or len({one.what for one in told}) == 60:
                            # What came with it in one piece is thrown away.
                            parser.last_id = event.id
                            break
                if len({one.what for one in told}) == 60:
                    break
        await writing
    assert {event.what[0] for event in told} == set(stored)
    assert len(told) < 2 * len(stored)


# --- One process, on either engine


@pytest.fixture(params=["sqlite", "postgres"])
def service(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    if request.param == "postgres":
        (found,) = postgres.processes(tmp_path, request.getfixturevalue("url"), 1)
    else:
        found = Running(tmp_path)
    with found:
        found.add_site()
        found.start()
        yield found


async def test_a_service_that_is_told_to_stop_ends_its_streams_and_stops(service: Running) -> None:
    alice = service.add_moderator()
    ends = []

    async def follow(parser: Parser) -> None:
        async with client_of(service, timeout=None) as client:
            async for _ in over_socket(client, alice, parser):
                pass
        ends.append(parser)

    parsers = [Parser() for _ in range(20)]
    async with asyncio.TaskGroup() as group:
        for parser in parsers:
            group.create_task(follow(parser))
        async with asyncio.timeout(WAIT_S):
            while not all(parser.last_id for parser in parsers):
                await asyncio.sleep(0.01)
        began = time.monotonic()
        assert await asyncio.to_thread(service.stop) == 0
        took_s = time.monotonic() - began
    # Each came to its proper end: a connection that broke would have raised.
    assert len(ends) == 20
    assert took_s < GRACE_S
    lines = [line for line in service.log.read_text().splitlines() if URL in line]
    assert len(lines) == 20
    assert "Traceback" not in service.log.read_text()
    assert "without completing" not in service.log.read_text()


async def test_a_reader_who_takes_nothing_keeps_no_service_from_stopping(
    tmp_path: Path,
) -> None:
    with Running(tmp_path) as service:
        service.add_site()
        alice = service.add_moderator()
        service.start()
        async with client_of(service) as client:
            ids = [await makers.comment(client) for _ in range(50)]
            for number in range(40):
                body = {"action": ("approve", "hold")[number % 2], "ids": ids}
                done = await client.post("/v1/moderation/decisions", json=body, headers=alice)
                assert {one["status"] for one in done.json()["results"]} == {200}
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=1)
        lines = [f"GET {URL} HTTP/1.1", "Host: x", "Last-Event-ID: 0"]
        lines += [f"{name}: {value}" for name, value in alice.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await reader.read(1)
        began = time.monotonic()
        assert await asyncio.to_thread(service.stop) == 0
        assert time.monotonic() - began < 10
        writer.close()


async def test_a_token_revoked_on_the_command_line_ends_its_stream(service: Running) -> None:
    fanny = service.add_moderator("fanny", "read")
    parser = Parser()

    async def revoke() -> None:
        async with asyncio.timeout(WAIT_S):
            while not parser.last_id:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(service.command, "moderator", "revoke", "fanny")

    async with client_of(service, timeout=None) as client:
        revoking = asyncio.create_task(revoke())
        async with asyncio.timeout(WAIT_S):
            assert [event async for event in over_socket(client, fanny, parser)] == []
        await revoking
        assert (await client.get(URL, headers=fanny)).status_code == 401
    assert service.stop() == 0


async def test_what_a_process_beside_the_service_decides_is_told(service: Running) -> None:
    alice = service.add_moderator()
    async with client_of(service, timeout=None) as client:
        comment = await makers.comment(client)
        parser = Parser(last_id="0")
        stream = over_socket(client, alice, parser)
        async with contextlib.aclosing(stream), asyncio.timeout(WAIT_S):
            assert (await anext(stream)).what == (comment, None, "pending")
            names = {k: v for k, v in service.environ.items() if k.startswith("PALABRE_")}
            async with opened(settings.load(names)) as beside:
                token = alice["Authorization"].partition(" ")[2]
                known = await moderators.known(beside, token)
                await decide.decide(beside, known, comment, State.SPAM)
                assert (await anext(stream)).what == (comment, "pending", "spam")
    assert service.stop() == 0
