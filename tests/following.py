"""Readers of the event stream: straight from the application, or over a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2
from starlette.types import ASGIApp, Message, Scope

URL = "/v1/moderation/events"
WAIT_S = 20.0

Json = dict[str, Any]


@dataclass(frozen=True)
class Received:
    """An event: its kind, its data, and the id that came with it."""

    kind: str
    data: Json
    id: str

    @property
    def what(self) -> tuple[str, str | None, str]:
        return self.data["comment"], self.data["from"], self.data["to"]


@dataclass
class Parser:
    """What a browser makes of the bytes (HTML standard, 9.2.6). `last_id`: what it comes back
    with."""

    last_id: str = ""
    comments: int = 0
    retry_ms: int | None = None
    _rest: str = ""

    def feed(self, data: bytes) -> list[Received]:
        *blocks, self._rest = (self._rest + data.decode()).split("\n\n")
        return [event for block in blocks if (event := self._event(block)) is not None]

    def _event(self, block: str) -> Received | None:
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            if not name:
                self.comments += 1
            else:
                assert name not in fields, block
                fields[name] = value.removeprefix(" ")
        self.last_id = fields.get("id", self.last_id)
        if "retry" in fields:
            self.retry_ms = int(fields["retry"])
        if "data" not in fields:
            return None
        return Received(fields["event"], json.loads(fields["data"]), self.last_id)


@dataclass
class Straight:
    """A stream that is asked of the application itself. `taking`: cleared, it takes no byte."""

    app: ASGIApp
    path: str = URL
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    parser: Parser = field(default_factory=Parser)
    events: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)
    taking: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    async def begin(self, headers: Mapping[str, str], query: Mapping[str, str]) -> None:
        self.taking.set()
        scope: Scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "https", "path": self.path, "raw_path": self.path.encode(), "root_path": "",
            "query_string": urlencode(query).encode(), "client": ("127.0.0.1", 1),
            "server": ("comments.example", 443), "state": {},
            "headers": [(n.lower().encode(), v.encode()) for n, v in headers.items()],
        }  # fmt: skip
        self._task = asyncio.create_task(self._ask(scope))
        begun = asyncio.create_task(self.begun.wait())
        await asyncio.wait([begun, self._task], return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        if self._task.done():
            self._task.result()

    async def _ask(self, scope: Scope) -> None:
        await self.app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): text.decode() for name, text in message["headers"]}
            return
        await self.taking.wait()
        for event in self.parser.feed(message["body"]):
            self.events.put_nowait(event)
        if not message.get("more_body"):
            self.ended.set()
        self.begun.set()

    async def next(self) -> Received:
        async with asyncio.timeout(WAIT_S):
            return await self.events.get()

    async def end(self) -> None:
        """Returns once the service has ended the stream."""
        async with asyncio.timeout(WAIT_S):
            await self.ended.wait()

    async def leave(self) -> None:
        """Go away, as a closed tab does; returns once the service has noticed."""
        self._gone.set()
        self.taking.set()
        if self._task is not None:
            async with asyncio.timeout(WAIT_S):
                await self._task


@contextlib.asynccontextmanager
async def straight(
    app: ASGIApp,
    headers: Mapping[str, str],
    *,
    path: str = URL,
    last_id: str | None = None,
    **query: str,
) -> AsyncIterator[Straight]:
    """A stream from the application, which has begun when the block is entered."""
    stream = Straight(app, path)
    resumed = {} if last_id is None else {"Last-Event-ID": last_id}
    await stream.begin({**headers, **resumed}, query)
    try:
        yield stream
    finally:
        await stream.leave()


async def over_socket(
    client: httpx2.AsyncClient, headers: Mapping[str, str], parser: Parser
) -> AsyncGenerator[Received, None]:
    """The events of a stream until it ends; goes on from what *parser* has seen."""
    resumed = {"Last-Event-ID": parser.last_id} if parser.last_id else {}
    async with client.stream("GET", URL, headers={**headers, **resumed}) as answer:
        assert answer.status_code == 200, (await answer.aread()).decode()
        async for data in answer.aiter_raw():
            for event in parser.feed(data):
                yield event
