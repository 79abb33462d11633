"""The quarantine at the desk: what came in a flood, a burst at a time."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.responses import Response

from palabre.actions import quarantine
from palabre.errors import CommentNotFound, FieldError, InvalidRequest
from palabre.model import Scope
from palabre.rendering import desk_quarantine
from palabre.store.quarantine import LOOKED_AT_MOST
from palabre.web.asked import parameters
from palabre.web.desk.door import Visit, guarded
from palabre.web.desk.places import site_names, site_of
from palabre.web.desk.queue import seen_at

_GROUP = re.compile(r"[0-9a-z]{1,64}")
_COUNT = re.compile(r"[0-9]{1,6}")
_GONE = "gone"


@guarded(Scope.READ)
async def look(visit: Visit) -> Response:
    """`GET /desk/quarantine`: a site's."""
    given = parameters(visit.request, "site", "done", "group", "n", "lang")
    site = await site_of(visit, given.get("site"))
    now = visit.service.now()
    lane = None if site is None else await quarantine.look(visit.service, site)
    done, group, n = (given.get(name, "") for name in ("done", "group", "n"))
    view = desk_quarantine.QuarantineView(
        site=None if site is None else site.name,
        sites=await site_names(visit),
        bursts=tuple(
            desk_quarantine.burst(one, language=visit.asks.language)
            for one in (() if lane is None else lane.bursts)
        ),
        count=0 if lane is None else lane.held.count,
        is_more=lane is not None and lane.held.count >= LOOKED_AT_MOST,
        flooded=None
        if lane is None
        else desk_quarantine.flood(lane.held, language=visit.asks.language, now=now),
        days=visit.service.settings.retention_spam_days,
        decides=visit.may(Scope.MODERATE),
        at=now,
        done=_said(visit, done, n),
        undoes=group if done == quarantine.RELEASE and _GROUP.fullmatch(group) else None,
    )
    return await visit.page("quarantine", view)


@guarded(Scope.MODERATE)
async def change(visit: Visit) -> Response:
    """`POST /desk/quarantine`: delete a burst, let it out, or put it back."""
    site = await site_of(visit, visit.fields.get("site"))
    act, _, group = visit.fields.get("act", "").partition(" ")
    if site is None:
        raise InvalidRequest([FieldError("site", "required")])
    if act not in quarantine.ACTIONS:
        raise InvalidRequest([FieldError("act", "unknown")])
    told = {"site": site.name, "done": _GONE}
    if _GROUP.fullmatch(group):
        try:
            found = await quarantine.decide(
                visit.service, visit.moderator, site, group, act, until=seen_at(visit)
            )
            told |= {"done": act, "group": group, "n": str(found.count)}
        except CommentNotFound:
            # Somebody was quicker: the page says so.
            pass
    return visit.see_other(f"quarantine?{urlencode(told)}")


def _said(visit: Visit, done: str, n: str) -> str | None:
    """What has just been done, in words; only numbers are taken from the URL."""
    if done == _GONE:
        return visit.asks.say("quarantine.gone")
    if done not in quarantine.ACTIONS or not _COUNT.fullmatch(n):
        return None
    return visit.asks.say(f"quarantine.done.{done}", n=int(n))
