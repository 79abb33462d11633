"""The gate: so many submissions at once, fewer while readers want the core, nobody's turn lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import httpx2
import pytest

import makers
from palabre.errors import Busy
from palabre.web import gate as gates
from palabre.web.gate import GROUP, INTERVAL_S, MOST, READS_OF_A_SUBMISSION, Gate
from web.speaking import problem


class Machine:
    """What a gate looks at: a clock, work done, answers read; all of it moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0
        self.worked = 0.0
        self.read = 0

    def gate(self) -> Gate:
        return Gate(lambda: self.read, clock=lambda: self.at, working=lambda: self.worked)

    def pass_by(self, *, busy: bool, reads_per_s: float = 0.0, seconds: float = INTERVAL_S) -> None:
        """Let time pass, with or without anything to do."""
        self.at += seconds
        self.worked += seconds if busy else 0.0
        self.read += int(reads_per_s * seconds)


@pytest.fixture
def machine() -> Machine:
    return Machine()


class Inside:
    """Submissions that are in a gate until they are let out."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.inside = 0
        self.refused = 0
        self._out = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, n: int) -> None:
        """*n* more come, and the event loop has had its turns."""
        self.tasks += [asyncio.create_task(self._one()) for _ in range(n)]
        for _ in range(5):
            await asyncio.sleep(0)

    async def _one(self) -> None:
        try:
            async with self._gate.turn():
                self.inside += 1
                try:
                    await self._out.wait()
                finally:
                    self.inside -= 1
        except Busy:
            self.refused += 1

    async def leave(self) -> None:
        """All of them leave."""
        self._out.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_so_many_are_inside_at_once_and_the_next_waits_for_its_turn(machine: Machine) -> None:
    there = Inside(machine.gate())
    await there.come(MOST + 3)
    assert there.inside == MOST
    await there.leave()
    assert there.refused == 0
    assert there.inside == 0


async def test_who_waits_too_long_is_told_to_come_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "WAIT_S", 0.01)
    there = Inside(machine.gate())
    await there.come(MOST + 2)
    await asyncio.wait(there.tasks[MOST:])
    assert (there.inside, there.refused) == (MOST, 2)
    await there.leave()


async def test_more_than_may_wait_are_refused_at_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "WAITING_MOST", 5)
    there = Inside(machine.gate())
    await there.come(MOST + 5 + 4)
    assert (there.inside, there.refused) == (MOST, 4)
    await there.leave()
    assert there.refused == 4


async def test_a_turn_that_is_given_up_is_another_s(machine: Machine) -> None:
    gate = machine.gate()
    there = Inside(gate)
    await there.come(MOST + 4)
    for task in (*there.tasks[:3], *there.tasks[MOST : MOST + 2]):
        task.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    assert there.inside == MOST - 3 + 2
    await there.leave()
    again = Inside(gate)
    await again.come(MOST + 1)
    assert again.inside == MOST
    await again.leave()


async def test_it_steps_back_while_the_process_is_busy_with_readers(machine: Machine) -> None:
    gate = machine.gate()
    reads_per_s = 10_000.0
    for _ in range(40):
        machine.pass_by(busy=True, reads_per_s=reads_per_s)
        there = Inside(gate)
        await there.come(GROUP)
        await there.leave()
    least = reads_per_s / READS_OF_A_SUBMISSION
    assert gate.rate == pytest.approx(least, rel=0.01)


@pytest.mark.parametrize(
    ("busy", "reads_per_s"), [(True, 0.0), (True, 100.0), (False, 10_000.0), (False, 0.0)]
)
async def test_it_does_not_where_nobody_reads_or_there_is_time(
    machine: Machine, busy: bool, reads_per_s: float
) -> None:
    gate = machine.gate()
    for _ in range(20):
        machine.pass_by(busy=busy, reads_per_s=reads_per_s)
        there = Inside(gate)
        await there.come(MOST)
        assert there.inside == MOST
        await there.leave()
    assert gate.rate == math.inf


async def test_it_opens_again_when_the_readers_have_gone(machine: Machine) -> None:
    gate = machine.gate()
    gate.rate = 10.0
    for _ in range(30):
        machine.pass_by(busy=True)
        there = Inside(gate)
        await there.come(1)
        await there.leave()
    assert gate.rate == math.inf


async def test_while_it_steps_back_a_group_is_let_in_together_and_the_next_in_its_time(
    machine: Machine,
) -> None:
    gate = machine.gate()
    gate.rate = 100.0
    there = Inside(gate)
    await there.come(GROUP + 3)
    assert there.inside == GROUP
    machine.at += GROUP / 100.0 - 0.001
    await there.come(1)
    assert there.inside == GROUP
    machine.at += 0.002
    await there.come(1)
    assert there.inside == GROUP + 5
    await there.leave()


async def test_whoever_is_refused_is_told_when_to_come_back_and_nothing_is_stored(
    client: httpx2.AsyncClient, moderator: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch)
    answer = await client.post("/v1/comments", json=makers.fields())
    problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "1"
    monkeypatch.undo()
    queue = await client.get("/v1/moderation/comments", headers=moderator)
    assert queue.json()["comments"] == []


async def test_a_browser_s_form_comes_back_filled_in_and_is_the_same_request_again(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch)
    sent = makers.fields(idempotency_key="the-same-request")
    answer = await client.post("/v1/comments", data=sent, headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert sent["comment"] in answer.text
    assert "the-same-request" in answer.text


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may enter, and nobody may wait."""
    no: Callable[[Gate], bool] = lambda gate: False  # noqa: E731
    monkeypatch.setattr(Gate, "_may_enter", no)
    monkeypatch.setattr(gates, "WAITING_MOST", 0)
