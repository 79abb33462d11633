"""A comment as typed, turned into the HTML that every page shows (contract 3.1). Pure.

Three nets: what reads the marks knows only the subset and escapes all else, each link is judged by
itself, and what comes out passes nh3. The parser is imported by the first text that needs it.
"""

from __future__ import annotations

import functools
from itertools import groupby
from typing import TYPE_CHECKING

from palabre.text import inline, urls
from palabre.text.inline import escaped

if TYPE_CHECKING:
    import nh3

MARKUP_LIMIT = 5000
"""Characters of a text that is read for markup; a longer one is shown as plain text."""

LINE_LIMIT = 300
"""Line breaks in it."""

DELIMITER_LIMIT = 200
"""How often each delimiter may occur in it: the parser looks back over them."""

TAGS = {"p", "br", "em", "strong", "del", "a", "code", "pre", "blockquote", "ul", "ol", "li"}
"""All that `render` ever writes."""

_DELIMITERS = ("*", "_", "~", "`", "[", "]", "<", ">", "\\", "://")


@functools.lru_cache(maxsize=32)  # one request asks up to four times: screening, then the store
def render(text: str) -> str:
    """*text* as HTML safe in any page: the tags and attributes of contract 3.1 alone, balanced.

    Every character is shown but the subset's own marks, the titles of links and the language of a
    code block; blank text is the empty string. Beyond the three limits above it is plain text, in
    which bare URLs are links as long as they are not too many. Raises nothing for what validation
    lets through (no lone surrogates); the same on any thread. Costs 0.02 ms for a plain paragraph,
    0.05 ms with a few simple marks, which need no parser, and never more than some 40 ms, whatever
    the text.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _is_beyond_limits(text):
        return _in_paragraphs(_linked(text))
    with_tags = inline.html_of(text)
    if with_tags is None:
        from palabre.text import markdown

        return _cleaned(markdown.render(text))
    return _in_paragraphs(with_tags)


def _is_beyond_limits(text: str) -> bool:
    return (
        len(text) > MARKUP_LIMIT
        or text.count("\n") > LINE_LIMIT
        or any(text.count(delimiter) > DELIMITER_LIMIT for delimiter in _DELIMITERS)
    )


def _in_paragraphs(with_tags: str) -> str:
    """Lines of HTML with paragraphs and line breaks, as the parser would write them."""
    lines = [line.strip(" \t") for line in with_tags.split("\n")]
    paragraphs = ("<br>\n".join(block) for is_filled, block in groupby(lines, bool) if is_filled)
    whole = "\n".join([f"<p>{paragraph}</p>" for paragraph in paragraphs])
    return _cleaned(whole) if "<" in with_tags else whole


def _linked(text: str) -> str:
    """*text* escaped, with links to the URLs in it and no other marks."""
    if text.count("://") > DELIMITER_LIMIT:
        return escaped(text)
    parts: list[str] = []
    done = 0
    for start, url in urls.found_in(text):
        href = urls.href(url)
        if href is not None:
            parts += (escaped(text[done:start]), urls.anchor(href, escaped(url)))
            done = start + len(url)
    return "".join(parts) + escaped(text[done:])


def _cleaned(unsafe: str) -> str:
    # nh3 writes `&nbsp;`, which XML does not know; one that was typed is `&amp;nbsp;` here.
    return _cleaner().clean(unsafe).replace("&nbsp;", "\xa0").rstrip("\n")


@functools.cache
def _cleaner() -> nh3.Cleaner:
    import nh3

    return nh3.Cleaner(
        tags=TAGS,
        attributes={"*": set(), "a": {"href"}},
        url_schemes=urls.SCHEMES,
        url_relative="deny",
        link_rel=urls.REL,
    )
