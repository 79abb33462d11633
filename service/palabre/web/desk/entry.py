"""Coming in and going out: the token's form, one-time links, sessions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from palabre import locale
from palabre.actions import sessions
from palabre.errors import LoginLinkExpired, TooFast, Unauthenticated
from palabre.model import Scope
from palabre.rendering import desk
from palabre.web import answer
from palabre.web.asked import Asked, asked, parameters, visitor_of
from palabre.web.desk import door
from palabre.web.desk.door import Visit, guarded


async def form(request: Request) -> Response:
    """`GET /desk/login`."""
    given = parameters(request, "to", "lang")
    return _form(request, desk.Login(to=door.within(given.get("to", ""))))


async def login(request: Request) -> Response:
    """`POST /desk/login`: with a moderator's token."""
    door.from_our_page(request)
    asks = asked(request)
    fields = await door.fields_of(request)
    asks.lang = asks.lang or fields.get("lang")
    to = door.within(fields.get("to", ""))
    token = fields.get("token", "").strip()
    if not token:
        return _form(request, desk.Login(to=to, error=asks.say("field.required")), status=422)
    try:
        session = await sessions.enter(
            asks.service,
            token[: door.TOKEN_MOST],
            network=visitor_of(request).network,
            language=asks.lang,
        )
    except Unauthenticated:
        wrong = desk.Login(to=to, error=asks.say("desk.login.wrong"))
        return _form(request, wrong, status=403)
    except TooFast as exc:
        slow = desk.Login(to=to, error=asks.say("desk.login.slow", **exc.values))
        return _form(request, slow, status=exc.status, retry_after_s=exc.retry_after_s)
    return _in(asks, session, to)


async def link(request: Request) -> Response:
    """`GET /desk/link/TOKEN`: a button; opening it uses nothing up."""
    parameters(request, "lang")
    asks = asked(request)
    try:
        moderator = await sessions.linked(asks.service, str(request.path_params["token"]))
    except LoginLinkExpired as exc:
        return _form(request, desk.Login(error=asks.say("desk.link.over")), status=exc.status)
    view = desk.LoginLink(moderator.name)
    return _outside(request, "link", view)


async def enter(request: Request) -> Response:
    """`POST /desk/link/TOKEN`: in, once."""
    door.from_our_page(request)
    asks = asked(request)
    fields = await door.fields_of(request)
    asks.lang = asks.lang or fields.get("lang")
    token = str(request.path_params["token"])
    try:
        session = await sessions.enter_by_link(asks.service, token, language=asks.lang)
    except LoginLinkExpired as exc:
        return _form(request, desk.Login(error=asks.say("desk.link.over")), status=exc.status)
    return _in(asks, session, "")


@guarded(Scope.READ)
async def logout(visit: Visit) -> Response:
    """`POST /desk/logout`: end this session."""
    await sessions.end(visit.service, visit.moderator, visit.signed_in.session.id)
    return door.set_cookie(visit.see_other("login"), visit.service, None)


@guarded(Scope.READ)
async def mine(visit: Visit) -> Response:
    """`GET /desk/sessions`: where this moderator is signed in, and what they prefer."""
    parameters(visit.request, "lang")
    found = await sessions.every(visit.service, visit.moderator)
    view = desk.Sessions(
        sessions=tuple(desk.Signed(one.id, one.created_at, one.seen_at) for one in found),
        current=visit.signed_in.session.id,
        languages=locale.LANGUAGES,
    )
    return await visit.page("sessions", view, here="sessions")


@guarded(Scope.READ)
async def change(visit: Visit) -> Response:
    """`POST /desk/sessions`: end one or all of them, or choose language and keys."""
    act, _, which = visit.fields.get("act", "").partition(" ")
    if act == "end":
        await sessions.end(visit.service, visit.moderator, which or None)
        if which in ("", visit.signed_in.session.id):
            return door.set_cookie(visit.see_other("login"), visit.service, None)
    elif act == "choose":
        language = visit.fields.get("language")
        await sessions.choose(
            visit.service,
            visit.signed_in,
            language=language if language in locale.LANGUAGES else None,
            has_keys=visit.fields.get("keys") == "on",
        )
    return visit.see_other("sessions")


def _in(asks: Asked, session: str, to: str) -> Response:
    response = answer.see_other(f"{asks.service.settings.base_path}/desk/{to}")
    return door.set_cookie(response, asks.service, session)


def _form(
    request: Request, view: desk.Login, *, status: int = 200, retry_after_s: int | None = None
) -> Response:
    response = _outside(request, "login", view, status)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _outside(request: Request, name: str, view: object, status: int = 200) -> Response:
    asks = asked(request)
    text = desk.outside(name, view, language=asks.language, base=asks.service.settings.base_path)
    return door.html(request, text, status, language=asks.language)
