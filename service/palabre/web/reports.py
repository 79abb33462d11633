"""Readers report comments: the page for it, taking reports, and what became of one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import report
from palabre.errors import CommentNotFound, Invalid, OriginNotAllowed, Problem
from palabre.ids import new_token
from palabre.model import REPORT_REASONS
from palabre.rendering import pages, shapes
from palabre.text.policy import stylesheet_url
from palabre.text.rules import KEY_LIMIT, KEY_MINIMUM, NOTE_LIMIT
from palabre.web import answer, body, cors, gate, problems
from palabre.web.asked import Asked, asked, parameters, visitor_of
from palabre.web.public import by_secret_link

NOT_INDEXED = {"X-Robots-Tag": "noindex"}


@cors.for_scripts
async def form(request: Request) -> Response:
    """`GET /v1/comments/ID/report`: the page for it; to a program, the reasons there are."""
    asks = asked(request)
    parameters(request, "lang")
    found = await report.about(asks.service, request.path_params["id"])
    asks.site = found.site
    if asks.is_page:
        return _page(asks, _view(found))
    shaped = {
        "comment": shapes.public(found.comment),
        "reasons": [
            {"reason": one, "means": asks.say(f"report.reason.{one}")} for one in REPORT_REASONS
        ],
        "note_limit": NOTE_LIMIT,
    }
    headers = {"Vary": "Accept, Accept-Language", "Content-Language": asks.language}
    return answer.json_answer(shaped, headers=headers | NOT_INDEXED)


@cors.for_sites
async def post(request: Request) -> Response:
    """`POST /v1/comments/ID/report`: a report, in any of three encodings."""
    asks = asked(request)
    fields = await body.read(request)
    values = {name: value for name, value in fields.items() if isinstance(value, str)}
    asks.lang = values.get("lang") or asks.lang
    comment_id = request.path_params["id"]
    try:
        async with gate.of(request).turn():
            filed = await report.report(
                asks.service,
                comment_id,
                fields,
                visitor_of(request),
                header_key=request.headers.get("idempotency-key"),
            )
    except (CommentNotFound, OriginNotAllowed):
        raise
    except Problem as problem:
        found = await report.about(asks.service, comment_id)
        # Whose language is spoken, where none was asked for.
        asks.site = found.site
        if not asks.is_page:
            raise
        return _again(asks, found, values, problem)
    asks.site = filed.receipt.site
    path = f"/v1/reports/{filed.token}"
    settings = asks.service.settings
    if asks.is_page:
        query = f"?{urlencode({'lang': asks.language})}" if asks.lang else ""
        return answer.see_other(settings.base_path + path + query)
    return answer.json_answer(
        {
            "report": shapes.told_report(filed.receipt),
            "receipt": {"token": filed.token, "url": settings.public_url + path},
        },
        201,
        headers={"Location": settings.base_path + path, "Vary": "Accept"},
    )


@cors.for_scripts
@by_secret_link
async def receipt(request: Request) -> Response:
    """`GET /v1/reports/TOKEN`: what became of a report, for its reporter."""
    asks = asked(request)
    parameters(request, "lang")
    found = await report.receipt(asks.service, request.path_params["token"])
    asks.site = found.site
    if not asks.is_page:
        return answer.json_answer({"report": shapes.told_report(found)}, headers={"Vary": "Accept"})
    view = pages.ReportReceiptView(
        comment=found.comment,
        article=found.article,
        outcome=found.outcome,
        reported_at=found.reported_at,
        settled_at=found.settled_at,
        stylesheet=stylesheet_url(found.article.policy, found.site.origins),
    )
    html = pages.report_receipt_page(
        view,
        language=asks.language,
        base=asks.service.settings.base_path,
        now=asks.service.now(),
    )
    return answer.page(html, language=asks.language, stylesheet=view.stylesheet)


def _view(
    found: report.Reported,
    *,
    values: Mapping[str, str] | None = None,
    errors: tuple[pages.FieldMessage, ...] = (),
    notice: tuple[str, str] | None = None,
) -> pages.ReportView:
    values = values or {}
    key = values.get("idempotency_key", "")
    return pages.ReportView(
        comment=found.comment,
        article=found.article,
        idempotency_key=key if KEY_MINIMUM <= len(key) <= KEY_LIMIT else new_token(),
        stylesheet=stylesheet_url(found.article.policy, found.site.origins),
        values=values,
        errors=errors,
        notice=notice,
    )


def _again(
    asks: Asked, found: report.Reported, values: Mapping[str, str], problem: Problem
) -> Response:
    """The page once more, filled in, with what was wrong."""
    if isinstance(problem, Invalid):
        errors = tuple(
            pages.FieldMessage(error.field, problems.message(asks, error))
            for error in problem.errors
        )
        view = _view(found, values=values, errors=errors)
    else:
        told = problems.as_json(asks, problem)
        view = _view(found, values=values, notice=(told["title"], told["detail"]))
    return _page(asks, view, status=problem.status, headers=problems.headers(problem))


def _page(
    asks: Asked,
    view: pages.ReportView,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    html = pages.report_page(view, language=asks.language, base=asks.service.settings.base_path)
    return answer.page(
        html,
        status,
        language=asks.language,
        site=asks.site,
        stylesheet=view.stylesheet,
        framed=True,
        headers=NOT_INDEXED | dict(headers or {}),
    )
