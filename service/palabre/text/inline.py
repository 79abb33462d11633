"""The marks that people use most, read without the parser: emphasis, code and links. Pure.

Taken is only what CommonMark can read in one way: a mark that closes on its own line, holds no
other, and stands apart from words and from other marks. Of any other text nothing is said here.
"""

from __future__ import annotations

import re
from html import escape

from palabre.text import urls

# Asked of a text between two line feeds, so that its first and last lines are like the others.
_BLOCK = re.compile(r"\n *+(?:>|(?:[-+*]|1[.)]) |[^\S\n])")
"""The beginning of a quote or a list, or of a line with a blank that the parser may trim."""
_ODD_END = re.compile(r"[^\S\n ] *+\n")
"""The end of a line with such a blank."""

_SPECIAL = re.compile(r"[*_~`\[<\\:]")

_APART = " \\n\xa0\u202f"
"""Pattern of what a mark may stand apart from words with; to CommonMark it is all white space."""
_BESIDE = "!\"#$%&'()+,./:;=?@^{|}«»“”„‘’‚‹›…–—-"
"""Pattern of what may stand right beside a mark; to CommonMark it is all punctuation."""
_PLAIN = r"[^*_~`\[\]<\\\n]"

# Between a blank and anything else, or between punctuation and a letter or digit, a mark can either
# open or close ("left-flanking", "right-flanking"), so it matches no other than its own.
_MARK = re.compile(
    rf"""
    # Emphasis.
      (?: (?<=[{_APART}]) | (?<=[{_BESIDE}]) (?= [*_~]{{1,2}} [^\W_] ) )
      (?P<mark> \*\*? | __? | ~~ ) (?!\s) (?P<marked> {_PLAIN}++ )
      (?: (?<=[^\W_]) (?= (?P=mark) [{_APART}{_BESIDE}] ) | (?<!\s) (?= (?P=mark) [{_APART}] ) )
      (?P=mark)
    | ` (?![ ]) (?P<code> [^`\n]++ ) (?<![ ]) ` (?!`)
    | (?<!!) \[ (?P<label> {_PLAIN}++ ) \] \( (?P<url> [hH] [^\s()<>\\`\[\]]++ ) \)
    | (?P<bare> :// )
    # What looks like a mark and is none: "2 * 3", "snake_case", "~", "<3", "[sic]", ":".
    | (?<=[ ]) \* (?=[ ])
    | (?<=[^\W_]) _++ (?=[^\W_])
    | (?<!~) ~ (?!~)
    | < (?! [A-Za-z/!?] )
    | \[ (?: (?!://) {_PLAIN} )*+ \] (?!\()
    | : (?!//)
    """,
    re.VERBOSE,
)

_SCHEME = re.compile("[hH][tT][tT][pP][sS]?")
_TAGS = {"*": "em", "_": "em", "**": "strong", "__": "strong", "~~": "del"}


def html_of(text: str) -> str | None:
    """*text* escaped, its lines as typed, with tags for its marks and bare URLs; or None.

    None if it has blocks other than paragraphs, or anything about which the parser must be asked,
    who would have said the same of all else. Costs time linear in the text.
    """
    lines = f"\n{text}\n"
    if "\t" in text or _BLOCK.search(lines) or _ODD_END.search(lines):
        return None
    parts: list[str] = []
    done = at = 0
    while found := _SPECIAL.search(lines, at):
        mark = _MARK.match(lines, found.start())
        if mark is None:
            return None
        start, at = mark.span()
        if mark.lastgroup is None:
            continue
        if mark.lastgroup == "bare":
            start, at = _bare_url(lines, start)
            html = _link_to(lines[start:at])
        else:
            html = _shown(mark)
        if html is None:
            return None
        parts += (escaped(lines[done:start]), html)
        done = at
    parts.append(escaped(lines[done:]))
    return "".join(parts)


def escaped(text: str) -> str:
    """*text* escaped as nh3 writes it, so that all ways of rendering agree to the letter."""
    return escape(text, quote=False)


def _shown(mark: re.Match[str]) -> str | None:
    """The HTML of emphasis, code or a link; None if it is not so simple."""
    if mark["code"] is not None:
        return f"<code>{escaped(mark['code'])}</code>"
    held = mark["label"] or mark["marked"]
    if "://" in held:
        return None
    if mark["marked"] is not None:
        tag = _TAGS[mark["mark"]]
        return f"<{tag}>{escaped(held)}</{tag}>"
    href = urls.href(mark["url"]) if held.strip() else None
    return href and urls.anchor(href, escaped(held))


def _bare_url(lines: str, colon: int) -> tuple[int, int]:
    """Where the bare URL with this colon begins and ends; nothing, behind the colon, if none."""
    for start in (colon - 5, colon - 4):
        url = urls.at(lines, start, len(lines)) if _SCHEME.fullmatch(lines, start, colon) else ""
        if url:
            return start, start + len(url)
    return colon + 1, colon + 1


def _link_to(url: str) -> str | None:
    """The HTML of a bare URL; None if brackets in it may be a link's."""
    if "[" in url:
        return None
    href = urls.href(url)
    return urls.anchor(href, escaped(url)) if href else escaped(url)
