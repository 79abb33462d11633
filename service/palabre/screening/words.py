"""Words and phrases that the site has listed, in the text, the name or the website."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import as_read
from palabre.text import wordlist
from palabre.text.lookalike import Reading, readings

HELD = 0.7
REFUSED = 0.9

_HELD_IN = {"text": "word_in_text", "name": "word_in_name", "website": "word_in_website"}
_REFUSED_IN = {
    "text": "word_refused_in_text",
    "name": "word_refused_in_name",
    "website": "word_refused_in_website",
}
REFUSALS = frozenset(_REFUSED_IN.values())
"""What is said of a word of the policy's `reject_words`: the comment is refused, not held."""


def words(submission: Submission, facts: Facts) -> Signal | None:
    """Minds a word of the policy's `reject_words` (0.9), else of its `hold_words` (0.7).

    Words are compared as they look: case, accents, look-alike letters, signs for letters, letters
    drawn out or spaced out make no difference. The sentence names the entry as it is listed.
    """
    policy = facts.policy
    if not policy.reject_words and not policy.hold_words:
        return None
    places = [(place, readings(text)) for place, text in _places(submission)]
    if policy.reject_words:
        found = _found(places, policy.reject_words)
        if found is not None:
            return Signal("words", REFUSED, _REFUSED_IN[found[0]], {"word": found[1]})
    if policy.hold_words:
        found = _found(places, policy.hold_words)
        if found is not None:
            return Signal("words", HELD, _HELD_IN[found[0]], {"word": found[1]})
    return None


def _places(submission: Submission) -> Iterator[tuple[str, str]]:
    yield "text", submission.text
    shown = as_read(submission.text)
    if shown != submission.text:
        yield "text", shown
    yield "name", submission.name
    if submission.website is not None:
        yield "website", unquote(submission.website)


def _found(
    places: list[tuple[str, tuple[Reading, ...]]], entries: tuple[str, ...]
) -> tuple[str, str] | None:
    """Where an entry stands, and which."""
    listed = wordlist.compiled(entries)
    for place, read in places:
        entry = listed.find(read)
        if entry is not None:
            return place, entry
    return None
