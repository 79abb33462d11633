"""`palabre webhook …`: programs that are told of a site's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from palabre.commands import opening, terminal
from palabre.errors import Refusal

if TYPE_CHECKING:
    from palabre.service import Service
    from palabre.store.webhooks import Webhook


@click.group()
def webhook() -> None:
    """Add, list, try, renew and remove webhooks.

    They are told of comments that come (submitted), that are decided about (decided) and that
    their authors take back (withdrawn), signed after Standard Webhooks.
    """


@webhook.command()
@click.argument("site")
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="NAME",
    help="submitted, decided or withdrawn; may be repeated. All of them by default.",
)
@terminal.json_option
def add(site: str, url: str, events: tuple[str, ...], as_json: bool) -> None:
    """Tell URL of what happens on SITE, and print the secret that it is signed with."""

    async def work(service: Service) -> tuple[Webhook, str]:
        from palabre.actions import webhooks

        added = await webhooks.add(service, site, url, events=events)
        return added, _secret(service, added)

    _print_with_secret(*opening.with_service(work), as_json=as_json, told="Added")


@webhook.command("list")
@terminal.json_option
def list_(as_json: bool) -> None:
    """List the webhooks; never a secret."""

    async def work(service: Service) -> list[Webhook]:
        from palabre.store import webhooks

        return await service.store.read(webhooks.every)

    found = opening.with_service(work)
    if as_json:
        terminal.print_json([_shape(one) for one in found])
    elif found:
        rows = [(one.id, one.site, " ".join(one.events), one.url) for one in found]
        terminal.print_columns(("ID", "SITE", "EVENTS", "URL"), rows)
    else:
        click.echo("There is no webhook yet.")


@webhook.command()
@click.argument("id")
@terminal.json_option
def roll(id: str, as_json: bool) -> None:
    """Give the webhook ID another secret, and print it; the present one signs for another day."""

    async def work(service: Service) -> tuple[Webhook, str]:
        from palabre.actions import webhooks

        rolled = await webhooks.roll(service, id)
        return rolled, _secret(service, rolled)

    _print_with_secret(*opening.with_service(work), as_json=as_json, told="Renewed")


@webhook.command()
@click.argument("id")
def remove(id: str) -> None:
    """Tell the webhook ID nothing any more, not even what it has not been told yet."""

    async def work(service: Service) -> None:
        from palabre.actions import webhooks

        await webhooks.remove(service, id)

    opening.with_service(work)
    click.echo("The webhook is removed.")


@webhook.command("test")
@click.argument("id")
def test_(id: str) -> None:
    """Send the webhook ID a signed message of the type `test`, and print what it answers."""

    async def work(service: Service) -> int:
        from palabre.actions import webhooks
        from palabre.ids import new_id
        from palabre.jobs import outgoing
        from palabre.jobs import webhook as job

        found = await webhooks.get(service, id)
        now = service.now()
        content = {"type": "test", "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "data": {}}
        try:
            return await job.tell(service, found, new_id(now), content)
        except outgoing.NotSent as exc:
            raise Refusal(f"It could not be sent: {exc}.") from exc

    status = opening.with_service(work)
    if not 200 <= status < 300:
        raise Refusal(f"The receiver answered {status}; it should be 200 to 299.")
    click.echo(f"The receiver answered {status}.")


def _secret(service: Service, found: Webhook) -> str:
    from palabre.actions import webhooks
    from palabre.jobs import signing

    return signing.written(webhooks.secret(service, found))


def _print_with_secret(found: Webhook, secret: str, *, as_json: bool, told: str) -> None:
    if as_json:
        terminal.print_json({**_shape(found), "secret": secret})
    else:
        click.echo(f"{told} the webhook {found.id}. The secret is shown this once:")
        click.echo(secret)


def _shape(found: Webhook) -> dict[str, Any]:
    return {
        "id": found.id,
        "site": found.site,
        "url": found.url,
        "events": list(found.events),
        "created_at": found.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
