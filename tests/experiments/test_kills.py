"""Two hundred kills under load: `make experiments`. Prints what was sent, acknowledged, found."""

from __future__ import annotations

from pathlib import Path

import pytest

import killing
from running import Running

pytestmark = pytest.mark.whole
ROUNDS = 200


async def test_two_hundred_kills_lose_nothing_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Running(tmp_path) as service:
        service.add_site()
        tally = await killing.rounds(service, ROUNDS, seed=200)
    with capsys.disabled():
        print(
            f"\n{ROUNDS} kills, {tally.killed_while_busy} with promises under way: "
            f"{tally.sent} sent, {tally.acknowledged} acknowledged, {tally.found} found, "
            f"{tally.lost} lost"
        )
    assert tally.lost == 0
    assert tally.killed_while_busy == ROUNDS
    assert tally.counters_differ == []
