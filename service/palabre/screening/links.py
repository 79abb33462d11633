"""More links than the site allows, links with hardly a word, links that hide where they lead or say
that they lead elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from palabre.model import Facts, Signal, Submission
from palabre.screening._reading import disguised_in, hosts_in, links_in, prose, without_links
from palabre.screening._shorteners import SHORTENERS
from palabre.text import urls

ONLY_LINKS = 0.6
ONE_MARK = 0.3
SEVERAL_MARKS = 0.5
ELSEWHERE = 0.5
MARKS = 0.6

HOST_SHOWN = 100
"""Characters of a host that the sentence names."""

WORDS_A_LINK = 2
"""Words for each of several links, below which they are a mere list of links."""

_WORD = re.compile(r"[^\W\d_]{2,}+")


def links(submission: Submission, facts: Facts) -> Signal | None:
    """Minds links above the policy's `max_links`, a text without a letter beside its links, and a
    link that shows another host than it leads to (0.5).

    One link too many scores 0.5, five or more 0.9. Of a shortened link in the text, one as
    website, a website that the text links to as well, and several links with few words, one is a
    remark (0.3); two are minded (0.5), more too (0.6). Addresses in code blocks are no links; a
    link's label is not counted again when it is an address too.
    """
    text = prose(submission.text)
    n, limit = links_in(text), facts.policy.max_links
    over = 0.0 if n <= limit else round(min(0.9, 0.4 + 0.1 * (n - limit)), 2)
    if n == 0 and submission.website is None:
        return None
    beside = without_links(submission.text)
    elsewhere = next(disguised_in(text), None)
    if n and over < ONLY_LINKS and not _has_words(beside) and elsewhere is None:
        return Signal("links", ONLY_LINKS, "links_only", {"n": n})
    marks = list(_marks(submission, hosts_in(text), beside))
    score = (0.0, ONE_MARK, SEVERAL_MARKS)[len(marks)] if len(marks) < 3 else MARKS
    if elsewhere is not None:
        score = max(score, ELSEWHERE if _has_words(beside) else ONLY_LINKS)
        marks.insert(0, _elsewhere(*elsewhere))
    if over and over >= score:
        return Signal("links", over, "links_over", {"n": n, "limit": limit})
    if marks:
        first = marks[0]
        return Signal(first.name, score, first.why, first.values)
    return None


def _marks(submission: Submission, hosts: list[str], beside: str) -> Iterator[Signal]:
    """What else is odd about the links, the oddest first; the scores are of all together."""
    shortened = sum(host in SHORTENERS for host in hosts)
    if shortened:
        yield Signal("links", ONE_MARK, "links_shortened", {"n": shortened})
    website = "" if submission.website is None else urls.host_of(submission.website)
    if website in SHORTENERS:
        yield Signal("links", ONE_MARK, "website_shortened")
    elif website and website in hosts:
        yield Signal("links", ONE_MARK, "website_repeated")
    n = len(hosts)
    if n > 1 and (words := len(_WORD.findall(beside))) < WORDS_A_LINK * n:
        yield Signal("links", ONE_MARK, "links_crowded", {"n": n, "words": words})


def _elsewhere(shown: str, host: str) -> Signal:
    values = {"shown": shown[:HOST_SHOWN], "host": host[:HOST_SHOWN]}
    return Signal("links", ELSEWHERE, "link_elsewhere", values)


def _has_words(text: str) -> bool:
    """Letters of any script; numbers and emoji beside a link still say nothing."""
    return any(character.isalpha() for character in text)
