"""No listing outlives an acknowledged decision, whoever made it (contract 3.2)."""

from __future__ import annotations

from pathlib import Path

import pytest

import racing
from running import Running

pytestmark = pytest.mark.whole
ROUNDS = 100
DECIDERS = {
    "the service": {"by_service": 1, "by_others": 0},
    "another process": {"by_service": 0, "by_others": 1},
    "both at once": {"by_service": 1, "by_others": 1},
}


@pytest.mark.parametrize("deciders", DECIDERS)
async def test_once_a_decision_is_acknowledged_every_reader_sees_it(
    tmp_path: Path, deciders: str
) -> None:
    with Running(tmp_path) as service:
        tally = await racing.flipping(service, ROUNDS, seed=1, **DECIDERS[deciders])
        assert service.stop() == 0
    assert tally.wrong == []
    assert tally.rounds == ROUNDS
    assert tally.reads >= ROUNDS * racing.READERS / 2
    # Not for want of anything to outlive one.
    assert tally.kept > ROUNDS
