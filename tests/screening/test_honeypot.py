"""The rule about the field that no person sees."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Signal, Submission
from palabre.screening.honeypot import honeypot
from screening.readers import HONEST, ORDINARY


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_a_form_whose_bait_is_untouched_passes(submission: Submission) -> None:
    assert honeypot(submission, ORDINARY) is None


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_a_filled_in_bait_is_minded_whatever_the_text(submission: Submission) -> None:
    lured = dataclasses.replace(submission, lured=True)
    assert honeypot(lured, ORDINARY) == Signal("honeypot", 0.9, "honeypot")
