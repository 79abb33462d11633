"""The rule about many comments in a short time."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Signal, Submission
from palabre.screening.pace import pace
from screening.readers import HONEST, ORDINARY, sent


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("recent", [0, 1, 3, 5])
def test_a_reader_in_a_lively_exchange_passes(submission: Submission, recent: int) -> None:
    assert pace(submission, dataclasses.replace(ORDINARY, recent=recent)) is None


@pytest.mark.parametrize(
    ("recent", "why", "score"),
    [
        (0, "network_over", 0.5),
        (14, "network_over", 0.5),
        (16, "many_recent", 0.55),
        (900, "many_recent", 0.9),
    ],
)
def test_what_is_above_the_limit_of_a_network_is_held_whoever_sent_it(
    recent: int, why: str, score: float
) -> None:
    facts = dataclasses.replace(ORDINARY, recent=recent, network_over=True)
    found = pace(sent("Encore nous."), facts)
    assert found is not None
    assert (found.why, found.score) == (why, score)
    if why == "network_over":
        assert found.values == {"n": 100, "s": 60}


@pytest.mark.parametrize(
    ("recent", "score"),
    [(6, 0.05), (10, 0.25), (14, 0.45), (15, 0.5), (19, 0.7), (23, 0.9), (900, 0.9)],
)
def test_each_further_comment_weighs_more(recent: int, score: float) -> None:
    facts = dataclasses.replace(ORDINARY, recent=recent)
    expected = Signal("pace", score, "many_recent", {"n": recent, "minutes": 10})
    assert pace(sent("Encore moi."), facts) == expected
