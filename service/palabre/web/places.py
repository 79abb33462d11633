"""Moderators on articles and sites (contract section 4)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import articles, sites
from palabre.errors import BadParameter, FieldError
from palabre.model import Moderator, Scope, Site
from palabre.rendering import shapes
from palabre.text import rules
from palabre.web import answer, auth, body
from palabre.web.asked import Asked, asked, number, parameters
from palabre.web.moderation import PAGE, PAGE_MOST, next_page, position_after
from palabre.web.public import canonical
from palabre.web.wanted import Wanted, is_storable

URL_MOST = 2000


async def articles_page(request: Request) -> Response:
    """`GET /v1/moderation/articles`: a site's, newest first; `article=` asks for one."""
    moderator = await auth.requires(request, Scope.READ)
    asks = asked(request)
    given = parameters(request, "site", "article", "limit", "after", "lang")
    wanted = given.get("article")
    site = await _site(asks, moderator, name=given.get("site"), article=wanted)
    if site is None:
        raise BadParameter([FieldError("site", "required")])
    if wanted is not None:
        found = await articles.at(asks.service, site, canonical(site, wanted))
        return answer.json_answer(
            {"articles": [shapes.article(found)] if found.id else [], "next": None}
        )
    scope = f"articles/{site.id}"
    position = position_after(asks, scope, given)
    page, more = await articles.page(
        asks.service,
        site,
        after=None if position is None else (int(position[0]), str(position[1])),
        limit=number(given, "limit", default=PAGE, most=PAGE_MOST),
    )
    shaped = [shapes.article(article) for article in page]
    return answer.json_answer({"articles": shaped, "next": next_page(request, scope, more)})


async def article(request: Request) -> Response:
    """`GET /v1/moderation/articles/ID`."""
    moderator = await auth.requires(request, Scope.READ)
    found = await articles.get(asked(request).service, moderator, request.path_params["id"])
    return answer.json_answer(shapes.article(found))


async def put_article(request: Request) -> Response:
    """`PUT /v1/moderation/articles`: open, close, title one, made if need be."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    wanted = Wanted(await body.read_json(request))
    url = wanted.text("article", most=URL_MOST, required=True)
    name = wanted.text("site", most=64)
    changes = _changes(wanted)
    wanted.done()
    site = await _site(asks, moderator, name=name, article=url)
    path = ""
    if site is None:
        wanted.wrong("site", "required")
    else:
        try:
            path = rules.article(url or "", site.origins)
        except rules.Refused as exc:
            wanted.refuse("article", exc)
    wanted.done()
    if site is None:
        raise LookupError(name)
    found, made = await articles.put(asks.service, site, path, changes)
    return answer.json_answer(shapes.article(found), 201 if made else 200)


async def change_article(request: Request) -> Response:
    """`PATCH /v1/moderation/articles/ID`: open, title, policy."""
    moderator = await auth.requires(request, Scope.MODERATE)
    wanted = Wanted(await body.read_json(request))
    changes = _changes(wanted)
    wanted.done()
    found = await articles.change(
        asked(request).service, moderator, request.path_params["id"], changes
    )
    return answer.json_answer(shapes.article(found))


async def site(request: Request) -> Response:
    """`GET /v1/moderation/sites/NAME`."""
    moderator = await auth.requires(request, Scope.READ)
    found = await sites.get(
        asked(request).service, request.path_params["name"], site_id=moderator.site_id
    )
    return answer.json_answer(shapes.site(found))


async def change_site(request: Request) -> Response:
    """`PATCH /v1/moderation/sites/NAME`: policy."""
    moderator = await auth.requires(request, Scope.ADMIN)
    wanted = Wanted(await body.read_json(request, most=body.RULES_BYTES))
    changes = wanted.object("policy")
    if wanted.value("policy") is None:
        wanted.wrong("policy", "required")
    wanted.done()
    found = await sites.change_policy(
        asked(request).service,
        request.path_params["name"],
        changes or {},
        site_id=moderator.site_id,
    )
    return answer.json_answer(shapes.site(found))


async def _site(
    asks: Asked, moderator: Moderator, *, name: str | None, article: str | None
) -> Site | None:
    """The site that is meant, which must be the moderator's; theirs, where they have only one."""
    found = await sites.find(asks.service, name=name, article=article, origin=None)
    if found is None and moderator.site_id is not None:
        found = await sites.by_id(asks.service, moderator.site_id)
    return None if found is None else auth.may_see(moderator, found)


def _changes(wanted: Wanted) -> articles.Changes:
    title = None
    value = wanted.value("title")
    if value is not None and not (isinstance(value, str) and is_storable(value)):
        wanted.wrong("title", "invalid")
    elif isinstance(value, str) and not rules.is_blank(value):
        try:
            title = rules.title(value)
        except rules.Refused as exc:
            wanted.refuse("title", exc)
    return articles.Changes(
        open=wanted.flag("open"),
        title=title,
        sets_title=wanted.has("title"),
        policy=wanted.object("policy"),
    )
