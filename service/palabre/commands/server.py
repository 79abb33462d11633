"""The web server, run in this process: uvicorn, with a beginning and an ending of our own."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from palabre.errors import Refusal

GRACE_S = 8
"""Seconds that requests under way get at the end; the contract gives 10 in all."""

BACKLOG = 2048
"""Connections that may wait to be accepted."""

_WHY = {
    errno.EADDRINUSE: "another program listens there already. Stop it, or choose another port "
    "with --port or PALABRE_PORT",
    errno.EACCES: "this user may not use that port. Choose one above 1023 with --port or "
    "PALABRE_PORT, and put a proxy in front",
    errno.EADDRNOTAVAIL: "no interface of this machine has that address. Choose another one with "
    "--host or PALABRE_HOST",
}


class Server(uvicorn.Server):
    """uvicorn, but SIGTERM is an ordinary end: exit code 0, not the signal raised again."""

    def __init__(
        self, config: uvicorn.Config, *, ready: Callable[[], None], closing: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._closing = closing
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        # What is there by now stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        if self._loop is not None:
            # What never ends by itself is to end now: uvicorn waits for it before the lifespan's
            # end, and this runs in a signal handler, between any two instructions of the loop.
            self._loop.call_soon_threadsafe(self._closing)


def listener(host: str, port: int) -> socket.socket:
    """A socket that listens on *host* and *port*, 0 for any free one. Refuses with the reason.

    A name of several addresses gets the first IPv4 one; `::` takes IPv4 connections too.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, place = min(found, key=lambda one: one[0] is not socket.AF_INET)
        both = host == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server(
            place[:2], family=family, backlog=BACKLOG, dualstack_ipv6=both
        )
    except socket.gaierror as exc:
        raise Refusal(f"Can't listen on {host}: it is no address or name known here.") from exc
    except OSError as exc:
        why = _WHY.get(exc.errno or 0, exc.strerror or "the system refuses")
        raise Refusal(f"Can't listen on port {port} of {host}: {why}.") from exc
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, and without
    # it an answer in two parts waits 40 ms for the client's delayed acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def runner() -> asyncio.Runner:
    """What runs the service: on uvloop where there is one, which answers a fifth more requests."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=new_event_loop)


def configuration(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves.

    Forwarding headers are read by `palabre.web.visitor`, and access is logged by
    `palabre.web.door`: uvicorn's own log prints queries.
    """
    return uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        http="httptools",
        loop="auto",
        lifespan="on",
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
    )


async def serve(
    app: ASGIApp,
    listening: socket.socket,
    *,
    ready: Callable[[], None],
    closing: Callable[[], None],
) -> None:
    """Serve until told to stop; what was accepted is finished first. *ready* is called once.

    *closing*: called when it is told to stop, so that streams end.

    Refuses when the application can't start.
    """
    try:
        await Server(configuration(app), ready=ready, closing=closing).serve(sockets=[listening])
    except SystemExit as exc:
        # uvicorn's way to say that the application did not start.
        raise Refusal("The service could not start; the log says why.") from exc
