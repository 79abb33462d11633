"""Kill a service at random moments under load, and count what it had promised and lost."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from dataclasses import dataclass, field

import httpx2

import makers
from running import Running

CLIENTS = 8


@dataclass(slots=True)
class Tally:
    """`sent`, `acknowledged` (201) and `found` comments; `lost`: acknowledged, but not found."""

    sent: int = 0
    acknowledged: int = 0
    found: int = 0
    lost: int = 0
    killed_while_busy: int = 0
    counters_differ: list[str] = field(default_factory=list)


async def rounds(service: Running, number: int, *, seed: int) -> Tally:
    """Start, load, kill -9 at a random moment, start again, *number* times; then look."""
    chance = random.Random(seed)
    tally = Tally()
    promised: set[str] = set()
    for _ in range(number):
        service.start()
        before = len(promised)
        await _load_and_kill(service, promised, tally, after_s=chance.uniform(0.05, 0.3))
        tally.killed_while_busy += len(promised) > before
    service.start()
    service.stop()
    stored, tally.counters_differ = _look(service)
    tally.acknowledged = len(promised)
    tally.found = len(stored)
    tally.lost = len(promised - stored)
    return tally


async def _load_and_kill(
    service: Running, promised: set[str], tally: Tally, *, after_s: float
) -> None:
    async def post(client: httpx2.AsyncClient) -> None:
        while True:
            tally.sent += 1
            try:
                answer = await client.post("/v1/comments", json=makers.fields())
            except httpx2.TransportError:
                return
            if answer.status_code == 201:
                promised.add(answer.json()["comment"]["id"])

    async with httpx2.AsyncClient(base_url=service.url, timeout=30, verify=False) as client:
        tasks = [asyncio.create_task(post(client)) for _ in range(CLIENTS)]
        # At least one promise to keep, then the moment that chance picks.
        known = len(promised)
        while len(promised) == known:
            assert not all(task.done() for task in tasks), "nothing was promised"
            await asyncio.sleep(0.005)
        await asyncio.sleep(after_s)
        service.kill()
        await asyncio.gather(*tasks)


def _look(service: Running) -> tuple[set[str], list[str]]:
    """The ids in the database file, and which counters differ from a recount."""
    connection = sqlite3.connect(service.data / "palabre.sqlite3")
    try:
        stored = {row[0] for row in connection.execute("select id from comment")}
        differ = [
            name
            for name, counted, recount in (
                (
                    "tally",
                    "select sum(comments) from site_tally",
                    "select count(*) from comment where state <> 'deleted'",
                ),
                ("decisions", "select count(*) from decision", "select count(*) from comment"),
                ("receipts", "select count(*) from receipt", "select count(*) from comment"),
                (
                    "words",
                    "select count(*) from comment_words",
                    """select count(*) from comment where seq <= (
                    select cast(value as integer) from store_info where name = 'indexed_to')""",
                ),
            )
            if connection.execute(counted).fetchone() != connection.execute(recount).fetchone()
        ]
        if connection.execute("pragma integrity_check").fetchone()[0] != "ok":
            differ.append("integrity")
    finally:
        connection.close()
    return stored, differ
