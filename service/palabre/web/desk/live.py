"""What happens while somebody looks at the queue: the interface's stream, on the session."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from palabre.actions import sessions
from palabre.model import Scope
from palabre.web.asked import parameters
from palabre.web.desk.door import Visit, guarded
from palabre.web.events import HEADERS, Stream, reached_of


@guarded(Scope.READ)
async def events(visit: Visit) -> Response:
    """`GET /desk/events`: as `/v1/moderation/events`, until the session ends.

    Besides, `looking` has who else looks at comments just now: a name by the comment's id.
    `last`: where to go on from, for a browser that has forgotten what it would say itself.
    """
    given = parameters(visit.request, "lang", "last")
    here = reached_of(visit.request.headers.get("last-event-id") or given.get("last", ""))
    if visit.request.method == "HEAD":
        return Response(headers=HEADERS)
    return Stream(
        visit.request.app.state.streams,
        visit.moderator,
        site_id=visit.moderator.site_id,
        here=here,
        still=partial(sessions.still, visit.service, visit.signed_in.token),
        with_looks=True,
    )
