"""The proof of work that browsers do under attack, and what comes without."""

from __future__ import annotations

from palabre.model import Facts, Proof, Signal, Submission
from palabre.text.policy import OFF


def proof(submission: Submission, facts: Facts) -> Signal | None:
    """Minds, under attack, a comment without a good proof of work, 0.5.

    Not one of an author who is known to be good, nor where the policy asks for none.
    """
    if not facts.attacked or facts.trusted or facts.policy.proof == OFF:
        return None
    if facts.proof is Proof.GOOD:
        return None
    return Signal("proof", 0.5, f"proof_{facts.proof}")
