"""`palabre demo`: a site with articles and a conversation in every state, for looking around."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from palabre import demonstration
from palabre.commands import opening, terminal
from palabre.errors import Refusal

if TYPE_CHECKING:
    from palabre.model import Site
    from palabre.service import Service
    from palabre.settings import Settings
    from palabre.store import Tx


@click.command()
def demo() -> None:
    """Add a site to look around in.

    It has four articles and conversations in French, with comments in every state. `palabre
    serve` shows it at /demo/. May be repeated: what is there already stays as it is. Works while
    the service runs.
    """
    for line in opening.with_service(_demo):
        click.echo(line)


async def _demo(service: Service) -> list[str]:
    """Make what is missing; lines that say what was done.

    In one transaction: an interrupted run leaves nothing behind, and two at once make one
    demonstration.
    """
    lines = await service.store.write(lambda tx: _make(tx, service))
    return lines + await terminal.moderator_missing(service)


async def _make(tx: Tx, service: Service) -> list[str]:
    from palabre.commands import conversation, playing
    from palabre.store import articles

    service = playing.within(service, tx)
    url = f"{service.settings.public_url}{demonstration.ADDRESS}/"
    site, news = await _site(tx, service)
    missing = []
    for story in conversation.STORIES:
        if not (await articles.at(tx, site, story.address, now=service.now())).id:
            missing.append(story)
    if missing:
        comments = await playing.play(service, site, missing)
        places = "an article" if len(missing) == 1 else f"{len(missing)} articles"
        news.append(f"Added {comments} comments on {places}.")
    if not news:
        return [f"The demonstration is there already, nothing was changed: {url}"]
    return [*news, f"`palabre serve` shows the demonstration at {url}"]


async def _site(tx: Tx, service: Service) -> tuple[Site, list[str]]:
    """The demonstration's site, where the service is now; and what was new or changed about it."""
    from palabre.actions import sites as actions
    from palabre.store import sites

    origin, *others = _origins(service.settings)
    holder = await sites.by_origin(tx, origin)
    if holder is not None and holder.name != demonstration.SITE:
        raise Refusal(
            f"{origin}, where the service is, is an origin of the site “{holder.name}” already: "
            "the demonstration would stand in its place."
        )
    others = [other for other in others if await sites.by_origin(tx, other) is None]
    before = await sites.by_name(tx, demonstration.SITE)
    if before is None:
        added = await actions.add(
            service, demonstration.SITE, origins=[origin, *others], locale="fr"
        )
        return added, [f"Added the site {added.name} at {', '.join(added.origins)}."]
    for one in others if holder else [origin, *others]:
        await sites.add_origin(tx, before.id, one)
    # Links lead to the first one: that is where the service is now.
    await sites.put_first(tx, before.id, origin)
    after = await sites.by_id(tx, before.id)
    if after == before:
        return after, []
    return after, [f"The site {after.name} is now at {', '.join(after.origins)}."]


def _origins(settings: Settings) -> list[str]:
    """Where the demonstration's page is: with the service, under either name of this machine."""
    from palabre.text import address

    try:
        own = address.origin(settings.public_origin)
    except address.AddressError as exc:
        raise Refusal(
            f"The demonstration can't be at {settings.public_origin}: no browser gets there."
        ) from exc
    return list(dict.fromkeys([own, own.replace("//127.0.0.1", "//localhost", 1)]))
