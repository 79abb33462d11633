"""A site's lists of words and phrases: one entry checked, a list compiled, a text looked through.

Words are compared as they look (`palabre.text.lookalike`), whole; `*` in an entry stands for any
letters within a word. Pure, but for the few compiled lists that are kept.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from palabre.text import lookalike
from palabre.text.lookalike import Reading
from palabre.text.rules import Refused

ENTRIES_MOST = 10_000
ENTRY_LIMIT = 100
"""Characters of an entry."""

LITERAL_LEAST = 2
"""Letters that an entry with a wildcard needs in a row: `*e*` would hold everything."""

_GRAM = 3
_KEPT_MOST = 32

_ANY = "qxjzvkwq"
"""Stands for `*` while an entry is folded: letters that no word has together, and that folding
leaves alone. A letter outside ASCII would take entries the slow way."""
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DRAWN_OUT = re.compile(r"(.)\1\1++")

Pattern = tuple[str, ...]
"""The words of an entry as they look, `*` where any letters may stand."""


@dataclass(slots=True)
class _Node:
    """A place in the tree of phrases: what may follow, and the entries that end here."""

    following: dict[str, _Node] = field(default_factory=dict)
    ends: list[tuple[Pattern, str]] = field(default_factory=list)


class WordList:
    """A list ready to be looked for. What a look costs depends on the text, hardly on the list."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._root = _Node()
        self._wildcards = _Wildcards()
        for entry in entries:
            pattern = _pattern(entry)
            if any("*" in word for word in pattern):
                self._wildcards.add(pattern, entry)
            else:
                self._add(pattern, entry)

    def find(self, readings: Iterable[Reading]) -> str | None:
        """An entry, as it is listed, that stands in a text that was read in these ways."""
        begins = self._root.following.keys()
        seen: dict[str, set[str]] = {}
        for reading in readings:
            for place, keys in enumerate(reading.keys):
                found = None
                if not begins.isdisjoint(keys):
                    found = self._phrase_at(reading, place)
                if found is None and self._wildcards:
                    found = self._wildcards.at(reading, place, seen)
                if found is not None:
                    return found
        return None

    def _add(self, pattern: Pattern, entry: str) -> None:
        node = self._root
        for word in pattern:
            node = node.following.setdefault(lookalike.drawn_in(word), _Node())
        node.ends.append((pattern, entry))

    def _phrase_at(self, reading: Reading, start: int) -> str | None:
        nodes = [self._root]
        for keys in reading.keys[start : start + ENTRY_LIMIT]:
            nodes = [
                node.following[key]
                for node in nodes
                for key in dict.fromkeys(keys)
                if key in node.following
            ]
            for node in nodes:
                for pattern, entry in node.ends:
                    if _is_there(pattern, reading, start):
                        return entry
            if not nodes:
                return None
        return None


class _Wildcards:
    """Entries with wildcards, by the longest literal of theirs.

    Literals are known by how they begin and how long they are, so that at each letter of a text
    only a few slices of it are looked up.
    """

    def __init__(self) -> None:
        self._lengths: dict[str, set[int]] = {}
        self._has_pairs = False
        self._entries: dict[str, list[tuple[Pattern, int, str]]] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(self, pattern: Pattern, entry: str) -> None:
        literal, place = _longest_literal(pattern)
        self._has_pairs |= len(literal) < _GRAM
        self._lengths.setdefault(literal[:_GRAM], set()).add(len(literal))
        self._entries.setdefault(literal, []).append((pattern, place, entry))

    def at(self, reading: Reading, place: int, seen: dict[str, set[str]]) -> str | None:
        """The entry that stands at a place of a text. *seen*: what each of its words holds."""
        for form, key in zip(reading.forms[place], reading.keys[place], strict=True):
            for word in (form,) if form == key else _less_drawn_out(form):
                literals = seen.get(word)
                if literals is None:
                    literals = seen[word] = self._literals_in(word)
                for literal in literals:
                    for pattern, offset, entry in self._entries[literal]:
                        if _is_there(pattern, reading, place - offset):
                            return entry
        return None

    def _literals_in(self, word: str) -> set[str]:
        lengths, entries = self._lengths, self._entries
        starts = range(len(word) - LITERAL_LEAST + 1)
        begins = [word[start : start + _GRAM] for start in starts]
        if self._has_pairs:
            begins += [begin[:LITERAL_LEAST] for begin in begins]
        # As of nearly every word.
        if lengths.keys().isdisjoint(begins):
            return set()
        return {
            literal
            for start in starts
            for size in (_GRAM, LITERAL_LEAST)
            for length in lengths.get(word[start : start + size], ())
            if (literal := word[start : start + length]) in entries
        }


def check(value: object) -> list[str]:
    """A list as a site's rules hold it: trimmed, without blank and repeated entries.

    Raises Refused, which names the first entry that can't be one.
    """
    if not isinstance(value, list | tuple):
        raise Refused("invalid", "words_not_listed")
    entries: dict[str, None] = {}
    for given in value:
        if not isinstance(given, str):
            raise Refused("invalid", "words_not_listed")
        entry = given.strip()
        if entry:
            _check_entry(entry)
            entries[entry] = None
    if len(entries) > ENTRIES_MOST:
        raise Refused("too_long", "words_too_many", n=len(entries), limit=ENTRIES_MOST)
    return list(entries)


def compiled(entries: tuple[str, ...]) -> WordList:
    """The list of these entries, ready. One list compiled before is known by being the same."""
    with _lock:
        kept = _kept.get(id(entries))
        if kept is not None and kept[0] is entries:
            _kept.move_to_end(id(entries))
            return kept[1]
    made = WordList(entries)
    with _lock:
        _kept[id(entries)] = (entries, made)
        if len(_kept) > _KEPT_MOST:
            _kept.popitem(last=False)
    return made


def is_compiled(entries: tuple[str, ...]) -> bool:
    """Whether the list is ready, which takes a tenth of a second for thousands of entries."""
    return not entries or id(entries) in _kept


_lock = threading.Lock()
_kept: OrderedDict[int, tuple[tuple[str, ...], WordList]] = OrderedDict()
"""By the identity of a list that is kept beside, so that no other one can have it meanwhile."""


def _check_entry(entry: str) -> None:
    if len(entry) > ENTRY_LIMIT:
        shown = entry[:ENTRY_LIMIT] + "…"
        raise Refused("too_long", "word_too_long", entry=shown, limit=ENTRY_LIMIT)
    if _UNSTORABLE.search(entry):
        raise Refused("invalid", "word_unusable", entry=_UNSTORABLE.sub("\ufffd", entry))
    pattern = _pattern(entry)
    if not any(word.strip("*") for word in pattern):
        raise Refused("invalid", "word_unusable", entry=entry)
    if any("*" in word for word in pattern) and len(_longest_literal(pattern)[0]) < LITERAL_LEAST:
        raise Refused("invalid", "word_too_wild", entry=entry, n=LITERAL_LEAST)


def _pattern(entry: str) -> Pattern:
    if "*" not in entry:
        return tuple(lookalike.skeleton(entry).split())
    marked = lookalike.skeleton(entry.replace(_ANY, "").replace("*", _ANY))
    return tuple(marked.replace(_ANY, "*").split())


def _longest_literal(pattern: Pattern) -> tuple[str, int]:
    """The longest run of letters in the words of an entry, and which word that is in."""
    parts = [(part, place) for place, word in enumerate(pattern) for part in word.split("*")]
    return max(parts, key=lambda pair: len(pair[0]))


def _is_there(pattern: Pattern, reading: Reading, start: int) -> bool:
    """Whether the words of an entry are those of a text from *start* on."""
    if start < 0 or start + len(pattern) > len(reading.forms):
        return False
    there = reading.forms[start : start + len(pattern)]
    return all(
        any(_is(form, wanted) for form in forms)
        for forms, wanted in zip(there, pattern, strict=True)
    )


def _is(form: str, wanted: str) -> bool:
    if "*" not in wanted:
        return lookalike.is_drawn_out(form, wanted)
    first, *middle, last = wanted.split("*")
    return any(_fits(word, first, middle, last) for word in _less_drawn_out(form))


def _fits(word: str, first: str, middle: Sequence[str], last: str) -> bool:
    """Whether *word* is these literals with any letters between. Each is sought once."""
    end = len(word) - len(last)
    if len(first) > end or not word.startswith(first) or not word.endswith(last):
        return False
    place = len(first)
    for literal in middle:
        place = word.find(literal, place, end)
        if place < 0:
            return False
        place += len(literal)
    return True


def _less_drawn_out(word: str) -> Pattern:
    """*word*, and if letters are drawn out in it, with two of each or one."""
    return tuple(dict.fromkeys((word, _DRAWN_OUT.sub(r"\1\1", word), _DRAWN_OUT.sub(r"\1", word))))
