"""Results into answers: JSON, pages, redirects; ETags, codings and the headers all of them have."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping

import brotli
from starlette.requests import Request
from starlette.responses import Response

import palabre
from palabre.model import Site
from palabre.web import accept
from palabre.web.asked import asked

BROTLI_QUALITY = 5
GZIP_LEVEL = 6
PUBLIC_PAGE_CSP = (
    "default-src 'none'; style-src 'self'; form-action 'self'{form}; base-uri 'none'; "
    "frame-ancestors {frame}"
)
_SEPARATE = (",", ":")


def encode(value: object) -> bytes:
    """JSON as we send it: compact UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=_SEPARATE).encode()


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
    framed: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An HTML page that nobody may keep, with a policy that lets no script run.

    A form's answer may lead back to the article, and browsers hold redirects to `form-action`
    too: so the site's origins are in it. *framed*: the site may show the page in a frame.
    """
    origins = "".join(f" {origin}" for origin in site.origins) if site else ""
    frame = f"'self'{origins}" if framed else "'none'"
    return Response(
        html,
        status,
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": PUBLIC_PAGE_CSP.format(form=origins, frame=frame),
            "Content-Language": language,
            **(headers or {}),
        },
        media_type="text/html",
    )


def see_other(location: str) -> Response:
    """A redirect after a POST, for browsers: programs got the result itself."""
    return Response(
        status_code=303,
        headers={"Location": location, "Cache-Control": "no-store", "Vary": "Accept"},
    )


class Cached:
    """A public answer with a strong ETag, one for each representation, coding and language.

    *parts*: everything that the body depends on. Ask `is_known` before making the body.
    """

    def __init__(
        self, request: Request, *parts: object, vary: tuple[str, ...] = ("Accept",)
    ) -> None:
        self._request = request
        self._coding = accept.coding(request.headers.get("accept-encoding"))
        known = json.dumps([palabre.__version__, *parts], default=str)
        digest = hashlib.sha256(known.encode()).hexdigest()[:24]
        self._etag = f'"{digest}-{self._coding}"' if self._coding else f'"{digest}"'
        asks = asked(request)
        if asks.by_origin:
            vary = (*vary, "Origin")
        age = asks.service.settings.listing_max_age_s
        self._headers = {
            "ETag": self._etag,
            "Vary": ", ".join((*vary, "Accept-Encoding")),
            "Cache-Control": f"public, max-age={age}, must-revalidate",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Location, Retry-After, ETag",
        }

    def is_known(self) -> bool:
        """Whether the client has this representation already (RFC 9110, 13.1.2)."""
        header = self._request.headers.get("if-none-match", "")
        asked_for = [tag.strip().removeprefix("W/") for tag in header.split(",")]
        return self._etag in asked_for or header.strip() == "*"

    def not_modified(self) -> Response:
        return Response(status_code=304, headers=self._headers)

    def answer(self, body: bytes, media_type: str, **headers: str) -> Response:
        """The body in its coding."""
        coded = dict(self._headers, **{name.replace("_", "-"): v for name, v in headers.items()})
        if self._coding == "br":
            body = brotli.compress(body, quality=BROTLI_QUALITY)
        elif self._coding == "gzip":
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        if self._coding:
            coded["Content-Encoding"] = self._coding
        return Response(body, headers=coded, media_type=media_type)
