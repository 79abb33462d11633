"""Faults of the database under load: what was sent, what was acknowledged, and what is found."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
import httpx2

import makers
from running import Running

CLIENTS = 8
LEAST = 25
"""Submissions that are acknowledged, before and after all faults together."""

Fault = Callable[[], Awaitable[None]]
"""Does something to the database, and undoes it."""


@dataclass(slots=True)
class Tally:
    """`sent` submissions, each again and again until it was acknowledged; what became of them.

    `twice`: acknowledged by different comments. `refused`: answers by status, 0 for none.
    `recovery_s`: from the
    end of the last fault to the first comment of each process.
    """

    sent: int = 0
    acknowledged: int = 0
    found: int = 0
    lost: int = 0
    twice: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    recovery_s: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.sent} sent, {self.acknowledged} acknowledged, {self.found} found, "
            f"{self.lost} lost, {self.twice} stored twice; {sum(self.refused.values())} answers "
            f"said try again {dict(self.refused)}, the longest took {self.longest_s:.1f} s; "
            f"recovery {max(self.recovery_s, default=0):.2f} s"
        )


async def under_load(
    services: Sequence[Running], url: str, faults: Sequence[Fault], *, between_s: float = 0.3
) -> Tally:
    """Submit without a pause while one fault comes after another; then look."""
    tally = Tally()
    promised: dict[str, set[str]] = {}
    over = asyncio.Event()

    async def poster(client: httpx2.AsyncClient, service: Running, number: int) -> None:
        for n in itertools.count():
            if over.is_set():
                return
            key = f"client {number} request {n}"
            promised[key] = set()
            await _until_acknowledged(client, service, key, promised[key], tally)

    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(timeout=30, limits=limits, verify=False) as client:
        posters = [
            asyncio.create_task(poster(client, services[n % len(services)], n))
            for n in range(CLIENTS)
        ]
        for fault in faults:
            await asyncio.sleep(between_s)
            await fault()
            tally.recovery_s += await asyncio.gather(
                *(recovered(client, service) for service in services)
            )
        # However slow the machine is, there is something to be counted.
        async with asyncio.timeout(30):
            while tally.acknowledged < LEAST:
                await asyncio.sleep(between_s)
        over.set()
        await asyncio.gather(*posters)
    await _look(url, promised, tally)
    return tally


async def _until_acknowledged(
    client: httpx2.AsyncClient, service: Running, key: str, ids: set[str], tally: Tally
) -> None:
    tally.sent += 1
    body = makers.fields(idempotency_key=key)
    while True:
        began = time.monotonic()
        try:
            answer = await client.post(f"{service.url}/v1/comments", json=body)
        except httpx2.TransportError:
            # The process itself is gone for the moment.
            tally.refused[0] += 1
            await asyncio.sleep(0.05)
            continue
        tally.longest_s = max(tally.longest_s, time.monotonic() - began)
        if answer.status_code == 201:
            ids.add(answer.json()["comment"]["id"])
            tally.acknowledged += 1
            return
        tally.refused[answer.status_code] += 1
        if answer.status_code != 503 or int(answer.headers.get("retry-after", "0")) < 1:
            tally.unexplained.append(f"{answer.status_code}: {answer.text[:200]}")
            return
        await asyncio.sleep(0.05)


async def recovered(client: httpx2.AsyncClient, service: Running) -> float:
    """The seconds until the process takes a comment again."""
    began = time.monotonic()
    while True:
        answer = await client.post(f"{service.url}/v1/comments", json=makers.fields(article="/r"))
        if answer.status_code == 201:
            return time.monotonic() - began
        assert time.monotonic() - began < 30, answer.text
        await asyncio.sleep(0.02)


async def _look(url: str, promised: dict[str, set[str]], tally: Tally) -> None:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "select c.id from comment as c join article as a on a.id = c.article_id "
            "where a.address = '/a'"
        )
    finally:
        await connection.close()
    stored = {row["id"] for row in rows}
    tally.found = len(stored)
    tally.lost = sum(not ids <= stored for ids in promised.values())
    tally.twice = sum(len(ids) > 1 for ids in promised.values())
