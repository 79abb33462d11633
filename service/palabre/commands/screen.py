"""`palabre screen`: what screening makes of comments that nobody has sent. Stores nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import IO, TYPE_CHECKING, Any

import click

from palabre.commands import opening
from palabre.errors import Refusal

if TYPE_CHECKING:
    from palabre.actions.screen import Looked
    from palabre.model import Site
    from palabre.service import Service

LANGUAGES = ("fr", "en")
FIELDS = ("comment", "name", "email", "website", "article", "parent")


@click.command()
@click.option(
    "--explain",
    "lines",
    type=click.File("rb"),
    required=True,
    metavar="FILE",
    help="JSON lines, a comment each, with the form's field names; - is standard input.",
)
@click.option("--site", metavar="NAME", help="Whose rules and decisions; by default the only one.")
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    help="The language of the sentences; by default the site's.",
)
def screen(lines: IO[bytes], site: str | None, lang: str | None) -> None:
    """Say what would become of comments, and why, without storing any.

    A line such as {"comment": "…"} may also have name, email, website, article, parent and site;
    each is answered by a line with the state, who decides it, every signal with its score and
    sentence, and all that the learned score counts. Exit code 1 if a line could not be screened.
    """
    is_good = True

    async def work(service: Service) -> None:
        nonlocal is_good
        async for answer in _answers(service, lines, site, lang):
            is_good = is_good and "errors" not in answer
            click.echo(json.dumps(answer, ensure_ascii=False))

    opening.with_service(work)
    if not is_good:
        raise click.exceptions.Exit(1)


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
