"""The same text again, or nearly: on another article, under another name, from anybody."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import links_in
from palabre.text import courtesy, lookalike

DAYS = 30
"""How far back `Facts.same_text` and `Facts.alike` look."""

COURTESY = 40
"""Characters below which honest strangers write the very same thing: "Merci pour cet article !"."""


def repeat(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a text that was sent before; only remarks on a short one, or one of courtesies alone,
    that holds no link.

    One earlier copy scores 0.5, five or more 0.9; a courtesy 0.1 a copy, at most 0.4. Texts that
    are nearly the same count like copies, but where there is no copy they score 0.05 less: a
    single one is only remarked on.
    """
    copies, alike = facts.same_text, facts.alike
    if copies + alike < 1:
        return None
    if is_courtesy(submission.text):
        score = min(0.4, 0.1 * (copies + alike))
    else:
        score = min(0.9, 0.4 + 0.1 * (copies + alike)) - (0 if copies else 0.05)
    values: dict[str, int] = {"n": copies or alike, "days": DAYS}
    if facts.articles or facts.names:
        values |= {"articles": facts.articles, "names": facts.names}
    if copies and alike:
        values["alike"] = alike
    return Signal("repeat", round(score, 2), _why(facts), values)


def is_courtesy(text: str) -> bool:
    """Whether honest strangers write this text, or one that is the same to screening."""
    # "Merci" with forty exclamation marks is the same as without; marks alone are what they are.
    same = lookalike.skeleton(text) or text
    return (len(same) < COURTESY or courtesy.is_mere(text)) and not links_in(text)


def _why(facts: Facts) -> str:
    """Which sentence says what was found, and where, if not all of it was right here."""
    is_elsewhere = bool(facts.articles or facts.names)
    if facts.same_text and facts.alike:
        return "text_repeated_and_alike_elsewhere" if is_elsewhere else "text_repeated_and_alike"
    if facts.alike:
        return "text_alike_elsewhere" if is_elsewhere else "text_alike"
    return "text_repeated_elsewhere" if is_elsewhere else "text_repeated"
