"""Both engines side by side: SQLite with its one process, PostgreSQL with one to four."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

import postgres
from bench import machine, ours, sample
from bench.load import Rate, load
from bench.ours import Ours
from bench.stage import Stage, alternate
from bench.table import Sheet
from bench.wrk import wrk
from running import Running

PROCESSES = (1, 2, 3, 4)
CONNECTIONS = 32
READERS = 16
PAGE = "/v1/comments?article=/a"
SECONDS = 2.0

_WRITTEN = (
    "select pg_database_size(current_database()) as bytes, (select wal_bytes from pg_stat_wal) "
    "as wal, (select count(*) from comment) as comments, (select xact_commit from "
    "pg_stat_database where datname = current_database()) as commits"
)


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    title = "Engines: PostgreSQL beside one process on SQLite; clients and servers share the cores"
    sheet = Sheet(title)
    machine.take_all_cores()
    try:
        with stage.ours() as alone, _on_postgres(stage.folder) as (several, url):
            alone.fill("/a", sample.thread())
            seconds = max(SECONDS, stage.seconds)
            await _rows(stage, sheet, alone, several, seconds)
            await _figures(sheet, several[0], url, seconds)
    finally:
        machine.take_last_core()
    return [sheet]


async def _rows(
    stage: Stage, sheet: Sheet, alone: Ours, several: Sequence[Running], seconds: float
) -> None:
    for what, ask in (
        (f"submissions, {CONNECTIONS} conn.", partial(_submissions, connections=CONNECTIONS)),
        ("submissions, 1 conn.", partial(_submissions, connections=1)),
        (f"page, {READERS} conn.", _reads),
    ):
        for number in PROCESSES:
            if number > 1 and what.endswith(" 1 conn."):
                continue
            machine.say(f"{what} {number} on PostgreSQL")
            mine, theirs = await alternate(
                stage.rounds,
                partial(ask, several[:number], seconds=seconds),
                partial(ask, [alone], seconds=seconds),
            )
            plural = "process" if number == 1 else "processes"
            sheet.rates(f"{what}, {number} {plural}", mine, theirs, beside="SQLite")


async def _submissions(services: Sequence[Running], *, connections: int, seconds: float) -> Rate:
    def one(service: Running) -> Awaitable[Rate]:
        each = max(1, connections // len(services))
        return load(service.port, ours.submission, connections=each, seconds=seconds)

    return await _together(services, one)


async def _reads(services: Sequence[Running], *, seconds: float) -> Rate:
    def one(service: Running) -> Awaitable[Rate]:
        each = max(1, READERS // len(services))
        return wrk(service.port, PAGE, connections=each, seconds=seconds)

    return await _together(services, one)


async def _together(services: Sequence[Running], one: Callable[[Running], Awaitable[Rate]]) -> Rate:
    """The rates of several processes as one: their sum, and the worst of their worst."""
    rates = await asyncio.gather(*map(one, services))
    statuses: dict[int, int] = {}
    for rate in rates:
        for status, n in rate.statuses.items():
            statuses[status] = statuses.get(status, 0) + n
    return Rate(
        per_second=sum(rate.per_second for rate in rates),
        p50_ms=statistics.median(rate.p50_ms for rate in rates),
        p99_ms=max(rate.p99_ms for rate in rates),
        statuses=statuses,
    )


async def _figures(sheet: Sheet, service: Running, url: str, seconds: float) -> None:
    """What a comment takes on PostgreSQL."""
    before = await _written(url)
    await _submissions([service], connections=CONNECTIONS, seconds=seconds)
    after = await _written(url)
    comments = max(1, after["comments"] - before["comments"])
    for what, name in (
        ("bytes of a comment, indexes included", "bytes"),
        ("bytes of log (WAL) of a submission", "wal"),
        ("transactions of a submission", "commits"),
    ):
        sheet.figures(what, [float(after[name] - before[name]) / comments], "")


async def _written(url: str) -> asyncpg.Record:
    connection = await asyncpg.connect(url)
    try:
        # The server tells of what a process did once that has been idle for a moment.
        await asyncio.sleep(1.5)
        return await connection.fetchrow(_WRITTEN)
    finally:
        await connection.close()


@contextmanager
def _on_postgres(folder: Path) -> Iterator[tuple[list[Running], str]]:
    """Services on a server of their own, as Debian sets it up, and its URL."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(dir=folder)))
        server = stack.enter_context(postgres.Server())
        url = stack.enter_context(postgres.database(server.url, "palabre"))
        services = postgres.processes(place, url, max(PROCESSES))
        for service in services:
            # As it is where nobody has chosen one.
            del service.environ["PALABRE_SUBMISSION_LIMIT"]
        services[0].add_site()
        services[0].command("site", "set", "blog", "first_state=approved", *ours.UNLIMITED)
        for service in services:
            service.process, _ = machine.launched(
                [sys.executable, "-m", "palabre", "serve"],
                service.port,
                "/healthz",
                environ=service.environ,
                log=service.log,
                pinned=False,
            )
            stack.callback(service.stop)
        ours.filled(services[0].port, "/a", sample.thread())
        # As autovacuum would within a minute: plans made on empty tables don't last.
        postgres.execute(url, "analyze")
        yield services, url
