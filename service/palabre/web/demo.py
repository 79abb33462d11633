"""The demonstration article page, as a site's owner would have it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre import demonstration
from palabre.actions import listing, sites
from palabre.errors import NotFound
from palabre.rendering import pages
from palabre.web import answer
from palabre.web.asked import asked, parameters


async def article(request: Request) -> Response:
    """`GET /demo/` and `GET /demo/NAME`: there once `palabre demo` has made them."""
    asks = asked(request)
    parameters(request, "lang")
    site = await sites.get(asks.service, demonstration.SITE)
    asks.site = site
    settings = asks.service.settings
    address = request.scope["path"].rstrip("/")
    found = await listing.page(asks.service, site, address, limit=100)
    if not found.article.id:
        raise NotFound
    view = pages.ListingView(article=found.article, comments=found.comments, invites=False)
    fragment = pages.listing_fragment(view, language=asks.language, service_url=settings.public_url)
    html = pages.demo_page(
        found.article,
        listing=fragment,
        has_story=address == demonstration.ADDRESS,
        language=asks.language,
        base=settings.base_path,
    )
    return answer.page(html, language=asks.language, site=site)
