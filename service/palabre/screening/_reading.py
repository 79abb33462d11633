"""What several rules read out of a typed text: its prose and its links. Not a rule itself.

Texts are hostile and up to 20,000 characters long, so every pattern here takes linear time: repeats
are possessive, and none can begin again inside what another start has already walked over.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

from palabre.text import domains, markup, urls

_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*+([\w+#.-]*+)[ \t]*+")

# Where an address ends: wherever the page ends it, and where another could begin without a space,
# as in "http://a,http://b". One within another's path or query is part of that one.
_ENDS = (
    r"""\x00-\x20\x7f-\xa0\s<>()\[\],;|"\\`«»‹›“”„‘’…"""
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
)
# A Markdown link is one link, its label included, if it is plainly closed. A label with two colons
# may hold two addresses, and those count.
_PIECE = r"[^\[\]\\`<\n:]*+"

# A search looks at every character, so both patterns begin with a set of few: what precedes that
# character is looked back for. Only behind it does IGNORECASE hold, which would forbid the set.
_LABEL = (
    rf"(?:(?<=\[)(?<!\\\[){_PIECE}(?::{_PIECE})?\]"
    r"\([ \t]*+<?(?=https?://[^\s()<>]*+>?[ \t]*+\))h)?"
)
_ADDRESS = rf"(?:(?<=h)ttps?://(?:\[|[^.:!?'*{_ENDS}])|(?<=w)(?<![\w.@/-]w)ww\.[\w-]++\.\w)"
_LINK = re.compile(rf"[\[hHwW](?i:{_LABEL}{_ADDRESS}[^{_ENDS}]*+)")
# For reading what else was written, an address ends at the next space: "…/wiki/Paris_(Texas)".
_LINK_TO_SPACE = re.compile(
    rf"[\[hHwW](?i:(?:(?<=\[)[^\[\]]*+\]\(\s*+<?(?=https?://)h)?{_ADDRESS}\S*+)"
)

# A Markdown link's label, and the address that it leads to.
_LEADING = re.compile(r"(?<!\\)\[([^\[\]]*+)\]\([ \t\n]*+<?([hH][tT][tT][pP][sS]?://[^\s()<>]++)")
_SHOWN = re.compile(
    r"(?:(?P<plain>[hH][tT][tT][pP][sS]?://(?:[^\s/?#@]*+@)?|(?<![\w.@/-])[wW]{3}\.)|(?<![\w.@/-]))"
    r"(?P<host>\w[\w-]*+(?:\.\w[\w-]*+)*+)(?!@)"
)
# Ends of names that are those of a file, or of a piece of software, far more often than a domain's.
_FILES = (
    "js ts py rs md sh cs go css htm html php pdf txt csv xml json yml toml jpg jpeg png gif svg "
    "zip exe"
)
_NO_TOPS = frozenset(_FILES.split())

_kept = functools.lru_cache(maxsize=8)
"""Several rules read the same text, one after the other."""

# What the page does not show: signs of emphasis and of code, escapes, where a link goes.
_LABELLED = re.compile(r"\[([^\[\]]*+)\]\([^()\s]*+\)")
_SIGNS = re.compile(r"[*_~`]++|\\(?=[!-/:-@\[-`{-~])")


@_kept
def as_read(text: str) -> str:
    """The text as a reader sees it, so that no markup, invisible character or full-width form parts
    a word or a number. Where a sign is shown after all, what stands around it is joined."""
    text = _SIGNS.sub("", _LABELLED.sub(r"\1", text))
    if text.isascii() or all(map(_is_as_shown, set(text))):
        return text
    shown = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFKC", shown)


@functools.lru_cache(maxsize=1024)
def _is_as_shown(character: str) -> bool:
    """Whether a character is visible, and is its own compatibility form whatever stands before it:
    marks and the latter letters of Korean syllables join that."""
    if unicodedata.category(character)[0] in "CM" or "\u1160" <= character <= "\u11ff":
        return character in "\t\n"
    return unicodedata.is_normalized("NFKC", character)


@_kept
def links_in(text: str) -> int:
    """How many http(s) or www links stand in the text, Markdown links and bare addresses alike.

    Never fewer than the page will show; more where one is written unusually.
    """
    return sum(1 for _ in _LINK.finditer(text))


@_kept
def without_links(text: str) -> str:
    """The text with a space in place of each link, a Markdown link's label included."""
    return _LINK_TO_SPACE.sub(" ", text)


def hosts_in(text: str) -> list[str]:
    """The host of each link of `links_in`, in small letters, without `www.` and port."""
    found = []
    for match in _LINK.finditer(text):
        target = match[0].rpartition("](")[2] if match[0][0] == "[" else match[0]
        found.append(urls.host_of(target.lstrip(" \t<")))
    return found


def disguised_in(text: str) -> Iterator[tuple[str, str]]:
    """Of each Markdown link whose label names another host than it leads to: the one it names, and
    where it leads. Parts of one domain are not another."""
    if "](" not in text:
        return
    for match in _LEADING.finditer(text):
        host = urls.host_of(match[2])
        for shown in _hosts_shown(as_read(match[1])):
            if not _is_within(host, shown) and not _is_within(shown, host):
                yield shown, host
                break


def _hosts_shown(label: str) -> Iterator[str]:
    """The hosts that a label names: of addresses, and of what looks like a domain."""
    for match in _SHOWN.finditer(label):
        host = match["host"]
        if "." in host and (match["plain"] or _is_name(host)):
            yield host.lower().removeprefix("www.")


def _is_name(host: str) -> bool:
    """Whether this is a domain rather than a file, a number, or two sentences without a space."""
    top = host.rpartition(".")[2]
    return bool(domains.TOP.fullmatch(top)) and top.lower() not in _NO_TOPS and not top.istitle()


def _is_within(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


@_kept
def own_words(text: str) -> str:
    """What its author wrote themselves: the text without code, links and quoted lines."""
    own = prose(text)
    if ">" in own:
        lines = own.split("\n")
        own = "\n".join([line for line in lines if not line.lstrip().startswith(">")])
    return without_links(own)


def prose(text: str) -> str:
    """The text without its fenced code blocks, where addresses, tags and capitals mean nothing.

    Only blocks that begin and end at the margin count as code, and none do when a fence stands
    anywhere else, in a quote or a list, where it may end early, or when the page will show fewer
    blocks, the text being beyond the guards: no live link may hide behind a misread fence.
    A text with such blocks is rendered to tell, some milliseconds at most.
    """
    if "```" not in text and "~~~" not in text:
        return text
    kept: list[str] = []
    fence, blocks = "", 0
    for line in text.split("\n"):
        mark = _FENCE.fullmatch(line)
        if mark is None and ("```" in line or "~~~" in line):
            return text
        if fence:
            if mark is not None and mark[1].startswith(fence) and not mark[2]:
                fence = ""
        elif mark is not None:
            fence, blocks = mark[1], blocks + 1
        else:
            kept.append(line)
    is_as_shown = not fence and blocks == markup.render(text).count("<pre>")
    return "\n".join(kept) if is_as_shown else text
