"""Moderators on authors as persons (contract section 4): found, exported, erased, blocked."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import people, sites
from palabre.errors import InvalidRequest
from palabre.model import Scope
from palabre.rendering import shapes
from palabre.text import rules
from palabre.web import answer, auth, body
from palabre.web.asked import asked
from palabre.web.wanted import Wanted

EMAIL_MOST = 1000
REASON_MOST = 300


async def lookup(request: Request) -> Response:
    """`POST /v1/moderation/authors/lookup`: the author behind an address, never in a URL."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    wanted = Wanted(await body.read_json(request))
    typed = wanted.text("email", most=EMAIL_MOST, required=True)
    name = wanted.text("site", most=64)
    identity = ""
    if typed is not None:
        try:
            identity = rules.email(typed)
        except rules.Refused as exc:
            wanted.refuse("email", exc)
    wanted.done()
    site = await asks.service.store.read(partial(sites.meant, name=name, site_id=moderator.site_id))
    if site is None:
        wanted.wrong("site", "required")
        wanted.done()
        raise InvalidRequest([])
    found = await people.lookup(asks.service, site, identity)
    return answer.json_answer(shapes.author(found))


async def export(request: Request) -> Response:
    """`GET /v1/moderation/authors/ID/export`: a person's data, all of it."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    found = await people.export(asks.service, moderator, request.path_params["id"])
    return answer.json_answer(shapes.exported(found, asks.language))


async def erase(request: Request) -> Response:
    """`POST /v1/moderation/authors/ID/erase`: a person's data, gone."""
    moderator = await auth.requires(request, Scope.MODERATE)
    await body.read_json(request)
    erased = await people.erase(asked(request).service, moderator, request.path_params["id"])
    return answer.json_answer({"id": request.path_params["id"], "erased": erased})


async def block(request: Request) -> Response:
    """`POST /v1/moderation/authors/ID/block`: their new comments go to spam, untold."""
    moderator = await auth.requires(request, Scope.MODERATE)
    wanted = Wanted(await body.read_json(request))
    reason = wanted.text("reason", most=REASON_MOST)
    until = wanted.moment("until")
    if until is not None and until <= asked(request).service.now():
        wanted.wrong("until", "not_allowed")
    also = wanted.text("also", most=20)
    if also not in (None, "pending"):
        wanted.wrong("also", "unknown")
    wanted.done()
    blocked = await people.block(
        asked(request).service,
        moderator,
        request.path_params["id"],
        reason=reason,
        until=until,
        also_pending=also == "pending",
    )
    return answer.json_answer(shapes.author(blocked.author))


async def unblock(request: Request) -> Response:
    """`POST /v1/moderation/authors/ID/unblock`."""
    moderator = await auth.requires(request, Scope.MODERATE)
    await body.read_json(request)
    found = await people.unblock(asked(request).service, moderator, request.path_params["id"])
    return answer.json_answer(shapes.author(found))


async def distrust(request: Request) -> Response:
    """`POST /v1/moderation/authors/ID/distrust`: what their browsers have earned counts no more."""
    moderator = await auth.requires(request, Scope.MODERATE)
    await body.read_json(request)
    found = await people.distrust(asked(request).service, moderator, request.path_params["id"])
    return answer.json_answer(shapes.author(found))
