"""What a listing costs when it has to be made, and how often that is.

Each request is a miss in one of two ways: a moderator has just edited a comment of the article, or
the service has just been started and nobody has asked for the article yet.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

from bench import machine, ours, sample
from bench.answer import Line, get
from bench.listings import CODINGS, MANY, PAGE
from bench.load import load, pour
from bench.ours import Ours
from bench.stage import Stage
from bench.table import Sheet, at_least, at_most, median

ASKED = 40
"""Requests of a round, for each coding and each way."""

ARTICLES = [f"/c/{number}" for number in range(3 * ASKED)]
A_SECOND = 50
HITS, MISSES = "palabre_cache_hits_total", "palabre_cache_misses_total"


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    sheet = Sheet(f"Misses: first page of {sample.PAGE} comments, one request at a time, p50")
    with stage.ours() as running:
        ids = running.fill("/a", sample.thread())
        machine.say(f"filling {len(ARTICLES)} articles")
        await running.fill_many(ARTICLES)
        machine.say("after an edit")
        edited: dict[str, list[float]] = {coding: [] for coding in CODINGS}
        again: dict[str, list[float]] = {coding: [] for coding in CODINGS}
        for _ in range(stage.rounds):
            for coding in CODINGS:
                miss, hit = _after_edits(running, ids, coding)
                edited[coding].append(miss)
                again[coding].append(hit)
        machine.say("after a start")
        first: dict[str, list[float]] = {coding: [] for coding in CODINGS}
        for _ in range(stage.rounds):
            running.stop()
            running.start()
            for number, coding in enumerate(CODINGS):
                paths = ARTICLES[number * ASKED : (number + 1) * ASKED]
                first[coding].append(_first(running, paths, coding))
        for coding in CODINGS:
            goal = at_most(1)
            sheet.figures(f"{coding}, after an edit", edited[coding], " ms", goal=goal)
            sheet.figures(f"{coding}, first after a start", first[coding], " ms", goal=goal)
            sheet.figures(f"{coding}, the same again (a hit)", again[coding], " ms")
        machine.say("hit rate")
        rates = [rate for _ in range(stage.rounds) if (rate := await _hit_rate(stage, running))]
        what = f"hits of {len(ARTICLES)} articles, {A_SECOND} submissions/s elsewhere"
        sheet.figures(what, rates, " %", goal=at_least(99))
    return [sheet]


def _timed(line: Line, raw: bytes) -> float:
    began = time.perf_counter()
    answer = line.ask(raw)
    took = time.perf_counter() - began
    assert answer.status == 200, answer
    return took * 1000


def _after_edits(running: Ours, ids: list[str], coding: str) -> tuple[float, float]:
    """Of a request right after an edit, and of the next one."""
    raw = get(PAGE, CODINGS[coding])
    misses, hits = [], []
    with Line(running.port) as line, Line(running.port) as desk:
        for number in range(ASKED):
            running.edit(desk, ids[number % len(ids)], sample.another().text)
            misses.append(_timed(line, raw))
            hits.append(_timed(line, raw))
    return median(misses), median(hits)


def _first(running: Ours, paths: list[str], coding: str) -> float:
    with Line(running.port) as line:
        # The first of all also pays for what a process does once.
        line.ask(get(PAGE, CODINGS[coding]))
        return median(
            _timed(line, get(f"/v1/comments?article={path}", CODINGS[coding])) for path in paths
        )


async def _hit_rate(stage: Stage, running: Ours) -> float | None:
    """In percent; None when the service does not count it."""
    before = running.metrics()
    if HITS not in before:
        return None
    raw = [get(f"/v1/comments?article={path}", CODINGS["gzip"]) for path in ARTICLES]
    seconds = max(2.0, stage.seconds)
    write = partial(pour, running.port, ours.submission, connections=8, per_second=A_SECOND)
    await asyncio.gather(
        load(
            running.port,
            lambda number: raw[number % len(raw)],
            connections=MANY,
            seconds=seconds,
        ),
        write(seconds=seconds),
    )
    after = running.metrics()
    hits, misses = (after[name] - before[name] for name in (HITS, MISSES))
    return 100 * hits / max(1, hits + misses)
