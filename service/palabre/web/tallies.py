"""Plain counters that cost next to nothing to count with, for `palabre.web.metrics` to show."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator


class Tally:
    """How often something has happened, by label values."""

    __slots__ = ("by_labels",)

    def __init__(self) -> None:
        self.by_labels: defaultdict[tuple[str | int, ...], int] = defaultdict(int)

    @classmethod
    def of(cls, n: int) -> Tally:
        """What is counted elsewhere, without labels."""
        found = cls()
        found.add(n=n)
        return found

    def add(self, *labels: str | int, n: int = 1) -> None:
        """It has happened *n* times more."""
        self.by_labels[labels] += n


class Spread:
    """How many observed values lie at or below each bound, and their sum."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.total = 0.0
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """One more value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> Iterator[tuple[str, float]]:
        """Prometheus' cumulative buckets: the bound as text, and how many lie at or below it."""
        below = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            below += count
            yield ("+Inf" if bound == float("inf") else str(bound)), below
