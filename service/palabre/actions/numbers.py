"""Numbers about a site's comments that can all be counted again from the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from palabre.model import Site
from palabre.service import Service
from palabre.store import Tx, numbers

RANGES = (7, 30, 90, 365)
AGES = (
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
MOST_DISCUSSED = 10


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC).

    `submitted`: comments that came. `approved`, `rejected`, `spam`: comments that came to that
    state that day, at once or by a decision, each time counted. `median_min`, `most_min`: minutes
    within which half, and nine in ten, of the first decisions that moderators took that day were
    taken, from when the comment came; None where there were none.
    """

    day: date
    submitted: int
    approved: int
    rejected: int
    spam: int
    median_min: int | None
    most_min: int | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """New comments that a rule did not let through, and how many a moderator has approved since."""

    name: str
    caught: int
    approved: int


@dataclass(frozen=True, slots=True)
class Discussed:
    """An article and how many of its comments were approved in the range."""

    id: str
    title: str
    approved: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """`days`: from the first of the range to today. `ages`: of what waits now, how many are
    younger than each of AGES, and last how many are older than all of them."""

    days: tuple[Day, ...]
    ages: tuple[int, ...]
    rules: tuple[RuleCount, ...]
    discussed: tuple[Discussed, ...]


async def of_site(service: Service, site: Site, *, days: int) -> Numbers:
    """The numbers of the last *days* days, today included. Reads the log of these days."""
    now = service.now()
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)

    async def unit(tx: Tx) -> Numbers:
        asked = await numbers.since(tx, site.id, start)
        counted = await numbers.by_day(tx, asked)
        counted += await numbers.published_at_once(tx, asked)
        waits = await numbers.waits(tx, asked)
        edges = [now - age for age in AGES]
        return Numbers(
            days=_days(first, days, counted, waits),
            ages=tuple(await numbers.ages(tx, site.id, edges)),
            rules=tuple(RuleCount(*row) for row in await numbers.rules(tx, asked)),
            discussed=tuple(
                Discussed(str(row["id"]), str(row["title"] or row["address"]), n)
                for row, n in await numbers.discussed(tx, asked, most=MOST_DISCUSSED)
            ),
        )

    return await service.store.read(unit)


def quantile(waits: Sequence[tuple[int, int]], share: float) -> int | None:
    """The least value that *share* of all do not exceed (nearest rank). *waits*: value, count."""
    total = sum(n for _, n in waits)
    passed = 0
    for value, n in sorted(waits):
        passed += n
        if passed >= share * total:
            return value
    return None


def _days(
    first: date,
    days: int,
    counted: Sequence[tuple[int, str, int]],
    waits: Sequence[tuple[int, int, int]],
) -> tuple[Day, ...]:
    kinds: Counter[tuple[int, str]] = Counter()
    for at, kind, n in counted:
        kinds[at, kind] += n
    waited: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for at, minutes, n in waits:
        waited[at].append((minutes, n))
    epoch = (first - date(1970, 1, 1)).days
    return tuple(
        Day(
            day=first + timedelta(days=number - epoch),
            submitted=kinds[number, "submitted"],
            approved=kinds[number, "approved"],
            rejected=kinds[number, "rejected"],
            spam=kinds[number, "spam"],
            median_min=quantile(waited[number], 0.5),
            most_min=quantile(waited[number], 0.9),
        )
        for number in range(epoch, epoch + days)
    )
