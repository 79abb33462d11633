"""A text all in capitals."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import prose, without_links

LETTERS = 30
"""Letters below which capitals are a cheer or an acronym: "OK", "BRAVO", "SNCF, RATP"."""

LONG = 150
SHARE = 0.85


def capitals(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a text that shouts: 0.5, and 0.6 from LONG letters on.

    Counted are letters that have case at all, so that Arabic or Chinese text is never meant;
    left out are code, links and quoted lines, which are somebody else's. Names are not looked at:
    many French people write theirs in capitals.
    """
    own = "\n".join(
        line for line in prose(submission.text).split("\n") if not line.lstrip().startswith(">")
    )
    upper = lower = 0
    for character in without_links(own):
        upper += character.isupper()
        lower += character.islower()
    letters = upper + lower
    if letters < LETTERS or upper < SHARE * letters:
        return None
    return Signal("capitals", 0.6 if letters >= LONG else 0.5, "capitals")
