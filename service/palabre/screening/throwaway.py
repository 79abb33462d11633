"""The e-mail address is of a domain that anybody gets mailboxes of for some minutes."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission

SCORE = 0.3
"""Too little to hold anything: many who protect themselves do so honestly."""


def throwaway(submission: Submission, facts: Facts) -> Signal | None:
    """Remarks on such an address; which domain it was is not kept."""
    return Signal("throwaway", SCORE, "throwaway") if submission.throwaway else None
