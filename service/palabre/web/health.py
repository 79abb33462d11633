"""Whether the process lives, and whether it can do its work (contract 3.3)."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response

from palabre.errors import Problem
from palabre.store import Tx, info
from palabre.web import answer
from palabre.web.asked import asked

log = logging.getLogger(__name__)


async def alive(request: Request) -> Response:
    """`GET /healthz`: the process answers."""
    return answer.json_answer({"status": "ok"})


async def ready(request: Request) -> Response:
    """`GET /readyz`: the store is reachable, writable and migrated; else 503."""
    service = asked(request).service

    async def probe(tx: Tx) -> None:
        await info.put(tx, probed_at=str(int(service.now().timestamp())))

    checks = {"store": True, "migrations": True}
    try:
        checks["migrations"] = not await service.store.pending_migrations()
        checks["store"] = service.store.is_in_place()
        if all(checks.values()):
            # Into a table of ours: without the migrations it may not be there.
            await service.store.write(probe)
    except Problem:
        checks["store"] = False
    is_ready = all(checks.values())
    status = {"status": "ready" if is_ready else "not ready", "checks": checks}
    headers = {} if is_ready else {"Retry-After": "5"}
    return answer.json_answer(status, 200 if is_ready else 503, headers=headers)
