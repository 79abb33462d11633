"""The words of a text, folded so that a search for "ecole" finds "École". Pure.

What counts as a word is decided here alone: the word index is filled with `words(text)` joined by
spaces and asked for each of `words(query)`, and its tokenizer must leave every one whole. FTS5's
`ascii` does by its nature (it parts only at ASCII other than letters and digits); `unicode61
remove_diacritics 0`, whose tables are those of Unicode 6.1, does too, as the tests show.
"""

from __future__ import annotations

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


def fold(text: str) -> str:
    """The words of *text* in order, repeated ones too, without case and accents, a space between.

    Compatibility forms are resolved (ligatures, full-width letters), combining marks and invisible
    format characters dropped; whatever is neither letter nor digit separates. Folding what is
    folded changes nothing.
    """
    # Format characters stand within words (soft hyphen, joiners); U+200B alone is a separator.
    spaced = text.replace("\u200b", " ")
    plain = _bare(_bare(spaced).casefold().translate(_PLAIN))
    # Composed again for Hangul alone, whose syllables would count as three characters each.
    composed = unicodedata.normalize("NFC", plain)
    # The unspaced ranges hold punctuation as well.
    return " ".join(word for word in _WORD.findall(composed) if word.isalnum())


def words(text: str) -> list[str]:
    """The distinct folded words of *text*, in order of first appearance.

    Each has 1 to WORD_LIMIT characters (longer ones are cut), all of them letters or digits.
    """
    return list(dict.fromkeys(word[:WORD_LIMIT] for word in fold(text).split()))


def _bare(text: str) -> str:
    if text.isascii():
        return text
    # Marks go before decomposing too: sorting a long run of them takes quadratic time.
    return _without_marks(unicodedata.normalize("NFKD", _without_marks(text)))


def _without_marks(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in _DROPPED)
