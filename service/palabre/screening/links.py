"""More links than the site allows, or links and nothing else."""

from __future__ import annotations

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import links_in, prose, without_links

ONLY_LINKS = 0.6


def links(submission: Submission, facts: Facts) -> Signal | None:
    """Minds links above the policy's `max_links`, and a text without a letter beside its links.

    One link too many scores 0.5, five or more 0.9. Addresses in code blocks are no links; a
    link's label is not counted again when it is an address too.
    """
    n, limit = links_in(prose(submission.text)), facts.policy.max_links
    over = 0.0 if n <= limit else round(min(0.9, 0.4 + 0.1 * (n - limit)), 2)
    if n and over < ONLY_LINKS and not _has_words(without_links(submission.text)):
        return Signal("links", ONLY_LINKS, "links_only", {"n": n})
    if over:
        return Signal("links", over, "links_over", {"n": n, "limit": limit})
    return None


def _has_words(text: str) -> bool:
    """Letters of any script; numbers and emoji beside a link still say nothing."""
    return any(character.isalpha() for character in text)
