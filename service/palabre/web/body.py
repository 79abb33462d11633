"""A request's body into fields: form, multipart form or JSON; nothing is believed about it.

The limit stands before any parser. Starlette's own form and JSON readers are not used: they take
Latin-1 for UTF-8, NaN for a number and any size for good.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from palabre.errors import BodyTooLarge, BodyTooSlow, Malformed, UnsupportedMediaType
from palabre.text.submission import UNUSABLE, Fields, Value
from palabre.web.asked import asked

BODY_BYTES = 256 * 1024
RULES_BYTES = 6 * 1024 * 1024
"""A site's rules may hold two lists of 10,000 entries; only who may change them sends as much."""
DISCARDED_BYTES = 2 * 1024 * 1024
DISCARDING_S = 2
FORM = "application/x-www-form-urlencoded"
FIELDS_MOST = 100
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

Part = tuple[bytes, bytes | None]
"""A form field's name and value, the value None for a file."""


async def read(request: Request, *, most: int = BODY_BYTES) -> Fields:
    """The body's fields, *most* bytes of them.

    Raises BodyTooLarge, UnsupportedMediaType, Malformed, in this order.
    """
    raw = await content(request, most=most)
    kind, options = _content_type(request)
    if kind == "application/json":
        return _texts(_json_object(raw))
    if kind == FORM:
        return _form(_urlencoded(raw))
    if kind == "multipart/form-data":
        return _form(_multipart(raw, options.get(b"boundary", b"")))
    raise UnsupportedMediaType


async def read_json(request: Request, *, most: int = BODY_BYTES) -> dict[str, object]:
    """The body's JSON object; an empty body is an empty one. Same errors as `read`."""
    raw = await content(request, most=most)
    if not raw:
        return {}
    if _content_type(request)[0] != "application/json":
        raise UnsupportedMediaType
    return _json_object(raw)


async def content(request: Request, *, most: int = BODY_BYTES) -> bytes:
    """The body's bytes, *most* of them, within the time that a body is given.

    What is over the limit is not kept, but read for a while: an answer that is sent while the
    client still sends can get lost, since closing then resets the connection.
    """
    declared = request.headers.get("content-length", "")
    is_too_large = declared.isdecimal() and int(declared[:10]) > most
    limit_s = asked(request).service.settings.body_timeout_s
    read = bytearray()
    size = 0
    try:
        async with asyncio.timeout(DISCARDING_S if is_too_large else limit_s):
            async for chunk in request.stream():
                size += len(chunk)
                if size > max(most, DISCARDED_BYTES):
                    break
                if size <= most and not is_too_large:
                    read += chunk
    except TimeoutError as exc:
        if not is_too_large:
            raise BodyTooSlow from exc
    if is_too_large or size > most:
        raise BodyTooLarge
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType
    return bytes(read)


def _content_type(request: Request) -> tuple[str, dict[bytes, bytes]]:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise UnsupportedMediaType
    return kind.decode("latin-1").strip().lower(), options


def _urlencoded(raw: bytes) -> list[Part]:
    """WHATWG's form encoding, strictly: a broken escape is not taken for text."""
    if _BROKEN_ESCAPE.search(raw):
        raise Malformed
    pieces = raw.split(b"&", FIELDS_MOST)
    if len(pieces) > FIELDS_MOST:
        raise Malformed
    pairs = [piece.partition(b"=") for piece in pieces if piece]
    return [(_unescaped(name), _unescaped(value)) for name, _, value in pairs]


def _unescaped(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def _multipart(raw: bytes, boundary: bytes) -> list[Part]:
    """RFC 7578, by python-multipart's parser; a body that breaks off is malformed."""
    if not boundary:
        # The parser would find an empty form in anything.
        raise Malformed
    reader = _Parts()
    try:
        parser = MultipartParser(boundary, reader.callbacks)  # type: ignore[arg-type]
        parser.write(raw)
    except (MultipartParseError, ValueError) as exc:
        raise Malformed from exc
    if not reader.is_complete:
        raise Malformed
    return reader.parts


class _Parts:
    """Collects what the multipart parser finds."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.is_complete = False
        self._headers: dict[bytes, bytes] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._data = bytearray()
        self.callbacks = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def _begin(self) -> None:
        if len(self.parts) >= FIELDS_MOST:
            raise ValueError("too many parts")
        self._headers = {}
        self._data = bytearray()

    def _header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise ValueError("a part that is no form field")
        is_file = b"filename" in options
        self.parts.append((options[b"name"], None if is_file else bytes(self._data)))

    def _complete(self) -> None:
        self.is_complete = True


def _form(parts: Iterable[Part]) -> Fields:
    fields: dict[str, Value] = {}
    for number, (raw_name, raw) in enumerate(parts):
        if number >= FIELDS_MOST:
            raise Malformed
        try:
            name = raw_name.decode()
        except UnicodeDecodeError:
            continue
        try:
            value: Value = UNUSABLE if raw is None or name in fields else raw.decode()
        except UnicodeDecodeError:
            value = UNUSABLE
        fields[name] = value
    return fields


def _texts(found: dict[str, object]) -> Fields:
    """JSON values as fields: null is absent, what is no text is unusable."""
    if len(found) > FIELDS_MOST:
        raise Malformed
    return {
        name: value if isinstance(value, str) else UNUSABLE
        for name, value in found.items()
        if value is not None
    }


def _json_object(raw: bytes) -> dict[str, object]:
    try:
        found = json.loads(raw.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise Malformed from exc
    if not isinstance(found, dict):
        raise Malformed
    return found


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object in which a name that stands twice stands for nothing usable."""
    found: dict[str, object] = {}
    for name, value in pairs:
        found[name] = UNUSABLE if name in found else value
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
