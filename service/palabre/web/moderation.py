"""Moderators on comments and the log (contract section 4); every handler asks for a scope first."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import decide, edit, queue, report
from palabre.actions import mask as masking
from palabre.errors import BadParameter, FieldError
from palabre.model import ACTIONS, Scope, State
from palabre.rendering import shapes
from palabre.text import cursor
from palabre.web import answer, auth, body, metrics
from palabre.web.asked import Asked, asked, choice, number, parameters, repeated
from palabre.web.wanted import NOTE_MOST, Wanted, as_fields, is_storable

PAGE = 50
PAGE_MOST = 200
AT_ONCE = 500


async def comments(request: Request) -> Response:
    """`GET /v1/moderation/comments`: the queue, filtered."""
    moderator = await auth.requires(request, Scope.READ)
    asks = asked(request)
    names = ("site", "article", "author", "q", "reported", "order", "limit", "after", "lang")
    given = parameters(request, *names, many=("state",))
    reported = choice(given, "reported", ("0", "1")) == "1"
    wanted = queue.Wanted(
        states=_states(request, otherwise=State.APPROVED if reported else State.PENDING),
        site=given.get("site"),
        article=given.get("article"),
        author=given.get("author"),
        words=given.get("q"),
        reported=reported,
    )
    by_age = choice(given, "order", ("oldest", "newest"))
    order = queue.ordered(wanted, "newest" if by_age == "newest" else "oldest")
    scope = f"queue/{moderator.site_id}/{order}/{wanted}"
    position = position_after(asks, scope, given)
    found = await queue.page(
        asks.service,
        moderator,
        wanted,
        order=order,
        after=None if position is None else tuple(map(int, position)),
        limit=number(given, "limit", default=PAGE, most=PAGE_MOST),
    )
    return answer.json_answer(
        {
            "comments": [shapes.moderated(comment, asks.language) for comment in found.comments],
            "next": next_page(request, scope, found.next),
            "counts": found.counts,
        }
    )


async def comment(request: Request) -> Response:
    """`GET /v1/moderation/comments/ID`: with its decisions, edits and reports."""
    moderator = await auth.requires(request, Scope.READ)
    asks = asked(request)
    found = await queue.one(asks.service, moderator, request.path_params["id"])
    return answer.json_answer(shapes.case(found, asks.language))


async def act(request: Request) -> Response:
    """`POST /v1/moderation/comments/ID/approve`, and the other verbs."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    wanted = Wanted(await body.read_json(request))
    because = _because(wanted)
    version = wanted.number("version")
    wanted.done()
    found = await decide.decide(
        asks.service,
        moderator,
        request.path_params["id"],
        ACTIONS[request.scope["path"].rpartition("/")[2]],
        because=because,
        version=version,
    )
    metrics.of(request).decisions.add(found.state)
    return answer.json_answer(shapes.moderated(found, asks.language))


async def dismiss_reports(request: Request) -> Response:
    """`POST /v1/moderation/comments/ID/dismiss-reports`: it stays as it is in spite of them.

    Needs no body.
    """
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    found = await report.dismiss(asks.service, moderator, request.path_params["id"])
    return answer.json_answer(shapes.moderated(found, asks.language))


async def act_on_many(request: Request) -> Response:
    """`POST /v1/moderation/decisions`: one action on up to 500 comments, each on its own."""
    moderator = await auth.requires(request, Scope.MODERATE)
    wanted = Wanted(await body.read_json(request))
    action = wanted.text("action", most=20, required=True)
    if action is not None and action not in ACTIONS:
        wanted.wrong("action", "unknown")
    ids = _ids(wanted)
    versions = _versions(wanted)
    because = _because(wanted)
    wanted.done()
    results = await decide.decide_many(
        asked(request).service,
        moderator,
        ids,
        ACTIONS[action or ""],
        because=because,
        versions=versions,
    )
    done = sum(one.status == 200 for one in results)
    metrics.of(request).decisions.add(ACTIONS[action or ""], n=done)
    shaped = [{"id": one.id, "status": one.status, "state": one.state} for one in results]
    return answer.json_answer({"results": shaped})


async def reply(request: Request) -> Response:
    """`POST /v1/moderation/comments/ID/reply`: approved at once, shown as a moderator's."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    fields = as_fields(await body.read_json(request))
    found = await edit.reply(asks.service, moderator, request.path_params["id"], fields)
    return answer.json_answer(shapes.moderated(found, asks.language), 201)


async def rewrite(request: Request) -> Response:
    """`PATCH /v1/moderation/comments/ID`: text, name, website."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    sent = await body.read_json(request)
    wanted = Wanted(sent)
    version = wanted.number("version")
    wanted.done()
    found = await edit.rewrite(
        asks.service, moderator, request.path_params["id"], as_fields(sent), version=version
    )
    return answer.json_answer(shapes.moderated(found, asks.language))


async def mask(request: Request) -> Response:
    """`POST /v1/moderation/comments/ID/mask`: personal data gives way to markers, for good."""
    moderator = await auth.requires(request, Scope.MODERATE)
    asks = asked(request)
    wanted = Wanted(await body.read_json(request))
    version = wanted.number("version")
    wanted.done()
    found = await masking.mask(asks.service, moderator, request.path_params["id"], version=version)
    return answer.json_answer(shapes.moderated(found, asks.language))


async def log(request: Request) -> Response:
    """`GET /v1/moderation/log`: every decision, newest first."""
    moderator = await auth.requires(request, Scope.READ)
    asks = asked(request)
    given = parameters(request, "comment", "moderator", "site", "limit", "after", "lang")
    filters = [given.get(name) for name in ("comment", "moderator", "site")]
    scope = f"log/{moderator.site_id}/{filters}"
    position = position_after(asks, scope, given)
    found, more = await queue.log(
        asks.service,
        moderator,
        site=given.get("site"),
        comment=given.get("comment"),
        by=given.get("moderator"),
        before=None if position is None else int(position[0]),
        limit=number(given, "limit", default=PAGE, most=PAGE_MOST),
    )
    following = next_page(request, scope, None if more is None else (more,))
    return answer.json_answer(
        {"decisions": [shapes.logged(decision) for decision in found], "next": following}
    )


def position_after(asks: Asked, scope: str, given: dict[str, str]) -> cursor.Position | None:
    """What the `after` parameter says. Raises BadParameter for a cursor of another list."""
    if "after" not in given:
        return None
    try:
        return cursor.position(asks.service.keys, scope, given["after"])
    except ValueError as exc:
        raise BadParameter([FieldError("after", "invalid", hint="cursor_invalid")]) from exc


def next_page(request: Request, scope: str, position: cursor.Position | None) -> str | None:
    """Where the next page is, all parameters repeated."""
    if position is None:
        return None
    asks = asked(request)
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    pairs.append(("after", cursor.seal(asks.service.keys, scope, position)))
    base = asks.service.settings.base_path
    return f"{base}{request.scope['path']}?{urlencode(pairs, safe='/:')}"


def _states(request: Request, *, otherwise: State) -> tuple[State, ...]:
    given = repeated(request, "state")
    unknown = [state for state in given if state not in list(State)]
    if unknown:
        raise BadParameter([FieldError("state", "unknown")])
    return tuple(sorted({State(state) for state in given})) or (otherwise,)


def _because(wanted: Wanted) -> decide.Because:
    return decide.Because(wanted.reason(), wanted.text("note", most=NOTE_MOST))


def _ids(wanted: Wanted) -> list[str]:
    value = wanted.value("ids")
    if value is None or value == []:
        wanted.wrong("ids", "required")
    elif not isinstance(value, list) or not all(
        isinstance(one, str) and is_storable(one) for one in value
    ):
        wanted.wrong("ids", "invalid")
    elif len(value) > AT_ONCE:
        wanted.wrong("ids", "too_long", hint="ids_too_many", limit=AT_ONCE)
    else:
        return value
    return []


def _versions(wanted: Wanted) -> dict[str, int]:
    versions = wanted.object("versions") or {}
    found = {name: value for name, value in versions.items() if type(value) is int}
    if len(found) < len(versions):
        wanted.wrong("versions", "invalid")
    return found
