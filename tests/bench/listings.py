"""The public reading side: a first page, the counts and the feed, beside bare answers and Isso."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from bench import machine, sample
from bench.answer import Answer, Line, get
from bench.isso import listing
from bench.load import Rate
from bench.ours import Ours
from bench.stage import Stage, alternate
from bench.table import Goal, Sheet, at_least, at_most, p50, per_second
from bench.wrk import wrk

PAGE = "/v1/comments?article=/a"
FEED = "/v1/comments.atom?article=/a"
COUNTED = 20
COUNTS = "/v1/counts?" + "&".join(f"article=/b/{number}" for number in range(COUNTED))

CODINGS: dict[str, Mapping[str, str]] = {
    "plain": {},
    "gzip": {"Accept-Encoding": "gzip"},
    "br": {"Accept-Encoding": "br"},
}

MANY = 16
"""Connections of a busy service."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked for, and how. `changing`: while its article gets comments and decisions."""

    what: str
    path: str
    goal: Goal
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = MANY
    of: Callable[[Rate], float] = per_second
    changing: bool = False

    def one_by_one(self) -> Case:
        """The same over one connection, where it is the time that counts."""
        return replace(self, connections=1, of=p50, goal=at_most(1.5))

    def while_changing(self) -> Case:
        """The same, with a submission and a decision a second."""
        return replace(self, changing=True, goal=at_least(0.7))


async def measure(stage: Stage) -> list[Sheet]:
    """The tables of this part."""
    sheet = Sheet(f"Reading: first page of {sample.PAGE} comments, counts, feed")
    with stage.ours() as ours:
        ours.fill("/a", sample.thread())
        with Line(ours.port) as line:
            for number in range(COUNTED):
                ours.submit(line, f"/b/{number}")
        for coding, headers in CODINGS.items():
            case = Case(f"page, {coding}", PAGE, at_least(0.75), headers)
            await _rows(stage, sheet, ours, case, case.one_by_one(), case.while_changing())
        known = {"If-None-Match": ours.asked(PAGE).header("ETag")}
        case = Case("page, not modified", PAGE, at_least(0.75), known)
        await _rows(stage, sheet, ours, case, case.one_by_one())
        await _rows(stage, sheet, ours, Case(f"counts of {COUNTED}", COUNTS, at_least(0.5)))
        await _rows(stage, sheet, ours, Case("Atom feed", FEED, at_least(0.5)))
        await _beside_isso(stage, sheet, ours)
    return [sheet]


async def _rows(stage: Stage, sheet: Sheet, ours: Ours, *cases: Case) -> None:
    """Rows of one and the same answer, beside a bare application that gives it too."""
    answer = ours.asked(cases[0].path, cases[0].headers)
    machine.say(f"{cases[0].what}, {len(answer.body):,} bytes")
    found: list[tuple[list[Rate], list[Rate]]] = [([], []) for _ in cases]
    with stage.bare(answer) as bare:
        for _ in range(stage.rounds):
            # A round has one baseline for each number of connections.
            theirs: dict[int, Rate] = {}
            for case, (mine, beside) in zip(cases, found, strict=True):
                mine.append(await _asked(ours, case, stage.seconds))
                if case.connections not in theirs:
                    theirs[case.connections] = await _load(bare.port, case, stage.seconds)
                beside.append(theirs[case.connections])
    for case, (mine, beside) in zip(cases, found, strict=True):
        what = f"{case.what}, {case.connections} conn."
        what += ", changing" if case.changing else f", {len(answer.body):,} B"
        told = "bare, p50" if case.of is p50 else "bare"
        sheet.rates(what, mine, beside, beside=told, goal=case.goal, of=case.of)


async def _load(port: int, case: Case, seconds: float) -> Rate:
    return await wrk(
        port, case.path, headers=case.headers, connections=case.connections, seconds=seconds
    )


async def _asked(ours: Ours, case: Case, seconds: float) -> Rate:
    if not case.changing:
        return await _load(ours.port, case, seconds)
    with _changes(ours):
        # At least two of each.
        return await _load(ours.port, case, max(2.0, seconds))


@contextmanager
def _changes(ours: Ours) -> Iterator[None]:
    """A submission a second to the article under load, and a decision that takes it away."""
    is_over = threading.Event()

    def change() -> None:
        with Line(ours.port) as line:
            while not is_over.wait(0.5):
                comment = ours.submit(line, "/a")
                is_over.wait(0.5)
                ours.decide(line, comment, "reject")

    writer = threading.Thread(target=change)
    writer.start()
    try:
        yield
    finally:
        is_over.set()
        writer.join()


async def _beside_isso(stage: Stage, sheet: Sheet, ours: Ours) -> None:
    """Rate and size of the same thread in Isso."""
    what = f"page, plain, {MANY} conn."
    machine.say(f"{what}, beside Isso")
    case = Case(what, PAGE, at_least(1))
    with stage.isso() as isso:
        if isso is None:
            mine = [await _load(ours.port, case, stage.seconds)]
            sheet.rates(what, mine, None, beside="Isso")
            return
        isso.fill("/a", sample.thread())
        path = listing("/a")
        mine, theirs = await alternate(
            stage.rounds,
            partial(_load, ours.port, case, stage.seconds),
            # Few a second: a longer round, or their number would be a matter of chance.
            partial(_load, isso.port, replace(case, path=path), 3 * stage.seconds),
        )
        sheet.rates(what, mine, theirs, beside="Isso")
        with Line(isso.port) as line:
            answer = line.ask(get(path))
    what, size = "plain, bytes of each comment", _each(ours.asked(PAGE))
    sheet.figures(what, [size], " B", beside="Isso", theirs=[_each(answer)], goal=at_most(0.8))


def _each(answer: Answer) -> float:
    return len(answer.body) / sample.PAGE
