"""A request that was not made as a browser makes one."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission

SCORES = (0.3, 0.5, 0.7)
"""One mark, two, more: alone, each is something that some honest browser does too."""

OF_A_PROGRAM = 0.1
"""What a language that is missing weighs where a site's own program sends on what readers wrote."""


def bot(submission: Submission, facts: Facts) -> Signal | None:
    """Minds two marks of a program that passes for a browser, remarks on one.

    A program that does not ask for a page passes for nothing: of it, only that it says no language
    is remarked on, by which an article page's own script is told from it. Nothing looks at what
    tells one browser from another.
    """
    manner = facts.manner
    if not manner.as_page:
        if manner.no_language:
            return Signal("bot", OF_A_PROGRAM, "bot", {"marks": "no_language"})
        return None
    found = {
        "no_language": manner.no_language,
        "no_agent": manner.no_agent,
        "program": bool(manner.program),
        "no_navigation": manner.no_navigation,
    }
    marks = [mark for mark, is_found in found.items() if is_found]
    if not marks:
        return None
    score = SCORES[min(len(marks), len(SCORES)) - 1]
    said = {"program": manner.program} if manner.program else {}
    return Signal("bot", score, "bot", {"marks": " ".join(marks), **said})
