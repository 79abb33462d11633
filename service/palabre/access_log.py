"""One log line a request, at a hundredth of what the standard library takes for it.

The lines look as the formatters of `palabre.logs` lay them out. They hold nothing that a visitor
chose (method, route, status and time, no path, no query), so there is nothing to redact. They are
written together at the end of the event loop's turn.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable
from typing import TextIO

Fields = dict[str, str | int | float | bool | None]
LOGGER = "palabre.access"

_TIME, _ID, _MS = "@time@", "@id@", "@ms@"


class AccessLog:
    """Writes to *stream* in the format that *lay_out* has."""

    def __init__(self, stream: TextIO, lay_out: Callable[[Fields], str]) -> None:
        self._stream = stream
        self._lay_out = lay_out
        self._lines: list[str] = []
        self._second = 0
        self._second_as_text = ""
        self._parts = functools.lru_cache(maxsize=512)(self._laid_out)

    def note(
        self, method: str, route: str, status: int, *, seconds: float, request_id: str
    ) -> None:
        """A request has been answered. Called on the event loop."""
        before, between, after, end = self._parts(method, route, status)
        line = f"{before}{self._now()}{between}{request_id}{after}{seconds * 1000:.2f}{end}\n"
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        self._lines.append(line)

    def flush(self) -> None:
        """Write what has been noted. A stream that can't be written is no reason to fail."""
        lines, self._lines = self._lines, []
        try:
            self._stream.write("".join(lines))
            self._stream.flush()
        except (OSError, ValueError):
            return

    def _now(self) -> str:
        at = time.time()
        second = int(at)
        if second != self._second:
            self._second = second
            self._second_as_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_as_text}.{int((at - second) * 1000):03d}Z"

    def _laid_out(self, method: str, route: str, status: int) -> tuple[str, str, str, str]:
        """A line in four parts; between them time, request id and milliseconds have their place."""
        line = self._lay_out(
            {
                "time": _TIME,
                "level": "info",
                "logger": LOGGER,
                "message": f"{method} {route} {status}",
                "request_id": _ID,
                "method": method,
                "route": route,
                "status": status,
                "ms": _MS,
            }
        )
        before, _, rest = line.partition(_TIME)
        between, _, rest = rest.partition(_ID)
        after, _, end = rest.partition(_MS)
        # A number has no quotation marks in JSON.
        return before, between, after.removesuffix('"'), end.removeprefix('"')


class StandardLog:
    """The same through the standard library, where `palabre.logs` was not asked to configure."""

    def __init__(self) -> None:
        self._log = logging.getLogger(LOGGER)

    def note(
        self, method: str, route: str, status: int, *, seconds: float, request_id: str
    ) -> None:
        """A request has been answered."""
        ms = round(seconds * 1000, 2)
        extra = {"method": method, "route": route, "status": status, "ms": ms}
        self._log.info("%s %s %d", method, route, status, extra=extra)


class Silence:
    """Nothing less important than a warning is logged."""

    def note(
        self, method: str, route: str, status: int, *, seconds: float, request_id: str
    ) -> None:
        """A request has been answered."""
