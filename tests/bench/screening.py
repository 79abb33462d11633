"""What screening adds to a submission: the whole list of rules on a site with everything switched
on, out of a million stored comments beside a thousand.

Measured within a process of its own, on the store that a service has left: each submission whole,
up to its commit, and of that what is done for screening's sake alone. What a site gathers in years
is there as well: the bands of the last 30 days' texts, learned features, bans, lists of words.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

from bench import machine, sample
from bench.desk import FEW, MANY, grown
from bench.ours import Ours
from bench.stage import Stage
from bench.table import Sheet, at_most
from palabre import settings
from palabre.actions import allowance, articles, screen, sites, stamps, submit
from palabre.model import Site, Visitor
from palabre.service import Service, opened
from palabre.store import alike, bans, marks
from palabre.store.sqlite_thread import SqliteTx
from palabre.text import features

MOST_MS = 2.0
"""What all rules together may add."""

EACH = 200
"""Submissions of a round."""

AT_ONCE = 8
"""Submissions that come together: a processor that has just waited for the disk takes longer."""
BUSY = "busy"

LISTED = 10_000
LEARNED = 65_000
BANNED = 1_000
BANDS = 5
MONTH_MS = 30 * 86_400_000

PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "what it is known by": ((submit, "tags_of"), (features, "of")),
    "what the store knows of it": ((screen, "known"),),
    "limits and stamp": ((allowance, "take"), (allowance, "note_crowd"), (stamps, "spend")),
    "the rules": ((screen, "judge"),),
    "what is stored for later ones": ((alike, "add"), (bans, "note"), (marks, "add")),
}
"""The functions that work for screening's sake."""


class Watch:
    """How long each part took of the submission at hand, and how many statements it issued."""

    def __init__(self) -> None:
        self.ms = dict.fromkeys(PARTS, 0.0)
        self.statements: Counter[str] = Counter()
        self._within: list[str] = []

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        """What happens within is *part*'s, and nobody else's."""
        self._within.append(part)
        began = time.perf_counter()
        try:
            yield
        finally:
            took_ms = (time.perf_counter() - began) * 1000
            self._within.pop()
            self.ms[part] += took_ms
            if self._within:
                self.ms[self._within[-1]] -= took_ms

    def count(self) -> None:
        if self._within:
            self.statements[self._within[-1]] += 1


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Has the parts' functions, and every statement, told to *watch*."""
    with ExitStack() as stack:
        for part, functions in PARTS.items():
            for module, name in functions:
                plain = getattr(module, name)
                stack.callback(setattr, module, name, plain)
                setattr(module, name, _timed(watch, part, plain))
        plain = SqliteTx._execute
        stack.callback(setattr, SqliteTx, "_execute", plain)

        def counting(*args: Any, _plain: Any = plain) -> Any:
            watch.count()
            return _plain(*args)

        setattr(SqliteTx, "_execute", counting)  # noqa: B010
        yield


def _timed(watch: Watch, part: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    if asyncio.iscoroutinefunction(plain):

        async def waiting(*args: Any, **values: Any) -> Any:
            with watch.on(part):
                return await plain(*args, **values)

        return waiting

    def timed(*args: Any, **values: Any) -> Any:
        with watch.on(part):
            return plain(*args, **values)

    return timed


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    sheet = Sheet(f"Screening a submission: {MANY:,} comments stored beside {FEW:,}", " ms")
    found: dict[int, dict[str, list[float]]] = {}
    reads: dict[int, Counter[str]] = {}
    for size in (MANY, FEW):
        with grown(stage, size) as running:
            running.stop()
            with closing(sqlite3.connect(running.data / "palabre.sqlite3")) as database:
                _gather(database)
            # What was filled is still on its way to the disk, and slows everything down.
            os.sync()
            found[size], reads[size] = await _measured(stage, running)
            running.start()
    for part in (*PARTS, "all of it", "a whole submission"):
        mine, theirs = found[MANY][part], found[FEW][part]
        sheet.figures(part, mine, " ms", beside=f"of {FEW:,}", theirs=theirs)
    # A row beside another is judged by the ratio, these by themselves.
    most = at_most(MOST_MS)
    sheet.figures("all of it, one at a time", found[MANY]["all of it"], " ms", goal=most)
    sheet.figures(f"all of it, {AT_ONCE} at once", found[MANY][BUSY], " ms", goal=most)
    alone = Sheet("Statements of a submission's screening, each of so many stored", "")
    for part in PARTS:
        goal = at_most(1) if part == "what the store knows of it" else None
        alone.figures(part, [reads[MANY][part] / (EACH * stage.rounds)], "", goal=goal)
    return [sheet, alone]


async def _measured(stage: Stage, running: Ours) -> tuple[dict[str, list[float]], Counter[str]]:
    """Of each round the median of each part, and all statements."""
    named = (*PARTS, "all of it", "a whole submission")
    found: dict[str, list[float]] = {part: [] for part in (*named, BUSY)}
    statements: Counter[str] = Counter()
    async with opened(settings.load(running.environ), serving=True) as service:
        words = [f"mot{number}" for number in range(LISTED)]
        await sites.change_policy(service, "blog", {"hold_words": words, "languages": ["fr"]})
        site = await sites.get(service, "blog")
        await _submitted(service, site)
        for _ in range(stage.rounds):
            each: dict[str, list[float]] = {part: [] for part in named}
            for _ in range(EACH):
                watch = Watch()
                with watched(watch):
                    whole_ms = await _submitted(service, site)
                for part in PARTS:
                    each[part].append(watch.ms[part])
                each["all of it"].append(sum(watch.ms.values()))
                each["a whole submission"].append(whole_ms)
                statements += watch.statements
            for part, times in each.items():
                found[part].append(statistics.median(times))
            found[BUSY].append(await _busy(service, site))
    return found, statements


async def _busy(service: Service, site: Site) -> float:
    """What screening adds to each of several that come together: the median. All of it happens
    within their transactions, one after the other, so that one clock serves for all."""
    each = []
    for _ in range(EACH // AT_ONCE):
        watch = Watch()
        with watched(watch):
            await asyncio.gather(*(_submitted(service, site) for _ in range(AT_ONCE)))
        each.append(sum(watch.ms.values()) / AT_ONCE)
    return statistics.median(each)


async def _submitted(service: Service, site: Site) -> float:
    """One submission more; the milliseconds that it took."""
    said, place = sample.another(), sample.article(0)
    given = await stamps.fresh(service, await articles.at(service, site, place))
    fields = {
        "article": place,
        "name": said.name,
        "email": said.email,
        "comment": said.text,
        "stamp": given.token,
    }
    network = said.address
    visitor = Visitor(network, f"{network.rpartition('.')[0]}.0/24")
    began = time.perf_counter()
    await submit.submit(service, site, fields, visitor)
    return (time.perf_counter() - began) * 1000


def _gather(database: sqlite3.Connection) -> None:
    """What screening has gathered beside the comments of the last 30 days."""
    rng = random.Random(7)
    (site,) = database.execute("select id from site").fetchone()
    (newest,) = database.execute("select max(created_at) from comment").fetchone()
    recent = database.execute(
        "select seq, created_at from comment where created_at > ?", (newest - MONTH_MS,)
    ).fetchall()
    database.executemany(
        "insert or ignore into comment_band (site_id, band, seq, created_at) values (?, ?, ?, ?)",
        ((site, rng.getrandbits(63), seq, at) for seq, at in recent for _ in range(BANDS)),
    )
    database.execute(
        "insert or replace into learned_site (site_id, labels, honest, spam, scores) "
        "values (?, 2000, 1500, 500, ?)",
        (site, json.dumps({str(score): 15 for score in range(100)})),
    )
    texts = [sample.text(random.Random(number)) for number in range(300)]
    known = {bucket for text in texts for bucket in features.of(text, "Hélène").tokens}
    known |= {rng.getrandbits(20) for _ in range(LEARNED - len(known))}
    database.executemany(
        "insert or ignore into learned_feature (site_id, bucket, honest, spam) values (?, ?, ?, ?)",
        ((site, bucket, rng.randrange(40), rng.randrange(10)) for bucket in known),
    )
    database.executemany(
        "insert into ban (id, site_id, kind, tag, key_id, created_at, created_by) "
        "values (?, ?, 'link_domain', ?, '', ?, 'hand')",
        ((f"{number:026d}", site, rng.randbytes(32).hex(), newest) for number in range(BANNED)),
    )
    database.execute("analyze")
    database.commit()
    machine.say(f"gathered {len(recent):,} comments' bands, {len(known):,} features")
