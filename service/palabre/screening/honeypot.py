"""The form's honeypot, a field that no person sees, came back filled in."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission

# Short of certain: now and then a password manager fills in a field that its owner never saw.
SCORE = 0.9


def honeypot(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a submission that took the bait."""
    return Signal("honeypot", SCORE, "honeypot") if submission.lured else None
