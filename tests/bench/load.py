"""The client that writes: keep-alive connections, each with one request under way at a time.

Protocols and callbacks rather than streams and tasks, so that one core sends several times what a
service can take. A server that closes a connection after its answer is met with a new one.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

Request = Callable[[int], bytes]
"""The bytes of the n-th request, the first being 0."""

TICK_S = 0.001
"""How often an open loop looks what is due."""

WAIT_S = 15.0
"""How long answers may take once nothing is sent any more."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a round measured. Rate and percentiles are those of answers below 400.

    `statuses`: answers of each status; 0 stands for answers that never came. `hinted`: answers of
    503 that say when to come again. `unsent`: requests that found no free connection.
    """

    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int] = field(default_factory=dict)
    hinted: int = 0
    unsent: int = 0


async def load(port: int, request: Request, *, connections: int, seconds: float) -> Rate:
    """Load a server for so long: each connection sends a request when its last one is answered."""
    tally = _Tally()
    sent = 0

    def go_on(connection: _Connection) -> None:
        nonlocal sent
        if time.perf_counter() < end:
            raw = request(sent)
            sent += 1
            connection.send(raw)

    async with _Crowd(port, connections, tally) as crowd:
        began = time.perf_counter()
        end = began + seconds
        for connection in crowd.connections:
            connection.is_free = go_on
            go_on(connection)
        await crowd.finished(end)
        took = time.perf_counter() - began
        return tally.rate(len(tally.latencies) / took)


async def pour(
    port: int, request: Request, *, connections: int, per_second: float, seconds: float
) -> Rate:
    """Send so many requests a second for so long, however long the answers take.

    A request that is due while every connection waits for an answer is given up and counted.
    """
    tally = _Tally()
    async with _Crowd(port, connections, tally) as crowd:
        free = list(crowd.connections)
        for connection in free:
            connection.is_free = free.append
        began = time.perf_counter()
        due = 0
        while (now := time.perf_counter()) < began + seconds:
            for number in range(due, int((now - began) * per_second)):
                if free:
                    free.pop().send(request(number))
                else:
                    tally.unsent += 1
                due = number + 1
            await asyncio.sleep(TICK_S)
        # What is answered after the last request was sent does not count as the rate's.
        per_second = len(tally.latencies) / (time.perf_counter() - began)
        await crowd.finished(began + seconds)
        return tally.rate(per_second)


class _Tally:
    """What came back so far."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.hinted = 0
        self.unsent = 0

    def count(self, head: bytes, seconds: float) -> None:
        """Count an answer by its head, in lower case."""
        status = int(head[9:12])
        self.statuses[status] += 1
        if status < 400:
            self.latencies.append(seconds)
        elif status == 503 and b"\r\nretry-after:" in head:
            self.hinted += 1

    def rate(self, per_second: float) -> Rate:
        """What it amounts to."""
        ordered = sorted(self.latencies) or [0.0]
        return Rate(
            per_second=per_second,
            p50_ms=ordered[len(ordered) // 2] * 1000,
            p99_ms=ordered[int(len(ordered) * 0.99)] * 1000,
            statuses=dict(self.statuses),
            hinted=self.hinted,
            unsent=self.unsent,
        )


class _Connection(asyncio.Protocol):
    """One connection. `is_free` is called with it whenever it has become free."""

    def __init__(self, port: int, tally: _Tally) -> None:
        self.is_free: Callable[[_Connection], None] = lambda connection: None
        self.waits = False
        self._port, self._tally = port, tally
        self._transport: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None
        self._data, self._needed, self._began = b"", 0, 0.0

    def send(self, raw: bytes) -> None:
        """Send a request, over a new connection if the last one was closed."""
        self._data, self._needed, self.waits = b"", 0, True
        self._began = time.perf_counter()
        if self._transport is not None:
            self._transport.write(raw)
        else:
            self._opening = asyncio.get_running_loop().create_task(self._send_anew(raw))

    async def open(self) -> None:
        """Connect. Raises OSError."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self._port)

    async def _send_anew(self, raw: bytes) -> None:
        try:
            await self.open()
        except OSError:
            self._give_up()
        else:
            assert self._transport is not None
            self._transport.write(raw)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data = self._data + data if self._data else data
        if not self._needed:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            self._needed = end + 4 + _length(self._data[: end + 2].lower())
        if self.waits and len(self._data) >= self._needed:
            self._answered()

    def _answered(self) -> None:
        head = self._data[: self._data.index(b"\r\n\r\n")].lower()
        self._tally.count(head, time.perf_counter() - self._began)
        self.waits = False
        if b"\r\nconnection: close" in head and self._transport is not None:
            self._transport.close()
        else:
            self.is_free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self.waits:
            self._give_up()
        else:
            self.is_free(self)

    def _give_up(self) -> None:
        self.waits = False
        self._tally.statuses[0] += 1
        # Not at once: a server that is gone would be asked again without end.
        asyncio.get_running_loop().call_later(0.05, self.is_free, self)

    def close(self) -> None:
        """Drop it, and the answer it waits for."""
        self.is_free = lambda connection: None
        if self.waits:
            self.waits = False
            self._tally.statuses[0] += 1
        if self._opening is not None:
            self._opening.cancel()
        if self._transport is not None:
            self._transport.abort()


class _Crowd:
    """Connections, open from beginning to end; meanwhile no garbage is collected."""

    def __init__(self, port: int, connections: int, tally: _Tally) -> None:
        self.connections = [_Connection(port, tally) for _ in range(connections)]

    async def __aenter__(self) -> _Crowd:
        for connection in self.connections:
            await connection.open()
        gc.disable()
        return self

    async def __aexit__(self, *exc: object) -> None:
        gc.enable()
        for connection in self.connections:
            connection.close()
        await asyncio.sleep(0)

    async def finished(self, end: float) -> None:
        """Wait until *end*, then for what is under way, but not for ever."""
        await asyncio.sleep(max(0.0, end - time.perf_counter()))
        while any(connection.waits for connection in self.connections):
            if time.perf_counter() > end + WAIT_S:
                return
            await asyncio.sleep(0.002)


def _length(head: bytes) -> int:
    """The body's length that a head in lower case announces."""
    at = head.find(b"\r\ncontent-length:")
    return int(head[at + 17 : head.index(b"\r\n", at + 2)]) if at >= 0 else 0
