"""From the operator's environment to an open service, for one piece of work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from palabre.service import Service
    from palabre.settings import Settings

T = TypeVar("T")


def chosen(
    *, host: str | None = None, port: int | None = None, database_url: str | None = None
) -> Settings:
    """The settings, these from the command line if given; from here on logs are as they say.

    Raises Refusal with every mistake.
    """
    from palabre import logs, settings

    found = settings.load(os.environ, host=host, port=port, database_url=database_url)
    logs.configure(format=found.log_format, level=found.log_level)
    return found


def with_service(work: Callable[[Service], Awaitable[T]]) -> T:
    """Do *work* on the operator's service and close it again. Raises what it raises."""
    from palabre.service import opened

    settings = chosen()

    async def run() -> T:
        async with opened(settings) as service:
            return await work(service)

    return asyncio.run(run())
