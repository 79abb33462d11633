"""The numbers at the desk: one page, plots and tables, all of it counted from the log."""

from __future__ import annotations

import itertools
from datetime import timedelta

from starlette.responses import Response

from palabre import locale
from palabre.actions import numbers
from palabre.actions.numbers import Counting
from palabre.errors import BadParameter, FieldError
from palabre.model import Scope
from palabre.rendering import desk, desk_numbers
from palabre.web.asked import parameters
from palabre.web.desk.door import Visit, guarded
from palabre.web.desk.places import site_names, site_of

DAYS = 30
_DAY = timedelta(days=1)


@guarded(Scope.READ)
async def look(visit: Visit) -> Response:
    """`GET /desk/numbers`."""
    given = parameters(visit.request, "site", "days", "lang")
    asked = given.get("days", str(DAYS))
    if asked not in map(str, numbers.RANGES):
        raise BadParameter([FieldError("days", "unknown")])
    site = await site_of(visit, given.get("site"))
    if site is None:
        return await visit.page("numbers", None, here="numbers")
    counting: Counting = visit.request.app.state.counting
    found = await counting.of_site(site, days=int(asked))
    language = visit.asks.language

    def say(code: str, **values: int | str) -> str:
        return locale.say(language, code, **values)

    view = desk_numbers.NumbersView(
        site=site.name,
        sites=await site_names(visit),
        days=int(asked),
        ranges=numbers.RANGES,
        rows=tuple(desk_numbers.row(day, language) for day in reversed(found.days)),
        states=desk_numbers.states(found.days, language),
        waits=desk_numbers.waits(found.days, language),
        ages=desk_numbers.bars(
            [(label, n, "") for label, n in zip(_ages(language), found.ages, strict=True)],
            language,
            counted_to=numbers.AGES_MOST,
        ),
        rules=desk_numbers.bars(
            [
                (
                    desk.rule_words(one.name, language),
                    one.caught,
                    say("numbers.freed", n=one.approved),
                )
                for one in found.rules
            ],
            language,
        ),
        articles=tuple(
            (one.id, bar)
            for one, bar in zip(
                found.discussed,
                desk_numbers.bars(
                    [(one.title, one.published, "") for one in found.discussed], language
                ),
                strict=True,
            )
        ),
    )
    return await visit.page("numbers", view, here="numbers")


def _ages(language: str) -> list[str]:
    """What each bar of those that wait stands for: none holds what another does."""

    def hours(age: timedelta) -> int:
        return age // timedelta(hours=1)

    between = [
        locale.say(language, "numbers.age.hours", start=hours(start), end=hours(end))
        if end <= _DAY
        else locale.say(language, "numbers.age.days", start=start.days, end=end.days)
        for start, end in itertools.pairwise(numbers.AGES)
    ]
    first, last = numbers.AGES[0], numbers.AGES[-1]
    return [
        locale.say(language, "numbers.age.under", n=hours(first)),
        *between,
        locale.say(language, "numbers.age.over", n=last.days),
    ]
