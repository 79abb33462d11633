"""The only wiring: an open service into a web application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from palabre.actions.numbers import Counting
from palabre.errors import Problem
from palabre.jobs import worker
from palabre.service import Service
from palabre.web import problems
from palabre.web.direct import Direct
from palabre.web.door import Door
from palabre.web.events import Streams
from palabre.web.gate import Gate
from palabre.web.kept import Kept
from palabre.web.metrics import Metrics
from palabre.web.routes import ROUTES


def build(service: Service) -> Starlette:
    """The application over an open service; its lifespan runs the jobs."""
    metrics = Metrics()
    streams = Streams(service)
    service.store.tell(committed=metrics.committed)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with worker.running(service, whole=service.settings.jobs, ran=metrics.ran):
            yield

    app = _Application(
        routes=ROUTES,
        exception_handlers={Problem: problems.handle, HTTPException: problems.handle},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.metrics = metrics
    app.state.streams = streams
    app.state.counting = Counting(service)
    app.state.gate = Gate(lambda: metrics.reads)
    return app


class _Application(Starlette):
    """With the short ways in front of all that Starlette does, which is half of a small answer."""

    def build_middleware_stack(self) -> ASGIApp:
        metrics = self.state.metrics
        inside = Direct(self.routes, otherwise=super().build_middleware_stack())
        door = Door(inside, metrics=metrics)
        return Kept(door, service=self.state.service, metrics=metrics)
