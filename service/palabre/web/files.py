"""The few files that pages need, and the description of the interface."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from palabre import __version__, schema
from palabre.errors import NotFound
from palabre.web import answer, embed
from palabre.web.asked import asked

_STATIC = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript"}
KEPT_S = 86_400


@functools.cache
def _files() -> dict[str, tuple[bytes, str]]:
    return {
        path.name: (embed.spoken(path.read_text("utf-8")).encode(), _KINDS[path.suffix])
        for path in _STATIC.iterdir()
        if path.suffix in _KINDS
    }


async def static(request: Request) -> Response:
    """`GET /static/NAME`."""
    name = request.path_params["name"]
    if name not in _files():
        raise NotFound
    body, kind = _files()[name]
    return answer.lasting(request, body, kind, vary=(), Cache_Control=f"public, max-age={KEPT_S}")


async def favicon(request: Request) -> Response:
    """`GET /favicon.ico`: there is none. Browsers ask for it on pages that can't say so."""
    return Response(status_code=204, headers={"Cache-Control": f"public, max-age={KEPT_S}"})


@functools.cache
def openapi_document() -> dict[str, object]:
    """The description of the interface, with this version's number."""
    found = json.loads((schema.root() / "openapi.json").read_text("utf-8"))
    found["info"]["version"] = __version__
    return dict(found)


async def openapi(request: Request) -> Response:
    """`GET /openapi.json`."""
    url = asked(request).service.settings.public_url
    body = answer.encode({**openapi_document(), "servers": [{"url": url}]})
    return answer.lasting(request, body, "application/json", vary=())
