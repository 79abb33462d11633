"""The only wiring: an open service into a web application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from palabre.errors import Problem
from palabre.jobs import worker
from palabre.service import Service
from palabre.web import problems
from palabre.web.door import Door
from palabre.web.gate import Gate
from palabre.web.kept import Kept
from palabre.web.metrics import Metrics
from palabre.web.routes import ROUTES


def build(service: Service) -> Starlette:
    """The application over an open service; its lifespan runs the jobs."""
    metrics = Metrics()
    service.store.tell(committed=metrics.committed)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with worker.running(service):
            yield

    app = _Application(
        routes=ROUTES,
        middleware=[Middleware(Door, metrics=metrics)],
        exception_handlers={Problem: problems.handle, HTTPException: problems.handle},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.metrics = metrics
    app.state.gate = Gate(lambda: metrics.reads)
    return app


class _Application(Starlette):
    """With the short way to kept answers in front of all that Starlette does."""

    def build_middleware_stack(self) -> ASGIApp:
        stack = super().build_middleware_stack()
        return Kept(stack, service=self.state.service, metrics=self.state.metrics)
