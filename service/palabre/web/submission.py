"""Taking comments: `POST /v1/comments`, and the form page that brings them (contract 3.1, 3.3)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import articles, browsers, listing, sites, stamps
from palabre.actions.submit import Stored, submit
from palabre.errors import (
    BadParameter,
    Busy,
    FieldError,
    Invalid,
    InvalidSubmission,
    OriginNotAllowed,
    Problem,
    StoreUnavailable,
    TooFast,
)
from palabre.ids import new_token
from palabre.model import Policy, Site, State
from palabre.rendering import pages, shapes
from palabre.text import address
from palabre.text.policy import stylesheet_url
from palabre.text.submission import Fields
from palabre.web import answer, body, cors, gate, metrics, problems
from palabre.web.asked import Asked, asked, choice, parameters, visitor_of
from palabre.web.public import canonical, receipt_path, site_of
from palabre.web.wanted import is_storable

SAME_KEY_AGAIN = (InvalidSubmission, TooFast, Busy, StoreUnavailable)
"""Problems after which the form is sent again as the same request."""


@cors.for_sites
async def post(request: Request) -> Response:
    """`POST /v1/comments`: a comment, in any of three encodings."""
    outcomes = metrics.of(request).submissions
    try:
        response = await _post(request)
    except Problem as problem:
        outcomes.add(problem.code)
        raise
    if response.status_code < 400:
        outcomes.add("stored")
    return response


async def _post(request: Request) -> Response:
    asks = asked(request)
    fields = await body.read(request)
    asks.lang = _text(fields, "lang") or asks.lang
    visitor = visitor_of(request)
    site = await sites.find(
        asks.service,
        name=_text(fields, "site"),
        article=_text(fields, "article"),
        origin=visitor.origin,
    )
    asks.site = site
    header_key = request.headers.get("idempotency-key")
    try:
        async with gate.of(request).turn():
            stored = await submit(asks.service, site, fields, visitor, header_key=header_key)
    except OriginNotAllowed:
        # A page that may not post here gets nothing to send again either.
        raise
    except Problem as problem:
        if not asks.is_page:
            raise
        metrics.of(request).submissions.add(problem.code)
        return await _form_again(asks, site, fields, problem)
    return _stored(asks, stored, back=_text(fields, "redirect") == "article")


def _stored(asks: Asked, stored: Stored, *, back: bool) -> Response:
    if asks.is_page:
        if back and stored.comment.state is State.APPROVED:
            return answer.see_other(f"{stored.article.url}#comment-{stored.comment.id}")
        return answer.see_other(receipt_path(asks, stored.token))
    path = f"/v1/receipts/{stored.token}"
    settings = asks.service.settings
    receipt = {"token": stored.token, "url": settings.public_url + path}
    return answer.json_answer(
        {"comment": shapes.public(stored.comment), "receipt": receipt},
        201,
        headers={"Location": settings.base_path + path, "Vary": "Accept"},
    )


async def form(request: Request) -> Response:
    """`GET /v1/form`: the form as a page of its own."""
    asks = asked(request)
    given = parameters(request, "article", "site", "parent", "lang")
    site = await site_of(asks, name=given.get("site"), article=given.get("article"))
    path = canonical(site, given.get("article"))
    article = await articles.at(asks.service, site, path)
    parent = notice = None
    status = 200
    if "parent" in given:
        parent = await listing.parent(asks.service, article, given["parent"])
        if parent is None:
            unknown = FieldError("parent", "unknown", hint="parent_unknown")
            if not asks.is_page:
                raise BadParameter([unknown])
            # A reader may have come from a page that is older than a decision.
            notice = (problems.message(asks, unknown), asks.say("form.stands_alone"))
            status = BadParameter.status
    given_out = await stamps.fresh(asks.service, article)
    view = pages.FormView(
        article=article.url,
        article_url=article.url,
        article_title=article.public_title,
        idempotency_key=new_token(),
        stamp=given_out.token,
        asks_for_proof=given_out.puzzle is not None,
        comment_limit=article.policy.comment_limit,
        is_open=article.open,
        held=article.policy.first_state is State.PENDING,
        site=site.name,
        parent=parent,
        privacy_url=article.policy.privacy_url,
        stylesheet=stylesheet_url(article.policy, site.origins),
        notice=notice,
    )
    return _form_page(asks, view, site, status=status)


@cors.for_anyone
async def stamp(request: Request) -> Response:
    """`GET /v1/stamp`: a stamp for the form of an article page, which was not made by us; and the
    token of a browser whose reader has just asked it to remember them."""
    asks = asked(request)
    given = parameters(request, "article", "site", "lang", "stamp", "remember")
    wants = choice(given, "remember", ("0", "1")) == "1"
    site = await site_of(asks, name=given.get("site"), article=given.get("article"))
    path = canonical(site, given.get("article"))
    article = await articles.at(asks.service, site, path)
    found = await stamps.renewed(asks.service, article, given.get("stamp", ""))
    if found is None:
        found = await stamps.fresh(asks.service, article)
    given_out = shapes.stamp(found, asks.language)
    if wants:
        given_out["token"] = browsers.token(asks.service, site)
    return answer.json_answer(given_out)


async def _form_again(asks: Asked, site: Site | None, fields: Fields, problem: Problem) -> Response:
    """The form, filled in, with what was wrong: nothing that was typed is lost."""
    values = {name: value for name, value in fields.items() if isinstance(value, str)}
    typed = values.get("article", "")
    article = parent = renewed = None
    if site is not None:
        try:
            path = address.canonical(typed, site.origins)
        except address.AddressError:
            pass
        else:
            article = await articles.at(asks.service, site, path)
            sent = values.get("stamp", "").strip()
            renewed = await stamps.renewed(asks.service, article, sent)
            replies_to = _text(fields, "parent")
            if replies_to is not None:
                parent = await listing.parent(asks.service, article, replies_to)
    rules = article.policy if article else site.policy if site else Policy()
    key = values.get("idempotency_key", "")
    keep_key = isinstance(problem, SAME_KEY_AGAIN) and 8 <= len(key) <= 128
    errors: tuple[pages.FieldMessage, ...] = ()
    notice = None
    if isinstance(problem, Invalid):
        errors = tuple(
            pages.FieldMessage(error.field, problems.message(asks, error))
            for error in problem.errors
        )
    else:
        told = problems.as_json(asks, problem)
        notice = (told["title"], told["detail"])
    view = pages.FormView(
        article=typed,
        article_url=article.url if article else None,
        article_title=article.public_title if article else None,
        idempotency_key=key if keep_key else new_token(),
        stamp=renewed.token if renewed else None,
        asks_for_proof=renewed is not None and renewed.puzzle is not None,
        comment_limit=rules.comment_limit,
        is_open=article.open if article else True,
        held=rules.first_state is State.PENDING,
        returns=values.get("redirect") == "article",
        site=site.name if site else None,
        parent=parent,
        privacy_url=rules.privacy_url,
        stylesheet=stylesheet_url(rules, site.origins) if site else None,
        values=values,
        errors=errors,
        notice=notice,
    )
    return _form_page(asks, view, site, status=problem.status, headers=problems.headers(problem))


def _form_page(
    asks: Asked,
    view: pages.FormView,
    site: Site | None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    html = pages.form_page(view, language=asks.language, base=asks.service.settings.base_path)
    return answer.page(
        html,
        status,
        language=asks.language,
        site=site,
        stylesheet=view.stylesheet,
        framed=True,
        policy=answer.SCRIPTED_PAGE_CSP,
        headers={"X-Robots-Tag": "noindex", **(headers or {})},
    )


def _text(fields: Fields, name: str) -> str | None:
    """A field's trimmed text; None when there is none, or none that the store can be asked for."""
    value = fields.get(name)
    if not isinstance(value, str) or not is_storable(value):
        return None
    return value.strip() or None
