"""Public answers kept as bytes, and the short way to them in front of everything else.

What the long way (router, handler, store) has once answered to a GET of `PATHS` is sent again
until something that it was made of changes. The long way's answer to such a GET goes out through
here as well, so both are the same to the byte but for the request's id.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from palabre import logs
from palabre.errors import Problem
from palabre.memory import Mark, Memory
from palabre.service import Service
from palabre.web import accept
from palabre.web.metrics import Metrics
from palabre.web.request_ids import next_id

PATHS = frozenset(
    {
        *("/v1/comments", "/v1/comments.html", "/v1/comments.atom", "/v1/counts"),
        *("/v1/rules", "/rules"),
    }
)
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
"""Headers of every answer that does not say otherwise; `palabre.web.door` adds them to the rest."""

OVERHEAD_BYTES = 1500
NAME_BYTES = 400
"""What an answer takes in memory besides its body and what the client sent, and for each name."""

Key = tuple[str, bytes, bool, str | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's bytes. `until`: when it is no longer so, by the clock alone."""

    route: str
    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    not_modified_headers: tuple[tuple[bytes, bytes], ...]
    body: Message
    until: datetime | None


class Kept:
    """Pure ASGI, the outermost layer: answers what is kept, hands everything else on."""

    def __init__(self, app: ASGIApp, *, service: Service, metrics: Metrics) -> None:
        self.memory: Memory[Answer] = Memory(
            service.store.generation, most=service.settings.cache_mib * 1024 * 1024
        )
        service.store.tell(outdated=self.memory.forget)
        metrics.cache = self.memory
        self._app = app
        self._service = service
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in PATHS or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = dict(scope["headers"])
        key = None
        if len(headers) == len(scope["headers"]):
            key = (
                scope["path"],
                scope["query_string"],
                _prefers_html(_read(headers.get(b"accept"))),
                _coding(_read(headers.get(b"accept-encoding"))),
                headers.get(b"origin"),
            )
            try:
                await self._service.store.refresh()
            except Problem:
                # Whatever the long way makes of that, it tells it as it tells everything.
                key = None
        if key is not None:
            answer = self.memory.get(key)
            if answer is not None and (answer.until is None or self._service.now() < answer.until):
                request_id = next_id()
                known = headers.get(b"if-none-match")
                status = await _send(answer, known, request_id.encode(), send)
                seconds = time.perf_counter() - began
                self._metrics.answered("GET", answer.route, status, seconds)
                logs.access.note(
                    "GET", answer.route, status, seconds=seconds, request_id=request_id
                )
                return
        scope["palabre.keeping"] = _Keeping(self.memory, key, self.memory.mark())
        await self._app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Keeping:
    """Where a request's answer is to be kept; *key* None: nowhere."""

    memory: Memory[Answer]
    key: Key | None
    mark: Mark


class KeptResponse(Response):
    """An answer with a strong ETag (RFC 9110, 8.8.3), kept until what it is made `of` changes.

    Sends 304 to who has it already.
    """

    def __init__(
        self,
        body: bytes,
        *,
        etag: str,
        headers: dict[str, str],
        media_type: str,
        of: Iterable[str],
        until: datetime | None = None,
    ) -> None:
        super().__init__(body, headers={"ETag": etag, **headers}, media_type=media_type)
        self._etag = etag.encode()
        self._of = tuple(of)
        self._until = until

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = tuple(self.raw_headers)
        names = {name for name, _ in raw}
        raw += tuple(pair for pair in ALWAYS if pair[0] not in names)
        answer = Answer(
            route=scope["route"].path,
            etag=self._etag,
            headers=raw,
            not_modified_headers=tuple(pair for pair in raw if pair[0] not in _OF_THE_BODY),
            body={"type": "http.response.body", "body": bytes(self.body)},
            until=self._until,
        )
        keeping: _Keeping | None = scope.get("palabre.keeping")
        if keeping is not None and keeping.key is not None:
            *_, origin = keeping.key
            sent = len(scope["query_string"]) + len(origin or b"")
            size = len(self.body) + sent + NAME_BYTES * len(self._of) + OVERHEAD_BYTES
            keeping.memory.put(keeping.key, answer, size=size, of=self._of, mark=keeping.mark)
        known = Request(scope).headers.get("if-none-match")
        await _send(answer, known.encode("latin-1") if known else None, None, send)


_OF_THE_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})


async def _send(
    answer: Answer, if_none_match: bytes | None, request_id: bytes | None, send: Send
) -> int:
    """Send an answer, or 304 to who has it; which of the two."""
    identified = () if request_id is None else ((b"x-request-id", request_id),)
    if if_none_match is not None and is_known(answer.etag, if_none_match):
        headers = answer.not_modified_headers + identified
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return 304
    headers = answer.headers + identified
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send(answer.body)
    return 200


def is_known(etag: bytes, if_none_match: bytes) -> bool:
    """Whether the client has this representation already (RFC 9110, 13.1.2)."""
    if if_none_match == etag:
        return True
    tags = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
    return etag in tags or if_none_match.strip() == b"*"


def _read(header: bytes | None) -> bytes | None:
    """As much of a header as is read: what is remembered of it must not grow with it."""
    return None if header is None else header[: accept.HEADER_MOST]


@functools.lru_cache(maxsize=1024)
def _prefers_html(header: bytes | None) -> bool:
    return accept.prefers_html(None if header is None else header.decode("latin-1"))


@functools.lru_cache(maxsize=1024)
def _coding(header: bytes | None) -> str | None:
    return accept.coding(None if header is None else header.decode("latin-1"))
