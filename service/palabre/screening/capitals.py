"""A text all in capitals."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import own_words

LETTERS = 30
"""Letters below which capitals are a cheer or an acronym: "OK", "BRAVO", "SNCF, RATP"."""

LONG = 150
SHARE = 0.85

_FREQUENT = "eainrst"
"""The letters that make up half of a French, English, German or Spanish text."""


def capitals(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a text that shouts: 0.5, and 0.6 from LONG letters on.

    Counted are letters that have case at all, so that Arabic or Chinese text is never meant;
    left out are code, links and quoted lines, which are somebody else's. Names are not looked at:
    many French people write theirs in capitals.
    """
    own = own_words(submission.text)
    if _is_mostly_small(own):
        return None
    upper, lower = sum(map(str.isupper, own)), sum(map(str.islower, own))
    letters = upper + lower
    if letters < LETTERS or upper < SHARE * letters:
        return None
    return Signal("capitals", 0.6 if letters >= LONG else 0.5, "capitals")


def _is_mostly_small(text: str) -> bool:
    """Whether some small letters alone make up a fifth of the text, as of nearly every honest one.

    Then fewer than SHARE of its letters are capitals, and the others need not be looked at.
    """
    return 5 * sum(map(text.count, _FREQUENT)) > len(text)
