"""A comment as typed, turned into the HTML that every page shows (contract 3.1). Pure.

Three nets: the parser knows only the subset and escapes all else, each link is judged by itself,
and what comes out passes nh3.
"""

from __future__ import annotations

import functools
import html
import re
from itertools import groupby

import nh3

from palabre.text import markdown, urls

MARKUP_LIMIT = 5000
"""Characters of a text that is read for markup; a longer one is shown as plain text."""

LINE_LIMIT = 300
"""Line breaks in it."""

DELIMITER_LIMIT = 200
"""How often each delimiter may occur in it: the parser looks back over them."""

TAGS = {"p", "br", "em", "strong", "del", "a", "code", "pre", "blockquote", "ul", "ol", "li"}
"""All that `render` ever writes."""

_DELIMITERS = ("*", "_", "~", "`", "[", "]", "<", ">", "\\", "://")

# What may call for the parser. It also trims some unusual blanks at the ends of lines, not others.
_MARKUP = re.compile(
    r"[*_`\\<\[\t]|~~|^ *(?:>|(?:[-+]|1[.)]) )|^ *[^\S\n ]|[^\S\n ] *$", re.MULTILINE
)

_CLEANER = nh3.Cleaner(
    tags=TAGS,
    attributes={"*": set(), "a": {"href"}},
    url_schemes=urls.SCHEMES,
    url_relative="deny",
    link_rel=markdown.REL,
)


@functools.lru_cache(maxsize=32)  # one request asks up to four times: screening, then the store
def render(text: str) -> str:
    """*text* as HTML safe in any page: the tags and attributes of contract 3.1 alone, balanced.

    Every character is shown but the subset's own marks, the titles of links and the language of a
    code block; blank text is the empty string. Beyond the three limits above it is plain text, in
    which bare URLs are links as long as they are not too many. Raises nothing for what validation
    lets through (no lone surrogates); the same on any thread. Costs 0.05 ms for a plain paragraph,
    which needs no parser, and never more than some 40 ms, whatever the text.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _MARKUP.search(text) and not _is_beyond_limits(text):
        return _cleaned(markdown.render(text))
    plain = _plain(text)
    return _cleaned(plain) if "<a " in plain else plain


def _is_beyond_limits(text: str) -> bool:
    return (
        len(text) > MARKUP_LIMIT
        or text.count("\n") > LINE_LIMIT
        or any(text.count(delimiter) > DELIMITER_LIMIT for delimiter in _DELIMITERS)
    )


def _plain(text: str) -> str:
    """Paragraphs, line breaks, links to bare URLs: as the parser writes text without marks."""
    lines = [line.strip(" \t") for line in _linked(text).split("\n")]
    paragraphs = ("<br>\n".join(block) for is_filled, block in groupby(lines, bool) if is_filled)
    return "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def _linked(text: str) -> str:
    """*text* escaped, with links to the URLs in it."""
    if text.count("://") > DELIMITER_LIMIT:
        return _escaped(text)
    parts: list[str] = []
    done = 0
    for start, url in urls.found_in(text):
        href = urls.href(url)
        if href is not None:
            parts.append(_escaped(text[done:start]))
            parts.append(f'<a href="{html.escape(href)}" rel="{markdown.REL}">{_escaped(url)}</a>')
            done = start + len(url)
    return "".join(parts) + _escaped(text[done:])


def _escaped(text: str) -> str:
    """*text* escaped as nh3 writes it, so that both ways through `render` agree to the letter."""
    return html.escape(text, quote=False)


def _cleaned(unsafe: str) -> str:
    # nh3 writes `&nbsp;`, which XML does not know; one that was typed is `&amp;nbsp;` here.
    return _CLEANER.clean(unsafe).replace("&nbsp;", "\xa0").rstrip("\n")
