"""The rule about many comments of one author."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Policy, Signal, Submission
from palabre.screening import screen
from palabre.screening.author_pace import author_pace
from screening.readers import HONEST, OPEN, ORDINARY, sent

OVER = dataclasses.replace(ORDINARY, author_over=True)


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_a_reader_within_the_limit_passes(submission: Submission) -> None:
    assert author_pace(submission, ORDINARY) is None


def test_what_is_above_the_limit_is_minded_with_the_limit_named() -> None:
    policy = dataclasses.replace(OPEN, author_limit="7/hour")
    facts = dataclasses.replace(OVER, policy=policy)
    expected = Signal("author_pace", 0.5, "author_over", {"n": 7, "s": 3600})
    assert author_pace(sent("Encore moi."), facts) == expected


def test_without_a_limit_nothing_is_above_it() -> None:
    facts = dataclasses.replace(OVER, policy=Policy(author_limit="off"))
    assert author_pace(sent("Encore moi."), facts) is None


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_the_author_is_told_nothing_of_it(submission: Submission) -> None:
    verdict, innocent = screen(submission, OVER), screen(submission, ORDINARY)
    assert verdict.by == "rule:author_pace"
    assert verdict.state is not innocent.state
    assert verdict.told is innocent.told
