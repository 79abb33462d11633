"""Trying rules on what has come already, over HTTP."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import sites
from palabre.actions.replay import DAYS, DAYS_MOST, IN_A_REQUEST, replay
from palabre.model import Scope
from palabre.rendering import replays
from palabre.web import answer, auth, body
from palabre.web.asked import asked
from palabre.web.wanted import Wanted


async def post(request: Request) -> Response:
    """`POST /v1/moderation/sites/NAME/replay`: changes to its policy, none of which are stored."""
    moderator = await auth.requires(request, Scope.ADMIN)
    asks = asked(request)
    wanted = Wanted(await body.read_json(request, most=body.RULES_BYTES))
    changes = wanted.object("policy")
    days = wanted.number("days") or DAYS
    if days > DAYS_MOST:
        wanted.wrong("days", "invalid", hint="number_within", n=1, most=DAYS_MOST)
    wanted.done()
    service = asks.service
    site = await sites.get(service, request.path_params["name"], site_id=moderator.site_id)
    found = await replay(
        service, site, changes or {}, span=timedelta(days=days), bounds=IN_A_REQUEST
    )
    desk = f"{service.settings.public_url}/desk"
    return answer.json_answer(replays.as_json(found, language=asks.language, desk=desk))
