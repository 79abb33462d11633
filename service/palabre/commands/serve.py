"""`palabre serve`: the service itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from palabre.commands import opening, terminal

if TYPE_CHECKING:
    from palabre.service import Service
    from palabre.settings import Settings


@click.command()
@click.option("--host", help="Address or name to listen on, instead of PALABRE_HOST.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port to listen on, instead of PALABRE_PORT; 0 takes any free one.",
)
@click.option(
    "--desk",
    metavar="NAME",
    help="Print a one-time link to the desk for the moderator NAME, added with every right where "
    "there never was one.",
)
def serve(host: str | None, port: int | None, desk: str | None) -> None:
    """Run the service until SIGTERM or Ctrl+C.

    The first start makes the key and the store. One process serves a store; other commands may
    run beside it.
    """
    from palabre.commands import server

    settings = opening.chosen(host=host, port=port)
    with server.runner() as runner:
        runner.run(_serve(settings, desk))


async def _serve(settings: Settings, desk: str | None) -> None:
    from palabre.app import build
    from palabre.commands import server
    from palabre.service import opened

    async with opened(settings, serving=True) as service:
        with server.listener(settings.host, settings.port) as listening:
            port = listening.getsockname()[1]
            service = replace(service, settings=_at_port(settings, port))
            lines = await _greeting(service, desk)
            # One write: a reader that closes its end after the first line has got all of them.
            app = build(service)
            await server.serve(
                app,
                listening,
                ready=lambda: click.echo("\n".join(lines)),
                closing=app.state.streams.close,
            )


def _at_port(settings: Settings, port: int) -> Settings:
    """The settings, a port of 0 replaced by the *port* that it has become."""
    from palabre.settings import default_public_url

    if settings.port == port:
        return settings
    changes: dict[str, object] = {"port": port}
    if settings.public_url == default_public_url(settings.host, settings.port):
        changes["public_url"] = default_public_url(settings.host, port)
    return settings.model_copy(update=changes)


async def _greeting(service: Service, desk: str | None) -> list[str]:
    """What the operator is told once the service accepts connections: where it is, first of all."""
    from palabre import demonstration
    from palabre.settings import default_public_url
    from palabre.store import sites

    settings = service.settings
    here = default_public_url(settings.host, settings.port)
    public = "" if settings.public_url == here else f", for visitors {settings.public_url}"
    lines = [f"Palabre is serving at {here}{public}"]
    if await service.store.read(lambda tx: sites.by_name(tx, demonstration.SITE)):
        lines.append(f"The demonstration is at {settings.public_url}{demonstration.ADDRESS}/")
    if desk is not None:
        return [*lines, await _desk(service, desk)]
    return lines + await terminal.moderator_missing(service)


async def _desk(service: Service, name: str) -> str:
    """Where the desk is for whoever stands at this terminal."""
    from palabre.actions import moderators, sessions
    from palabre.errors import Refusal
    from palabre.model import Scope
    from palabre.store import moderators as stored

    try:
        if await service.store.read(lambda tx: stored.id_of(tx, name)) is None:
            await moderators.add(service, name, scope=Scope.ADMIN)
        found = await sessions.link(service, name)
    except Refusal as exc:
        return str(exc)
    again = terminal.command_line("moderator", "link", name)
    return f"The desk, once within 15 minutes: {found}\nAnother link: {again}"
