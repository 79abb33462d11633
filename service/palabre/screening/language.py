"""A text in a script or a language that the site's readers don't write in."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import own_words
from palabre.text import languages

SCRIPT_LEAST = 12
"""Letters below which another script is a greeting, a name or a quoted word."""

REMARK_SCRIPT = 0.4
REMARK_LANGUAGE = 0.3
SAID = 0.6
"""The score where the site has said what its readers write in: the policy's `languages`."""


def language(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a text mostly in a script of none of the policy's `languages`, or clearly in another
    language; only remarks on it where the site has not said any, and its locale is all there is.

    Code, links and quoted lines are left out, and names are not looked at. A text of the right
    script is told by its little words, which says nothing of short or mixed ones; see
    `palabre.text.languages`.
    """
    said = facts.policy.languages
    known = said if said is not None else (facts.locale,) if facts.locale else ()
    if not known:
        return None
    own = own_words(submission.text)
    script, letters = languages.script(own)
    if script is None:
        return None
    if script not in languages.scripts_of(known):
        if letters < SCRIPT_LEAST:
            return None
        return Signal("language", REMARK_SCRIPT if said is None else SAID, "script_out_of_place")
    if script != languages.LATIN:
        return None
    found = languages.told(own, known)
    if found is None:
        return None
    score = REMARK_LANGUAGE if said is None else SAID
    return Signal("language", score, "language_out_of_place", {"language": found})
