"""Many comments from one visitor in a short time, or from the network around them."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.text import policy

MINUTES = 10
"""How far back `Facts.recent` looks."""

UNREMARKED = 5
"""Comments in that time which say nothing: a quick exchange, or a class behind one address."""

OF_A_NETWORK = 0.5
"""A whole company may stand behind a network, so that its limit alone only holds."""


def pace(submission: Submission, facts: Facts) -> Signal | None:
    """Minds the visitor's sixteenth comment in ten minutes, remarks from the seventh on.

    Lenient, because the readers of an office, a school or a mobile network share one address:
    0.05 for each earlier comment above UNREMARKED, at most 0.9. The visitor is known by network
    address alone, so the answer tells nothing of an author. Minds what is above the limit of the
    wider network, too.
    """
    above = facts.recent - UNREMARKED
    score = round(max(0.0, min(0.9, 0.05 * above)), 2)
    limit = policy.rate(facts.policy.network_limit)
    if facts.network_over and limit is not None and score <= OF_A_NETWORK:
        values = {"n": limit.count, "s": limit.period_s}
        return Signal("pace", OF_A_NETWORK, "network_over", values)
    if score == 0:
        return None
    return Signal("pace", score, "many_recent", {"n": facts.recent, "minutes": MINUTES})
