"""Problems into answers: `application/problem+json` (RFC 9457) to programs, a page to browsers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from palabre import logs
from palabre.errors import (
    BodyTooLarge,
    BodyTooSlow,
    DecidedMeanwhile,
    FieldError,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unauthenticated,
)
from palabre.rendering import pages, shapes
from palabre.text.policy import stylesheet_url
from palabre.web import answer
from palabre.web.asked import Asked, asked


async def answered(handler: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    """What a handler answers, or its problem's answer: for what is to be said beside either."""
    try:
        return await handler(request)
    except Problem as problem:
        return respond(request, problem)


async def handle(request: Request, exc: Exception) -> Response:
    """The answer to whatever went wrong, in the asker's language and kind."""
    return respond(request, as_problem(exc))


def as_problem(exc: Exception) -> Problem:
    """Starlette's own refusals by our names."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, HTTPException):
        if exc.status_code == BodyTooLarge.status:
            return BodyTooLarge()
        return NotFound() if exc.status_code == NotFound.status else MethodNotAllowed()
    return InternalError()


def respond(request: Request, problem: Problem) -> Response:
    """A problem as an answer."""
    asks = asked(request)
    if asks.is_page:
        return _page(asks, problem)
    return Response(
        answer.encode(as_json(asks, problem)),
        problem.status,
        headers={"Content-Language": asks.language, **headers(problem)},
        media_type="application/problem+json",
    )


def headers(problem: Problem) -> dict[str, str]:
    """What a problem says in headers; no error may be kept."""
    found = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}
    if problem.retry_after_s is not None:
        found["Retry-After"] = str(problem.retry_after_s)
    if isinstance(problem, Unauthenticated):
        found["WWW-Authenticate"] = "Bearer"
    if isinstance(problem, MethodNotAllowed):
        found["Allow"] = ", ".join(problem.allowed)
    if isinstance(problem, (BodyTooLarge, BodyTooSlow)):
        # What is left of the body is not going to be read.
        found["Connection"] = "close"
    return found


def as_json(asks: Asked, problem: Problem) -> dict[str, Any]:
    """The members of contract section 5."""
    found: dict[str, Any] = {
        "type": f"{asks.service.settings.public_url}/problems/{problem.code}",
        "title": asks.say(f"problem.{problem.code}.title"),
        "status": problem.status,
        "detail": asks.say(f"problem.{problem.code}.detail", **problem.values),
        "code": problem.code,
    }
    if isinstance(problem, Invalid):
        found["errors"] = [
            {"field": error.field, "code": error.code, "message": message(asks, error)}
            for error in problem.errors
        ]
    if isinstance(problem, DecidedMeanwhile):
        found["comment"] = shapes.moderated(problem.comment, asks.language)
    if isinstance(problem, InternalError):
        found["request_id"] = logs.request_id.get()
    return found


def message(asks: Asked, error: FieldError) -> str:
    """A field's error in words."""
    return asks.say(f"field.{error.hint or error.code}", **error.values)


def _page(asks: Asked, problem: Problem) -> Response:
    errors = problem.errors if isinstance(problem, Invalid) else ()
    view = pages.ProblemView(
        code=problem.code,
        title=asks.say(f"problem.{problem.code}.title"),
        detail=asks.say(f"problem.{problem.code}.detail", **problem.values),
        errors=tuple(pages.FieldMessage(error.field, message(asks, error)) for error in errors),
        request_id=logs.request_id.get() if isinstance(problem, InternalError) else None,
        stylesheet=stylesheet_url(asks.site.policy, asks.site.origins) if asks.site else None,
        is_desk=asks.scope["path"].startswith("/desk"),
    )
    html = pages.problem_page(view, language=asks.language, base=asks.service.settings.base_path)
    return answer.page(
        html,
        problem.status,
        language=asks.language,
        site=asks.site,
        stylesheet=view.stylesheet,
        headers=headers(problem),
    )
