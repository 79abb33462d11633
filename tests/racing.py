"""Readers who ask without a pause while others decide: does anybody see what was taken away?

A reader may see either while a decision is under way. Once it is acknowledged, whoever asks has to
see what it says, until the next one is begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import brotli
import httpx2

import makers
from palabre import settings
from palabre.actions import decide, moderators
from palabre.model import ACTIONS
from palabre.service import opened
from running import Running

READERS = 8
HIDING = ("reject", "spam", "hold")
Decide = Callable[[str, str], Awaitable[None]]
"""Carries out an action on a comment's id; returns once that is acknowledged."""

Standing = tuple[bool | None, int]
"""Whether a comment is shown, and how often it was decided about."""

WAYS = (
    ("/v1/comments?article=/a", "Accept-Encoding: identity"),
    ("/v1/comments?article=/a", "Accept-Encoding: gzip"),
    ("/v1/comments?article=/a", "Accept-Encoding: br"),
    ("/v1/comments?article=/a&order=newest", "Accept: application/json"),
    ("/v1/comments.html?article=/a", "Accept-Encoding: br"),
    ("/v1/comments.atom?article=/a", "Accept-Encoding: gzip"),
    ("/v1/comments.atom", "Accept: */*"),
    ("/v1/counts?article=/a", "Accept: */*"),
)
"""What is read, one for each reader: path and query, and a header."""


@dataclass(slots=True)
class Watched:
    """A comment that is decided about. `is_shown`: None while a decision is under way."""

    id: str
    is_shown: bool | None = False
    decisions: int = 0
    unseen_by: set[int] = field(default_factory=set)
    seen_by_all: asyncio.Event = field(default_factory=asyncio.Event)

    def seen(self, reader: int) -> None:
        """A reader has seen what the last decision says."""
        self.unseen_by.discard(reader)
        if not self.unseen_by:
            self.seen_by_all.set()


@dataclass(slots=True)
class Tally:
    """`wrong`: what readers saw that was not so any more, or not yet."""

    rounds: int = 0
    reads: int = 0
    kept: int = 0
    wrong: list[str] = field(default_factory=list)


class Connection:
    """One connection of a client that does next to nothing, so that the service is kept busy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, service: Running) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", service.port))

    async def send(
        self, method: str, path: str, *headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        head = [f"{method} {path} HTTP/1.1", "Host: a", *headers, "", ""]
        self._writer.write("\r\n".join(head).encode())
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await self._reader.readexactly(int(found.get("content-length", "0")))
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}
        coding = found.get("content-encoding")
        return int(status.split()[1]), found, unpack[coding](body) if coding else body

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def prepared(service: Running, comments: int) -> tuple[dict[str, str], list[Watched]]:
    """A moderator's headers, and so many comments that wait on the article /a."""
    service.add_site()
    headers = service.add_moderator()
    service.start()
    async with httpx2.AsyncClient(base_url=service.url, timeout=20, verify=False) as client:
        return headers, [Watched(await makers.comment(client)) for _ in range(comments)]


async def race(
    services: Sequence[Running],
    number: int,
    deciders: Sequence[tuple[Watched, Decide]],
    *,
    seed: int,
) -> Tally:
    """*number* rounds, shared by the deciders: decide, then wait until every reader has seen it.

    The readers are shared out among the services.
    """
    tally = Tally()
    watched = [one for one, _ in deciders]
    async with asyncio.TaskGroup() as group:
        readers = [
            group.create_task(_read_on(services[reader % len(services)], reader, watched, tally))
            for reader in range(READERS)
        ]
        deciding = [
            group.create_task(_decide_on(one, act, number // len(deciders), seed + n, tally))
            for n, (one, act) in enumerate(deciders)
        ]
        await asyncio.gather(*deciding)
        for reader in readers:
            reader.cancel()
    for service in services:
        async with httpx2.AsyncClient(base_url=service.url, timeout=20, verify=False) as client:
            metrics = (await client.get("/metrics")).text.splitlines()
        (hits,) = [line for line in metrics if line.startswith("palabre_cache_hits_total")]
        tally.kept += int(float(hits.split()[1]))
    return tally


async def _decide_on(one: Watched, act: Decide, rounds: int, seed: int, tally: Tally) -> None:
    chance = random.Random(seed)
    for is_shown in itertools.islice(itertools.cycle((True, False)), rounds):
        action = "approve" if is_shown else chance.choice(HIDING)
        one.is_shown = None
        one.decisions += 1
        one.seen_by_all.clear()
        one.unseen_by = set(range(READERS))
        await act(one.id, action)
        one.is_shown = is_shown
        await one.seen_by_all.wait()
        tally.rounds += 1


async def _read_on(service: Running, reader: int, watched: list[Watched], tally: Tally) -> None:
    path, header = WAYS[reader % len(WAYS)]
    connection = await Connection.to(service)
    bodies: dict[str, bytes] = {}
    # Every other time for what is not in one's hands yet.
    tags: Iterator[Callable[[str], list[str]]] = itertools.cycle(
        (lambda tag: [], lambda tag: [f"If-None-Match: {tag}"])
    )
    tag = '"none"'
    try:
        while True:
            before: list[Standing] = [(one.is_shown, one.decisions) for one in watched]
            status, headers, body = await connection.send("GET", path, header, *next(tags)(tag))
            tally.reads += 1
            tag = headers["etag"]
            if status == 304:
                body = bodies[tag]
            else:
                assert status == 200, body
                bodies[tag] = body
            for one, (is_shown, decisions) in zip(watched, before, strict=True):
                if is_shown is None or one.decisions != decisions:
                    continue
                if not _is_true(path, body, one, before, watched):
                    verb = "was not there" if is_shown else "was still there"
                    tally.wrong.append(f"after decision {decisions}: {one.id} {verb} in {path}")
                one.seen(reader)
    finally:
        await connection.close()


def _is_true(
    path: str, body: bytes, one: Watched, before: Sequence[Standing], watched: Sequence[Watched]
) -> bool:
    """Whether an answer says of a comment, about which nothing was decided meanwhile, what is so.

    A count says nothing of one alone: it has to be true when all was calm.
    """
    if "counts" not in path:
        return (one.id.encode() in body) is one.is_shown
    if any(is_shown is None for is_shown, _ in before):
        return True
    if [other.decisions for other in watched] != [decisions for _, decisions in before]:
        return True
    return bool(
        json.loads(body)["counts"]["/a"] == sum(other.is_shown is True for other in watched)
    )


@contextlib.asynccontextmanager
async def over_http(service: Running, headers: dict[str, str]) -> AsyncIterator[Decide]:
    """Decide through the service's own interface."""
    connection = await Connection.to(service)
    sent = [f"{name}: {value}" for name, value in headers.items()]

    async def act(comment_id: str, action: str) -> None:
        path = f"/v1/moderation/comments/{comment_id}/{action}"
        status, _, body = await connection.send("POST", path, *sent, "Content-Length: 0")
        assert status == 200, body

    try:
        yield act
    finally:
        await connection.close()


async def flipping(
    service: Running, rounds: int, *, by_service: int, by_others: int, seed: int
) -> Tally:
    """Race with so many comments decided about by the service, and by another process each."""
    headers, comments = await prepared(service, by_service + by_others)
    token = headers["Authorization"].removeprefix("Bearer ")
    chosen = settings.load({"PALABRE_DATA_DIR": str(service.data)})
    async with contextlib.AsyncExitStack() as stack:
        beside = await stack.enter_async_context(opened(chosen))
        moderator = await moderators.known(beside, token)

        async def act(comment_id: str, action: str) -> None:
            await decide.decide(beside, moderator, comment_id, ACTIONS[action])

        ways = [
            await stack.enter_async_context(over_http(service, headers)) for _ in range(by_service)
        ]
        ways += [act] * by_others
        return await race([service], rounds, list(zip(comments, ways, strict=True)), seed=seed)


async def across(services: Sequence[Running], rounds: int, *, seed: int) -> Tally:
    """Race with a comment for each service, which decides about it, and readers on all of them."""
    headers, comments = await prepared(services[0], len(services))
    for service in services[1:]:
        service.start()
    async with contextlib.AsyncExitStack() as stack:
        ways = [
            await stack.enter_async_context(over_http(service, headers)) for service in services
        ]
        return await race(services, rounds, list(zip(comments, ways, strict=True)), seed=seed)
