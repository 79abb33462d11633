"""The desk's page of numbers: plots drawn here as geometry, the same numbers in a table beneath.

A plot is an SVG without script or style, whose places are hundredths of its frame, so that it
stretches while dots stay round and lines thin; its colours are the stylesheet's. The words stand
beside it, where they keep their size on a phone.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from palabre import locale
from palabre.model import State

STATES = (State.APPROVED, State.PENDING, State.REJECTED, State.SPAM, State.DELETED)
"""From the bottom of a column to its top, and in the legend."""

LINES_MOST = 4
SPANS = (1, 10, 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60, 365 * 24 * 60)
"""Minutes at which a line is drawn where times are logarithmic."""
APART = 7.0
"""Hundredths of the height: 12 pixels, so that the words beside two lines don't touch."""


class _Day(Protocol):
    @property
    def day(self) -> date: ...
    @property
    def states(self) -> Mapping[State, int]: ...
    @property
    def came(self) -> int: ...
    @property
    def median_min(self) -> int | None: ...
    @property
    def most_min(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a plot; `kind`: its class."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Wait:
    """A dot of a plot, at `y`, and a bar from it up to `top`."""

    x: float
    y: float
    top: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line across a plot, and what it stands for. `y`: from the top."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot, in hundredths of its frame, and what it says in a sentence. `radius`: of its dots,
    in pixels, by which bars are wide, too."""

    lines: tuple[Line, ...]
    label: str
    boxes: tuple[Box, ...] = ()
    waits: tuple[Wait, ...] = ()
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart. `share`: of the longest, 0 to 100. `number`: the value in words."""

    label: str
    number: str
    share: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One day in the table, in words. `states`: in the order of STATES."""

    day: str
    came: int
    states: tuple[int, ...]
    median: str
    most: str


@dataclass(frozen=True, slots=True)
class NumbersView:
    """The page. `sites`, `ranges`: to choose among."""

    site: str
    sites: tuple[str, ...]
    days: int
    ranges: tuple[int, ...]
    rows: tuple[Row, ...]
    states: Plot
    waits: Plot
    ages: tuple[Bar, ...]
    rules: tuple[Bar, ...]
    articles: tuple[tuple[str, Bar], ...]

    @property
    def kinds(self) -> tuple[State, ...]:
        return STATES


def states(days: Sequence[_Day], language: str) -> Plot:
    """A column for each day, as high as what came, the states one upon the other."""
    most = max((day.came for day in days), default=0)
    unit = _unit(most)
    top = unit * max(math.ceil(most / unit), 1)
    step = 100 / max(len(days), 1)
    boxes = []
    for number, day in enumerate(days):
        under = itertools.accumulate((day.states.get(state, 0) for state in STATES), initial=0)
        for state, below in zip(STATES, under, strict=False):
            height = 100 * day.states.get(state, 0) / top
            if height:
                y = 100 - 100 * below / top - height
                boxes.append(_box(state, (number + 0.1) * step, y, step * 0.8, height))
    return Plot(
        lines=tuple(
            Line(_rounded(100 - 100 * value / top), locale.format_number(language, value))
            for value in range(0, top + 1, unit)
        ),
        boxes=tuple(boxes),
        label=locale.say(
            language, "numbers.by_day.told", n=sum(day.came for day in days), most=most
        ),
    )


def waits(days: Sequence[_Day], language: str) -> Plot:
    """A bar for each day from the median, which is a dot, up to what nine in ten did not exceed,
    on a logarithmic scale: minutes and days both have to be seen."""
    most = max((day.most_min or 0 for day in days), default=0)
    top = next((span for span in SPANS if span >= max(most, 10)), most)
    step = 100 / max(len(days), 1)
    lines = [Line(100.0, locale.format_number(language, 0))]
    for one in SPANS:
        y = 100 - _logarithmic(one, top)
        if one <= top and lines[-1].y - y >= APART:
            lines.append(Line(_rounded(y), span(one, language)))
    drawn = tuple(
        Wait(
            _rounded((number + 0.5) * step),
            _rounded(100 - _logarithmic(day.median_min, top)),
            _rounded(100 - _logarithmic(day.most_min, top)),
        )
        for number, day in enumerate(days)
        if day.median_min is not None and day.most_min is not None
    )
    return Plot(
        lines=tuple(lines),
        label=locale.say(
            language, "numbers.waits.told", span=span(most if drawn else None, language)
        ),
        waits=drawn,
        radius=next(radius for most_days, radius in _RADII if len(days) <= most_days),
    )


_RADII = ((30, 4.0), (90, 2.5), (math.inf, 1.5))
"""Pixels of a dot by the number of days, so that a week's are seen and a year's are apart."""


def row(day: _Day, language: str) -> Row:
    return Row(
        day=locale.format_day(language, day.day),
        came=day.came,
        states=tuple(day.states.get(state, 0) for state in STATES),
        median=span(day.median_min, language),
        most=span(day.most_min, language),
    )


def bars(
    named: Sequence[tuple[str, int, str]], language: str, *, counted_to: int | None = None
) -> tuple[Bar, ...]:
    """Bars from labels, values and notes. *counted_to*: a greater value is only known to be so."""
    longest = max((value for _, value, _ in named), default=0)
    return tuple(
        Bar(
            label,
            locale.format_number(language, value)
            if counted_to is None or value <= counted_to
            else locale.say(language, "numbers.or_more", number=counted_to),
            round(100 * value / longest, 1) if longest else 0.0,
            note,
        )
        for label, value, note in named
    )


@functools.lru_cache(maxsize=4096)
def span(minutes: int | None, language: str) -> str:
    """A time that passed: "1 h 15 min"."""
    return "–" if minutes is None else locale.format_span(language, minutes)


def _unit(most: int) -> int:
    """A round number by which at most LINES_MOST lines reach the greatest value."""
    for power in itertools.count():
        for digit in (1, 2, 5):
            if digit * 10**power * LINES_MOST >= most:
                return int(digit * 10**power)
    raise AssertionError


def _logarithmic(minutes: int, top: int) -> float:
    return 100 * math.log1p(minutes) / math.log1p(top)


def _box(kind: str, x: float, y: float, width: float, height: float) -> Box:
    return Box(kind, *map(_rounded, (x, y, width, height)))


def _rounded(share: float) -> float:
    return round(share, 3)
