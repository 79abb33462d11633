"""Thousands of decisions while eight readers look: `make experiments`. Prints what they saw."""

from __future__ import annotations

from pathlib import Path

import pytest

import racing
from running import Running

pytestmark = pytest.mark.whole
ROUNDS = 6000


async def test_thousands_of_decisions_are_seen_by_every_reader_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Running(tmp_path) as service:
        tally = await racing.flipping(service, ROUNDS, by_service=2, by_others=2, seed=6000)
        assert service.stop() == 0
    with capsys.disabled():
        print(
            f"\n{tally.rounds} decisions by two processes, {tally.reads} reads by "
            f"{racing.READERS} readers, {tally.kept} of them kept answers, "
            f"{len(tally.wrong)} wrong"
        )
    assert tally.wrong == []
    assert tally.rounds == ROUNDS
    assert tally.kept > ROUNDS
