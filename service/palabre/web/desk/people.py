"""Authors as persons at the desk: looked up, exported, blocked, erased."""

from __future__ import annotations

import re
from dataclasses import replace

from starlette.responses import Response

from palabre.actions import people
from palabre.errors import AuthorNotFound, FieldError
from palabre.model import Scope
from palabre.rendering import shapes
from palabre.rendering.desk_people import PeopleView, PersonView
from palabre.text import rules
from palabre.web import answer
from palabre.web.asked import parameters
from palabre.web.desk.door import HEADERS, Visit, guarded
from palabre.web.desk.places import site_names, site_of
from palabre.web.desk.wanted import DAY, day
from palabre.web.persons import EMAIL_MOST, REASON_MOST
from palabre.web.problems import message

_COUNT = re.compile(r"[0-9]{1,6}")


@guarded(Scope.MODERATE)
async def look_up(visit: Visit) -> Response:
    """`GET /desk/people`: a form, since an address never stands in a URL."""
    given = parameters(visit.request, "site", "erased", "lang")
    view = replace(await _people(visit), erased="erased" in given, site=given.get("site"))
    return await visit.page("people", view, here="people")


@guarded(Scope.MODERATE)
async def find(visit: Visit) -> Response:
    """`POST /desk/people`: on to the page of whoever writes from an address."""
    site = await site_of(visit, visit.fields.get("site"))
    typed = visit.fields.get("email", "").strip()
    error = None
    try:
        if not typed or site is None:
            raise rules.Refused("required")
        if len(typed) > EMAIL_MOST:
            raise rules.Refused("invalid")
        found = await people.lookup(visit.service, site, rules.email(typed))
        return visit.see_other(f"people/{found.id}")
    except rules.Refused as exc:
        error = message(visit.asks, exc.about("email"))
        status = 422
    except AuthorNotFound as exc:
        error = visit.asks.say(f"problem.{exc.code}.detail")
        status = exc.status
    view = replace(await _people(visit), error=error, site=visit.fields.get("site"))
    return await visit.page("people", view, here="people", status=status)


@guarded(Scope.MODERATE)
async def person(visit: Visit) -> Response:
    """`GET /desk/people/ID`."""
    given = parameters(visit.request, "moved", "lang")
    view = await _person(visit)
    moved = given.get("moved", "")
    if view.author.blocked and _COUNT.fullmatch(moved):
        view = replace(view, moved=int(moved))
    return await visit.page("person", view, here="people")


@guarded(Scope.MODERATE)
async def export(visit: Visit) -> Response:
    """`GET /desk/people/ID/export`: everything that is kept of a person, as a file."""
    parameters(visit.request, "lang")
    found = await people.export(visit.service, visit.moderator, _id(visit))
    named = f'attachment; filename="{found.author.id}.json"'
    return answer.json_answer(
        shapes.exported(found, visit.asks.language),
        headers=HEADERS | {"Content-Disposition": named},
    )


@guarded(Scope.MODERATE)
async def change(visit: Visit) -> Response:
    """`POST /desk/people/ID`: block, unblock, distrust or, once it is sure, erase."""
    act = visit.fields.get("act")
    if act == "block":
        return await _block(visit)
    if act == "unblock":
        await people.unblock(visit.service, visit.moderator, _id(visit))
    elif act == "distrust":
        await people.distrust(visit.service, visit.moderator, _id(visit))
    elif act == "erase":
        if visit.fields.get("sure") == "yes":
            await people.erase(visit.service, visit.moderator, _id(visit))
            return visit.see_other("people?erased=yes")
        view = replace(await _person(visit, all_of_them=True), asks=True)
        return await visit.page("person", view, here="people")
    return visit.see_other(f"people/{_id(visit)}")


async def _block(visit: Visit) -> Response:
    reason = visit.fields.get("reason", "").strip()
    wrong: list[FieldError] = []
    until = day(visit.fields, "until", wrong) if visit.fields.get("until") else None
    if until is not None:
        # To the end of that day.
        until += DAY
        if until <= visit.service.now():
            wrong.append(FieldError("until", "not_allowed", hint="until_past"))
    if len(reason) > REASON_MOST:
        wrong.append(FieldError("reason", "too_long", values={"limit": REASON_MOST}))
    if wrong:
        said = " ".join(message(visit.asks, one) for one in wrong)
        view = replace(
            await _person(visit),
            until=visit.fields.get("until", ""),
            reason=reason,
            until_error=said,
        )
        return await visit.page("person", view, here="people", status=422)
    also_pending = visit.fields.get("also") == "pending"
    blocked = await people.block(
        visit.service,
        visit.moderator,
        _id(visit),
        reason=reason or None,
        until=until,
        also_pending=also_pending,
    )
    told = f"?moved={blocked.moved}" if also_pending else ""
    return visit.see_other(f"people/{_id(visit)}{told}")


async def _person(visit: Visit, *, all_of_them: bool = False) -> PersonView:
    found = await people.signed(visit.service, visit.moderator, _id(visit), all_of_them=all_of_them)
    return PersonView(found.author, found.names, found.browsers)


async def _people(visit: Visit) -> PeopleView:
    return PeopleView(await site_names(visit), None)


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["id"])
