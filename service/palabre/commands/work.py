"""`palabre work`: the work beside the answers, in a process of its own."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import click

from palabre.commands import opening

if TYPE_CHECKING:
    from palabre.settings import Settings

GRACE_S = 8.0
"""Seconds that work under way gets at the end."""


@click.command()
def work() -> None:
    """Do the work beside the answers, until SIGTERM or Ctrl+C.

    What `palabre serve` does as well, unless PALABRE_JOBS is false. Any number may run beside
    any number of services: each piece of work is one worker's at a time. Only making deleted words
    leave the files of an SQLite store is always left to the process that serves it.
    """
    from palabre.commands import server

    settings = opening.chosen()
    with server.runner() as runner:
        runner.run(_work(settings))


async def _work(settings: Settings) -> None:
    from palabre.jobs import worker
    from palabre.service import opened

    ended = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, ended.set)
    async with opened(settings) as service, worker.running(service, grace_s=GRACE_S):
        click.echo("Palabre is working.")
        await ended.wait()
