"""`palabre migrate`: the store brought up to this version's schema."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from palabre.commands import opening, terminal

if TYPE_CHECKING:
    from palabre.settings import Settings


@click.command()
@terminal.json_option
def migrate(as_json: bool) -> None:
    """Bring the store up to this version's schema.

    Every command that opens the store does so by itself; this one does nothing else, and says
    what it did. A store that isn't there yet is made.
    """
    applied = asyncio.run(_migrate(opening.chosen()))
    if as_json:
        terminal.print_json({"applied": applied})
    else:
        for name in applied:
            click.echo(f"Applied {name}.")
        if not applied:
            click.echo("The store is up to date; nothing was changed.")


async def _migrate(settings: Settings) -> list[str]:
    from palabre.service import check_key, opened, unlock
    from palabre.store import open_store

    check_key(settings)
    store = await open_store(settings)
    try:
        # Another key's store is refused before anything in it is changed.
        await unlock(store, settings)
        applied = await store.migrate()
    finally:
        await store.close()
    async with opened(settings):
        # A fresh store has been told now which key it belongs to.
        return applied
