"""Durable submissions, beside Isso and beside bare commits of the same SQLite."""

from __future__ import annotations

import asyncio
from functools import partial

from bench import isso, machine, ours
from bench.commits import commits
from bench.load import Rate, load
from bench.ours import Ours
from bench.stage import Stage, alternate
from bench.table import Sheet, at_least, at_most

GOALS = {32: 10.0, 1: 4.0}
"""How many times Isso's rate, by connections."""

SECONDS = 2.0
"""Isso answers one after the other: over 32 connections a second would have few from each."""

COMMITS, UNITS = "palabre_write_batch_units_count", "palabre_write_batch_units_sum"


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    sheet = Sheet("Submissions: acknowledged once on disk, 300 characters each, on 50 articles")
    seconds = max(SECONDS, stage.seconds)
    with stage.ours() as running, stage.isso() as other:
        for connections, goal in GOALS.items():
            what = f"submissions, {connections} conn."
            machine.say(what)
            shares: list[float] = []
            measures = [
                partial(_ours, running, connections, seconds, shares),
                partial(_commits, stage, seconds / 2),
            ]
            if other is not None:
                measures.append(
                    partial(
                        load,
                        other.port,
                        isso.submission,
                        connections=connections,
                        seconds=seconds,
                    )
                )
            mine, bare, *theirs = await alternate(stage.rounds, *measures)
            sheet.rates(
                what,
                mine,
                theirs[0] if theirs else None,
                beside="Isso",
                goal=at_least(goal),
            )
            sheet.rates(what, mine, bare, beside="commits")
            if connections > 1:
                worst = [rate.p99_ms for rate in mine]
                sheet.figures(f"p99, {connections} conn.", worst, " ms", goal=at_most(50))
                what = f"syncs of a submission, {connections} conn."
                sheet.figures(what, shares, "", goal=at_most(0.25))
    return [sheet]


async def _ours(running: Ours, connections: int, seconds: float, shares: list[float]) -> Rate:
    """A round of ours; adds to *shares* how many commits a unit of work took."""
    before = running.metrics()
    rate = await load(running.port, ours.submission, connections=connections, seconds=seconds)
    after = running.metrics()
    units = after[UNITS] - before[UNITS]
    shares.append((after[COMMITS] - before[COMMITS]) / max(1.0, units))
    return rate


async def _commits(stage: Stage, seconds: float) -> Rate:
    return await asyncio.to_thread(commits, stage.folder, seconds)
