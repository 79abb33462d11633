"""How log lines look, and what never stands in one: an address, a token, a query string.

`redact` is the one place where that is removed; every part of a line passes through it on its way
out, exceptions and the lines of other people's loggers included. Standard library only.
"""

from __future__ import annotations

import abc
import json
import logging
import math
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from palabre.access_log import AccessLog, Silence, StandardLog

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request being answered, None outside of one; stands in every line."""

access: AccessLog | StandardLog | Silence = StandardLog()
"""Where requests are noted; `configure` chooses."""

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

# Each pattern starts only where a word starts, or at a fixed text, and then takes a run of
# characters once: a line costs time in proportion to its length, whatever stands in it.
_QUERY = re.compile(r"(?<!\S)([^\s?]*+)\?(\S+)")
_RECEIPT = re.compile(r"(?i)((?:/|%2F)(?:receipts|v1(?:/|%2F)reports)(?:/|%2F))(?!\{)[^\s/?#]+")
_MAIL_LINK = re.compile(
    r"(?i)((?:/|%2F)v1(?:/|%2F)mail(?:/|%2F)(?:unsubscribe(?:/|%2F))?)"
    r"(?!\{|unsubscribe(?:/|%2F))[^\s/?#]+"
)
_BEARER = re.compile(r"(?i)\bbearer((?:%20|\W){1,9})[^\s\"',;)\]}]+")
_TOKEN = re.compile(r"palabre_[A-Za-z0-9_-]+")
_AT = r"(?:[@﹫＠]|%(?:25)*40|\\u0040|\\x40|&#64;|&#x40;|&commat;)"
_CHARACTER = r"[^\s<>\"()\[\],;:@﹫＠]"
_EMAIL = re.compile(
    rf"(?i)(?:\"[^\"\n]{{1,64}}\"|(?<!{_CHARACTER}){_CHARACTER}+){_AT}\[?(?:{_CHARACTER}|{_AT})+"
)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_OF_EVERY_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_NOT_SHOWN = _OF_EVERY_RECORD | {"color_message"}  # uvicorn's message again, with ANSI colours
_OURS = {"time", "level", "logger", "message", "request_id", "exception"}

Value = str | int | float | bool | None


def redact(text: str) -> str:
    """The text without e-mail addresses, our tokens, and the queries of URLs.

    Takes too much rather than too little: what stands around an address without a space may go
    with it.
    """
    # Looking for a few characters first spares most texts the patterns: 0.3 µs instead of 20.
    if "?" in text:
        text = _QUERY.sub(_without_query, text)
    if "palabre_" in text:
        text = _TOKEN.sub("palabre_[token]", text)
    folded = text.lower()
    if "receipts" in folded or "reports" in folded:
        text = _RECEIPT.sub(r"\1[token]", text)
    if "mail" in folded:
        text = _MAIL_LINK.sub(r"\1[token]", text)
    if "bearer" in folded:
        text = _BEARER.sub(r"Bearer\1[token]", text)
    if "@" in text or "%" in text or "\\" in text or "&" in text or "﹫" in text or "＠" in text:
        text = _EMAIL.sub("[e-mail]", text)
    return text


def _without_query(found: re.Match[str]) -> str:
    path, query = found.groups()
    is_url = "/" in path or "%2f" in path.lower() or "=" in query
    return f"{path}?[query]" if is_url else found[0]


class _Formatter(logging.Formatter, abc.ABC):
    """Turns a record into fields, every text redacted; how they stand in a line is `lay_out`'s."""

    def format(self, record: logging.LogRecord) -> str:
        """The whole line, without its end. Never raises, whatever was logged."""
        try:
            return self.lay_out(self._fields(record))
        except Exception:
            return self.lay_out({"level": "error", "message": "a log line could not be formatted"})

    @abc.abstractmethod
    def lay_out(self, fields: dict[str, Value]) -> str:
        """The fields as one line."""

    def _fields(self, record: logging.LogRecord) -> dict[str, Value]:
        at = datetime.fromtimestamp(record.created, UTC)
        fields: dict[str, Value] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": redact(record.name),
            "message": redact(_message(record)),
            "request_id": _value(request_id.get()),
        }
        for name, value in vars(record).items():
            if name not in _NOT_SHOWN and name not in _OURS:
                fields[name] = _value(value)
        if exception := self._exception(record):
            fields["exception"] = redact(exception)
        return fields

    def _exception(self, record: logging.LogRecord) -> str:
        parts = [record.exc_text or "", record.stack_info or ""]
        if record.exc_info and record.exc_info[0]:
            parts[0] = self.formatException(record.exc_info)
        return "\n".join(part for part in parts if part)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        return f"{_printed(record.msg)} [its arguments do not fit]"


def _value(value: object) -> Value:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return redact(_printed(value))


def _printed(value: object) -> str:
    try:
        return str(value)
    except Exception:
        return f"[unprintable {type(value).__name__}]"


class JsonFormatter(_Formatter):
    """One JSON object a line, in ASCII, for programs."""

    def lay_out(self, fields: dict[str, Value]) -> str:
        return json.dumps(fields)


class PlainFormatter(_Formatter):
    """`time LEVEL logger [request id] message name=value …`, for people.

    Nothing that was logged can begin a line or move the cursor: a traceback's lines are indented,
    control characters are shown escaped.
    """

    def lay_out(self, fields: dict[str, Value]) -> str:
        rest = dict(fields)
        head = [rest.pop("time", None), str(rest.pop("level")).upper(), rest.pop("logger", None)]
        request, message = rest.pop("request_id", None), rest.pop("message")
        exception = rest.pop("exception", None)
        words = [*head, request and f"[{request}]", message]
        words += (f"{name}={_quoted(value)}" for name, value in rest.items())
        line = _visible(" ".join(str(word) for word in words if word is not None))
        for below in str(exception or "").splitlines():
            line += f"\n    {_visible(below)}"
        return line


def _quoted(value: Value) -> str:
    text = "-" if value is None else str(value)
    return json.dumps(text, ensure_ascii=False) if re.search(r"[\s\"]", text) else text


def _visible(text: str) -> str:
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines, and is silent where it can't.

    The standard `handleError` prints the message and its arguments as they are, to standard error.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        return


def configure(*, format: str, level: str, stream: TextIO | None = None) -> None:
    """From now on everything logged goes to *stream* (standard error), redacted.

    *format*: `plain` or `json`. *level*: of `LEVELS`; other people's loggers are held at `info`
    at least, since aiosqlite's debug lines quote every parameter of every statement. May be
    called again. uvicorn must be run with `log_config=None`; its access log, which has client
    addresses and queries, is switched off.
    """
    global access
    handler = _Handler(stream or sys.stderr)
    formatter = {"plain": PlainFormatter, "json": JsonFormatter}[format]()
    handler.setFormatter(formatter)
    is_told = LEVELS[level] <= logging.INFO
    access = AccessLog(stream or sys.stderr, formatter.lay_out) if is_told else Silence()
    root = logging.getLogger()
    for former in [h for h in root.handlers if isinstance(h, _Handler)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(max(LEVELS[level], logging.INFO))
    logging.getLogger("palabre").setLevel(LEVELS[level])
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = True
        theirs.setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.access").disabled = True
