"""`GET /v1/moderation/events`, and the same for the desk: the log as it grows, as server-sent
events (HTML standard, 9.2)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from palabre.actions.follow import Follower, Looked, Tail, Told
from palabre.errors import (
    BadParameter,
    Busy,
    FieldError,
    SiteNotFound,
    StoreUnavailable,
    TooManyStreams,
    Unauthenticated,
)
from palabre.model import Moderator, Scope
from palabre.rendering import shapes
from palabre.service import Service
from palabre.store import sites
from palabre.text import reached
from palabre.text.reached import Reached
from palabre.web import answer, auth
from palabre.web.asked import asked, parameters

HEARTBEAT_S = 15.0
"""A reader who went away without a word, or whose token has ended, is noticed this late at most."""

RETRY_MS = 2000
"""How long a browser waits before it connects again."""

WRITE_S = 30.0
"""How long a reader may take no byte."""

STILL_S = 2.0
"""Between two looks whether somebody is still signed in, where all that is told is who looks."""

AGAIN_S = 1.0
END_S = 1.0

MOST = 200
"""Streams that a process has open at once; each takes a connection and some 100 KB."""

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    # nginx would gather what it passes on.
    "X-Accel-Buffering": "no",
}


class Streams:
    """Those that are open in this process. Once it is closed, each ends at its next breath."""

    def __init__(self, service: Service) -> None:
        self.tail = Tail(service)
        self.open = 0
        self.closing = asyncio.Event()

    def close(self) -> None:
        """End them all. Called on the event loop."""
        self.closing.set()


async def events(request: Request) -> Response:
    """`GET /v1/moderation/events`: from now on, or from where `Last-Event-ID` says."""
    moderator = await auth.requires(request, Scope.READ)
    given = parameters(request, "site", "lang")
    site_id = moderator.site_id
    if "site" in given:
        service, name = asked(request).service, given["site"]
        site = await service.store.glance(lambda tx: sites.by_name(tx, name))
        if site is None:
            raise SiteNotFound
        site_id = auth.may_see(moderator, site).id
    here = reached_of(request.headers.get("last-event-id", ""))
    if request.method == "HEAD":
        return Response(headers=HEADERS)
    return Stream(request.app.state.streams, moderator, site_id=site_id, here=here)


def reached_of(given: str) -> Reached | None:
    """Where a reader who has been here before goes on. Raises BadParameter."""
    if not given:
        return None
    try:
        return reached.read(given)
    except ValueError as exc:
        wrong = FieldError("Last-Event-ID", "invalid", hint="event_id_invalid")
        raise BadParameter([wrong]) from exc


class Stream(Response):
    """Reads the log as fast as its reader takes it, and keeps nothing of it for them.

    *still*: asked at every breath, raises Unauthenticated once they may not look any more.
    *with_looks*: tell who else looks at which comment, too.
    """

    def __init__(
        self,
        streams: Streams,
        moderator: Moderator,
        *,
        site_id: str | None,
        here: Reached | None,
        still: Callable[[], Awaitable[None]] | None = None,
        with_looks: bool = False,
    ) -> None:
        super().__init__(headers=HEADERS)
        self._streams = streams
        self._moderator = moderator
        self._site_id = site_id
        self._here = here
        self._still = still
        self._with_looks = with_looks

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        streams = self._streams
        if streams.open >= MOST or streams.closing.is_set():
            raise TooManyStreams(retry_after_s=10)
        streams.open += 1
        try:
            async with streams.tail.followed(
                self._moderator,
                site_id=self._site_id,
                reached=self._here,
                with_looks=self._with_looks,
            ) as follower:
                headers = [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await self._write_on(follower, receive, send)
        finally:
            streams.open -= 1

    async def _write_on(self, follower: Follower, receive: Receive, send: Send) -> None:
        """Write until the reader is gone, their token has ended, or the service ends."""
        gone = asyncio.create_task(_gone(receive))
        closing = asyncio.create_task(self._streams.closing.wait())
        writing = asyncio.create_task(_write(follower, send, self._still))
        tasks = (gone, closing, writing)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            is_gone = gone.done()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if not is_gone:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_S):
                    await send({"type": "http.response.body", "body": b""})
        if not writing.cancelled():
            writing.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(
    follower: Follower, send: Send, still: Callable[[], Awaitable[None]] | None
) -> None:
    """Returns once the token has ended, or the reader takes nothing more."""
    body = f"retry: {RETRY_MS}\n{_here(follower.reached)}".encode()
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    while True:
        try:
            async with asyncio.timeout(WRITE_S):
                await send({"type": "http.response.body", "body": body, "more_body": True})
        except TimeoutError:
            return
        try:
            told = await follower.next(within_s=HEARTBEAT_S)
            has_looks = bool(told) and isinstance(told[0], Looked)
            if still is not None and not (has_looks and loop.time() < asked_at + STILL_S):
                await still()
                asked_at = loop.time()
        except Unauthenticated:
            return
        except (Busy, StoreUnavailable):
            told, has_looks = [], False
            await asyncio.sleep(AGAIN_S)
        body = b"".join(map(_event, told)) or b": \n"
        if has_looks or not told:
            body += _here(follower.reached).encode()


def _here(here: Reached) -> str:
    """Where to go on from, for whoever breaks off before the next event; no event by itself."""
    return f"id: {here.text}\n\n"


def _event(told: Told | Looked) -> bytes:
    if isinstance(told, Looked):
        # No place in the log: whoever comes back is told who looks by then.
        return b"event: looking\ndata: %b\n\n" % answer.encode({"lookers": told.lookers})
    kind = "submitted" if told.event.decision.from_state is None else "decided"
    data = answer.encode(shapes.event(told.event))
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (told.reached.text.encode(), kind.encode(), data)
