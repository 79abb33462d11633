"""What was measured, as tables: a figure beside its baseline, in minimum, median and maximum."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.load import Rate

WIDTH = 150
EXPECTED = {200, 201, 304}
NOT_AVAILABLE = "not available"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a median should reach; nothing fails for it."""

    bound: float
    is_least: bool

    def words(self, value: float) -> str:
        """It, and whether *value* is good enough."""
        is_met = value >= self.bound if self.is_least else value <= self.bound
        return f"{'≥' if self.is_least else '≤'} {self.bound:g} {'✓' if is_met else '✗'}"


def at_least(bound: float) -> Goal:
    return Goal(bound, True)


def at_most(bound: float) -> Goal:
    return Goal(bound, False)


def per_second(rate: Rate) -> float:
    return rate.per_second


def p50(rate: Rate) -> float:
    return rate.p50_ms


class Sheet:
    """One table. *unit* is what `ours` and `theirs` are in, unless a row says otherwise."""

    def __init__(self, title: str, unit: str = "/s") -> None:
        self._unit = unit
        self._table = Table(title=title, title_justify="left")
        for name in ("what", "ours", "p50 ms", "p99 ms", "beside", "theirs", "p50 ms"):
            self._table.add_column(name, justify="left" if name in ("what", "beside") else "right")
        for name in ("min", "med", "max", "goal"):
            self._table.add_column(name, justify="right", no_wrap=True)

    def rates(
        self,
        what: str,
        ours: Sequence[Rate],
        theirs: Sequence[Rate] | None,
        *,
        beside: str,
        goal: Goal | None = None,
        of: Callable[[Rate], float] = per_second,
    ) -> None:
        """A row of rounds and those of the baseline; None where there is no baseline to be had."""
        other = {code for rate in ours for code in rate.statuses} - EXPECTED
        self._table.add_row(
            what + (f" [red](also answered {sorted(other)})[/]" if other else ""),
            number(median(map(per_second, ours))) + self._unit,
            number(median(map(p50, ours))),
            number(median(rate.p99_ms for rate in ours)),
            beside,
            *_theirs(theirs, self._unit),
            *_spread([of(rate) for rate in ours], [of(rate) for rate in theirs or ()], goal),
        )

    def figures(
        self,
        what: str,
        ours: Sequence[float],
        unit: str,
        *,
        beside: str = "",
        theirs: Sequence[float] | None = (),
        goal: Goal | None = None,
    ) -> None:
        """A row of single figures. Without *theirs*, they are compared with nothing."""
        if not ours:
            self._table.add_row(what, *"–––", beside, *"–––––", goal.words(0)[:-2] if goal else "")
            return
        if theirs is None:
            told = NOT_AVAILABLE
        else:
            told = number(median(theirs)) + unit if theirs else ""
        spread = _spread(list(ours), theirs, goal) if theirs != () else _alone(ours, goal)
        self._table.add_row(what, number(median(ours)) + unit, "", "", beside, told, "", *spread)

    def print(self) -> None:
        """Print it."""
        console = Console(width=WIDTH)
        console.print(self._table)
        console.print()


def number(value: float) -> str:
    """A figure in three digits or so."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _theirs(theirs: Sequence[Rate] | None, unit: str) -> tuple[str, str]:
    if theirs is None:
        return NOT_AVAILABLE, ""
    return number(median(map(per_second, theirs))) + unit, number(median(map(p50, theirs)))


def _spread(
    ours: Sequence[float], theirs: Sequence[float] | None, goal: Goal | None
) -> tuple[str, ...]:
    if not theirs:
        return "", "", "", ""
    return _alone([mine / (other or 1e-9) for mine, other in zip(ours, theirs, strict=True)], goal)


def _alone(values: Sequence[float], goal: Goal | None) -> tuple[str, ...]:
    middle = median(values)
    told = goal.words(middle) if goal else ""
    return number(min(values)), number(middle), number(max(values)), told
