"""The web server, run in this process: uvicorn, with an ending of our own."""

from __future__ import annotations

import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

GRACE_S = 8
"""Seconds that requests under way get at the end; the contract gives 10 in all."""


class Server(uvicorn.Server):
    """uvicorn, but SIGTERM is an ordinary end: exit code 0, not the signal raised again."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


async def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve until told to stop; what was accepted is finished first.

    Forwarding headers are read by `palabre.web.visitor`, and access is logged by
    `palabre.web.door`: uvicorn's own log prints queries.
    """
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, and without
    # it an answer in two parts waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        http="httptools",
        loop="asyncio",
        lifespan="on",
        timeout_graceful_shutdown=GRACE_S,
    )
    await Server(config).serve(sockets=[listener])
