"""The author is one whom a moderator has blocked."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission


def blocked(submission: Submission, facts: Facts) -> Signal | None:
    """Minds everything from a blocked author (contract 4); whether they are is the only fact."""
    return Signal("blocked", 1.0, "blocked") if facts.blocked else None
