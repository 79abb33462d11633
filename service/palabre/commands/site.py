"""`palabre site …`: the web sites whose articles take comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from palabre.commands import opening, terminal
from palabre.errors import InvalidRequest, Refusal, SiteNotFound

if TYPE_CHECKING:
    from palabre.model import Site
    from palabre.service import Service


WORDS = ("hold_words", "reject_words")
"""Rules that may be read from a file; a test compares them to the policy's."""


@click.group()
def site() -> None:
    """Add, list and change sites."""


@site.command()
@click.argument("name")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    required=True,
    metavar="URL",
    help="Where its pages are, such as https://blog.example. May be repeated: links lead to the "
    "first.",
)
@click.option("--locale", help="Its language, fr or en; by default PALABRE_LOCALE.")
@terminal.json_option
def add(name: str, origins: tuple[str, ...], locale: str | None, as_json: bool) -> None:
    """Add the site NAME."""

    async def work(service: Service) -> Site:
        from palabre.actions import sites

        return await sites.add(service, name, origins=origins, locale=locale)

    added = opening.with_service(work)
    if as_json:
        terminal.print_json(_shape(added))
    else:
        click.echo(f"Added the site {added.name} at {', '.join(added.origins)}.")


@site.command("list")
@terminal.json_option
def list_(as_json: bool) -> None:
    """List the sites."""

    async def work(service: Service) -> list[Site]:
        from palabre.store import sites

        return await service.store.read(sites.every)

    found = opening.with_service(work)
    if as_json:
        terminal.print_json([_shape(one) for one in found])
    elif found:
        rows = [(one.name, one.locale, " ".join(one.origins)) for one in found]
        terminal.print_columns(("NAME", "LOCALE", "ORIGINS"), rows)
    else:
        click.echo("There is no site yet.")


def _assignments(
    ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> list[tuple[str, str]]:
    for one in given:
        if "=" not in one:
            raise click.BadParameter(f"“{one}” is not of the form KEY=VALUE.")
    pairs = (one.partition("=") for one in given)
    return [(name, _words(value) if name.strip() in WORDS else value) for name, _, value in pairs]


def _words(value: str) -> str:
    """The words that were given, or those of the file that was, each on a line of its own."""
    if not value.startswith("@"):
        return value
    try:
        with click.open_file(value[1:], encoding="utf-8-sig") as file:
            # Whatever the file is like, it is none of commas.
            return str(file.read()) + "\n"
    except (OSError, UnicodeDecodeError) as exc:
        raise click.BadParameter(f"The file “{value[1:]}” can't be read as UTF-8 text.") from exc


@site.command("set")
@click.argument("name")
@click.argument("assignments", nargs=-1, required=True, metavar="KEY=VALUE…", callback=_assignments)
@terminal.json_option
def set_(name: str, assignments: list[tuple[str, str]], as_json: bool) -> None:
    """Change the rules of the site NAME; “off” or nothing sets one back to its default.

    Of a limit, “off” is no limit at all, and nothing its default.

    \b
    preset            strict, balanced or open: the defaults of what is not set here
    first_state       pending, or approved unless a screening rule minds
    depth             levels of replies, 0 to 10
    max_links         links a comment may hold unremarked, 0 to 100
    comment_limit     characters of a comment, 1 to 20000
    author_limit      comments one author may send unremarked, such as 10/minute
    network_limit     comments that may come unremarked from a visitor's wider network, the
                      IPv4 /24 or IPv6 /48
    article_limit     comments an article takes before what bears a mark goes to quarantine
    site_limit        the same of the whole site
    close_after_days  days after which an article takes no more comments
    min_seconds       seconds below which nobody fills in a form, 0 to 60; 0 or off: any time
    trust_after       comments that a moderator approved, after which a reader whose browser
                      remembers them need not wait, 1 to 50
    privacy_url       address of the page on privacy, shown beside the form
    stylesheet        path, or address on an origin of the site, of a stylesheet that its
                      form and receipt pages take in after ours
    reports_to_hold   independent reports by readers that put a published comment back
                      into the queue; 0 or off: none do
    tell_banned       on: who is banned or blocked is told that their comment is refused
    reasons           reasons to reject a comment that moderators are offered,
                      separated by commas
    languages         languages that its readers write in, such as fr,en; others are
                      minded, while by default they are only remarked on
    hold_words        words and phrases that make a comment wait, separated by commas,
                      or @FILE with one a line; * stands for any letters within a word
    reject_words      words and phrases that make a comment refused, likewise
    personal_data     hold a comment with personal data in it, note it, or off
    learned_hold      honest comments in 1,000 that the learned score may hold by mistake,
                      0 (never) to 100
    learned_spam      honest comments in 1,000 that it may send to spam, 0 (never) to 100
    proof             attack: while more comes than the limits allow, browsers prove that
                      they have worked a second, and what comes without is held; or off
    treatment.RULE    what is done with what the screening rule RULE minds: hold, spam,
                      note (only remark on it) or off (don't look)
    """

    async def work(service: Service) -> Site:
        from palabre.actions import sites
        from palabre.text import policy

        return await sites.change_policy(service, name, policy.parse(assignments))

    try:
        changed = opening.with_service(work)
    except SiteNotFound as exc:
        raise Refusal(f"There is no site “{name}”.") from exc
    except InvalidRequest as exc:
        raise Refusal(*terminal.mistakes(exc)) from exc
    if as_json:
        terminal.print_json(_shape(changed))
    else:
        click.echo("\n".join(terminal.assignments(_policy(changed))))


def _policy(found: Site) -> Mapping[str, object]:
    from palabre.text import policy

    return policy.as_json(found.policy)


def _shape(found: Site) -> dict[str, object]:
    """A site as `GET /v1/moderation/sites/NAME` answers it; a test compares the two."""
    return {
        "name": found.name,
        "origins": list(found.origins),
        "locale": found.locale,
        "policy": _policy(found),
        "set": sorted(found.policy.own),
    }
