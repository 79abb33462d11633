"""Many comments from one visitor in a short time."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission

MINUTES = 10
"""How far back `Facts.recent` looks."""

UNREMARKED = 5
"""Comments in that time which say nothing: a quick exchange, or a class behind one address."""


def pace(submission: Submission, facts: Facts) -> Signal | None:
    """Minds the visitor's sixteenth comment in ten minutes, remarks from the seventh on.

    Lenient, because the readers of an office, a school or a mobile network share one address:
    0.05 for each earlier comment above UNREMARKED, at most 0.9. The visitor is known by network
    address alone, so the answer tells nothing of an author.
    """
    above = facts.recent - UNREMARKED
    if above < 1:
        return None
    score = round(min(0.9, 0.05 * above), 2)
    return Signal("pace", score, "many_recent", {"n": facts.recent, "minutes": MINUTES})
