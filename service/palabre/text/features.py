"""What a comment is made of, as a learner counts it: words, pairs, pieces of words, and its shape.

Pure. Nothing here says what is spam: moderators' decisions do (`palabre.screening.learned`). Each
feature has a bucket, a number of BITS bits that the store counts by, and a token, which says what
it is and is not stored. Buckets are lasting: the same token has the same one in every version.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
import zlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from palabre.text import urls, words

BITS = 20
_MASK = (1 << BITS) - 1

HEAD, TAIL = 600, 200
"""Characters that are read of a longer text. What is long has said what it is about by then, and
what is sold stands at the end."""

MOST = 256
"""Features of a text at most: those with the smallest buckets, which are those of no place."""

STEP = 2
"""Letters from one piece of a word to the next: all of them tell no more than every other one."""

PIECE = 4
"""Characters of a piece of a word, its ends being marked; a word no longer is learned as a word."""

SHAPES = (
    *("links_none", "links_one", "links_two", "links_many", "domain", "mail", "phone", "handle"),
    *("length_tiny", "length_short", "length_medium", "length_long", "length_huge"),
    *("exclamation", "exclamations", "question", "dots", "money", "percent", "emoji", "markup"),
    *("capitals_few", "capitals_some", "capitals_many", "shouting", "small_start", "repeats"),
    *("figures_none", "figures_few", "figures_many", "ends_closed", "ends_open", "not_latin"),
    *("website", "website_none", "name_one", "name_two", "name_long", "name_figures"),
)
"""What a comment may look like, whatever its words. The catalogues say each: `learned.<shape>`."""

_LINK = re.compile(r"(?:https?://|www\.)\S", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![\w.@/:-])(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,6}(?![\w.])", re.IGNORECASE)
_MAIL = re.compile(r"\w@[\w-]{1,63}\.\w")
_HANDLE = re.compile(r"(?<![\w@.])@\w{3}")
_PHONE = re.compile(r"\d(?:[ .-]?\d){6}")
_SHOUTED = re.compile(r"\b[A-Z]{4,40}\b")
_WORD = re.compile(r"[^\W_]+")
_CAPITAL = re.compile("[A-Z\u00c0-\u00d6\u00d8-\u00de\u0391-\u03a9\u0410-\u042f]")
_EMOJI = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
_CLOSING = frozenset('.?…)»”"')
_LENGTHS = ((25, "tiny"), (100, "short"), (250, "medium"), (600, "long"))


@dataclass(frozen=True, slots=True)
class Part:
    """Features that come and go together, by bucket. `digest`: of what they were read from.

    A token begins with its kind: `w` a word, `b` two words in a row, `c` a piece of a word, `s` a
    shape, `n` a word of the name, `d` the website's host.
    """

    tokens: Mapping[int, str]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Features:
    """A comment's features: of its text, and of who signs it."""

    text: Part
    signed: Part

    @property
    def tokens(self) -> dict[int, str]:
        """All of them, by bucket."""
        return {**self.text.tokens, **self.signed.tokens}


def of(text: str, name: str = "", website: str | None = None) -> Features:
    """The features of a comment; distinct, at most some MOST, whatever the length of the text."""
    read = part_read(text)
    found = [_figure(word) if word.isdigit() else word for word in words.fold(read).split()]
    by_bucket: dict[int, str] = {}
    for word in dict.fromkeys(found):
        by_bucket.update(_of_word(word))
    pairs = [f"b{first} {second}" for first, second in itertools.pairwise(found)]
    by_bucket.update(zip([bucket(pair) for pair in pairs], pairs, strict=True))
    return Features(
        _part(by_bucket, _shapes(read, len(text), found), text),
        _part(
            {bucket(token): token for token in _signed(name, website)},
            _signed_shapes(name, website),
            f"{name}\0{website}",
        ),
    )


def part_read(text: str) -> str:
    """What of a text is looked at."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def bucket(token: str) -> int:
    """Where a token is counted."""
    return zlib.crc32(token.encode()) & _MASK


def as_written(text: str, wanted: Set[str]) -> dict[str, str]:
    """Folded words that are read of a text, each as it first stands there."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(part_read(text)):
        word = match[0]
        folded = word.lower() if word.isascii() else words.fold(word[: words.WORD_LIMIT])
        if folded in wanted and folded not in found:
            found[folded] = word
            if len(found) == len(wanted):
                break
    return found


@functools.lru_cache(maxsize=4096)
def _of_word(word: str) -> Mapping[int, str]:
    """The word and its pieces, by bucket. Kept, since most of what is written is in few words."""
    tokens = [f"w{word}"]
    if len(word) > PIECE:
        marked = f"^{word}$"
        tokens += [f"c{marked[at : at + PIECE]}" for at in range(0, len(marked) - PIECE + 1, STEP)]
    return {bucket(token): token for token in tokens}


def _part(by_bucket: Mapping[int, str], shapes: Iterable[str], read_from: str) -> Part:
    if len(by_bucket) > MOST:
        by_bucket = {number: by_bucket[number] for number in sorted(by_bucket)[:MOST]}
    # Shapes last, and never left out: each is one of few.
    both = {**by_bucket, **{bucket(f"s{shape}"): f"s{shape}" for shape in shapes}}
    return Part(both, hashlib.blake2b(read_from.encode(), digest_size=16).digest())


def _figure(word: str) -> str:
    """A number by its length: nobody's telephone number is learned."""
    return "#" * min(len(word), 6)


def _shapes(read: str, length: int, found: list[str]) -> list[str]:
    links = len(_LINK.findall(read))
    shapes = [("links_none", "links_one", "links_two", "links_many")[min(links, 3)]]
    shapes.append("length_" + next((name for most, name in _LENGTHS if length < most), "huge"))
    upper = len(_CAPITAL.findall(read))
    share = upper / (len(read) or 1)
    capitals = "few" if share <= 0.05 else "some" if share < 0.25 else "many"
    shapes.append(f"capitals_{capitals}")
    figures = sum(map(read.count, "0123456789"))
    shapes.append("figures_" + ("none" if not figures else "few" if figures < 5 else "many"))
    last = read.rstrip()[-1:]
    says = {
        "ends_closed": last in _CLOSING,
        "ends_open": last.isalnum(),
        "domain": "." in read and _DOMAIN.search(read),
        "mail": "@" in read and _MAIL.search(read),
        "handle": "@" in read and _HANDLE.search(read),
        "phone": figures >= 7 and _PHONE.search(read),
        "exclamations": "!!" in read,
        "exclamation": "!" in read and "!!" not in read,
        "question": "?" in read,
        "dots": "…" in read or "..." in read,
        "money": any(sign in read for sign in "€$£"),
        "percent": "%" in read,
        "emoji": not read.isascii() and _EMOJI.search(read),
        "markup": "[url" in read or "<a " in read or "](" in read,
        "shouting": upper >= 8 and len(_SHOUTED.findall(read)) > 1,
        "small_start": read[:1].islower(),
        "repeats": len(found) > 3 and len(set(found)) < 0.75 * len(found),
        "not_latin": any(not word.isascii() for word in found[:20]),
    }
    return [*shapes, *(shape for shape, is_so in says.items() if is_so)]


def _signed(name: str, website: str | None) -> list[str]:
    tokens = [f"n{word}" for word in words.words(name)]
    if website is not None:
        tokens.append(f"d{urls.host_of(website)[:80]}")
    return tokens


def _signed_shapes(name: str, website: str | None) -> list[str]:
    shapes = ["website_none" if website is None else "website"]
    shapes.append(("name_one", "name_one", "name_two", "name_long")[min(len(name.split()), 3)])
    if any(map(str.isdigit, name)):
        shapes.append("name_figures")
    return shapes
