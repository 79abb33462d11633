"""The outermost door: a request id, one log line, counters, headers, and no stack trace outside."""

from __future__ import annotations

import logging
import time

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from palabre import logs
from palabre.errors import InternalError
from palabre.web import problems
from palabre.web.kept import ALWAYS
from palabre.web.metrics import Metrics
from palabre.web.request_ids import next_id

faults = logging.getLogger("palabre.fault")
UNMATCHED = "unmatched"


class Door:
    """Pure ASGI; everything else of the service is inside."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = next_id()
        token = logs.request_id.set(request_id)
        began = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in ALWAYS if pair[0] not in names),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = status or 499
        except Exception:
            faults.exception("unforeseen")
            if status:
                raise
            response = problems.respond(Request(scope), InternalError())
            await response(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", UNMATCHED)
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            seconds = time.perf_counter() - began
            self._metrics.answered(method, route, status, seconds)
            logs.access.note(method, route, status, seconds=seconds, request_id=request_id)
            logs.request_id.reset(token)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
