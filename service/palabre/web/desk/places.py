"""Articles and sites at the desk: open and close them, title them, give them rules."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from palabre.actions import articles, sites
from palabre.actions.numbers import Counting
from palabre.errors import BadParameter, FieldError, Invalid, InvalidRequest
from palabre.model import Article, Scope, Site
from palabre.rendering import site_rules
from palabre.rendering.desk_places import (
    ArticlesView,
    ArticleView,
    RulesView,
    beneath_article,
    beneath_site,
    policy_form,
    rules_now,
)
from palabre.store import sites as stored
from palabre.text import cursor, rules
from palabre.text.policy import WORDS
from palabre.web import auth, body
from palabre.web.asked import parameters
from palabre.web.desk import policies, wanted
from palabre.web.desk.door import Visit, guarded
from palabre.web.problems import message

PAGE = 50
CAUGHT_DAYS = 30
"""How far back the rules' page says what they caught; one of `numbers.RANGES`."""


@guarded(Scope.READ)
async def articles_page(visit: Visit) -> Response:
    """`GET /desk/articles`: a site's, newest first; with an address on to the article there."""
    given = parameters(visit.request, "site", "article", "after", "lang")
    site = await site_of(visit, given.get("site"))
    typed = given.get("article", "").strip()
    if site is None or not typed:
        view = await _articles(visit, site, after=given.get("after"))
        return await visit.page("articles", view, here="articles")
    try:
        found = await articles.at(visit.service, site, rules.article(typed, site.origins))
    except rules.Refused as exc:
        return await _refused(visit, site, typed, exc, status=BadParameter.status)
    if found.id:
        return visit.see_other(f"articles/{found.id}")
    view = replace(await _articles(visit, site), typed=typed, is_new=True)
    return await visit.page("articles", view, here="articles")


@guarded(Scope.MODERATE)
async def put(visit: Visit) -> Response:
    """`POST /desk/articles`: open or close one, there already or not."""
    site = await site_of(visit, visit.fields.get("site"))
    if site is None:
        raise InvalidRequest([FieldError("site", "required")])
    typed = visit.fields.get("article", "").strip()
    try:
        if not typed:
            raise rules.Refused("required")
        path = rules.article(typed, site.origins)
    except rules.Refused as exc:
        return await _refused(visit, site, typed, exc, status=422)
    changes = articles.Changes(open=visit.fields.get("act") != "close")
    found, _ = await articles.put(visit.service, site, path, changes)
    return visit.see_other(f"articles/{found.id}")


@guarded(Scope.READ)
async def article(visit: Visit) -> Response:
    """`GET /desk/articles/ID`."""
    parameters(visit.request, "lang")
    return await visit.page("article", await _article(visit), here="articles")


@guarded(Scope.MODERATE)
async def change_article(visit: Visit) -> Response:
    """`POST /desk/articles/ID`: open, close, or title and rules."""
    article_id = str(visit.request.path_params["id"])
    act = visit.fields.get("act")
    if act in ("open", "close"):
        changes = articles.Changes(open=act == "open")
        await articles.change(visit.service, visit.moderator, article_id, changes)
        return visit.see_other(f"articles/{article_id}")
    typed = visit.fields.get("title", "")
    try:
        title = None if rules.is_blank(typed) else rules.title(typed)
        changes = articles.Changes(
            title=title,
            # A title that nobody touched is not vouched for by looking at it.
            sets_title=typed != visit.fields.get("title_before", ""),
            policy=policies.changes(visit.fields),
        )
        await articles.change(visit.service, visit.moderator, article_id, changes)
    except rules.Refused as refused:
        view = await _article(visit)
        said = message(visit.asks, refused.about("title"))
        view = replace(view, title=typed, title_error=said)
        return await visit.page("article", view, here="articles", status=422)
    except Invalid as exc:
        view = await _article(visit)
        form = policies.again(view.policy, visit.fields, exc.errors, visit.asks)
        view = replace(view, title=typed, policy=form)
        return await visit.page("article", view, here="articles", status=exc.status)
    view = replace(await _article(visit), saved=True)
    return await visit.page("article", view, here="articles")


@guarded(Scope.READ)
async def rules_page(visit: Visit) -> Response:
    """`GET /desk/rules`: a site's."""
    given = parameters(visit.request, "site", "lang")
    site = await site_of(visit, given.get("site"))
    return await visit.page("rules", await _rules(visit, site), here="rules")


@guarded(Scope.ADMIN, most=body.RULES_BYTES)
async def change_rules(visit: Visit) -> Response:
    """`POST /desk/rules`."""
    site = await site_of(visit, visit.fields.get("site"))
    if site is None:
        raise InvalidRequest([FieldError("site", "required")])
    if visit.fields.get("act") == "back":
        return await rules_again(visit, site)
    try:
        site = await sites.change_policy(
            visit.service,
            site.name,
            policies.changes(visit.fields),
            site_id=visit.moderator.site_id,
        )
    except Invalid as exc:
        return await rules_again(visit, site, exc)
    view = replace(await _rules(visit, site), saved=True)
    return await visit.page("rules", view, here="rules")


async def rules_again(visit: Visit, site: Site, exc: Invalid | None = None) -> Response:
    """The form as it was typed, with what is wrong with it, if anything is."""
    view = await _rules(visit, site)
    if view.policy is not None:
        errors = () if exc is None else exc.errors
        view = replace(view, policy=policies.again(view.policy, visit.fields, errors, visit.asks))
    status = 200 if exc is None else exc.status
    return await visit.page("rules", view, here="rules", status=status)


async def site_of(visit: Visit, name: str | None) -> Site | None:
    """The site that is asked for, or the moderator's, or the first. Raises SiteNotFound."""
    if name:
        found = await sites.get(visit.service, name, site_id=visit.moderator.site_id)
        return auth.may_see(visit.moderator, found)
    if visit.moderator.site_id is not None:
        return await sites.by_id(visit.service, visit.moderator.site_id)
    return next(iter(await sites.every(visit.service)), None)


async def site_names(visit: Visit) -> tuple[str, ...]:
    """The sites that the moderator may choose among."""
    if visit.moderator.site_id is not None:
        return ()
    return tuple(await visit.service.store.read(stored.names))


async def _refused(
    visit: Visit, site: Site, typed: str, exc: rules.Refused, *, status: int
) -> Response:
    """The articles again, with what is wrong with the address that was typed."""
    said = message(visit.asks, exc.about("article"))
    view = replace(await _articles(visit, site), typed=typed, error=said)
    return await visit.page("articles", view, here="articles", status=status)


async def _articles(visit: Visit, site: Site | None, *, after: str | None = None) -> ArticlesView:
    found: list[Article] = []
    following = None
    if site is not None:
        scope = f"desk/articles/{site.id}"
        position = None
        if after is not None:
            try:
                position = cursor.position(visit.service.keys, scope, after)
            except ValueError as exc:
                wrong = FieldError("after", "invalid", hint="cursor_invalid")
                raise BadParameter([wrong]) from exc
        found, more = await articles.page(
            visit.service,
            site,
            after=None if position is None else (int(position[0]), str(position[1])),
            limit=PAGE,
        )
        if more is not None:
            sealed = cursor.seal(visit.service.keys, scope, more)
            following = wanted.path({"site": site.name, "after": sealed})
    return ArticlesView(site, await site_names(visit), found, following)


async def _article(visit: Visit) -> ArticleView:
    article_id = str(visit.request.path_params["id"])
    found = await articles.get(visit.service, visit.moderator, article_id)
    site = await sites.by_id(visit.service, found.site_id)
    beneath = beneath_article(found.policy, site.policy)
    told = site_rules.every(replace(site, policy=beneath), visit.asks.language)
    form = policy_form(found.policy, beneath, told=told)
    return ArticleView(found, site, form, found.title or "")


async def _rules(visit: Visit, site: Site | None) -> RulesView:
    if site is None:
        return RulesView(None, await site_names(visit), None)
    language = visit.asks.language
    beneath = beneath_site(site.policy)
    # Lists of words are no preset's: without them their rule would seem to be off.
    without = replace(site.policy, treatment=beneath.treatment)
    told = site_rules.every(replace(site, policy=without), language)
    counting: Counting = visit.request.app.state.counting
    found = await counting.of_site(site, days=CAUGHT_DAYS)
    counted = {one.name.removeprefix("rule:"): (one.caught, one.approved) for one in found.rules}
    return RulesView(
        site,
        await site_names(visit),
        policy_form(site.policy, beneath, told=told, words=WORDS),
        origins=site.origins,
        now=rules_now(site.policy, site_rules.every(site, language), counted, language),
    )
