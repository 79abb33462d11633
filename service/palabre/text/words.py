"""The words of a text, folded so that a search for "ecole" finds "École". Pure.

What counts as a word is decided here alone: the word index is filled with `words(text)` joined by
spaces and asked for each of `words(query)`, and its tokenizer must leave every one whole. FTS5's
`ascii` does by its nature (it parts only at ASCII other than letters and digits); `unicode61
remove_diacritics 0`, whose tables are those of Unicode 6.1, does too, as the tests show.
"""

from __future__ import annotations

import functools
import re
import unicodedata

WORD_LIMIT = 40
"""Characters of a word that count; the longest French word in use has 25."""

# Letters that Unicode does not decompose, though a searcher's keyboard may lack them; small ones
# only, since they are looked up after case-folding. The tatweel (U+0640) merely stretches an
# Arabic word. The ranges are vowel signs of New Tai Lue and a Vedic mark, which were combining
# marks in Unicode 6.1: unicode61 would part words there.
_PLAIN = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ł": "l",
        "ŧ": "t",
        "þ": "th",
        "ı": "i",
        "ȷ": "j",
        "\u0640": None,
    }
    | {chr(code): None for code in (*range(0x19B0, 0x19C1), 0x19C8, 0x19C9, 0x1CF2, 0x1CF3)}
)

_DROPPED = frozenset({"Mn", "Mc", "Me", "Cf"})
"""General categories: combining marks and invisible format characters."""

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han. Each letter is a word of its
# own, or a whole sentence would be one word that no search finds, cut off at WORD_LIMIT.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+|[{_UNSPACED}]")

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_DISTINCT = 64
"""So many different characters outside ASCII are replaced one by one; a French text has ten."""
_ASCII_WORDS = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128))
_ASCII_WORDS += bytes(128)
"""For `bytes.translate`: small letters and digits, and a space in place of all else."""


def fold(text: str) -> str:
    """The words of *text* in order, repeated ones too, without case and accents, a space between.

    Compatibility forms are resolved (ligatures, full-width letters), combining marks and invisible
    format characters dropped; whatever is neither letter nor digit separates. Folding what is
    folded changes nothing.
    """
    return " ".join(_folded(text))


def words(text: str) -> list[str]:
    """The distinct folded words of *text*, in order of first appearance.

    Each has 1 to WORD_LIMIT characters (longer ones are cut), all of them letters or digits.
    """
    return list(dict.fromkeys([word[:WORD_LIMIT] for word in _folded(text)]))


def flat(text: str) -> str:
    """*text* as its words are folded, ASCII's signs and white space left where they stand.

    Other signs may become spaces.
    """
    ascii_text = _in_ascii(text)
    if ascii_text is not None:
        return ascii_text.lower()
    return unicodedata.normalize("NFC", _plain(text))


def _folded(text: str) -> list[str]:
    ascii_text = _in_ascii(text)
    if ascii_text is not None:
        return ascii_text.encode("ascii").translate(_ASCII_WORDS).decode("ascii").split()
    # Composed again for Hangul alone, whose syllables would count as three characters each.
    composed = unicodedata.normalize("NFC", _plain(text))
    # The unspaced ranges hold punctuation as well.
    return [word for word in _WORD.findall(composed) if word.isalnum()]


def _in_ascii(text: str) -> str | None:
    """*text* with each character outside ASCII folded by itself; None if that is not enough.

    Which it is for most of what is written in Latin letters, at a tenth of the cost: looking up
    the category of each character is the dearest part of folding.
    """
    if text.isascii():
        return text
    others = set(_NOT_ASCII.findall(text))
    if len(others) > _DISTINCT:
        return None
    for other in others:
        form = _ascii_form(other)
        if form is None:
            return None
        text = text.replace(other, form)
    return text


@functools.lru_cache(maxsize=512)
def _ascii_form(character: str) -> str | None:
    """What is left of *character*, whatever stands around it: ASCII, a space if it separates.

    None if it becomes part of a word that is not ASCII.
    """
    plain = _plain(character)
    if any(_WORD.match(part) for part in _NOT_ASCII.findall(plain)):
        return None
    return _NOT_ASCII.sub(" ", plain)


def _plain(text: str) -> str:
    """*text* without case, accents and compatibility forms; its words are still to be found."""
    # Format characters stand within words (soft hyphen, joiners); U+200B alone is a separator.
    spaced = text.replace("\u200b", " ")
    return _bare(_bare(spaced).casefold().translate(_PLAIN))


def _bare(text: str) -> str:
    if text.isascii():
        return text
    # Marks go before decomposing too: sorting a long run of them takes quadratic time.
    return _without_marks(unicodedata.normalize("NFKD", _without_marks(text)))


def _without_marks(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in _DROPPED)
