"""Memory at rest and after load, and the time to the first answer, beside the baselines'."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from bench import isso, machine, ours, sample
from bench.answer import Answer
from bench.listings import CODINGS, MANY, PAGE
from bench.load import load
from bench.ours import Ours
from bench.stage import Stage
from bench.table import Sheet, at_most
from bench.wrk import wrk

ARTICLES = [f"/d/{number}" for number in range(20)]
"""A thousand comments, on pages of fifty."""

REST_S = 0.5
"""How long a service has been up when it counts as at rest."""

ROWS = (
    ("to the first answer, from exec", "start", " ms"),
    ("memory at rest", "rest", " MiB"),
    ("memory after load", "load", " MiB"),
)

Found = dict[str, list[float]]


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    found: Found = defaultdict(list)
    with stage.ours() as running:
        running.fill("/a", sample.thread())
        await running.fill_many(ARTICLES)
        for number in range(stage.rounds):
            machine.say(f"start {number + 1} of {stage.rounds}")
            await _ours(stage, running, found)
            await _others(stage, found)
    sheet = Sheet("Start and memory, with 1,000 comments")
    rest, after = found["ours rest"], found["ours load"]
    sheet.figures("memory at rest", rest, " MiB", goal=at_most(60))
    what = "memory after load (the cache is on top)"
    sheet.figures(what, after, " MiB", beside="at rest", theirs=rest, goal=at_most(1.3))
    for beside in ("bare", "Isso"):
        for what, name, unit in ROWS:
            theirs = found[f"{beside} {name}"] or None
            sheet.figures(what, found[f"ours {name}"], unit, beside=beside, theirs=theirs)
    return [sheet]


async def _ours(stage: Stage, running: Ours, found: Found) -> None:
    running.stop()
    running.start()
    found["ours start"].append(running.started_s * 1000)
    await asyncio.sleep(REST_S)
    found["ours rest"].append(running.rss_mib())
    for path in ["/a", *ARTICLES]:
        for headers in CODINGS.values():
            running.asked(f"/v1/comments?article={path}", headers)
    await wrk(running.port, PAGE, connections=MANY, seconds=stage.seconds)
    await load(running.port, ours.submission, connections=32, seconds=stage.seconds)
    found["ours load"].append(running.rss_mib())


async def _others(stage: Stage, found: Found) -> None:
    with stage.bare(Answer(200, [("content-length", "2")], b"{}")) as bare:
        found["bare start"].append(bare.started_s * 1000)
        await asyncio.sleep(REST_S)
        found["bare rest"].append(bare.rss_mib())
        await wrk(bare.port, "/", connections=MANY, seconds=stage.seconds)
        found["bare load"].append(bare.rss_mib())
    with stage.isso() as other:
        if other is None:
            return
        found["Isso start"].append(other.started_s * 1000)
        await asyncio.sleep(REST_S)
        found["Isso rest"].append(other.rss_mib())
        other.fill("/a", sample.thread())
        path = isso.listing("/a")
        await wrk(other.port, path, connections=MANY, seconds=stage.seconds)
        await load(other.port, isso.submission, connections=32, seconds=stage.seconds)
        found["Isso load"].append(other.rss_mib())
