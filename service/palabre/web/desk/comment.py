"""One comment: its page, and a moderator's own words about it or in it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.responses import Response

from palabre.actions import bans, edit, looking, queue, report
from palabre.actions import mask as masking
from palabre.errors import (
    Busy,
    CommentNotFound,
    DecidedMeanwhile,
    DuplicateComment,
    Invalid,
    NotAllowedFromHere,
    Problem,
    StoreUnavailable,
)
from palabre.model import BanKind, Comment, Scope
from palabre.rendering import desk_bans, desk_comment, desk_queue
from palabre.rendering.pages import FieldMessage
from palabre.web.asked import parameters
from palabre.web.desk import wanted
from palabre.web.desk.door import HEADERS, Visit, guarded
from palabre.web.problems import message

ASKS = ("reject", "reply", "edit")
"""What the page can be opened at."""


@guarded(Scope.READ)
async def look(visit: Visit) -> Response:
    """`GET /desk/comments/ID`: all about one; others see for two minutes that it is looked at."""
    given = parameters(visit.request, "ask", "back", "lang")
    ask = given.get("ask")
    back = given["back"] if "back" in given else _referrer(visit)
    if visit.may(Scope.MODERATE):
        # A store that can't be written can still be read.
        with contextlib.suppress(Busy, StoreUnavailable):
            await looking.take(visit.service, visit.moderator, _id(visit))
    return await _page(visit, back, ask=ask if ask in ASKS else None)


@guarded(Scope.MODERATE)
async def look_at(visit: Visit) -> Response:
    """`POST /desk/comments/ID/look`: let others see that it is looked at."""
    await looking.take(visit.service, visit.moderator, _id(visit))
    return Response(status_code=204, headers=HEADERS | {"Cache-Control": "no-store"})


@guarded(Scope.MODERATE)
async def leave(visit: Visit) -> Response:
    """`POST /desk/comments/ID/leave`: what `look` and the page let others see is over."""
    await looking.leave(visit.service, visit.moderator, _id(visit))
    return Response(status_code=204, headers=HEADERS | {"Cache-Control": "no-store"})


@guarded(Scope.MODERATE)
async def reply(visit: Visit) -> Response:
    """`POST /desk/comments/ID/reply`: under what is public, and what waits becomes public first.

    Then back to the queue, at the comment that follows.
    """
    asks = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    following = await looking.following(
        visit.service, visit.moderator, _id(visit), asks.wanted, asks.order
    )
    try:
        await edit.reply(
            visit.service,
            visit.moderator,
            _id(visit),
            {"text": visit.fields.get("text", "")},
            approving=_version(visit.fields),
            at_desk=visit.signed_in,
        )
    except CommentNotFound:
        raise
    except (Invalid, DuplicateComment, NotAllowedFromHere, DecidedMeanwhile) as exc:
        return await _again(visit, "reply", exc)
    return visit.see_other(wanted.path(asks.given) + (f"#c-{following}" if following else ""))


@guarded(Scope.MODERATE)
async def dismiss(visit: Visit) -> Response:
    """`POST /desk/comments/ID/dismiss`: it stays as it is in spite of its reports.

    Then back to the list, at the comment that follows.
    """
    asks = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    following = await looking.following(
        visit.service, visit.moderator, _id(visit), asks.wanted, asks.order
    )
    await report.dismiss(visit.service, visit.moderator, _id(visit))
    return visit.see_other(wanted.path(asks.given) + (f"#c-{following}" if following else ""))


@guarded(Scope.MODERATE)
async def rewrite(visit: Visit) -> Response:
    """`POST /desk/comments/ID/edit`: text, name, website; the text before is kept."""
    fields = {
        name: visit.fields[name] for name in ("text", "name", "website") if name in visit.fields
    }
    sent: dict[str, str | None] = {**fields}
    if not fields.get("website", "x").strip():
        sent["website"] = None
    try:
        await edit.rewrite(
            visit.service, visit.moderator, _id(visit), sent, version=_version(visit.fields)
        )
    except CommentNotFound:
        raise
    except (Invalid, DuplicateComment, NotAllowedFromHere, DecidedMeanwhile) as exc:
        return await _again(visit, "edit", exc)
    return visit.see_other(f"comments/{_id(visit)}?back={_quoted(visit)}#history")


@guarded(Scope.MODERATE)
async def mask(visit: Visit) -> Response:
    """`POST /desk/comments/ID/mask`: personal data gives way to markers; then back to the place
    where the button was."""
    try:
        await masking.mask(
            visit.service, visit.moderator, _id(visit), version=_version(visit.fields)
        )
    except (NotAllowedFromHere, DecidedMeanwhile) as exc:
        return await _again(visit, "mask", exc)
    if visit.fields.get("at_comment") == "yes":
        return visit.see_other(f"comments/{_id(visit)}?back={_quoted(visit)}#history")
    asks = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    return visit.see_other(f"{wanted.path(asks.given)}#c-{_id(visit)}")


async def _again(visit: Visit, form: str, exc: Problem) -> Response:
    """The page once more, with what was typed and what is in its way."""
    errors: tuple[FieldMessage, ...] = ()
    meanwhile = None
    if isinstance(exc, Invalid):
        errors = tuple(
            FieldMessage(error.field, message(visit.asks, error)) for error in exc.errors
        )
    else:
        meanwhile = visit.asks.say(f"problem.{exc.code}.detail", **exc.values)
    return await _page(
        visit,
        visit.fields.get("back", ""),
        form=form,
        errors=errors,
        meanwhile=meanwhile,
        status=exc.status,
    )


async def _page(
    visit: Visit,
    back: str,
    *,
    ask: str | None = None,
    form: str | None = None,
    errors: tuple[FieldMessage, ...] = (),
    meanwhile: str | None = None,
    status: int = 200,
) -> Response:
    record = await queue.one(visit.service, visit.moderator, _id(visit))
    around = await looking.around(visit.service, visit.moderator, [record.comment])
    language = visit.asks.language
    asks = wanted.of_query(visit, back.removeprefix("?"))
    view = desk_comment.CommentView(
        case=desk_queue.case(record.comment, around, language=language),
        lines=desk_comment.lines(record.decisions, language),
        changes=desk_comment.changes(record.edits, record.comment.text, language),
        reports=desk_comment.reports(record.reports, language),
        ask=ask,
        back=wanted.path(asks.given),
        decides=visit.may(Scope.MODERATE),
        moderator=visit.moderator.name,
        form=form,
        errors=errors,
        values=visit.fields if form else None,
        meanwhile=meanwhile,
        bannable=await _bannable(visit, record.comment) if visit.may(Scope.MODERATE) else (),
    )
    return await visit.page("comment", view, status=status)


async def _bannable(visit: Visit, comment: Comment) -> list[tuple[str, str]]:
    language = visit.asks.language
    kinds, linked = await bans.bannable(visit.service, comment)
    found = [(kind.value, desk_bans.ban_name(kind, None, language)) for kind in kinds]
    of_links = BanKind.LINK_DOMAIN
    found += [(f"{of_links} {one}", desk_bans.ban_name(of_links, one, language)) for one in linked]
    return found


def _referrer(visit: Visit) -> str:
    """The queue's query that the browser came from, so that deciding leads back there."""
    found = urlsplit(visit.request.headers.get("referer", ""))
    return found.query if found.path == f"{visit.base}/desk/" else ""


def _quoted(visit: Visit) -> str:
    asks = wanted.of_query(visit, visit.fields.get("back", "").removeprefix("?"))
    return wanted.quoted(asks.given)


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["id"])


def _version(fields: Mapping[str, str]) -> int | None:
    text = fields.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
