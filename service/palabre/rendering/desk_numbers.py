"""The desk's page of numbers: plots drawn here as geometry, the same numbers in a table beneath.

A plot is an SVG without text, script or style, stretched to its frame; its colours are the
stylesheet's. The words stand around it in HTML, where they keep their size on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from palabre import locale

WIDTH, HEIGHT = 720, 180
STATES = ("approved", "rejected", "spam")


class _Day(Protocol):
    @property
    def submitted(self) -> int: ...
    @property
    def approved(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def spam(self) -> int: ...
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
class Plot:
    """A plot and the greatest value in it, which is its height."""

    boxes: tuple[Box, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart. `share`: of the longest, 0 to 100."""

    label: str
    value: int
    share: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class NumbersView:
    """The page. `sites`, `ranges`: to choose among. `longest`: how high the plot of waits is."""

    site: str
    sites: tuple[str, ...]
    days: int
    ranges: tuple[int, ...]
    rows: tuple[Row, ...]
    states: Plot
    waits: Plot
    longest: str
    ages: tuple[Bar, ...]
    rules: tuple[Bar, ...]
    articles: tuple[tuple[str, Bar], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One day in the table, in words."""

    day: str
    submitted: int
    approved: int
    rejected: int
    spam: int
    median: str
    most: str


def states(days: Sequence[_Day]) -> Plot:
    """A column a day, what came to each state one upon the other."""
    most = max((day.approved + day.rejected + day.spam for day in days), default=0)
    boxes = []
    step = WIDTH / max(len(days), 1)
    for number, day in enumerate(days):
        top = float(HEIGHT)
        for kind in STATES:
            height = getattr(day, kind) * HEIGHT / most if most else 0.0
            top -= height
            if height:
                boxes.append(_box(kind, number * step, top, step * 0.8, height))
    return Plot(tuple(boxes), most)


def waits(days: Sequence[_Day]) -> Plot:
    """A bar a day from the median up to what nine in ten did not exceed, on a logarithmic scale:
    minutes and days both have to be seen."""
    most = max((day.most_min or 0 for day in days), default=0)
    whole = math.log1p(most)
    boxes = []
    step = WIDTH / max(len(days), 1)
    for number, day in enumerate(days):
        if day.median_min is None or day.most_min is None or not whole:
            continue
        low = HEIGHT * math.log1p(day.median_min) / whole
        high = HEIGHT * math.log1p(day.most_min) / whole
        boxes.append(_box("most", number * step, HEIGHT - high, step * 0.8, max(high - low, 1)))
        boxes.append(_box("median", number * step, HEIGHT - low, step * 0.8, max(low, 1)))
    return Plot(tuple(boxes), most)


def bars(named: Sequence[tuple[str, int, str]]) -> tuple[Bar, ...]:
    """Bars from labels, values and notes."""
    longest = max((value for _, value, _ in named), default=0)
    return tuple(
        Bar(label, value, round(100 * value / longest, 1) if longest else 0.0, note)
        for label, value, note in named
    )


def span(minutes: int | None, language: str) -> str:
    """A time that passed, in its greatest unit: "3 heures"."""
    return "–" if minutes is None else locale.format_span(language, minutes)


def _box(kind: str, x: float, y: float, width: float, height: float) -> Box:
    return Box(kind, round(x, 2), round(y, 2), round(width, 2), round(height, 2))
