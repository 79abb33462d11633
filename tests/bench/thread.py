"""A thread of 10,000 comments, walked page by page: does the last page cost what the first does?"""

from __future__ import annotations

import asyncio
import json
import time

from bench import machine, sample
from bench.answer import Line, get
from bench.listings import CODINGS
from bench.stage import Stage
from bench.table import Sheet, median

COMMENTS = 10_000
WRITERS = 16
"""Connections that fill it, each with a part that is a thread of its own."""

ENDS = 10
"""Pages at either end that are compared."""


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    sheet = Sheet(f"A thread of {COMMENTS:,} comments: its last {ENDS} pages beside its first")
    with stage.ours() as running:
        machine.say(f"filling a thread of {COMMENTS:,}")
        each = COMMENTS // WRITERS
        parts = [sample.thread(each, first=each * number) for number in range(WRITERS)]
        filling = (asyncio.to_thread(running.fill, "/t", part) for part in parts)
        ids, *_ = await asyncio.gather(*filling)
        found: dict[str, list[list[float]]] = {"a miss": [], "a hit": []}
        for number in range(stage.rounds):
            machine.say(f"walk {number + 1} of {stage.rounds}")
            with Line(running.port) as line:
                running.edit(line, ids[number], sample.another().text)
                for times in found.values():
                    times.append(_walk(line))
    for what, walks in found.items():
        sheet.figures(
            f"{what}, p50",
            [median(times[-ENDS:]) for times in walks],
            " ms",
            beside="the first",
            theirs=[median(times[:ENDS]) for times in walks],
        )
    return [sheet]


def _walk(line: Line) -> list[float]:
    """The milliseconds of every page, in order."""
    times = []
    path: str | None = "/v1/comments?article=/t"
    while path:
        began = time.perf_counter()
        answer = line.ask(get(path, CODINGS["plain"]))
        times.append((time.perf_counter() - began) * 1000)
        path = json.loads(answer.body)["next"]
    assert len(times) == COMMENTS // sample.PAGE, len(times)
    return times
