"""The client: so many keep-alive connections, each sending one request after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

RECEIVED_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Rate:
    """What a round measured. `p50_ms`, `p99_ms`: of single answers."""

    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]


async def load(
    port: int, request: Callable[[int], bytes], *, connections: int, seconds: float
) -> Rate:
    """Load a server for so long. *request*: the bytes of the n-th request."""
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    end = time.perf_counter() + seconds
    number = 0

    async def one() -> None:
        nonlocal number
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=RECEIVED_MOST)
        try:
            while time.perf_counter() < end:
                number += 1
                raw = request(number)
                began = time.perf_counter()
                writer.write(raw)
                status = await _answer(reader)
                latencies.append(time.perf_counter() - began)
                statuses[status] = statuses.get(status, 0) + 1
        finally:
            writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    took = time.perf_counter() - began
    latencies.sort()
    return Rate(
        per_second=len(latencies) / took,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[int(len(latencies) * 0.99)] * 1000,
        statuses=statuses,
    )


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(lowered[at + 15 : lowered.index(b"\r\n", at)]))
    return int(head[9:12])
