"""Answers that scripts on other pages may read, always without credentials (contract 3.1)."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import sites
from palabre.web import problems
from palabre.web.asked import asked, visitor_of

Handler = Callable[[Request], Awaitable[Response]]
EXPOSED = "Location, Retry-After, ETag"
PREFLIGHT_S = 600


def for_anyone(handler: Handler) -> Handler:
    """Let any page read the answer, its problems included."""

    @functools.wraps(handler)
    async def handle(request: Request) -> Response:
        response = await problems.answered(handler, request)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers.setdefault("Access-Control-Expose-Headers", EXPOSED)
        return response

    return handle


def for_scripts(handler: Handler) -> Handler:
    """Let any page's script read the answer, its problems included, where it is not a page."""

    @functools.wraps(handler)
    async def handle(request: Request) -> Response:
        return await (handler if asked(request).is_page else for_anyone(handler))(request)

    return handle


def for_sites(handler: Handler) -> Handler:
    """Let pages of our sites read the answer, its problems included."""

    @functools.wraps(handler)
    async def handle(request: Request) -> Response:
        response = await problems.answered(handler, request)
        await _echo(request, response)
        return response

    return handle


async def preflight(request: Request) -> Response:
    """What a browser asks before it posts JSON or an Idempotency-Key from an article page."""
    if request.headers.get("access-control-request-method", "POST") != "POST":
        return await preflight_for_anyone(request)
    response = Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
            "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key, Accept",
            "Access-Control-Max-Age": str(PREFLIGHT_S),
        },
    )
    await _echo(request, response)
    return response


async def preflight_for_anyone(request: Request) -> Response:
    """The same for what any page may read."""
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key, Accept",
            "Access-Control-Max-Age": str(PREFLIGHT_S),
        },
    )


async def _echo(request: Request, response: Response) -> None:
    response.headers.add_vary_header("Origin")
    asks = asked(request)
    origin = visitor_of(request).origin
    if origin is None:
        return
    site = asks.site
    if site is None or origin not in site.origins:
        site = await sites.of_origin(asks.service, origin)
    if site is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
