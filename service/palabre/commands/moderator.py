"""`palabre moderator …`: who may read, moderate and administer, their tokens, mail to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from palabre.commands import opening, terminal

if TYPE_CHECKING:
    from palabre.service import Service
    from palabre.store.mailboxes import Mailbox
    from palabre.store.moderators import Entry

LANGUAGES = ("fr", "en")
SCOPES = ("read", "moderate", "admin")
_DAYS_MOST = 36_500


def _expiry(ctx: click.Context, parameter: click.Parameter, given: str | None) -> datetime | None:
    """The moment to come that an operator means."""
    if given is None:
        return None
    text, now = given.strip(), datetime.now(UTC)
    moment = _moment(text, now)
    if moment is None:
        raise click.BadParameter(f"“{text}” is neither days, like 90, nor a date, like 2027-01-31.")
    if moment <= now:
        raise click.BadParameter(f"“{text}” has passed already.")
    return moment


def _moment(text: str, now: datetime) -> datetime | None:
    """What *text* means: days from now, a date (its end) or a moment, in UTC where it has no zone.

    None if it means nothing.
    """
    if re.fullmatch("[0-9]{1,5}", text):
        return now + timedelta(days=int(text)) if int(text) <= _DAYS_MOST else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text and " " not in text:
        moment = datetime.combine(moment, time(23, 59, 59))
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


@click.group()
def moderator() -> None:
    """Add, list and revoke moderators, sign them in, and tell them by mail of what waits."""


@moderator.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="moderate",
    show_default=True,
    help="What the token allows; each scope includes those before it.",
)
@click.option("--site", metavar="NAME", help="The only site it is good for; by default all.")
@click.option(
    "--expires",
    callback=_expiry,
    metavar="DAYS|DATE",
    help="When it ends: days from now, such as 90, or a date, such as 2027-01-31 (its end, UTC).",
)
@terminal.json_option
def add(name: str, scope: str, site: str | None, expires: datetime | None, as_json: bool) -> None:
    """Add the moderator NAME and print the token, which is shown this once."""

    async def work(service: Service) -> str:
        from palabre.actions import moderators
        from palabre.model import Scope

        return await moderators.add(
            service, name, scope=Scope(scope), site=site, expires_at=expires
        )

    token = opening.with_service(work)
    if as_json:
        terminal.print_json({"name": name, "scope": scope, "token": token})
    else:
        click.echo(f"Added the moderator {name}. The token is shown this once:")
        click.echo(token)


@moderator.command("list")
@terminal.json_option
def list_(as_json: bool) -> None:
    """List the moderators, the former ones too; never a token.

    Where their mail goes is in the JSON alone.
    """

    async def work(service: Service) -> tuple[Sequence[Entry], dict[str, Mailbox]]:
        from palabre.store import mailboxes, moderators

        return (
            await service.store.read(moderators.every),
            await service.store.read(mailboxes.every),
        )

    found, boxes = opening.with_service(work)
    if as_json:
        terminal.print_json([_shape(entry, boxes.get(entry.id)) for entry in found])
    elif found:
        rows = [
            (
                entry.name,
                entry.scope.value,
                entry.site or "all",
                "yes" if entry.id in boxes else "no",
                _standing(entry),
            )
            for entry in found
        ]
        terminal.print_columns(("NAME", "SCOPE", "SITE", "MAIL", "TOKEN"), rows)
    else:
        click.echo("There is no moderator yet.")


@moderator.command()
@click.argument("name")
@click.argument("address", required=False)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of the mail; by default that of new sites (PALABRE_LOCALE).",
)
@click.option("--off", is_flag=True, help="No more mail; the links in it stop working.")
def mail(name: str, address: str | None, lang: str | None, off: bool) -> None:
    """Tell the moderator NAME at ADDRESS of comments that wait, or stop it.

    One mail for all that comes within PALABRE_DIGEST_MINUTES, with links to decide by.
    """
    if off == (address is not None) or (off and lang is not None):
        raise click.UsageError("Give either an ADDRESS or --off.")

    async def work(service: Service) -> bool:
        from palabre.actions import moderators

        if address is None:
            await moderators.end_mail(service, name)
        else:
            language = lang or service.settings.locale
            await moderators.tell_by_mail(service, name, address, language=language)
        return service.settings.relay is not None and service.settings.sender is not None

    can_send = opening.with_service(work)
    if off:
        click.echo(f"{name} gets no more mail.")
        return
    click.echo(f"{name} will be told by mail of comments that wait.")
    if not can_send:
        click.echo(
            "No mail can go yet: set PALABRE_SMTP_URL and PALABRE_MAIL_FROM for the service.",
            err=True,
        )


@moderator.command()
@click.argument("name")
def link(name: str) -> None:
    """Print a link that signs the moderator NAME in to the desk: once, within 15 minutes."""

    async def work(service: Service) -> str:
        from palabre.actions import sessions

        return await sessions.link(service, name)

    click.echo(opening.with_service(work))


@moderator.command()
@click.argument("name")
def revoke(name: str) -> None:
    """End the token of the moderator NAME at once, and the mail to them.

    The log goes on naming them; the name can't be given again.
    """

    async def work(service: Service) -> None:
        from palabre.actions import moderators

        await moderators.revoke(service, name)

    opening.with_service(work)
    click.echo(f"The token of {name} no longer works.")
    click.echo(
        "What their decisions taught the learned score stays; "
        f"“palabre moderator unlearn {name}” takes it out.",
        err=True,
    )


def _since(ctx: click.Context, parameter: click.Parameter, given: str | None) -> datetime | None:
    """The moment in the past that an operator means."""
    if given is None:
        return None
    ago = terminal.ago(given)
    if ago is not None:
        return datetime.now(UTC) - ago
    try:
        moment = datetime.fromisoformat(given.strip())
    except ValueError:
        raise click.BadParameter(
            f"“{given}” is neither a time ago, like 7d or 12h, nor a date, like 2026-11-30."
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


@moderator.command()
@click.argument("name")
@click.option("--site", metavar="NAME", help="Only on this site; by default on all.")
@click.option(
    "--since",
    callback=_since,
    metavar="AGO|DATE",
    help="Only decisions since then: 7d, 12h, or a date such as 2026-11-30 (its beginning, UTC).",
)
@terminal.json_option
def unlearn(name: str, site: str | None, since: datetime | None, as_json: bool) -> None:
    """Take what the decisions of the moderator NAME taught out of the learned score.

    The score is then what it would be without them. The comments stay in the state they are in.
    Works for moderators whose token was revoked, too.
    """

    async def work(service: Service) -> int:
        from palabre.actions import learn

        return await learn.forget(service, name, site=site, since=since)

    n = opening.with_service(work)
    if as_json:
        terminal.print_json({"name": name, "forgotten": n})
    else:
        click.echo(f"{n} decisions of {name} no longer count in the learned score.")


def _standing(entry: Entry) -> str:
    if entry.revoked_at is not None:
        return f"revoked {_instant(entry.revoked_at)}"
    if entry.expires_at is None:
        return "works"
    is_over = entry.expires_at <= datetime.now(UTC)
    return f"{'expired' if is_over else 'works until'} {_instant(entry.expires_at)}"


def _shape(entry: Entry, mailbox: Mailbox | None) -> dict[str, object]:
    told = mailbox and {"address": mailbox.address, "lang": mailbox.language}
    return {
        "name": entry.name,
        "scope": entry.scope.value,
        "site": entry.site,
        "mail": told,
        "created_at": _instant(entry.created_at),
        "expires_at": _instant(entry.expires_at),
        "revoked_at": _instant(entry.revoked_at),
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else terminal.instant(moment)
