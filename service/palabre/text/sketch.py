"""How nearly two texts say the same: a small sketch of each, compared without the texts. Pure.

A text is the set of its words, each hashed to 32 bits, and a sketch the smallest `MARKS` of them,
by which the share of common words is estimated ("On the resemblance and containment of documents",
Broder 1997). Sets that resemble each other have their least element in common about as often, in
whatever order it is the least: some such elements, alone or in pairs, are the `bands` by which
texts alike are found ("Mining of Massive Datasets", chapter 3).

What was measured (tests/text/test_sketch.py): advertisements, whatever words in them are exchanged,
share 36 % of them with one that came before; readers of one article, 30 % at the very most, quotes
left aside. Few of the latter hold a link and nearly all of the former do, so that a pair without
one has to share more, and what is so common that strangers write nothing else (`courtesy`) doesn't
count there; short ones have to share most of what is left. Single words resist exchanging better
than sequences of words do.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from palabre.text import courtesy, urls, words

READ_MOST = 2000
"""Characters that are read: what is alike is alike from the beginning."""

MARKS = 64
"""Words of a sketch: a comment of 600 characters has no more that count."""

BANDS = 6
"""Bands of a text with a link, or of a short one. A longer one without has fewer, each of two
elements, and some of a short one's as long as it is hardly longer than that."""

LINKED, UNLINKED, SHORT = 0.36, 0.45, 0.6
"""The share of common words from which on two texts are alike."""

COMMON_LEAST = 5
"""Words that a short text has to have in common with another: strangers who ask the same question
share four of five."""

COVERED, COVERED_BY = 0.65, 3
"""So much of a text with a link stands in that many others, which are alike already: it is made of
the same choices as they are, though of none of them in particular."""

LEAST_LINKED, LEAST_SHORT = 6, 5
"""Words that a text with a link, or without, must have to be compared: strangers share "Merci pour
cet article !"."""

NOT_SHORT, HARDLY_LONGER = 12, 16
"""Words from which on a text without a link is compared as a longer one; up to the latter number,
shorter ones find it too."""

UNPARTED_LEAST = 12
"""Pairs of signs that a text must have to be compared, in scripts that part no words."""

_QUOTED = re.compile(r"^ {0,3}>.*$|«[^«»]*+»|“[^“”]*+”|\"[^\"\n]*+\"|`[^`\n]*+`", re.MULTILINE)
_QUOTES = frozenset('>«“"`')
_SPACED_OUT = re.compile(r"(?<!\S)[a-z](?: [a-z](?!\S)){2,}+")

_LATIN = re.compile("[a-z]")

_NO_DIGITS = str.maketrans("", "", "0123456789")
_DIGIT_WITHIN = re.compile(r"[^\W\d_][013457]++[^\W\d_]")
_AS_LETTERS = str.maketrans("013457", "oieast")
_SIGN_WITHIN = re.compile(r"(?<=\w)[@$€](?=\w)")
_SIGNS_AS_LETTERS = {"@": "a", "$": "s", "€": "e"}
_SIGNS = frozenset(_SIGNS_AS_LETTERS)
_LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕԁαβεηικνορτυχ",
    "abekmhopctyxijsdabenikvoptux",
)
"""Small letters of other alphabets for the Latin ones that they, or their capitals, look like."""

_SPREAD = 0x9E3779B1
"""2^32 over the golden ratio: words that differ in a letter get hashes that differ throughout."""

_ORDERS = (
    0x0FA208F1,
    0xCA0A35F5,
    0xBAA0048E,
    0xA43B791F,
    0x4B55E885,
    0x80E333C7,
    0x973D07DB,
    0x4ADFB365,
)
"""Random numbers. Each puts hashes in an order: by their distance from it in bits, the xor."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is left of a text. `marks`: hashes of words. `linked`: whether it holds a link."""

    marks: frozenset[int]
    linked: bool

    def __bytes__(self) -> bytes:
        """As it is stored."""
        return struct.pack(f"<?{len(self.marks)}I", self.linked, *sorted(self.marks))


@functools.lru_cache(maxsize=256)
def read(stored: bytes) -> Sketch:
    """A stored sketch. Kept: what came last is what the next ones are compared with."""
    linked, *marks = struct.unpack(f"<?{len(stored) // 4}I", stored)
    return Sketch(frozenset(marks), linked)


def of(text: str) -> Sketch | None:
    """The sketch of a text; None if it says too little to be told from another.

    Case, accents, digits, also those in place of letters, invisible characters and letters of
    look-alike alphabets make no difference, nor does the order of words. Of a link the host counts;
    what is quoted, or code, doesn't.
    Costs some tens of microseconds; some milliseconds where scripts part no words, at most.
    """
    text = text[:READ_MOST].replace("\u200b", "")
    if not _QUOTES.isdisjoint(text):
        text = _QUOTED.sub(_unless_linked, text)
    text, links = urls.apart(text)
    hosts = set(map(urls.host_of, links))
    counting = set(_counting(_plain(text)))
    if not hosts:
        counting -= courtesy.WORDS
    marks = {_hash(word) for word in counting}
    marks.update(_hash(f"//{host}") for host in hosts)
    if len(marks) < (LEAST_LINKED if hosts else LEAST_SHORT):
        return None
    if not hosts and len(marks) < UNPARTED_LEAST and any(" " in word for word in counting):
        return None
    return Sketch(frozenset(sorted(marks)[:MARKS]), bool(hosts))


@functools.lru_cache(maxsize=16)
def bands(sketch: Sketch) -> Sequence[int]:
    """By what texts alike to this one are found: a few 64-bit numbers, one of which they share.

    At most `BANDS`, in an order that says which is which.
    """
    marks = list(sketch.marks)
    is_single = sketch.linked or _is_short(sketch)
    orders = _ORDERS[:BANDS] if is_single else _ORDERS
    least = [min([mark ^ order for mark in marks]) ^ order for order in orders]
    singles, pairs = list(enumerate(least)), []
    if not is_single:
        pairs = [(least[at], least[at + 1] ^ at) for at in range(0, len(least), 2)]
        singles = singles[: BANDS - len(pairs)] if len(marks) <= HARDLY_LONGER else []
    # Signed, as databases have it.
    return tuple([((one << 32) | other) - (1 << 63) for one, other in (*pairs, *singles)])


def alike(sketch: Sketch, others: Sequence[tuple[Sketch, str | None]]) -> list[int]:
    """Which of *others* the text is alike to, by their index.

    Each comes with the name of the group of texts that it is known to be alike to, if any.
    """
    near = [number for number, (other, _) in enumerate(others) if _is_alike(sketch, other)]
    if not sketch.linked:
        return near
    if not near:
        return _made_of(sketch, others)
    return near + _made_like(sketch, near, others)


def _is_alike(one: Sketch, other: Sketch) -> bool:
    share = _resemblance(one, other)
    if one.linked and other.linked:
        return share >= LINKED
    if _is_short(one) or _is_short(other):
        return share >= SHORT and len(one.marks & other.marks) >= COMMON_LEAST
    return share >= UNLINKED


def _is_short(sketch: Sketch) -> bool:
    return not sketch.linked and len(sketch.marks) < NOT_SHORT


def _made_of(sketch: Sketch, others: Sequence[tuple[Sketch, str | None]]) -> list[int]:
    """The members of a group that has all the words of the text, or nearly."""
    groups: dict[str, list[int]] = {}
    for number, (other, group) in enumerate(others):
        if group is not None and other.linked:
            groups.setdefault(group, []).append(number)
    for numbers in groups.values():
        if _covers([others[number][0] for number in numbers], sketch):
            return numbers
    return []


def _made_like(
    sketch: Sketch, near: Sequence[int], others: Sequence[tuple[Sketch, str | None]]
) -> list[int]:
    """Those that are in no group yet, and are made of what the text and the near ones say."""
    makers = [sketch, *(others[number][0] for number in near)]
    return [
        number
        for number, (other, group) in enumerate(others)
        if group is None and other.linked and number not in near and _covers(makers, other)
    ]


def _covers(makers: Sequence[Sketch], sketch: Sketch) -> bool:
    """Whether nearly all words of a text stand in these, if they are enough to tell."""
    if len(makers) < COVERED_BY:
        return False
    known = frozenset[int]().union(*(one.marks for one in makers))
    return len(sketch.marks & known) >= COVERED * len(sketch.marks)


def _resemblance(one: Sketch, other: Sketch) -> float:
    """The share of common words among all that the two have, as far as the sketches tell."""
    ours, theirs = one.marks, other.marks
    if MARKS in (len(ours), len(theirs)):
        # Where one ends for want of room, nothing is known of what the other has behind that.
        end = min(max(marks) for marks in (ours, theirs) if len(marks) == MARKS)
        ours = frozenset(mark for mark in ours if mark <= end)
        theirs = frozenset(mark for mark in theirs if mark <= end)
    common = len(ours & theirs)
    return common / (len(ours) + len(theirs) - common)


def _unless_linked(match: re.Match[str]) -> str:
    """Nothing in place of a quote, but a quote that leads somewhere is no mere quote."""
    return match[0] if "://" in match[0] else " "


def _plain(text: str) -> list[str]:
    """The folded words in order, without what is done to them lest they be recognised."""
    if not _SIGNS.isdisjoint(text):
        text = _SIGN_WITHIN.sub(lambda match: _SIGNS_AS_LETTERS[match[0]], text)
    folded = words.fold(text)
    if _DIGIT_WITHIN.search(folded):
        folded = " ".join(map(_with_letters, folded.split()))
    folded = folded.translate(_NO_DIGITS)
    if not folded.isascii() and _LATIN.search(folded):
        folded = " ".join(map(_in_latin, folded.split()))
    return _SPACED_OUT.sub(lambda match: match[0].replace(" ", ""), folded).split()


def _with_letters(word: str) -> str:
    """A word of a text that has digits within words, where they stand for letters."""
    if word.isalpha() or 2 * sum(map(str.isalpha, word)) < len(word):
        return word
    return word.translate(_AS_LETTERS)


def _in_latin(word: str) -> str:
    latin = word.translate(_LOOKALIKES)
    return latin if latin.isascii() else word


def _counting(folded: Sequence[str]) -> Iterable[str]:
    """The words that count; of scripts that write without spaces, every two signs."""
    for at, word in enumerate(folded):
        if len(word) >= courtesy.LONG:
            yield word
        elif not word.isascii() and at + 1 < len(folded):
            yield f"{word} {folded[at + 1]}"


def _hash(word: str) -> int:
    return crc32(word.encode()) * _SPREAD & 0xFFFFFFFF
