"""What a request asks for besides its body: language, kind of answer, parameters, visitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Scope

from palabre import locale
from palabre.errors import BadParameter, FieldError
from palabre.model import Site, Visitor
from palabre.service import Service
from palabre.text import address
from palabre.web import accept, manner, visitor

PARAMETERS_MOST = 200
MAY_BE_BLANK = frozenset(
    {"article", "author", "comment", "lang", "moderator", "parent", "q", "site"}
)


@dataclass(slots=True)
class Asked:
    """Kept with the request, so that a problem raised anywhere is told in the right words.

    `lang`: what the query or the body asks for; `site`: once it is known; `by_origin`: whether
    the Origin header may have told it; `visitor`: once somebody has asked, see `visitor_of`.
    """

    service: Service
    scope: Scope
    headers: Mapping[str, str]
    lang: str | None = None
    site: Site | None = None
    by_origin: bool = False
    visitor: Visitor | None = None
    is_page: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_page = accept.prefers_html(self.headers.get("accept"))

    @property
    def language(self) -> str:
        """The language of what comes back (contract 3.3)."""
        return locale.choose(
            lang=self.lang,
            site_locale=self.site.locale if self.site else None,
            accept_language=self.headers.get("accept-language"),
            default=self.service.settings.locale,
        )

    def say(self, message: str, /, **values: int | str) -> str:
        """A message in that language."""
        return locale.say(self.language, message, **values)


def asked(request: Request) -> Asked:
    """What this request asks for; the same object each time."""
    known = request.scope.get("palabre.asked")
    if not isinstance(known, Asked):
        known = Asked(request.app.state.service, request.scope, request.headers)
        request.scope["palabre.asked"] = known
        if request.scope["query_string"]:
            given = request.query_params.getlist("lang")
            known.lang = given[0] if len(given) == 1 else None
    return known


def parameters(
    request: Request,
    *names: str,
    many: tuple[str, ...] = (),
    blank: frozenset[str] = MAY_BE_BLANK,
) -> dict[str, str]:
    """The query's parameters of these names. Raises BadParameter for any that is given twice.

    A blank one is missing where a form may leave it *blank*, and wrong elsewhere. Those in *many*
    may repeat and are not in the result: see `repeated`. An `email` parameter is refused wherever
    it turns up, so that nobody gets used to putting addresses into URLs.
    """
    found: dict[str, str] = {}
    given: set[str] = set()
    errors = []
    for name, value in _pairs(request):
        if name == "email":
            errors.append(FieldError("email", "not_allowed"))
        elif name in given and name not in many:
            # The name of one that we don't know is not echoed.
            named = name if name in names else "query"
            errors.append(FieldError(named, "invalid", hint="parameter_twice"))
        elif name in names or name in many:
            if "\0" in value or "\ufffd" in value:
                errors.append(FieldError(name, "invalid"))
            if name in names and not (name in blank and not value):
                found[name] = value
        given.add(name)
    if errors:
        once = {(error.field, error.code, error.hint): error for error in errors}
        raise BadParameter(list(once.values()))
    return found


def repeated(request: Request, name: str) -> list[str]:
    """Every value of a parameter that may repeat, in order."""
    return [value for given, value in _pairs(request) if given == name]


def number(given: Mapping[str, str], name: str, *, default: int, least: int = 1, most: int) -> int:
    """A parameter that is a whole number within bounds. Raises BadParameter."""
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise BadParameter(
            [
                FieldError(
                    name, "invalid", hint="parameter_number", values={"n": least, "most": most}
                )
            ]
        )
    return int(text)


def choice(given: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """A parameter that is one of a few words, the first by default. Raises BadParameter."""
    text = given.get(name, allowed[0])
    if text not in allowed:
        raise BadParameter([FieldError(name, "unknown")])
    return text


def visitor_of(request: Request) -> Visitor:
    """Where the request came from, from a page of which origin, and in what manner."""
    asks = asked(request)
    if asks.visitor is None:
        asks.visitor = _visitor(request, asks.service)
    return asks.visitor


def _visitor(request: Request, service: Service) -> Visitor:
    client = visitor.network_of(
        request.client.host if request.client else None,
        request.scope["headers"],
        service.settings.trusted_proxies,
    )
    visitor.warn_once(client)
    given = request.headers.get("origin")
    origin = None
    if given is not None and given != "null":
        origin = address.origin_of(given) or given
    return Visitor(
        network=client.network,
        wide_network=client.wide_network,
        origin=origin,
        same_origin=origin is not None and _is_own(request, service, origin),
        manner=manner.of(request.headers, as_page=asked(request).is_page),
    )


def _is_own(request: Request, service: Service, origin: str) -> bool:
    """Whether an origin is the service's own (contract 3.1)."""
    if request.headers.get("sec-fetch-site") == "same-origin":
        return True
    host = origin.partition("://")[2]
    return origin == service.settings.public_origin or host == request.headers.get("host", "")


def _pairs(request: Request) -> list[tuple[str, str]]:
    query: bytes = request.scope["query_string"]
    text = query.decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MOST)
    except ValueError as exc:
        raise BadParameter([FieldError("query", "invalid")]) from exc
