"""The rule about blocked authors."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Signal, Submission
from palabre.screening.blocked import blocked
from screening.readers import HONEST, ORDINARY

ABOUT_A_BLOCKED_AUTHOR = dataclasses.replace(ORDINARY, blocked=True)


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_an_author_who_is_not_blocked_passes(submission: Submission) -> None:
    assert blocked(submission, ORDINARY) is None


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_a_blocked_author_is_minded_whatever_they_write(submission: Submission) -> None:
    assert blocked(submission, ABOUT_A_BLOCKED_AUTHOR) == Signal("blocked", 1.0, "blocked")
