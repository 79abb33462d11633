"""Trying rules at the desk, as they were typed, on what has come already."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from palabre.actions.replay import DAYS, IN_A_REQUEST, replay
from palabre.errors import FieldError, Invalid, InvalidRequest
from palabre.model import Scope
from palabre.rendering import replays
from palabre.web import body
from palabre.web.desk import policies
from palabre.web.desk.door import Visit, guarded
from palabre.web.desk.places import rules_again, site_of

_OURS = ("csrf", "act")
"""Fields that the page's own form has."""


@guarded(Scope.ADMIN, most=body.RULES_BYTES)
async def look(visit: Visit) -> Response:
    """`POST /desk/rules/try`: what the rules would have done; saves nothing."""
    site = await site_of(visit, visit.fields.get("site"))
    if site is None:
        raise InvalidRequest([FieldError("site", "required")])
    changes = policies.changes(visit.fields)
    try:
        found = await replay(
            visit.service, site, changes, span=timedelta(days=DAYS), bounds=IN_A_REQUEST
        )
    except Invalid as exc:
        return await rules_again(visit, site, exc)
    view = replays.view(
        found,
        {name: value for name, value in visit.fields.items() if name not in _OURS},
        days=DAYS,
        has_changes=bool(changes),
        language=visit.asks.language,
    )
    return await visit.page("replay", view, here="rules")
