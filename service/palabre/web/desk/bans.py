"""Bans at the desk: those that stand, and one that is tried out before it is made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from starlette.responses import Response

from palabre.actions import bans, looking
from palabre.errors import (
    BadParameter,
    BanNotFound,
    CommentNotFound,
    FieldError,
    InvalidRequest,
)
from palabre.model import Ban, BanKind, Scope
from palabre.rendering.desk_bans import BanLine, BansView, BanView, ban_name
from palabre.rendering.desk_queue import excerpt
from palabre.store.tx import ms
from palabre.text import cursor, domains, rules
from palabre.web.asked import parameters
from palabre.web.bans import DOMAIN_MOST, REASON_MOST, note
from palabre.web.desk import wanted
from palabre.web.desk.door import Visit, guarded
from palabre.web.desk.places import site_names
from palabre.web.problems import message

PAGE = 50
_ID = re.compile(r"[0-9a-z]{1,64}")
_COUNT = re.compile(r"[0-9]{1,6}")


@guarded(Scope.MODERATE)
async def look(visit: Visit) -> Response:
    """`GET /desk/bans`: those that stand, the newest first."""
    names = ("site", "after", "made", "moved", "lifted", "restored", "left", "lang")
    given = parameters(visit.request, *names)
    view = await _view(visit, given)
    if _ID.fullmatch(given.get("made", "")):
        made = await bans.get(visit.service, visit.moderator, given["made"])
        view = replace(view, made=(await _lines(visit, [made]))[0], moved=_number(given, "moved"))
    view = replace(
        view,
        lifted="lifted" in given,
        restored=_number(given, "restored"),
        left=_number(given, "left") or 0,
    )
    return await visit.page("bans", view, here="bans")


@guarded(Scope.MODERATE)
async def change(visit: Visit) -> Response:
    """`POST /desk/bans`: try one out, make it, lift one, or bring back what it took to spam."""
    act, _, ban_id = visit.fields.get("act", "").partition(" ")
    if act in ("try", "ban", "apply"):
        return await _ban(visit, act)
    if not _ID.fullmatch(ban_id):
        raise BanNotFound
    if act == "lift":
        await bans.lift(visit.service, visit.moderator, ban_id)
        return visit.see_other("bans?lifted=yes")
    if act == "undo":
        undone = await bans.undo(visit.service, visit.moderator, ban_id)
        return visit.see_other(f"bans?restored={undone.restored}&left={undone.left}")
    raise InvalidRequest([FieldError("act", "unknown")])


async def _ban(visit: Visit, act: str) -> Response:
    """The page that tries a ban out, with what is wrong if something is; or on to the list."""
    fields = visit.fields
    try:
        what = _what(fields)
    except rules.Refused as exc:
        said = {"domain": message(visit.asks, exc.about("domain"))}
        view = replace(await _view(visit, {}), values=fields, errors=said)
        return await visit.page("bans", view, here="bans", status=422)
    reason = fields.get("reason", "").strip()
    wrong: list[FieldError] = []
    until = wanted.day(fields, "until", wrong) if fields.get("until") else None
    if len(reason) > REASON_MOST:
        wrong.append(FieldError("reason", "too_long", values={"limit": REASON_MOST}))
    if act == "try" or wrong:
        return await _try_out(visit, what, wrong)
    terms = bans.Terms(
        reason=reason or None,
        # To the end of that day.
        until=None if until is None else until + wanted.DAY,
        applies=act == "apply",
        note=note(visit.asks, what, reason or None),
    )
    try:
        made = await bans.make(visit.service, visit.moderator, what, terms)
    except InvalidRequest as exc:
        if any(one.field != "until" for one in exc.errors):
            raise
        return await _try_out(visit, what, exc.errors)
    told = f"&moved={made.moved}" if terms.applies else ""
    return visit.see_other(f"bans?made={made.ban.id}{told}")


async def _try_out(visit: Visit, what: bans.Wanted, wrong: Sequence[FieldError]) -> Response:
    """What the ban would do, before it is made."""
    fields = visit.fields
    again = {name: fields[name] for name in ("what", "comment", "domain", "site") if name in fields}
    view = BanView(
        name=ban_name(what.kind, what.label, visit.asks.language),
        kind=what.kind.value,
        preview=await bans.preview(visit.service, visit.moderator, what),
        fields=again,
        reason=fields.get("reason", ""),
        until=fields.get("until", ""),
        errors={one.field: message(visit.asks, one) for one in wrong},
        back="bans" if what.comment is None else f"comments/{what.comment}",
    )
    return await visit.page("ban", view, here="bans", status=422 if wrong else 200)


def _what(fields: Mapping[str, str]) -> bans.Wanted:
    """What a form wants banned: `what` is its kind, and the domain if the comment's page named it.

    Raises Refused for the domain that was typed, CommentNotFound, InvalidRequest.
    """
    kind, _, named = fields.get("what", "").partition(" ")
    if kind not in list(BanKind):
        raise InvalidRequest([FieldError("what", "required")])
    comment = fields.get("comment") or None
    if comment is not None and not _ID.fullmatch(comment):
        raise CommentNotFound
    domain = named or fields.get("domain", "").strip() or None
    if comment is None and domain is None:
        raise rules.Refused("required")
    if domain is not None:
        if len(domain) > DOMAIN_MOST:
            raise rules.Refused("too_long", limit=DOMAIN_MOST)
        domain = domains.typed(domain)
    site = fields.get("site") or None
    return bans.Wanted(BanKind(kind), comment=comment, domain=domain, site=site)


async def _view(visit: Visit, given: Mapping[str, str]) -> BansView:
    site = given.get("site")
    scope = f"desk/bans/{visit.moderator.site_id}/{site}"
    before = None
    if "after" in given:
        try:
            at, ban_id = cursor.position(visit.service.keys, scope, given["after"])
        except ValueError as exc:
            raise BadParameter([FieldError("after", "invalid", hint="cursor_invalid")]) from exc
        before = (int(at), str(ban_id))
    found, more = await bans.page(
        visit.service, visit.moderator, site=site, before=before, limit=PAGE
    )
    following = None
    if more:
        last = (ms(found[-1].created_at), found[-1].id)
        sealed = cursor.seal(visit.service.keys, scope, last)
        following = wanted.path({"site": site or "", "after": sealed})
    return BansView(await _lines(visit, found), site, await site_names(visit), following)


async def _lines(visit: Visit, found: list[Ban]) -> list[BanLine]:
    names = await bans.names(visit.service, found)
    made_from = [one.comment for one in found if one.comment is not None]
    about = await looking.some(visit.service, visit.moderator, made_from)
    lines = []
    for one in found:
        source = None if one.comment is None else about.get(one.comment)
        lines.append(
            BanLine(
                ban=one,
                name=ban_name(one.kind, one.label, visit.asks.language),
                site=names[one.site_id],
                words=None if source is None or not source.text else excerpt(source.text),
            )
        )
    return lines


def _number(given: Mapping[str, str], name: str) -> int | None:
    return int(given[name]) if _COUNT.fullmatch(given.get(name, "")) else None
