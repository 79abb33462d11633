"""The demonstration article page, as a site's owner would have it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre import demonstration
from palabre.actions import listing, sites
from palabre.web import answer, pages
from palabre.web.asked import asked, parameters


async def article(request: Request) -> Response:
    """`GET /demo/`: there once `palabre demo` has made it."""
    asks = asked(request)
    parameters(request, "lang")
    site = await sites.get(asks.service, demonstration.SITE)
    asks.site = site
    settings = asks.service.settings
    found = await listing.page(asks.service, site, demonstration.ADDRESS, limit=100)
    view = pages.ListingView(article=found.article, comments=found.comments, invites=False)
    fragment = pages.listing_fragment(view, language=asks.language, service_url=settings.public_url)
    html = pages.demo_page(
        found.article, listing=fragment, language=asks.language, base=settings.base_path
    )
    return answer.page(html, language=asks.language, site=site)
