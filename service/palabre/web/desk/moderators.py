"""Moderators at the desk: who they are, a new one, the end of a token."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from starlette.responses import Response

from palabre.actions import learn, moderators, sessions
from palabre.errors import FieldError
from palabre.model import Scope
from palabre.rendering.desk_people import ModeratorLine, ModeratorsView
from palabre.store import moderators as stored
from palabre.store.moderators import Entry
from palabre.web.asked import parameters
from palabre.web.desk.door import Visit, guarded
from palabre.web.desk.places import site_names, site_of
from palabre.web.problems import message

DAYS_MOST = 3650


@guarded(Scope.ADMIN)
async def look(visit: Visit) -> Response:
    """`GET /desk/moderators`."""
    parameters(visit.request, "lang")
    return await visit.page("moderators", await _view(visit), here="moderators")


@guarded(Scope.ADMIN)
async def change(visit: Visit) -> Response:
    """`POST /desk/moderators`: add one, whose token is shown this once, revoke one, or take what
    one taught out of the learned score."""
    act, _, name = visit.fields.get("act", "").partition(" ")
    if act == "add":
        return await _add(visit)
    if act == "revoke":
        view = await _view(visit)
        if not any(one.name == name and one.may_revoke for one in view.moderators):
            return await visit.page("moderators", view, here="moderators", status=404)
        if visit.fields.get("sure") != "yes":
            view = replace(
                view,
                asks=name,
                is_self=name == visit.moderator.name,
                is_last=await _is_last(visit, name),
            )
            return await visit.page("moderators", view, here="moderators")
        await moderators.revoke(visit.service, name)
    if act == "unlearn":
        return await _unlearn(visit, name)
    return visit.see_other("moderators")


async def _unlearn(visit: Visit, name: str) -> Response:
    """On the sites that the visitor administers, once they are sure."""
    view = await _view(visit)
    site = None
    if visit.moderator.site_id is not None:
        found = await site_of(visit, None)
        site = None if found is None else found.name
    if not any(one.name == name for one in view.moderators):
        return await visit.page("moderators", view, here="moderators", status=404)
    if visit.fields.get("sure") == "yes":
        n = await learn.forget(visit.service, name, site=site)
        view = replace(view, forgot=name, taught=n)
    else:
        n = await learn.taught_by(visit.service, name, site=site)
        view = replace(view, forgets=name, taught=n)
    return await visit.page("moderators", view, here="moderators")


async def _add(visit: Visit) -> Response:
    fields = visit.fields
    name, days = fields.get("name", "").strip(), fields.get("days", "").strip()
    wrong: list[FieldError] = []
    scope = fields.get("scope", "")
    if scope not in list(Scope):
        wrong.append(FieldError("scope", "unknown"))
    expires_at = None
    if days:
        if days.isascii() and days.isdigit() and 0 < int(days[:6]) <= DAYS_MOST:
            expires_at = visit.service.now() + timedelta(days=int(days))
        else:
            values: dict[str, int | str] = {"n": 1, "most": DAYS_MOST}
            wrong.append(FieldError("days", "invalid", hint="parameter_number", values=values))
    site = None
    if visit.moderator.site_id is not None or fields.get("site"):
        found = await site_of(visit, fields.get("site"))
        site = None if found is None else found.name
    token = None
    if not wrong:
        try:
            token = await moderators.add(
                visit.service, name, scope=Scope(scope), site=site, expires_at=expires_at
            )
        except moderators.NameRefused as exc:
            wrong.append(FieldError("name", "invalid", hint=exc.hint))
    view = await _view(visit)
    if token is None:
        errors = {one.field: message(visit.asks, one) for one in wrong}
        view = replace(view, errors=errors, values=fields)
        return await visit.page("moderators", view, here="moderators", status=422)
    link = await sessions.link(visit.service, name)
    view = replace(view, added=name, token=token, link=link)
    return await visit.page("moderators", view, here="moderators")


async def _is_last(visit: Visit, name: str) -> bool:
    """Whether, without this one, nobody could administer all that who asks does."""
    site = await site_of(visit, None) if visit.moderator.site_id is not None else None
    homes = (None,) if site is None else (None, site.name)
    return not any(
        one.name != name and one.scope is Scope.ADMIN and one.site in homes
        for one in await visit.service.store.read(stored.every)
        if _line(visit, one).may_revoke
    )


async def _view(visit: Visit) -> ModeratorsView:
    frame_site = (await site_of(visit, None)) if visit.moderator.site_id is not None else None
    own = None if frame_site is None else frame_site.name
    found = await visit.service.store.read(stored.every)
    return ModeratorsView(
        moderators=[_line(visit, one) for one in found if own is None or one.site == own],
        sites=await site_names(visit),
        own_site=own,
        scopes=tuple(scope.value for scope in Scope),
        values={},
        errors={},
    )


def _line(visit: Visit, entry: Entry) -> ModeratorLine:
    standing, since = "works", entry.expires_at
    if entry.revoked_at is not None:
        standing, since = "revoked", entry.revoked_at
    elif entry.expires_at is not None and entry.expires_at <= visit.service.now():
        standing = "expired"
    return ModeratorLine(
        name=entry.name,
        scope=entry.scope.value,
        site=entry.site,
        standing=standing,
        since=since,
        may_revoke=standing == "works",
    )
