"""Every sentence a person can see, by code, in every shipped language; numbers and dates too.

The catalogues are `<language>/palabre.po`, one code a message, read when a language is first
spoken. Nothing here knows what a comment is. A language more is a folder and two table entries.
"""

from __future__ import annotations

import functools
import gettext
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_time, get_month_names
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.units import format_unit

LANGUAGES = ("fr", "en")

_CLDR = {"fr": "fr", "en": "en_GB"}
"""Whose numbers and months a language uses."""

_LONGEST_TAG = 35
"""Characters. RFC 5646, 4.4.1: a buffer of 35 holds every tag that is in use."""
_LONGEST_HEADER = 500
"""Characters of `Accept-Language` worth reading; browsers send fewer than 150."""

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_RANGE = re.compile(
    r"[ \t]*(?P<tag>\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"[ \t]*(?:;[ \t]*[qQ]=(?P<q>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)
"""RFC 9110, 12.5.4: a language range with its weight."""


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """`forms`: the plural forms of each message, one where it has none."""

    forms: Mapping[str, tuple[str, ...]]
    plural: Callable[[int], int]


@functools.cache
def _catalogue(language: str) -> _Catalogue:
    if language not in LANGUAGES:
        raise KeyError(language)
    with (Path(__file__).parent / language / "palabre.po").open("rb") as file:
        read = read_po(file, locale=language, abort_invalid=True)
    forms: dict[str, tuple[str, ...]] = {}
    for message in read:
        code = message.id if isinstance(message.id, str) else message.id[0]
        if code and message.string:  # the header has no code
            forms[code] = (
                (message.string,) if isinstance(message.string, str) else tuple(message.string)
            )
    return _Catalogue(forms=forms, plural=gettext.c2py(read.plural_expr))


def say(language: str, message: str, /, **values: int | str) -> str:
    """The sentence behind `message`, with `values` in its `{places}`; whole numbers are grouped.

    Where a sentence has plural forms, `n` chooses, or else the one whole number among `values`.
    KeyError: no such language or message, or a place without a value. A value nobody asked for
    is ignored; braces inside a value are only braces.
    """
    catalogue = _catalogue(language)
    forms = catalogue.forms[message]
    form = forms[0] if len(forms) == 1 else forms[catalogue.plural(_number_in(values))]
    return form.format_map(
        {
            name: format_number(language, value) if isinstance(value, int) else value
            for name, value in values.items()
        }
    )


def format_day(language: str, day: date) -> str:
    """A day, short: "22 nov. 2026", "22 Nov 2026"."""
    return format_date(day, "d MMM y", locale=_CLDR[language])


def format_span(language: str, minutes: int) -> str:
    """A time that passed, in its greatest unit and the next: "1 h 15 min", "1 hr 15 mins"; of days
    the minutes are left out."""
    hours, rest = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    amounts = {"day": days, "hour": hours, "minute": 0 if days else rest}
    told = {unit: n for unit, n in amounts.items() if n} or {"minute": 0}
    parts = [
        format_unit(n, f"duration-{unit}", length="short", locale=_CLDR[language])
        for unit, n in told.items()
    ]
    return format_list(parts, style="unit-narrow", locale=_CLDR[language])


def codes() -> list[str]:
    """Every message's code, in order."""
    return sorted(_catalogue(LANGUAGES[0]).forms)


def has(code: str) -> bool:
    """Whether there is a message of this code."""
    return code in _catalogue(LANGUAGES[0]).forms


def sentence(language: str, message: str) -> str | list[str]:
    """A message as it stands in the catalogue, or its plural forms, for a browser to fill in."""
    forms = _catalogue(language).forms[message]
    return forms[0] if len(forms) == 1 else list(forms)


def tag(language: str) -> str:
    """Whose numbers and months the language uses, as browsers name it (BCP 47)."""
    return _CLDR[language].replace("_", "-")


def name_of(language: str, other: str) -> str:
    """What a language calls another one, by its tag: "français"; the tag where it has no name."""
    return str(Locale.parse(_CLDR[language]).languages.get(other, other))


def _number_in(values: Mapping[str, int | str]) -> int:
    if isinstance(n := values.get("n"), int):
        return n
    numbers = [value for value in values.values() if isinstance(value, int)]
    if len(numbers) != 1:
        raise KeyError("n")
    return numbers[0]


def choose(
    *,
    lang: str | None,
    site_locale: str | None,
    accept_language: str | None,
    default: str = "fr",
) -> str:
    """The language to answer in (contract 3.3): `lang`, the site's, the browser's, `default`.

    Tags are looked up by their primary subtag. What is malformed, too long or not shipped is
    passed over, so every input gets an answer.
    """
    for tag in (lang, site_locale):
        if found := _shipped(tag):
            return found
    return _accepted(accept_language or "", default) or default


def _shipped(tag: str | None) -> str | None:
    if tag is None or len(tag) > _LONGEST_TAG or not _TAG.fullmatch(tag):
        return None
    primary = tag.partition("-")[0].lower()
    return primary if primary in LANGUAGES else None


def _accepted(header: str, default: str) -> str | None:
    """The shipped language of the greatest weight; `*` stands for those that are not named."""
    if len(header) > _LONGEST_HEADER:
        return None
    weights: dict[str, float] = {}
    for item in header.split(","):
        if match := _RANGE.fullmatch(item):
            tag = "*" if match["tag"] == "*" else _shipped(match["tag"])
            if tag:
                weights[tag] = max(weights.get(tag, 0.0), float(match["q"] or 1))
    if "*" in weights:
        any_other = weights.pop("*")
        for language in (default, *LANGUAGES):
            weights.setdefault(language, any_other)
    # max() keeps the first of equals: the browser's own order, as RFC 4647 suggests.
    best = max(weights, key=lambda language: weights[language], default=None)
    return best if best is not None and weights[best] > 0 else None


@functools.lru_cache(maxsize=512)
def format_number(language: str, number: int) -> str:
    """`1204` as the language writes it: "1 204", with a narrow no-break space, or "1,204"."""
    return format_decimal(number, locale=_CLDR[language])


def format_when(
    language: str, moment: datetime, now: datetime | None = None, *, zone: tzinfo = UTC
) -> str:
    """A moment in words: "22 novembre 2026 à 18 h 04 UTC", "22 November 2026 at 18:04 UTC".

    With `now`, the same day is "today" and the one before it "yesterday". Both are aware
    datetimes; `zone` is whose clock and calendar the reader is shown. UTC is named: nobody would
    take it for their own.
    """
    local = moment.astimezone(zone)
    clock = say(language, "when.clock.pattern")
    time = format_time(local, clock, tzinfo=zone, locale=_CLDR[language])
    if zone is UTC:
        time = say(language, "when.utc", time=time)
    if now is not None:
        days = now.astimezone(zone).date() - local.date()
        if days == timedelta(0):
            return say(language, "when.today", time=time)
        if days == timedelta(days=1):
            return say(language, "when.yesterday", time=time)
    months = get_month_names("wide", locale=_CLDR[language])
    date = say(
        language,
        "when.date",
        day=say(language, "when.day", n=local.day),
        month=months[local.month],
        year=str(local.year),
    )
    return say(language, "when.full", date=date, time=time)
