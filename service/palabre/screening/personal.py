"""Personal data in the text or the name: telephone numbers, addresses, accounts, registers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import as_read
from palabre.text import personal as found

NAME = "personal"
HELD, REMARKED = 0.7, 0.3

MOST = 40
"""How many of a kind are looked into, so that no text costs more than some milliseconds."""


def personal(submission: Submission, facts: Facts) -> Signal | None:
    """Minds personal data (0.7), only remarks on it (0.3) by a policy of `note`.

    The signal says how many of which kind there are, and never repeats them. Nobody's own address
    is compared with it: what their form says of them is not known here.
    """
    rule = facts.policy.personal_data
    if rule == "off":
        return None
    counts = Counter(found.counted(submission.text, most=MOST))
    shown = as_read(submission.text)
    if shown != submission.text:
        counts |= Counter(found.counted(shown, most=MOST))
    counts.update(found.counted(submission.name, most=MOST))
    if not counts:
        return None
    score = HELD if rule == "hold" else REMARKED
    return Signal(NAME, score, "personal", found.ordered(counts))


def masked(counts: Mapping[str, int]) -> Signal:
    """What becomes of the rule's signal when what it found has been masked."""
    return Signal(NAME, 0.0, "personal_masked", counts)
