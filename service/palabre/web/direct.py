"""The straight way to the routes whose path has no parameter: one look-up instead of a router."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from palabre.errors import Problem
from palabre.web import problems


class Direct:
    """Pure ASGI: what Starlette would do for such a route, and *otherwise* for all the rest."""

    def __init__(self, routes: Sequence[BaseRoute], *, otherwise: ASGIApp) -> None:
        self._routes = {
            route.path: route
            for route in routes
            if isinstance(route, Route) and not route.param_convertors
        }
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self._otherwise(scope, receive, send)
            return
        scope["route"] = route
        scope["path_params"] = {}
        try:
            await route.app(scope, receive, send)
        except (Problem, HTTPException) as exc:
            response = await problems.handle(Request(scope, receive), exc)
            await response(scope, receive, send)
