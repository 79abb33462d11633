"""The baseline: an ASGI application that answers every request with the same bytes and headers.

Run as `python bare.py PORT FILE`, FILE holding a JSON list of headers and, behind a line feed, the
body.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

Message = dict[str, Any]


def application(headers: list[list[str]], body: bytes) -> Callable[..., Awaitable[None]]:
    """The application."""
    raw = [(name.encode(), value.encode()) for name, value in headers]

    async def app(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    head, _, content = Path(sys.argv[2]).read_bytes().partition(b"\n")
    uvicorn.run(
        application(json.loads(head), content),
        port=int(sys.argv[1]),
        http="httptools",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
    )
