"""Many comments in a short time from one author, from whatever networks they come."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.text import policy

SCORE = 0.5


def author_pace(submission: Submission, facts: Facts) -> Signal | None:
    """Minds what is above the limit of one author."""
    limit = policy.rate(facts.policy.author_limit)
    if not facts.author_over or limit is None:
        return None
    return Signal("author_pace", SCORE, "author_over", {"n": limit.count, "s": limit.period_s})
