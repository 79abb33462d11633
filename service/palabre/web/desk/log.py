"""The log at the desk: every decision, filterable, and as CSV."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from palabre.actions import looking, queue
from palabre.errors import BadParameter, FieldError
from palabre.model import Decision, Scope
from palabre.rendering import desk_comment, desk_log
from palabre.store import decisions, moderators
from palabre.text import cursor
from palabre.web.asked import parameters
from palabre.web.desk.door import HEADERS, Visit, guarded
from palabre.web.desk.places import site_names, site_of
from palabre.web.desk.wanted import DAY, day

PAGE = 100
AT_ONCE = 500
NAMES = ("site", "moderator", "comment", "since", "until")


@guarded(Scope.READ)
async def look(visit: Visit) -> Response:
    """`GET /desk/log`: newest first."""
    given = _given(parameters(visit.request, *NAMES, "after", "lang"))
    scope = f"desk/log/{visit.moderator.site_id}/{[given.get(name) for name in NAMES]}"
    before = None
    if "after" in given:
        try:
            before = int(cursor.position(visit.service.keys, scope, given["after"])[0])
        except ValueError as exc:
            wrong = FieldError("after", "invalid", hint="cursor_invalid")
            raise BadParameter([wrong]) from exc
    found, more = await _page(visit, given, before=before, limit=PAGE)
    everybody = await visit.service.store.read(moderators.every)
    site = await site_of(visit, None) if visit.moderator.site_id is not None else None
    own = (site.name,) if site else {one.site for one in everybody}
    filters = {name: given[name] for name in NAMES if name in given}
    following = None
    if more is not None:
        sealed = cursor.seal(visit.service.keys, scope, (more,))
        following = f"log?{urlencode(filters | {'after': sealed})}"
    view = desk_log.LogView(
        lines=desk_comment.lines(found, visit.asks.language),
        about=await looking.some(
            visit.service, visit.moderator, sorted({one.comment for one in found})
        ),
        given=given,
        sites=await site_names(visit),
        moderators=tuple(one.name for one in everybody if one.site in (None, *own)),
        next=following,
        csv="log.csv" + (f"?{urlencode(filters)}" if filters else ""),
    )
    return await visit.page("log", view, here="log")


@guarded(Scope.READ)
async def as_csv(visit: Visit) -> Response:
    """`GET /desk/log.csv`: all of it, newest first, read as fast as it is taken."""
    given = _given(parameters(visit.request, *NAMES, "lang"))
    # The first page before the answer begins: what is wrong with the filters is a problem.
    first = await _page(visit, given, before=None, limit=AT_ONCE)
    return StreamingResponse(
        _lines(visit, given, first),
        media_type="text/csv; charset=utf-8",
        headers=HEADERS
        | {
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="palabre-log.csv"',
        },
    )


async def _lines(
    visit: Visit, given: Mapping[str, str], page: tuple[list[Decision], int | None]
) -> AsyncIterator[str]:
    yield desk_log.head()
    while True:
        found, more = page
        urls = await visit.service.store.read(
            functools.partial(decisions.urls_of, comment_ids={one.comment for one in found})
        )
        yield desk_log.rows(found, urls)
        if more is None:
            return
        page = await _page(visit, given, before=more, limit=AT_ONCE)


async def _page(
    visit: Visit, given: Mapping[str, str], *, before: int | None, limit: int
) -> tuple[list[Decision], int | None]:
    wrong: list[FieldError] = []
    since, until = day(given, "since", wrong), day(given, "until", wrong)
    if wrong:
        raise BadParameter(wrong)
    return await queue.log(
        visit.service,
        visit.moderator,
        site=given.get("site"),
        comment=given.get("comment"),
        by=given.get("moderator"),
        before=before,
        limit=limit,
        since=since,
        until=None if until is None else until + DAY,
    )


def _given(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in given.items() if value.strip()}
