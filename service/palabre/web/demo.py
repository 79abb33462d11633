"""The demonstration article page, as a site's owner would have it, in four ways."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre import demonstration
from palabre.actions import listing, sites
from palabre.errors import NotFound
from palabre.rendering import pages
from palabre.web import answer
from palabre.web.asked import asked, parameters

_POLICIES = {
    "element": answer.SCRIPTED_PAGE_CSP,
    "strict": "default-src 'self'",
}
"""The Content-Security-Policy of the ways that need another than every page of ours has."""


async def article(request: Request) -> Response:
    """`GET /demo/` and `GET /demo/NAME`: there once `palabre demo` has made them.

    NAME is an article's own, or a way of taking comments in: then it is the first article's.
    """
    asks = asked(request)
    parameters(request, "lang")
    site = await sites.get(asks.service, demonstration.SITE)
    asks.site = site
    settings = asks.service.settings
    variant = request.path_params.get("name", "")
    address = request.scope["path"].rstrip("/")
    if variant in demonstration.VARIANTS[1:]:
        address = demonstration.ADDRESS
    else:
        variant = demonstration.VARIANTS[0]
    found = await listing.page(asks.service, site, address, limit=100)
    if not found.article.id:
        raise NotFound
    view = pages.ListingView(
        article=found.article, comments=found.comments, invites=variant == "include"
    )
    fragment = pages.listing_fragment(view, language=asks.language, service_url=settings.public_url)
    html = pages.demo_page(
        found.article,
        listing=fragment,
        variant=variant,
        has_story=address == demonstration.ADDRESS,
        language=asks.language,
        base=settings.base_path,
    )
    policy = _POLICIES.get(variant, answer.PUBLIC_PAGE_CSP)
    return answer.page(html, language=asks.language, site=site, policy=policy)
