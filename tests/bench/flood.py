"""Twice as many submissions as the service can take: what it refuses, keeps and still answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from bench import machine, ours, sample
from bench.listings import CODINGS, MANY, PAGE
from bench.load import Rate, load, pour
from bench.ours import Ours
from bench.stage import Stage
from bench.table import Sheet, at_least
from bench.wrk import wrk

SECONDS = 4.0
AHEAD_S = 1.0
"""How long the flood runs before listings are asked for, and at least after."""

CALM_CONNECTIONS = 64
CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Round:
    """One flood. `capacity`: submissions alone. `calm`, `flooded`: listings without and with it."""

    capacity: Rate
    calm: Rate
    flooded: Rate
    flood: Rate
    rss_before: float
    rss_after: float
    client: float

    def answered(self, *statuses: int) -> float:
        """Answers of these statuses, in percent of what was sent."""
        each = self.flood.statuses
        return 100 * sum(each.get(status, 0) for status in statuses) / max(1, sum(each.values()))

    def sent(self) -> float:
        """Requests sent a second."""
        return sum(self.flood.statuses.values()) / SECONDS


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    rounds = []
    with stage.ours() as running:
        running.fill("/a", sample.thread())
        for number in range(stage.rounds):
            machine.say(f"flood {number + 1} of {stage.rounds}")
            rounds.append(await _round(running, stage.seconds))
    return [_sheet(rounds)]


async def _round(running: Ours, seconds: float) -> Round:
    capacity = await load(running.port, ours.submission, connections=CALM_CONNECTIONS, seconds=1.5)
    calm = await _listings(running, seconds)
    rss_before = running.rss_mib()
    spent = machine.Spent()
    flood, flooded = await asyncio.gather(
        pour(
            running.port,
            ours.submission,
            connections=CONNECTIONS,
            per_second=2 * capacity.per_second,
            seconds=SECONDS,
        ),
        _listings(running, SECONDS - 2 * AHEAD_S, after=AHEAD_S),
    )
    client = spent.share()
    return Round(capacity, calm, flooded, flood, rss_before, running.rss_mib(), client)


async def _listings(running: Ours, seconds: float, *, after: float = 0.0) -> Rate:
    await asyncio.sleep(after)
    return await wrk(running.port, PAGE, headers=CODINGS["gzip"], connections=MANY, seconds=seconds)


def _sheet(rounds: list[Round]) -> Sheet:
    sheet = Sheet(
        f"Flood: for {SECONDS:g} s, twice the submissions that it takes, {CONNECTIONS} conn."
    )
    sheet.rates(
        f"page, gzip, {MANY} conn.",
        [each.flooded for each in rounds],
        [each.calm for each in rounds],
        beside="no flood",
        goal=at_least(0.7),
    )
    sheet.rates(
        "submissions kept",
        # Refusals are what a flood is meant to get.
        [replace(each.flood, statuses={}) for each in rounds],
        [each.capacity for each in rounds],
        beside=f"no flood, {CALM_CONNECTIONS} conn.",
    )
    told: dict[str, tuple[list[float], str]] = {
        "sent": ([each.sent() for each in rounds], "/s"),
        "due, but every connection waiting": (
            [each.flood.unsent / SECONDS for each in rounds],
            "/s",
        ),
        "kept (201), of what was sent": ([each.answered(201) for each in rounds], " %"),
        "refused (503)": ([each.answered(503) for each in rounds], " %"),
        "never answered": ([each.answered(0) for each in rounds], " %"),
        "p99 of those kept": ([each.flood.p99_ms for each in rounds], " ms"),
        "the client, of a core": ([100 * each.client for each in rounds], " %"),
    }
    for what, (values, unit) in told.items():
        sheet.figures(what, values, unit)
    refused = [each.flood for each in rounds if each.flood.statuses.get(503)]
    hinted = [100 * each.hinted / each.statuses[503] for each in refused]
    sheet.figures("refusals that say Retry-After", hinted, " %", goal=at_least(100))
    sheet.figures(
        "memory after, beside before",
        [each.rss_after for each in rounds],
        " MiB",
        beside="before",
        theirs=[each.rss_before for each in rounds],
    )
    return sheet
