"""The submission limit and the pace, against a bucket that leaks."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import START
from palabre.actions import sites
from palabre.model import Site
from palabre.service import Service
from palabre.store import Tx, visits

WINDOW_MS = 600_000
DAY_MS = 86_400_000
_visitor = itertools.count()


def new_visitor() -> bytes:
    return next(_visitor).to_bytes(32)


async def take(
    service: Service, site: str, tag: bytes, *, at_ms: int = 0, count: int, period_s: int = 60
) -> int:
    """Take one from the allowance; the seconds to wait, 0 when it was there."""
    now = START + timedelta(milliseconds=at_ms)
    bucket = visits.Bucket(tag, count, period_s)

    async def unit(tx: Tx) -> int:
        (taken,) = await visits.take(tx, site, [bucket], now=now)
        return 0 if taken is not None else await visits.wait(tx, site, bucket, now=now)

    return await service.store.write(unit)


class Found(Exception):
    """Undoes a unit of work and tells what it has found."""

    def __init__(self, recent: int) -> None:
        super().__init__()
        self.recent = recent


async def recent(service: Service, site: str, tag: bytes, *, at_ms: int) -> int:
    """How many recent comments a submission at that time would find, without there being one."""
    now = START + timedelta(milliseconds=at_ms)

    async def unit(tx: Tx) -> None:
        (taken,) = await visits.take(tx, site, [visits.Bucket(tag, 0, 0)], now=now)
        assert taken is not None
        raise Found(taken)

    with pytest.raises(Found) as found:
        await service.store.write(unit)
    return found.value.recent


@dataclass
class Bucket:
    """A leaky bucket as a meter (ITU-T I.371, annex A): what the store's arithmetic must equal.

    Each submission pours `step` milliseconds in, time lets them out, `count` of them fit.
    """

    count: int
    step: int
    level: int = 0
    filled_at: int = 0
    window_at: int | None = None
    noted: int = 0

    def pour(self, at: int) -> int:
        """The seconds to wait; 0 when it fits, and then it is in."""
        level = max(0, self.level - (at - self.filled_at))
        too_much = level + self.step - self.count * self.step
        if self.count and too_much > 0:
            return max(1, -(-too_much // 1000))
        self.level, self.filled_at = level + self.step, at
        if self.window_at is None or at - self.window_at >= WINDOW_MS:
            self.window_at, self.noted = at, 0
        self.noted += 1
        return 0

    def recent(self, at: int) -> int:
        if self.window_at is None or at - self.window_at >= WINDOW_MS:
            return 0
        return self.noted


GAPS = st.lists(
    st.one_of(st.just(0), st.integers(0, 3000), st.integers(0, 400_000)), min_size=1, max_size=25
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(gaps=GAPS, count=st.integers(0, 6), period_s=st.sampled_from([1, 7, 60, 3600]))
async def test_the_limit_is_a_bucket_that_leaks(
    service: Service, site: Site, gaps: list[int], count: int, period_s: int
) -> None:
    tag, at = new_visitor(), 0
    bucket = Bucket(count, period_s * 1000 // count if count else 0)
    for gap in gaps:
        at += gap
        assert await recent(service, site.id, tag, at_ms=at) == bucket.recent(at)
        waiting = bucket.pour(at)
        assert (
            await take(service, site.id, tag, at_ms=at, count=count, period_s=period_s) == waiting
        )
        if waiting:
            # Whoever waits as long as told is let in, and whoever waits a second less is not.
            assert (
                Bucket(count, bucket.step, bucket.level, bucket.filled_at).pour(at + waiting * 1000)
                == 0
            )
            if waiting > 1:
                early = at + (waiting - 1) * 1000
                assert Bucket(count, bucket.step, bucket.level, bucket.filled_at).pour(early)


async def test_so_many_at_once_and_then_one_by_one(service: Service, site: Site) -> None:
    tag = new_visitor()
    told = [await take(service, site.id, tag, count=10) for _ in range(12)]
    assert told == [0] * 10 + [6, 6]
    assert await take(service, site.id, tag, at_ms=5999, count=10) == 1
    assert await take(service, site.id, tag, at_ms=6000, count=10) == 0
    assert await take(service, site.id, tag, at_ms=6000, count=10) == 6
    assert await recent(service, site.id, tag, at_ms=6000) == 11


async def test_of_fifty_at_once_no_more_than_the_limit_pass(service: Service, site: Site) -> None:
    tag = new_visitor()
    told = await asyncio.gather(*(take(service, site.id, tag, count=7) for _ in range(50)))
    assert list(told).count(0) == 7


async def test_visitors_and_sites_have_an_allowance_each(service: Service, site: Site) -> None:
    other = await sites.add(service, "other", origins=["https://other.example"])
    first, second = new_visitor(), new_visitor()
    for home, tag in ((site.id, first), (site.id, second), (other.id, first)):
        assert await take(service, home, tag, count=1) == 0
        assert await take(service, home, tag, count=1) == 60


async def test_without_a_limit_the_pace_is_noted_all_the_same(service: Service, site: Site) -> None:
    tag = new_visitor()
    for at_ms in range(0, 50_000, 1000):
        assert await take(service, site.id, tag, at_ms=at_ms, count=0, period_s=0) == 0
    assert await recent(service, site.id, tag, at_ms=50_000) == 50
    assert await recent(service, site.id, tag, at_ms=WINDOW_MS - 1) == 50
    assert await recent(service, site.id, tag, at_ms=WINDOW_MS) == 0
    assert await recent(service, site.id, new_visitor(), at_ms=0) == 0


async def test_what_is_rolled_back_was_not_taken(service: Service, site: Site) -> None:
    tag = new_visitor()

    async def unit(tx: Tx) -> None:
        bucket = visits.Bucket(tag, 1, 60)
        assert await visits.take(tx, site.id, [bucket], now=START) == [0]
        raise LookupError("something after it")

    with pytest.raises(LookupError):
        await service.store.write(unit)
    assert await take(service, site.id, tag, count=1) == 0


async def test_a_visitor_is_forgotten_after_a_day(service: Service, site: Site) -> None:
    for at_ms in (0, 0, 0, 1000):
        await take(service, site.id, new_visitor(), at_ms=at_ms, count=1)

    async def forget(at_ms: int, most: int) -> int:
        now = START + timedelta(milliseconds=at_ms)
        return await service.store.write(lambda tx: visits.forget_expired(tx, now=now, most=most))

    assert await forget(DAY_MS - 1, 10) == 0
    assert await forget(DAY_MS, 2) == 2
    assert await forget(DAY_MS, 2) == 1
    assert await forget(DAY_MS + 1000, 2) == 1
    assert await forget(DAY_MS * 9, 2) == 0


async def test_a_visitor_is_known_for_24_hours_however_often_they_come(
    service: Service, site: Site
) -> None:
    tag = new_visitor()
    await take(service, site.id, tag, count=5)
    await take(service, site.id, tag, at_ms=1000, count=5)

    async def left(tx: Tx) -> int:
        later = START + timedelta(milliseconds=DAY_MS)
        return await visits.forget_expired(tx, now=later, most=9)

    assert await service.store.write(left) == 1
