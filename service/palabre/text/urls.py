"""URLs in running text: where each begins and ends, and where a link to it leads. Pure."""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from palabre.text import address

if TYPE_CHECKING:
    import nh3

REL = "nofollow ugc noopener"
"""What every link says of itself (contract 3.1)."""

SCHEMES = {"http", "https"}

# Letters are spelt out: to IGNORECASE, U+017F is an "s".
BEGINNING = "[hH][tT][tT][pP][sS]?://"
"""Pattern of what a bare URL begins with."""

_BEGINNING = re.compile(BEGINNING)

# A URL ends at white space, at control and invisible characters, at what HTML and Markdown delimit
# it with, and at typographic quotes and the ellipsis, which no browser copies unescaped.
_URL = re.compile(
    rf"(?<![A-Za-z0-9+\\]){BEGINNING}"
    r"[^\x00-\x20\x7f-\xa0\s\"<>\\`|«»‹›“”„‘’…\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]++"
)
_PLAIN = re.compile(
    r"https?://(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,20}(?:/[A-Za-z0-9._~/-]*+(?:\?[A-Za-z0-9=._~-]*+)?)?"
)
"""A link of which nh3 can only say yes: every host that ends in letters alone is a name to it,
unless it has two hyphens together, which may be punycode."""
_HOST = re.compile(r"(?:https?://)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)", re.IGNORECASE)
_AFTER_URL = frozenset(".,;:!?'*_~")
"""ASCII at the end of a URL that belongs to the sentence, or closes a mark around it."""


def found_in(text: str) -> Iterator[tuple[int, str]]:
    """Where each bare http(s) URL of *text* begins, and what it is. One pass."""
    for match in _URL.finditer(text):
        yield match.start(), _without_tail(match[0])


def apart(text: str) -> tuple[str, list[str]]:
    """The text with a space in place of each bare URL, and these."""
    if "://" not in text:
        return text, []
    found, kept, end = [], [], 0
    for start, url in found_in(text):
        found.append(url)
        kept.append(text[end:start])
        end = start + len(url)
    return " ".join([*kept, text[end:]]), found


def at(text: str, start: int, end: int) -> str:
    """The bare http(s) URL of *text* that begins at *start* and ends before *end*, or nothing."""
    match = _URL.match(text, start, end)
    return _without_tail(match[0]) if match else ""


def host_of(url: str) -> str:
    """The host of a link as it is typed, in small letters, without `www.` and port; it may be none,
    or nobody's. What a link really leads to, `palabre.text.address` says."""
    host = _HOST.match(url)
    return "" if host is None else host[1].lower().removeprefix("www.").rstrip(".")


def href(url: str) -> str | None:
    """The absolute http(s) URL that a link to *url* leads to; None if it must not be a link."""
    if not _BEGINNING.match(url):
        return None
    try:
        link = address.link(url)
    except address.AddressError:
        return None
    if _PLAIN.fullmatch(link):
        return link
    # nh3 has the last word on hosts (`1.2.3.4.5` is none): better asked before than overruled.
    return link if "href=" in _judge().clean(f'<a href="{html.escape(link)}">') else None


def anchor(href: str, shown: str) -> str:
    """The tag of a link to *href*, which is escaped here, around *shown*, which is HTML already."""
    return f'<a href="{html.escape(href)}" rel="{REL}">{shown}</a>'


@functools.cache
def _judge() -> nh3.Cleaner:
    import nh3

    attributes = {"*": set[str](), "a": {"href"}}
    return nh3.Cleaner(tags={"a"}, attributes=attributes, url_schemes=SCHEMES, url_relative="deny")


def _without_tail(url: str) -> str:
    """*url* without the punctuation after it, nor closing brackets that were opened before it."""
    surplus = {")": url.count(")") - url.count("("), "]": url.count("]") - url.count("[")}
    end = len(url)
    while end and _is_tail(last := url[end - 1], surplus):
        end -= 1
        if last in surplus:
            surplus[last] -= 1
    return url[:end]


def _is_tail(last: str, surplus: dict[str, int]) -> bool:
    if last in surplus:
        return surplus[last] > 0
    return last in _AFTER_URL or (last > "\x7f" and unicodedata.category(last)[0] in "PSC")
