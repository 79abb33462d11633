"""The same text again: on another article, under another name, from anybody."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import links_in

DAYS = 30
"""How far back `Facts.same_text` looks."""

COURTESY = 40
"""Characters below which honest strangers write the very same thing: "Merci pour cet article !"."""


def repeat(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a text that was sent before; only remarks on a short one that holds no link.

    One earlier copy scores 0.5, five or more 0.9; a courtesy 0.1 a copy, at most 0.4.
    """
    copies = facts.same_text
    if copies < 1:
        return None
    if len(submission.text) < COURTESY and not links_in(submission.text):
        score = min(0.4, 0.1 * copies)
    else:
        score = min(0.9, 0.4 + 0.1 * copies)
    return Signal("repeat", round(score, 2), "text_repeated", {"n": copies, "days": DAYS})
