"""Numbers about a site's comments that can all be counted again from the log."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from palabre.model import Site, State
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
AGES_MOST = numbers.AGES_MOST
MOST_DISCUSSED = 10
SITES_KEPT = 20
"""Sites whose sums are kept: some 13,000 figures each, a year of them."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC).

    `states`: of the comments that came that day, how many are in each state now. `median_min`,
    `most_min`: whole minutes within which half, and nine in ten, of the decisions were taken that
    day which are a moderator's first on a comment, from when it came; None where there were none.
    """

    day: date
    states: Mapping[State, int]
    median_min: int | None
    most_min: int | None

    @property
    def came(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Comments that came and that a rule did not let through, and how many of them are approved
    now."""

    name: str
    caught: int
    approved: int


@dataclass(frozen=True, slots=True)
class Discussed:
    """An article and how many of the comments that came in the range are published."""

    id: str
    title: str
    published: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """`days`: from the first of the range to today. `ages`: of what waits now, how many are
    younger than each of AGES, and last how many are older than all of them; one more than
    AGES_MOST stands for any more."""

    days: tuple[Day, ...]
    ages: tuple[int, ...]
    rules: tuple[RuleCount, ...]
    discussed: tuple[Discussed, ...]


@dataclass(frozen=True, slots=True)
class _Summed:
    """A part of the log and its sums."""

    part: numbers.Part
    caught: Sequence[tuple[int, str, int]]
    freed: Sequence[tuple[int, str, int]]
    waits: Sequence[tuple[int, int, int]]


@dataclass(slots=True)
class _Sums:
    """What the log says of a site from a day on, up to a decision; it only ever grows.

    `first`: that day. `begins`: the number of the first decision that has not been summed. `waits`:
    of each day how many first decisions took so many minutes; once no more can come, only what is
    wanted of them is kept, in `waited`: median and nine in ten.
    """

    first: int
    begins: int
    caught: Counter[tuple[int, str]] = field(default_factory=Counter)
    freed: Counter[tuple[int, str]] = field(default_factory=Counter)
    waits: defaultdict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    waited: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, summed: _Summed) -> None:
        """Go on by a part, which begins where this ends."""
        for day, rule, n in summed.caught:
            self.caught[day, rule] += n
        for day, rule, n in summed.freed:
            self.freed[day, rule] += n
        for day, minutes, n in summed.waits:
            self.waits[day][minutes] += n
        over = (summed.part.last_ms - numbers.SLACK_MS) // numbers.DAY_MS
        for day in [day for day in self.waits if day < over]:
            self.waited[day] = _half_and_most(self.waits.pop(day))
        self.begins = summed.part.high + 1

    def copy(self) -> _Sums:
        """The same, to go on from without changing this one."""
        waits = defaultdict(Counter, {day: counted.copy() for day, counted in self.waits.items()})
        return replace(
            self,
            caught=self.caught.copy(),
            freed=self.freed.copy(),
            waits=waits,
            waited=self.waited.copy(),
        )

    def of_day(self, day: int) -> tuple[int | None, int | None]:
        """Minutes: the median, and what nine in ten did not exceed."""
        if day in self.waits:
            return _half_and_most(self.waits[day])
        return self.waited.get(day, (None, None))

    def rules(self, first: int) -> tuple[RuleCount, ...]:
        """What the rules caught from a day on, the most first."""
        caught: Counter[str] = Counter()
        freed: Counter[str] = Counter()
        for counted, sums in ((self.caught, caught), (self.freed, freed)):
            for (day, rule), n in counted.items():
                if day >= first:
                    sums[rule] += n
        ordered = sorted(caught.items(), key=lambda one: (-one[1], one[0]))
        return tuple(RuleCount(rule, n, freed[rule]) for rule, n in ordered)

    def forget(self, *, before: int) -> None:
        """Nobody asks for the days before this one any more."""
        self.first = max(self.first, before)
        for sums in (self.caught, self.freed):
            for key in [key for key in sums if key[0] < before]:
                del sums[key]
        for day in [day for day in self.waited if day < before]:
            del self.waited[day]


class Counting:
    """The numbers, as one process makes them: of one site at a time, so that however many ask,
    others can read.

    What is over can't change any more, since the log is only appended to: its sums are kept, and
    go on from where they were. Only decisions so old that no transaction may bring another one to
    light among them are summed for good.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = asyncio.Lock()
        self._kept: OrderedDict[str, _Sums] = OrderedDict()

    async def of_site(self, site: Site, *, days: int) -> Numbers:
        """The numbers of the last *days* days, today included.

        Reads the log of these days the first time, in parts between which others read; later what
        has been added. Then costs ranges of indexes, as long as there are comments in these days.
        """
        async with self._turn:
            now = self._service.now()
            today = (now.astimezone(UTC).date() - _EPOCH).days
            first = today - days + 1
            sums = await self._settled(site.id, first, now)
            sums.forget(before=today - max(RANGES) + 1)

            latest = sums.copy()

            async def unit(tx: Tx) -> Numbers:
                while (summed := await _summed(tx, site.id, latest.begins)) is not None:
                    latest.add(summed)
                return await _numbers(tx, site.id, latest, days=range(first, today + 1), now=now)

            return await self._service.store.read(unit)

    async def _settled(self, site_id: str, first: int, now: datetime) -> _Sums:
        """The site's sums from a day on, up to where no decision can come to light any more."""
        read = self._service.store.read
        kept = self._kept.pop(site_id, None)
        if kept is None or kept.first > first:
            start = _moment(first)
            kept = _Sums(first, await read(lambda tx: numbers.first_since(tx, site_id, start)))
        self._kept[site_id] = kept
        while len(self._kept) > SITES_KEPT:
            self._kept.popitem(last=False)
        below = await read(lambda tx: numbers.first_since(tx, site_id, now))
        while summed := await read(lambda tx: _summed(tx, site_id, kept.begins, below=below)):
            # Here and not in the unit, which may go on when nobody waits for it any longer.
            kept.add(summed)
        return kept


async def _summed(tx: Tx, site_id: str, begins: int, *, below: int = 1 << 62) -> _Summed | None:
    part = await numbers.part(tx, site_id, begins, below=below)
    if part is None:
        return None
    return _Summed(
        part,
        caught=await numbers.caught(tx, part),
        freed=await numbers.freed(tx, part),
        waits=await numbers.waits(tx, part),
    )


async def _numbers(tx: Tx, site_id: str, sums: _Sums, *, days: range, now: datetime) -> Numbers:
    states = {
        state: await numbers.by_state(tx, site_id, state, first=days[0], last=days[-1])
        for state in State
    }
    discussed = await numbers.discussed(
        tx,
        site_id,
        _moment(days[0]),
        published=sum(states[State.APPROVED]),
        most=MOST_DISCUSSED,
    )
    edges = [now - age for age in AGES]
    return Numbers(
        days=tuple(
            Day(
                _EPOCH + timedelta(days=day),
                {state: counted[place] for state, counted in states.items()},
                *sums.of_day(day),
            )
            for place, day in enumerate(days)
        ),
        ages=tuple(await numbers.ages(tx, site_id, edges)),
        rules=sums.rules(days[0]),
        discussed=tuple(
            Discussed(str(row["id"]), str(row["title"] or row["address"]), n)
            for row, n in discussed
        ),
    )


def quantile(waits: Sequence[tuple[int, int]], tenths: int) -> int:
    """The least value that so many tenths of all do not exceed (nearest rank). *waits*: at least
    one value, with how many there are of each."""
    total = sum(n for _, n in waits)
    passed = 0
    for value, n in sorted(waits):
        passed += n
        if 10 * passed >= tenths * total:
            return value
    raise ValueError(tenths)


def _half_and_most(waits: Mapping[int, int]) -> tuple[int, int]:
    counted = list(waits.items())
    return quantile(counted, 5), quantile(counted, 9)


def _moment(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
