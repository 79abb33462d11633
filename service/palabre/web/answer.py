"""Results into answers: JSON, pages, redirects; ETags, codings and the headers all of them have."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import brotli
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

import palabre
from palabre.model import Site
from palabre.text import address
from palabre.web import accept
from palabre.web.asked import asked
from palabre.web.kept import KeptResponse, is_known

BROTLI_QUALITY = 2
GZIP_LEVEL = 4
"""Of 30 KB they make 6,350 and 6,470 bytes in 0.10 and 0.15 ms. The usual 5 and 6 save 4 and 2 %
of that, for 0.29 and 0.24 ms of everybody's time at each change of the page."""

PUBLIC_PAGE_CSP = (
    "default-src 'none'; style-src 'self'{style}; form-action 'self'{form}; base-uri 'none'; "
    "frame-ancestors {frame}"
)

SCRIPTED_PAGE_CSP = f"{PUBLIC_PAGE_CSP}; script-src 'self'; connect-src 'self'"
"""For pages with a script of ours that asks us; they work without it."""


def encode(value: object) -> bytes:
    """JSON as we send it: compact UTF-8."""
    return to_json(value)


def json_answer(
    value: object, status: int = 200, *, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that nobody may keep."""
    return Response(
        encode(value),
        status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def page(
    html: str,
    status: int = 200,
    *,
    language: str,
    site: Site | None = None,
    stylesheet: str | None = None,
    framed: bool = False,
    policy: str = PUBLIC_PAGE_CSP,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An HTML page that nobody may keep, with a policy that lets no script run by default.

    A form's answer may lead back to the article, and browsers hold redirects to `form-action`
    too: so the site's origins are in it. *stylesheet*: the URL of the site's own, in the page.
    *framed*: the site may show the page in a frame.
    """
    origins = "".join(f" {origin}" for origin in site.origins) if site else ""
    frame = f"'self'{origins}" if framed else "'none'"
    style = _style(stylesheet)
    return Response(
        html,
        status,
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy.format(form=origins, frame=frame, style=style),
            "Content-Language": language,
            **(headers or {}),
        },
        media_type="text/html",
    )


def public_page_csp(*, stylesheet: str | None) -> str:
    """The policy of a public page that has no form. *stylesheet*: as of `page`."""
    return PUBLIC_PAGE_CSP.format(form="", frame="'none'", style=_style(stylesheet))


def _style(stylesheet: str | None) -> str:
    return "" if stylesheet is None else f" {address.origin_of(stylesheet)}"


def see_other(location: str) -> Response:
    """A redirect after a POST, for browsers: programs got the result itself."""
    return Response(
        status_code=303,
        headers={"Location": location, "Cache-Control": "no-store", "Vary": "Accept"},
    )


def lasting(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    of: Iterable[str] = (),
    until: datetime | None = None,
    vary: tuple[str, ...] = ("Accept",),
    smallest: bool = False,
    **headers: str,
) -> KeptResponse:
    """A public answer in the client's coding, with a strong ETag, one for each of its forms.

    *of*: the names of what it was made of, as the store tells when they are outdated.
    *smallest*: it never changes, so it is worth the effort to compress it well, once.
    """
    asks = asked(request)
    coding = accept.coding(request.headers.get("accept-encoding"))
    if asks.by_origin:
        vary = (*vary, "Origin")
    age_s = asks.service.settings.listing_max_age_s
    sent = {
        "Vary": ", ".join((*vary, "Accept-Encoding")),
        "Cache-Control": f"public, max-age={age_s}, must-revalidate",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Location, Retry-After, ETag",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    language = sent.get("Content-Language")
    form = f"{palabre.__version__} {request.scope['path']} {media_type} {language} "
    known = hashlib.sha256(form.encode() + request.scope["query_string"])
    known.update(body)
    digest = known.hexdigest()[:24]
    if coding:
        sent["Content-Encoding"] = coding
    etag = f'"{digest}-{coding}"' if coding else f'"{digest}"'
    header = request.headers.get("if-none-match")
    if not of and header is not None and is_known(etag.encode(), header.encode("latin-1")):
        # Nothing of it will be sent, nor kept.
        body = b""
    return KeptResponse(
        _smallest(body, coding) if smallest else _coded(body, coding),
        etag=etag,
        headers=sent,
        media_type=media_type,
        of=of,
        until=until,
    )


def packed(request: Request, response: Response) -> Response:
    """The same answer in the client's coding. For what holds no secret in plain (BREACH)."""
    coding = accept.coding(request.headers.get("accept-encoding"))
    response.headers.add_vary_header("Accept-Encoding")
    if coding:
        response.body = _coded(bytes(response.body), coding)
        response.headers["Content-Encoding"] = coding
        response.headers["Content-Length"] = str(len(response.body))
    return response


@functools.lru_cache(maxsize=16)
def _smallest(body: bytes, coding: str | None) -> bytes:
    if coding == "br":
        return bytes(brotli.compress(body))
    return gzip.compress(body, 9, mtime=0) if coding == "gzip" else body


def _coded(body: bytes, coding: str | None) -> bytes:
    if coding == "br":
        return bytes(brotli.compress(body, quality=BROTLI_QUALITY))
    if coding == "gzip":
        return gzip.compress(body, GZIP_LEVEL, mtime=0)
    return body
