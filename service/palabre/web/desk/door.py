"""The desk's door: who is signed in, and whether a form is one of ours.

The session is a cookie of its own path, which the moderation interface never reads; every change
is a POST that carries the session's proof and comes from our own origin.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from palabre.actions import sessions
from palabre.actions.sessions import SignedIn
from palabre.errors import FormExpired, ScopeMissing, Unauthenticated
from palabre.model import Moderator, Scope
from palabre.rendering import desk
from palabre.service import Service
from palabre.store import sites
from palabre.web import answer, body
from palabre.web.asked import Asked, asked, visitor_of

COOKIE = "palabre_desk"
TOKEN_MOST = 200
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CSP, "Referrer-Policy": "same-origin"}

Fields = Mapping[str, str]

_WITHIN = re.compile(r"[A-Za-z0-9._~%/-]{0,200}(?:\?[^\s\\#]{0,1500})?")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of somebody who is signed in. `fields`: what their form sent; empty for GET."""

    request: Request
    asks: Asked
    signed_in: SignedIn
    fields: Fields

    @property
    def service(self) -> Service:
        return self.asks.service

    @property
    def moderator(self) -> Moderator:
        return self.signed_in.moderator

    @property
    def base(self) -> str:
        """What stands before every path of the service."""
        return self.service.settings.base_path

    def may(self, scope: Scope) -> bool:
        return self.moderator.scope.allows(scope)

    async def frame(self, here: str) -> desk.Frame:
        """What stands around a page. *here*: its entry in the menu."""
        site: str | None = None
        names: tuple[str, ...] = ()
        if self.moderator.site_id is not None:
            site_id = self.moderator.site_id
            site = (await self.service.store.read(lambda tx: sites.by_id(tx, site_id))).name
        else:
            names = tuple(await self.service.store.read(sites.names))
        chosen = self.fields.get("site") or self.request.query_params.get("site")
        return desk.Frame(
            language=self.asks.language,
            base=self.base,
            now=self.service.now(),
            here=here,
            csrf=sessions.csrf(self.signed_in.token),
            moderator=self.moderator,
            site=site,
            sites=names,
            chosen=chosen if chosen in names and here in desk.OF_A_SITE else None,
            has_keys=self.signed_in.session.has_keys,
        )

    async def page(
        self, name: str, view: object, *, here: str = "queue", status: int = 200
    ) -> Response:
        """A page of the desk."""
        frame = await self.frame(here)
        text = desk.page(name, frame, view)
        return html(self.request, text, status, language=frame.language)

    def see_other(self, path: str) -> Response:
        """On to another page of the desk. *path*: what follows `/desk/`."""
        return answer.see_other(f"{self.base}/desk/{path}")


Handler = Callable[[Visit], Awaitable[Response]]


def guarded(
    scope: Scope, *, most: int = body.BODY_BYTES
) -> Callable[[Handler], Callable[[Request], Awaitable[Response]]]:
    """Let only those in who are signed in and whose token allows *scope*.

    *most*: bytes that they may send; of others, no more than of anybody is read.
    """

    def wrap(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        @functools.wraps(handler)
        async def handle(request: Request) -> Response:
            visit = await _visit(request, scope, most)
            if isinstance(visit, Response):
                return visit
            if not visit.may(scope):
                raise ScopeMissing
            return await handler(visit)

        return handle

    return wrap


async def cookie_of(request: Request) -> SignedIn:
    """Who is signed in. Raises Unauthenticated."""
    token = request.cookies.get(COOKIE, "")
    if not token or len(token) > TOKEN_MOST:
        raise Unauthenticated
    return await sessions.known(asked(request).service, token)


def within(to: str) -> str:
    """What may follow `/desk/`: no scheme, no host, nothing that a browser reads as one."""
    return to if _WITHIN.fullmatch(to) and not to.startswith(("/", "login", "link")) else ""


def from_our_page(request: Request) -> None:
    """Raises FormExpired for what a browser says another page has sent.

    `null` is any page that hides; without the header it is no browser of today, and the proof in
    the form decides alone.
    """
    if request.headers.get("origin") is not None and not visitor_of(request).same_origin:
        raise FormExpired
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormExpired


async def fields_of(request: Request, *, most: int = body.BODY_BYTES) -> Fields:
    """What a form has sent, as text; a form without a field sends nothing at all."""
    if "content-type" not in request.headers and not await body.content(request, most=most):
        return {}
    found = await body.read(request, most=most)
    return {name: value for name, value in found.items() if isinstance(value, str)}


def html(request: Request, text: str, status: int = 200, *, language: str) -> Response:
    """A page under the desk's policy, packed if the browser can unpack it."""
    return answer.packed(request, answer.page(text, status, language=language, headers=HEADERS))


def set_cookie(response: Response, service: Service, token: str | None) -> Response:
    """Give the browser its session, or take it away."""
    settings = service.settings
    response.set_cookie(
        COOKIE,
        token or "",
        max_age=settings.desk_session_days * 86_400 if token else 0,
        path=f"{settings.base_path}/desk",
        secure=settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


async def _visit(request: Request, scope: Scope, most: int) -> Visit | Response:
    asks = asked(request)
    changes = request.method == "POST"
    if changes:
        from_our_page(request)
        asks.lang = asks.lang or _lang_of_page(request)
    signed_in = None
    with contextlib.suppress(Unauthenticated):
        signed_in = await cookie_of(request)
    allowed = body.BODY_BYTES
    if signed_in is not None and signed_in.moderator.scope.allows(scope):
        allowed = most
    fields = await fields_of(request, most=allowed) if changes else {}
    if signed_in is None:
        return _to_login(request, asks, fields)
    asks.lang = asks.lang or signed_in.session.language
    if changes and not sessions.is_csrf(signed_in.token, fields.get("csrf", "")):
        raise FormExpired
    return Visit(request, asks, signed_in, fields)


def _lang_of_page(request: Request) -> str | None:
    """The language that was asked for of the page that a form is on: what comes back is in it."""
    _, _, query = request.headers.get("referer", "").partition("?")
    return QueryParams(query).get("lang")


def _to_login(request: Request, asks: Asked, fields: Fields) -> Response:
    """The way in; what somebody had typed when their session ended is shown to be kept."""
    settings = asks.service.settings
    if "text/event-stream" in request.headers.get("accept", ""):
        # An EventSource takes this for the end; of a page it would only complain.
        return Response(status_code=204)
    if request.method == "POST":
        view = desk.Login(
            to=within(fields.get("back", "")),
            ended=True,
            typed=fields.get("text") or fields.get("note"),
        )
        text = desk.outside("login", view, language=asks.language, base=settings.base_path)
        return html(request, text, Unauthenticated.status, language=asks.language)
    path = request.scope["path"]
    query = request.scope["query_string"].decode("latin-1")
    following = quote(path.removeprefix("/desk/") + (f"?{query}" if query else ""))
    return answer.see_other(f"{settings.base_path}/desk/login?to={following}")
