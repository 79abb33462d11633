"""`palabre screen`: what screening makes of comments that nobody has sent, and would have made of
those that have come. Stores nothing."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

import click

from palabre.commands import opening, terminal
from palabre.errors import Invalid, Refusal

if TYPE_CHECKING:
    from palabre.actions.screen import Looked
    from palabre.model import Site
    from palabre.service import Service

LANGUAGES = ("fr", "en")
FIELDS = ("comment", "name", "email", "website", "article", "parent")


def _span(ctx: click.Context, parameter: click.Parameter, given: str | None) -> timedelta | None:
    if given is None:
        return None
    found = terminal.ago(given)
    if not found:
        raise click.BadParameter(f"“{given}” is no time such as 30d or 12h.")
    return found


def _changes(
    ctx: click.Context, parameter: click.Parameter, name: str | None
) -> dict[str, object] | None:
    """The object in a file, of TOML if it is named so, else of JSON."""
    if name is None:
        return None
    try:
        with click.open_file(name, "rb") as file:
            text: bytes = file.read()
        is_toml = name.lower().endswith(".toml")
        found = tomllib.loads(text.decode("utf-8")) if is_toml else json.loads(text)
    except (OSError, ValueError) as exc:
        raise click.BadParameter(f"{name}: {exc}") from exc
    if not isinstance(found, dict):
        raise click.BadParameter(f"{name} holds no object of rules and their values.")
    return found


@click.command()
@click.option(
    "--explain",
    "lines",
    type=click.File("rb"),
    metavar="FILE",
    help="JSON lines, a comment each, with the form's field names; - is standard input.",
)
@click.option(
    "--replay",
    "span",
    callback=_span,
    metavar="DAYS",
    help="Judge again what has come in that time, such as 30d or 12h.",
)
@click.option(
    "--with",
    "changes",
    callback=_changes,
    metavar="FILE",
    help="Changes to the site's rules to try, in JSON or TOML (FILE.toml).",
)
@click.option(
    "--site",
    metavar="NAME",
    help="Whose rules and decisions; by default the only one, or for --replay each.",
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of the signals' sentences; by default the site's.",
)
@terminal.json_option
def screen(
    lines: IO[bytes] | None,
    span: timedelta | None,
    changes: dict[str, object] | None,
    site: str | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Say what would become of comments, and why, without storing any.

    --explain FILE: a line such as {"comment": "…"} may also have name, email, website, article,
    parent and site; each is answered by a line with the state, who decides it, every signal with
    its score and sentence, and all that the learned score counts: one JSON object a line, with or
    without --json. {"line", "state", "by", "signals": [{"name", "score", "why"}], "learned":
    {"labels", "honest", "spam", "features": [{"feature", "weight"}]}}, or {"line", "errors"}. Exit
    code 1 if a line could not be screened.

    --replay 30d: what the rules of today, or with --with FILE those changed so, would have done to
    what came in that time: what they would catch that came through, or only waited as everything
    does, what they would let go that was caught, and what moderators decided about each. FILE is
    what PATCH /v1/moderation/sites/NAME takes as the policy, such as {"max_links": 1}. Words are
    judged again, by the learned score as it is today; how a comment came (pace, bans, the form, a
    flood) counts as it did then. Comments by moderators, deleted and edited ones are left out.
    """
    if (lines is None) == (span is None):
        raise click.UsageError("Give either --explain FILE or --replay DAYS.")
    if span is None and changes is not None:
        raise click.UsageError("--with belongs to --replay.")
    if span is not None:
        _replay(span, changes or {}, site, lang, as_json=as_json)
        return
    is_good = True

    async def work(service: Service) -> None:
        nonlocal is_good
        async for answer in _answers(service, lines or (), site, lang):
            is_good = is_good and "errors" not in answer
            click.echo(json.dumps(answer, ensure_ascii=False))

    opening.with_service(work)
    if not is_good:
        raise click.exceptions.Exit(1)


def _replay(
    span: timedelta,
    changes: Mapping[str, object],
    only: str | None,
    lang: str | None,
    *,
    as_json: bool,
) -> None:
    async def work(service: Service) -> list[dict[str, Any]]:
        from palabre.actions.replay import replay
        from palabre.rendering import replays

        desk = f"{service.settings.public_url}/desk"
        found = []
        for one in await _meant(service, only):
            with _progress(one.name) as told:
                came = await replay(service, one, changes, span=span, told=told)
            found.append(replays.as_json(came, language=lang or one.locale, desk=desk))
        return found

    try:
        found = opening.with_service(work)
    except Invalid as exc:
        raise click.UsageError("\n".join(terminal.mistakes(exc))) from exc
    if as_json:
        terminal.print_json(found)
        return
    for one in found:
        _print(one)


async def _meant(service: Service, only: str | None) -> list[Site]:
    from palabre.actions import sites

    every = await sites.every(service)
    found = [one for one in every if only in (None, one.name)]
    if only is not None and not found:
        raise Refusal(f"There is no site “{only}”.")
    return found


@contextlib.contextmanager
def _progress(site: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere. On standard error: the result is the output."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}: {task.completed} comments"),
        TimeElapsedColumn(),
    )
    is_off = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=is_off) as bar:
        task = bar.add_task(site, total=None)
        yield lambda n: bar.update(task, advance=n)


def _print(found: Mapping[str, Any]) -> None:
    """What came of a replay, for people."""
    left_out = found["left_out"]
    judged = found["comments"] - sum(left_out.values())
    click.echo(f"{found['site']}: {judged} comments since {found['since']} judged again.")
    click.echo(
        f"Left out: {left_out['of_moderators']} by moderators, {left_out['deleted']} deleted, "
        f"{left_out['edited']} edited."
    )
    if found["not_tried"]:
        click.echo(f"Not to be tried on what has come: {', '.join(found['not_tried'])}.")
    for kind, meaning in _KINDS.items():
        it = found[kind]
        click.echo(
            f"{meaning}: {it['comments']}. Moderators approved {it['approved']} of them, refused "
            f"{it['refused']}, and have not decided about {it['waiting']}."
        )
    click.echo()
    states = found["states"]
    rows = [
        (state, str(states["before"][state]), str(states["after"][state]))
        for state in states["after"]
    ]
    terminal.print_columns(("FIRST STATE", "BEFORE", "AFTER"), rows)
    click.echo()
    head = ("DECIDED BY", "BEFORE", "REFUSED", "AFTER", "REFUSED")
    terminal.print_columns(
        head,
        [
            (
                one["rule"],
                *(
                    text
                    for side in (one["before"], one["after"])
                    for text in (str(side["comments"]), _percent(side["precision"]))
                ),
            )
            for one in found["rules"]
        ],
    )
    for kind, meaning in _KINDS.items():
        for number, one in enumerate(found["examples"][kind]):
            if not number:
                click.echo(f"\n{meaning}, the newest:")
            _print_example(one)
    click.echo()


_KINDS = {"caught": "Would be caught", "freed": "Would be let go"}


def _percent(share: float | None) -> str:
    """How many of what moderators decided about they refused."""
    return "-" if share is None else f"{share:.0%}"


def _print_example(one: Mapping[str, Any]) -> None:
    click.echo(f"  {one['url']}")
    click.echo(f"    {one['name']}: {one['text']}")
    click.echo(
        f"    {one['before']['state']} by {one['before']['by']}, would be {one['after']['state']} "
        f"by {one['after']['by']}; a moderator decided: {one['decided'] or 'nothing'}"
    )
    for signal in one["signals"]:
        click.echo(f"    {signal['name']} {signal['score']}: {signal['why']}")


async def _answers(
    service: Service, lines: Iterable[bytes], only: str | None, lang: str | None
) -> AsyncIterator[dict[str, Any]]:
    from palabre.actions import screen as action
    from palabre.actions import sites

    known = {one.name: one for one in await sites.every(service)}
    if only is not None and only not in known:
        raise Refusal(f"There is no site “{only}”.")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            yield _wrong(number, "line", "This is not a JSON object.")
            continue
        name = only or said.get("site")
        site = _site(known, name)
        if site is None:
            sentence = "Say which site with --site NAME." if name is None else "No such site."
            yield _wrong(number, "site", sentence)
            continue
        looked = await action.looked_at(service, site, _fields(said))
        yield {"line": number, **_shape(looked, lang or site.locale)}


def _site(known: dict[str, Site], name: object) -> Site | None:
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    return known.get(name) if isinstance(name, str) else None


def _fields(said: dict[str, Any]) -> dict[str, Any]:
    from palabre.text.submission import UNUSABLE

    given = {name: said[name] for name in FIELDS if said.get(name) is not None}
    return {name: one if isinstance(one, str) else UNUSABLE for name, one in given.items()}


def _wrong(number: int, field: str, message: str) -> dict[str, Any]:
    errors = [{"field": field, "code": "invalid", "message": message}]
    return {"line": number, "errors": errors}


def _shape(looked: Looked, language: str) -> dict[str, Any]:
    from palabre import locale
    from palabre.rendering import shapes
    from palabre.screening import learned

    verdict = looked.verdict
    if verdict is None:
        return {
            "errors": [
                {
                    "field": one.field,
                    "code": one.code,
                    "message": locale.say(language, f"field.{one.hint or one.code}", **one.values),
                }
                for one in looked.errors
            ]
        }
    return {
        "state": verdict.state,
        "by": verdict.by,
        "signals": [shapes.signal(one, language) for one in verdict.signals],
        "learned": {
            "labels": looked.learned.labels,
            "honest": looked.learned.honest,
            "spam": looked.learned.spam,
            "features": [
                {"feature": learned.in_words(one, language), "weight": round(one.weight, 3)}
                for one in learned.weights(looked.learned)
            ],
        },
    }
