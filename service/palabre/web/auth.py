"""Who asks: the bearer token of the moderation interface (RFC 6750)."""

from __future__ import annotations

from starlette.requests import Request

from palabre.actions import moderators
from palabre.errors import ScopeMissing, SiteNotFound, Unauthenticated
from palabre.model import Moderator, Scope, Site
from palabre.web.asked import asked

TOKEN_MOST = 200


async def requires(request: Request, scope: Scope) -> Moderator:
    """The moderator behind the request's token.

    Raises Unauthenticated, and ScopeMissing when the token does not allow *scope*.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or len(token) > TOKEN_MOST:
        raise Unauthenticated
    moderator = await moderators.known(asked(request).service, token)
    if not moderator.scope.allows(scope):
        raise ScopeMissing
    return moderator


def may_see(moderator: Moderator, site: Site) -> Site:
    """A site that the moderator's token covers; another one is not there. Raises SiteNotFound."""
    if moderator.site_id not in (None, site.id):
        raise SiteNotFound
    return site
