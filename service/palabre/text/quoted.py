"""What strangers wrote, made fit to be quoted in a mail: nothing of it is live. Pure.

Mail programs make links of whatever looks like one, in plain text and in HTML alike. Brackets can
stand in no host name and no address, so `https[:]//evil[.]example` stays text in all of them, and
still tells a person what was written.
"""

from __future__ import annotations

import re
import textwrap

TEXT_MOST = 1_000
"""Characters of a comment that a mail shows: twenty of them stay below the 102 KB at which some
mail programs cut."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""Controls, and what turns or hides the direction of a text; tab and line break stay."""
_SCHEME = re.compile(r"(?<![^\W_])([^\W\d_][\w+.-]{0,19}):(?=\S)")
_DOT = re.compile(r"(?<=[\w-])([.\u3002\uff0e\uff61])(?=[^\W\d_]{2}|xn--)")
_AT = re.compile(r"(?<=\S)([@\ufe6b\uff20])(?=\S)")
_SHARE = re.compile(r"(?<!\\)\\\\(?=\S)")


def inert(text: str) -> str:
    """The text with nothing in it that a mail program would make a link of."""
    text = _UNSEEN.sub("", text)
    text = _SCHEME.sub(r"\1[:]", text)
    text = _DOT.sub(r"[\1]", text)
    text = _AT.sub(r"[\1]", text)
    return _SHARE.sub(r"[\\\\]", text)


def line(text: str) -> str:
    """The same on one line: for a name, a title, a header."""
    return " ".join(inert(text.replace("\u2028", " ").replace("\u2029", " ")).split())


def header(text: str) -> str:
    """One line without controls: nothing of it can begin another header (RFC 5322, 2.2)."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def beginning(text: str) -> tuple[str, bool]:
    """A comment's text as far as a mail shows it, inert, and whether that is all of it."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(whole) <= TEXT_MOST:
        return inert(whole), True
    kept, _, _ = whole[:TEXT_MOST].rpartition(" ")
    return f"{inert((kept or whole[:TEXT_MOST]).rstrip())} …", False


def as_quotation(text: str) -> str:
    """Every line of it marked, so that none can pass for one of ours."""
    lines: list[str] = []
    for one in text.split("\n"):
        lines += textwrap.wrap(one, 76, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(f"> {one}".rstrip() for one in lines)
