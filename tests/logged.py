"""Logging is the whole process's: what sets it up in a test puts it back."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from palabre import logs

LOGGERS = ("", "palabre", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


@contextlib.contextmanager
def as_it_was() -> Iterator[None]:
    """Puts back whatever `palabre.logs.configure` changes within."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(one.level, one.handlers[:], one.propagate, one.disabled) for one in loggers]
    access = logs.access
    try:
        yield
    finally:
        logs.access = access
        for one, (level, handlers, propagate, disabled) in zip(loggers, before, strict=True):
            one.setLevel(level)
            one.handlers[:] = handlers
            one.propagate, one.disabled = propagate, disabled
