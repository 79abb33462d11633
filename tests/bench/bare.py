"""The baseline: an ASGI application that gives every request the same answer.

It is served as the product serves itself, so that the two differ in the application alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Message = dict[str, Any]


def application(status: int, headers: list[list[str]], body: bytes) -> Callable[..., Any]:
    """The application."""
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    async def app(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    return app


def serve(port: int, file: Path) -> None:
    """Serve the answer that *file* holds: status and headers in JSON, a line feed, the body."""
    import uvicorn

    from palabre.commands.server import configuration, listener

    head, _, body = file.read_bytes().partition(b"\n")
    status, headers = json.loads(head)
    # `Server.run` takes the loop that the configuration asks for.
    uvicorn.Server(configuration(application(status, headers, body))).run(
        sockets=[listener("127.0.0.1", port)]
    )


if __name__ == "__main__":
    # Started with -P: the modules beside this one are not to be taken for others of their names.
    serve(int(sys.argv[1]), Path(sys.argv[2]))
