"""A site's rules in plain words, for anyone: to programs and as a page."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import listing, sites
from palabre.errors import BadParameter, FieldError
from palabre.rendering import pages, site_rules
from palabre.rendering.site_rules import SiteRules
from palabre.text.policy import stylesheet_url
from palabre.web import answer, cors
from palabre.web.asked import Asked, asked, parameters


@cors.for_anyone
async def rules(request: Request) -> Response:
    """`GET /v1/rules`: every rule in force, its threshold and what follows, in plain words."""
    asks = asked(request)
    found = await _told(request, asks)
    query = urlencode({"site": found.site.name, "lang": asks.language})
    told = site_rules.as_json(found, page=f"{asks.service.settings.public_url}/rules?{query}")
    return answer.lasting(
        request,
        answer.encode(told),
        "application/json",
        of=[listing.SITES],
        vary=(),
        Content_Language=asks.language,
    )


async def page(request: Request) -> Response:
    """`GET /rules`: the same as a page, to be linked to, quoted and printed."""
    asks = asked(request)
    found = await _told(request, asks)
    stylesheet = stylesheet_url(found.site.policy, found.site.origins)
    html = pages.site_rules_page(
        found, language=asks.language, base=asks.service.settings.base_path, stylesheet=stylesheet
    )
    return answer.lasting(
        request,
        html.encode(),
        "text/html",
        of=[listing.SITES],
        vary=(),
        Content_Language=asks.language,
        Content_Security_Policy=answer.public_page_csp(stylesheet=stylesheet),
    )


async def _told(request: Request, asks: Asked) -> SiteRules:
    given = parameters(request, "site", "lang")
    site = await sites.find(asks.service, name=given.get("site"), article=None, origin=None)
    if site is None:
        raise BadParameter([FieldError("site", "required")])
    asks.site = site
    return site_rules.told(site, asks.service.settings, asks.language)
