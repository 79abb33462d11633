"""Moderators on bans: made, looked through, tried out, lifted, taken back."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import bans
from palabre.model import BanKind, Scope
from palabre.rendering import shapes
from palabre.rendering.desk_bans import ban_name
from palabre.store.tx import ms
from palabre.text import domains, rules
from palabre.web import answer, auth, body
from palabre.web.asked import Asked, asked, number, parameters
from palabre.web.moderation import PAGE, PAGE_MOST, next_page, position_after
from palabre.web.wanted import Wanted

REASON_MOST = 200
DOMAIN_MOST = 300
KINDS = ("author", "network", "mail_domain", "link_domain", "text")
PREFIXES = ("address", "network")
APPLIES = ("preview", "last_30_days")


async def page(request: Request) -> Response:
    """`GET /v1/moderation/bans`: those that stand, the newest first."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    given = parameters(request, "site", "limit", "after", "lang")
    scope = f"bans/{moderator.site_id}/{given.get('site')}"
    position = position_after(asks, scope, given)
    found, more = await bans.page(
        asks.service,
        moderator,
        site=given.get("site"),
        before=None if position is None else (int(position[0]), str(position[1])),
        limit=number(given, "limit", default=PAGE, most=PAGE_MOST),
    )
    names = await bans.names(asks.service, found)
    following = (ms(found[-1].created_at), found[-1].id) if more else None
    return answer.json_answer(
        {
            "bans": [shapes.ban(one, names[one.site_id]) for one in found],
            "next": next_page(request, scope, following),
        }
    )


async def make(request: Request) -> Response:
    """`POST /v1/moderation/bans`: from now on, for the last 30 days as well, or only tried out."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    wanted = Wanted(await body.read_json(request))
    what = _what(wanted)
    reason = wanted.text("reason", most=REASON_MOST)
    until = wanted.moment("until")
    apply = wanted.text("apply", most=20)
    if apply is not None and apply not in APPLIES:
        wanted.wrong("apply", "unknown")
    wanted.done()
    if apply == "preview":
        tried = await bans.preview(asks.service, moderator, what)
        shaped = shapes.ban_preview(tried, asks.language)
        return answer.json_answer({"ban": None, "moved": None, "preview": shaped})
    terms = bans.Terms(
        reason=reason,
        until=until,
        applies=apply is not None,
        note=note(asks, what, reason),
    )
    made = await bans.make(asks.service, moderator, what, terms)
    names = await bans.names(asks.service, [made.ban])
    return answer.json_answer(
        {
            "ban": shapes.ban(made.ban, names[made.ban.site_id]),
            "moved": made.moved if terms.applies else None,
            "preview": None,
        },
        201 if made.is_new else 200,
    )


async def lift(request: Request) -> Response:
    """`DELETE /v1/moderation/bans/ID`."""
    moderator = await auth.requires(request, Scope.MODERATE)
    ban_id = request.path_params["id"]
    await bans.lift(asked(request).service, moderator, ban_id)
    return answer.json_answer({"id": ban_id, "lifted": True})


async def undo(request: Request) -> Response:
    """`POST /v1/moderation/bans/ID/undo`: what it took to spam of earlier comments comes back."""
    moderator = await auth.requires(request, Scope.MODERATE)
    await body.read_json(request)
    ban_id = request.path_params["id"]
    undone = await bans.undo(asked(request).service, moderator, ban_id)
    return answer.json_answer({"id": ban_id, "restored": undone.restored, "left": undone.left})


def note(asks: Asked, what: bans.Wanted, reason: str | None) -> str:
    """What stands on the decisions that follow from a ban."""
    # A mail domain is part of an address, which stands beside nobody's comment.
    label = None if what.kind is BanKind.MAIL_DOMAIN else what.label
    named = ban_name(what.kind, label, asks.language)
    if reason is None:
        return asks.say("ban.note", what=named)
    return asks.say("ban.note.because", what=named, reason=reason)


def _what(wanted: Wanted) -> bans.Wanted:
    """What of a body is to be banned; what is wrong is noted."""
    kind = wanted.text("kind", most=20, required=True)
    if kind is not None and kind not in KINDS:
        wanted.wrong("kind", "unknown")
        kind = None
    prefix = wanted.text("prefix", most=20) or PREFIXES[0]
    if prefix not in PREFIXES:
        wanted.wrong("prefix", "unknown")
        prefix = PREFIXES[0]
    typed, domain = wanted.text("domain", most=DOMAIN_MOST), None
    if typed is not None:
        try:
            domain = domains.typed(typed)
        except rules.Refused as exc:
            wanted.refuse("domain", exc)
    return bans.Wanted(
        kind=BanKind(prefix if kind == "network" else kind or "text"),
        comment=wanted.text("comment", most=64),
        domain=domain,
        site=wanted.text("site", most=64),
    )
