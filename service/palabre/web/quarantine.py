"""The quarantine over HTTP: bursts of what came in a flood, and deciding on one."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import quarantine, sites
from palabre.errors import BadParameter, FieldError
from palabre.model import Moderator, Scope, Site
from palabre.rendering import shapes
from palabre.service import Service
from palabre.web import answer, auth, body
from palabre.web.asked import asked, parameters
from palabre.web.wanted import Wanted

GROUP_MOST = 64
NAME_MOST = 64


async def look(request: Request) -> Response:
    """`GET /v1/moderation/quarantine`: a site's bursts, the newest first."""
    moderator = await auth.requires(request, Scope.READ)
    asks = asked(request)
    given = parameters(request, "site", "lang")
    site = await _site(asks.service, moderator, given.get("site"))
    if site is None:
        raise BadParameter([FieldError("site", "required", hint="site_ambiguous")])
    found = await quarantine.look(asks.service, site)
    return answer.json_answer(
        {
            "site": site.name,
            "count": found.held.count,
            "since": shapes.instant(found.held.since),
            "flooded_until": shapes.instant(found.held.flooded_until),
            "groups": [_burst(one, asks.language) for one in found.bursts],
        }
    )


async def decide(request: Request) -> Response:
    """`POST /v1/moderation/quarantine`: delete a burst, let it out, or put it back."""
    moderator = await auth.requires(request, Scope.MODERATE)
    service = asked(request).service
    wanted = Wanted(await body.read_json(request))
    name = wanted.text("site", most=NAME_MOST)
    group = wanted.text("group", most=GROUP_MOST, required=True) or ""
    action = wanted.text("action", most=20, required=True)
    if action is not None and action not in quarantine.ACTIONS:
        wanted.wrong("action", "unknown")
    until = wanted.moment("until")
    site = await _site(service, moderator, name)
    if site is None:
        wanted.wrong("site", "required", hint="site_ambiguous")
    wanted.done()
    if site is None or action is None:
        raise LookupError("site")  # `done` has raised
    found = await quarantine.decide(
        service, moderator, site, group, action, until=until or service.now()
    )
    return answer.json_answer({"group": group, "count": found.count, "done": found.done})


async def _site(service: Service, moderator: Moderator, name: str | None) -> Site | None:
    return await service.store.read(partial(sites.meant, name=name, site_id=moderator.site_id))


def _burst(found: quarantine.Shown, language: str) -> dict[str, Any]:
    return {
        "group": found.group,
        "count": found.count,
        "since": shapes.instant(found.since),
        "until": shapes.instant(found.until),
        "articles": [
            {"id": article.id, "url": article.url, "title": article.title, "count": n}
            for article, n in found.articles
        ],
        "more_articles": found.more_articles,
        "examples": [shapes.moderated(one, language) for one in found.examples],
    }
