"""Following the log: every decision, soon after it is committed, by whatever process.

The log itself is the source: what is kept here is the last of it, read once for all who follow.
With it goes, for the desk, who looks at which comment just now.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from palabre.actions import looking
from palabre.errors import Problem, Unauthenticated
from palabre.model import Event, Moderator
from palabre.service import Service
from palabre.store import Tx, decisions, leases, moderators
from palabre.store.leases import Look
from palabre.text.reached import Reached

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""Between two looks that nothing gave a reason for."""

SPACING_S = 0.05
"""Between two looks, however much happens."""

GAP_S = 75.0
"""For how long a number that was passed over may still come to light: longer than a transaction
may take (`postgres_pool.LONG_S` and its commit). Rolled back, it never does."""

GAPS_MOST = 1000
"""How far below a number others are looked for: a sequence that jumps leaves no more behind."""

PAGE = 200
RECENT = 500
"""Events that are kept; who is further behind reads the log."""

_END_PAGES = 50


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and where whoever has got it and all before it goes on."""

    event: Event
    reached: Reached


@dataclass(frozen=True, slots=True)
class Looked:
    """Who else looks at which comment, from now on: a name by each comment's id."""

    lookers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look has found: whose tokens are good, who looks at what, numbers that came to
    light, and new ones."""

    in_force: frozenset[str]
    looks: Sequence[Look]
    late: Sequence[Event]
    new: Sequence[Event]
    last: Sequence[int]


class Tail:
    """The end of the log, as this process knows it, while anybody follows.

    Invariant: all up to `reached` are among the `count` that have been told, or were there before
    the first. *clock*: seconds that never go back.
    """

    def __init__(self, service: Service, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.reached = Reached(0)
        self.count = 0
        self.in_force: frozenset[str] = frozenset()
        self.looks: Sequence[Look] = ()
        self._clock = clock
        self._recent: deque[Told] = deque(maxlen=RECENT)
        self._missing: dict[int, float] = {}
        self._followers: Counter[str] = Counter()
        self._at_desks = 0
        self._turn = asyncio.Lock()
        self._heard = asyncio.Event()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_known = False

    @contextlib.asynccontextmanager
    async def followed(
        self,
        moderator: Moderator,
        *,
        site_id: str | None,
        reached: Reached | None,
        with_looks: bool = False,
    ) -> AsyncIterator[Follower]:
        """Follow the decisions of one site, or of all (None), from now on or from *reached*.

        *with_looks*: also who else looks at what, now and whenever it changes. Raises what the
        store raises when it can't be read.
        """
        self._followers[moderator.id] += 1
        self._at_desks += with_looks
        if self._task is None:
            self._task = asyncio.create_task(self._keep_up(), name="palabre-tail")
        try:
            await self.look()
            yield Follower(self, moderator, site_id=site_id, reached=reached, with_looks=with_looks)
        finally:
            self._at_desks -= with_looks
            self._followers[moderator.id] -= 1
            self._followers += Counter()
            if not self._followers:
                await self._rest()

    async def look(self) -> None:
        """Know all that was committed before the call."""
        async with self._turn:
            while await self._look():
                pass

    def after(self, count: int) -> list[Told] | None:
        """What has been told since it was *count*; None when that is too long ago."""
        newer = self.count - count
        if newer > len(self._recent):
            return None
        return list(islice(self._recent, len(self._recent) - newer, None))

    async def news(self, within_s: float) -> None:
        """Wait until there is something new, somebody's token has ended or others look."""
        news = self._news
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await news.wait()

    async def _keep_up(self) -> None:
        async with self.service.store.listening(self._heard.set):
            while True:
                self._heard.clear()
                try:
                    await self.look()
                except Problem as exc:
                    log.warning("the log can't be followed just now: %s", exc.code)
                except Exception:
                    log.exception("following the log failed; it is tried again")
                await asyncio.sleep(SPACING_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._heard.wait()

    async def _rest(self) -> None:
        """Nobody follows any more: whoever comes next begins anew."""
        task, self._task = self._task, None
        self._is_known = False
        self._recent.clear()
        self._missing.clear()
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _look(self) -> bool:
        """Take one page in; whether there may be more."""
        service, ids, with_looks = self.service, set(self._followers), self._at_desks > 0
        reached = self.reached if self._is_known else None

        async def unit(tx: Tx) -> _Seen:
            in_force = await moderators.in_force(tx, ids, now=service.now())
            looks = await leases.in_force(tx, now=service.now()) if with_looks else ()
            if reached is None:
                return _Seen(in_force, looks, (), (), await _last(tx, service))
            late: Sequence[Event] = ()
            if reached.missing:
                late = await decisions.at_numbers(tx, reached.missing, site_id=None)
            new = await decisions.since(tx, reached.number, site_id=None, limit=PAGE)
            return _Seen(in_force, looks, late, new, ())

        seen = await service.store.glance(unit)
        before = (self.count, self.in_force, self.looks)
        self.in_force, self.looks = seen.in_force, seen.looks
        if reached is None:
            self._begin(seen.last)
        else:
            self._take(seen)
        if (self.count, self.in_force, self.looks) != before:
            self._news.set()
            self._news = asyncio.Event()
        return len(seen.new) == PAGE

    def _begin(self, last: Sequence[int]) -> None:
        missing = sorted(set(range(last[-1], last[0])) - set(last)) if last else []
        self._missing = dict.fromkeys(missing[-GAPS_MOST:], self._clock())
        self.reached = Reached(last[0] if last else 0, tuple(self._missing))
        self._is_known = True

    def _take(self, seen: _Seen) -> None:
        now = self._clock()
        number, missing = self.reached.number, self.reached.missing
        for event in seen.late:
            del self._missing[event.number]
            missing = tuple(self._missing)
            self._tell(event, Reached(number, missing))
        forgotten = [one for one, since in self._missing.items() if now - since > GAP_S]
        for one in forgotten:
            del self._missing[one]
        for event in seen.new:
            # Ascending, as all that were missed before are lower.
            between = range(max(number + 1, event.number - GAPS_MOST), event.number)
            if between or forgotten:
                self._missing.update(dict.fromkeys(between, now))
                missing, forgotten = tuple(self._missing), []
            number = event.number
            self._tell(event, Reached(number, missing))
        self.reached = Reached(number, tuple(self._missing))

    def _tell(self, event: Event, reached: Reached) -> None:
        self._recent.append(Told(event, reached))
        self.count += 1


class Follower:
    """One reader's way along the log. `reached`: where they go on if they come back."""

    def __init__(
        self,
        tail: Tail,
        moderator: Moderator,
        *,
        site_id: str | None,
        reached: Reached | None,
        with_looks: bool,
    ) -> None:
        self.reached = reached or tail.reached
        self._tail = tail
        self._moderator = moderator
        self._site_id = site_id
        self._seen = tail.count
        # Up to here the log is read; what comes behind, the tail tells.
        self._until = None if reached is None else tail.reached
        self._with_looks = with_looks
        self._lookers: Mapping[str, str] | None = None

    async def next(self, *, within_s: float) -> list[Told] | list[Looked]:
        """What comes next, or nothing when nothing has come for so long.

        Raises Unauthenticated once the token is revoked or has expired.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while True:
            if self._moderator.id not in self._tail.in_force:
                raise Unauthenticated
            until = self._until
            told = self._told() if until is None else await self._page(until)
            if told:
                return told
            if until is not None:
                # What the tail has told meanwhile is waiting.
                continue
            if looked := self._looked():
                return looked
            if self._until is None:
                if loop.time() >= end:
                    return []
                await self._tail.news(end - loop.time())

    def _told(self) -> list[Told]:
        told = self._tail.after(self._seen)
        self._seen = self._tail.count
        if told is None:
            self._until = self._tail.reached
            return []
        if told:
            self.reached = told[-1].reached
        return [one for one in told if self._site_id in (None, one.event.site_id)]

    def _looked(self) -> list[Looked]:
        if not self._with_looks:
            return []
        lookers = looking.others(self._tail.looks, self._moderator)
        if lookers == self._lookers:
            return []
        self._lookers = lookers
        return [Looked(lookers)]

    async def _page(self, until: Reached) -> list[Told]:
        """The next page of the log, without what the tail is still going to tell."""
        here = self.reached
        awaited = set(until.missing)
        sought = [one for one in here.missing if one not in awaited]

        async def unit(tx: Tx) -> tuple[list[Event], list[Event]]:
            late: list[Event] = []
            if sought:
                late = await decisions.at_numbers(tx, sought, site_id=self._site_id)
            return late, await decisions.since(
                tx, here.number, site_id=self._site_id, limit=PAGE, until=until.number
            )

        late, new = await self._tail.service.store.read(unit)
        told = []
        left = [one for one in here.missing if one in awaited]
        for event in late:
            told.append(Told(event, here))
        for event in new:
            if event.number not in awaited:
                missing = tuple(
                    sorted({*left, *(n for n in awaited if here.number < n < event.number)})
                )
                told.append(Told(event, Reached(event.number, missing)))
        if len(new) < PAGE:
            self.reached, self._until = until, None
        else:
            left += [one for one in until.missing if here.number < one < new[-1].number]
            self.reached = Reached(new[-1].number, tuple(sorted(set(left))))
        return told


async def _last(tx: Tx, service: Service) -> list[int]:
    """The highest numbers, the highest first, as far back as one between may come to light."""
    found: list[int] = []
    earliest = service.now() - timedelta(seconds=2 * GAP_S)
    before = 1 << 62
    for _ in range(_END_PAGES):
        rows = await decisions.last_numbers(tx, before=before, limit=1000)
        found += [number for number, _ in rows]
        if len(rows) < 1000 or rows[-1][1] < earliest:
            break
        before = found[-1]
    return found
