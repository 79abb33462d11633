"""How a text looks, for telling words and names that are written to be read as others. Pure.

Accents and case are folded as `palabre.text.words` does; letters of other scripts that look like
Latin ones become those, invisible characters go. Signs that stand for letters, letters with spaces
or signs between them and letters drawn out are undone in *further* forms, beside what was typed, so
that numbers and honest words stay what they are.

The confusable letters are those of Unicode Technical Standard 39, `confusables.txt`, that look like
one basic Latin letter or digit in most typefaces: of Cyrillic, Greek, Armenian, Cherokee, Lisu and
the phonetic alphabets. Capitals are looked up before case is folded, since the two sizes of one
letter may look like different ones (Greek eta: "Η" as in Hello, "η" as in no). Mathematical,
full-width, circled and super-scripted letters are compatibility forms, resolved by folding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from palabre.text import words

Forms = tuple[str, ...]
"""Ways to read one word."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of a text in order, read in one way. `forms`: each of them, in up to nine forms.

    `keys`: the same, each form `drawn_in`.
    """

    forms: Sequence[Forms]
    keys: Sequence[Forms]


_LOOKS = {
    "a": "аАαΑɑΆάᴀᎪꓮ",
    "b": "вВΒЬьᏴᏼʙꓐɓ",
    "c": "сСϲϹⅽᴄᏟꓚҫ",
    "d": "ԁԀᴅᎠꓓɗժ",
    "e": "еЕєЄεΕҽᴇᎬꓰə",
    "f": "ϝϜꜰꓝƒ",
    "g": "ɡᶃԌɢᏀꓖց",
    "h": "нНΗһҺᏂհʜᎻꓧ",
    "i": "іІιΙɪıӀӏᎥꓲΊίї",
    "j": "јЈϳᴊᎫꓙ",
    "k": "кКκΚᴋᏦꓗ",
    "l": "ⅼʟᏞꓡ",
    "m": "мМΜᴍᎷꓟ",
    "n": "пηΝɴոռꓠ",
    "o": "оОοΟσօՕᴏᎤꓳө",
    "p": "рРρΡᴘᏢꓑ",
    "q": "ԛԚգզ",
    "r": "гʀᎡꓣᴦ",
    "s": "ѕЅꜱՏᏚꓢ",
    "t": "тТτΤᴛᎢꓔ",
    "u": "υսՍᴜꓴʋμ",
    "v": "νѵѴᴠᏙꓦ",
    "w": "ԝԜωᴡᎳꓪш",
    "x": "хХχΧꓫ",
    "y": "уУүҮΥγʏᎩꓬ",
    "z": "ΖζᴢᏃꓜ",
}
# What shows nothing: the zero-width space, which otherwise separates, the empty Braille cell and
# the fillers of Hangul. Marks and format characters go when words are folded.
_INVISIBLE = "\u200b\u2800\u115f\u1160\u3164\uffa0"
# The euro stands for an e among letters; folding knows no sign outside ASCII, so it goes as this
# control character, which no text may hold (contract 3.1).
_EURO = "\x1a"
_AS_LATIN = str.maketrans(
    {look: letter for letter, looks in _LOOKS.items() for look in looks}
    | {
        # Circled and squared capitals on black, which have no compatibility form.
        chr(start + n): chr(ord("a") + n)
        for start in (0x1F150, 0x1F170)
        for n in range(26)
    }
    | dict.fromkeys(_INVISIBLE)
    # Whole phrases in one sign, up to eighteen letters each: not worth it.
    | dict.fromkeys("\ufdfa\ufdfb", " ")
    | {"€": _EURO}
)

_LOOKING = frozenset(map(chr, _AS_LATIN))

_SIGNS = f"013457@$!|{_EURO}"
# A one, a bar and an exclamation mark may each be an i or an l: all of them one or the other
# throughout the word, or as they look most like.
_READINGS = tuple(
    str.maketrans(_SIGNS, f"o{one}eastas{mark}{bar}e")
    for one, mark, bar in (("i", "i", "i"), ("l", "l", "l"), ("i", "i", "l"))
)
_SIGN = re.compile(f"[{re.escape(_SIGNS)}]")
_CHUNK = re.compile(rf"(?:[^\W_]|[{re.escape(_SIGNS)}])++")
_PARTING = frozenset("-._*+~^·•")
"""Signs that may stand between the parts of a word, without a space."""
_SHORT_PART = 3
"""Letters of a part that stands for no word; of two longer ones, each is one: "Louisiana-Life"."""
_AT_ENDS = "!"
"""What means itself at the end of a word."""
_NUMBER_AND_UNIT = re.compile(r"[0-9]{2,}+[^\W\d_]++")
_SPACED_LEAST = 3
"""Single letters in a row that may be one word, written with spaces or dots between them."""
_SPACED_WITH_SIGNS_LEAST = 5
"""The same where signs are among them: "il y a 5 s" is none."""

# A letter that is a word by itself in French or English may stand before or behind a word that is
# spaced out: "à c a s i n o".
_WORDS_OF_ONE = "aiyo"
_RUN = re.compile(r"(.)\1*+")
_REPEATED = re.compile(r"(.)(?=\1)")


def skeleton(text: str) -> str:
    """The words of *text* as they look, a space between; of a skeleton, itself."""
    return words.fold(_latin(text))


def outline(text: str) -> str:
    """What is left of a name for telling whether it would be taken for another one.

    Its skeleton without spaces, signs read as letters and an l as an i, which look the same in
    capitals. It may be empty.
    """
    return skeleton(_latin(text).translate(_READINGS[0])).replace(" ", "").replace("l", "i")


def readings(text: str) -> tuple[Reading, ...]:
    """*text* as it is typed, and if that differs, with signs read as letters and single letters
    that stand in a row joined; last what has signs between its parts, those joined.

    A number is no word: signs are letters only beside letters, where digits are not the most, and
    not in a number with its unit. Costs linear time.
    """
    latin = _latin(text)
    folded = words.fold(latin)
    typed = Reading(
        [(word,) for word in folded.split()], [(word,) for word in drawn_in(folded).split()]
    )
    return (typed, *_with_signs_read(latin, typed), *_with_parts_joined(latin))


def _with_signs_read(latin: str, typed: Reading) -> tuple[Reading, ...]:
    chunks = _CHUNK.findall(latin)
    if not _SIGN.search(latin) and sum(len(chunk) == 1 for chunk in chunks) < _SPACED_LEAST:
        return ()
    undone: list[Forms] = []
    spaced: list[str] = []
    for chunk in chunks:
        if len(chunk) == 1:
            spaced.append(chunk)
            continue
        if spaced:
            undone += _joined(spaced)
            spaced = []
        undone += _undone(chunk)
    undone += _joined(spaced)
    return () if undone == typed.forms else (_as_reading(undone),)


def _with_parts_joined(latin: str) -> tuple[Reading, ...]:
    joined: list[Forms] = []
    for word in latin.split():
        if _PARTING.isdisjoint(word):
            continue
        parts = _CHUNK.findall(word)
        # Single letters are read together anyway, and a number is none.
        is_spelt = sum(map(len, parts)) == len(parts)
        if len(parts) < 2 or is_spelt or not any(map(str.isalpha, word)):
            continue
        if sum(len(part) > _SHORT_PART for part in parts) < 2:
            # What stands between two of these is not looked at, and no phrase reaches over it.
            joined += [*_undone("".join(parts)), ("",)]
    return (_as_reading(joined),) if joined else ()


def _as_reading(found: Sequence[Forms]) -> Reading:
    return Reading(found, [tuple(map(drawn_in, forms)) for forms in found])


def drawn_in(word: str) -> str:
    """*word* with one letter for each run of it: what words have in common that only differ by
    letters drawn out."""
    return _REPEATED.sub("", word)


def is_drawn_out(seen: str, meant: str) -> bool:
    """Whether *seen* is *meant*, or that with letters drawn out: three or more for one or two."""
    if seen == meant:
        return True
    if drawn_in(seen) != drawn_in(meant):
        return False
    return all(
        long[0] == short[0] or len(long[0]) >= max(3, len(short[0]))
        for long, short in zip(_RUN.finditer(seen), _RUN.finditer(meant), strict=True)
    )


def _latin(text: str) -> str:
    """*text* without case and accents, in Latin letters where it looks like them."""
    if text.isascii():
        return text.lower()
    # As of most of what is written in Latin letters, whatever the accents.
    is_plain = _LOOKING.isdisjoint(text)
    flat = words.flat(text if is_plain else text.translate(_AS_LATIN))
    # What folding has brought forth: a Greek alpha out of a mathematical one.
    return flat if flat.isascii() else flat.translate(_AS_LATIN)


def _joined(spaced: Sequence[str]) -> list[Forms]:
    """The ways to read single letters that stand in a row: as one word, if there are enough."""
    if len(spaced) < _SPACED_LEAST:
        return [form for one in spaced for form in _undone(one)]
    word = "".join(spaced).strip(_AT_ENDS)
    first, last = word[:1] in _WORDS_OF_ONE, word[-1:] in _WORDS_OF_ONE
    cut = (word, word[1:] if first else "", word[:-1] if last else "")
    forms = tuple(dict.fromkeys(form for one in cut if one for form in _read_together(one)))
    return [forms] if forms else [form for one in spaced for form in _undone(one)]


def _read_together(letters: str) -> Forms:
    if not _SIGN.search(letters):
        return (letters,)
    return _letters(letters) if len(letters) >= _SPACED_WITH_SIGNS_LEAST else ()


def _undone(chunk: str) -> list[Forms]:
    """A word with signs in it, read as letters if it is one; else the words as they are typed."""
    if chunk.isalpha() and chunk.isascii():
        return [(chunk,)]
    forms = _letters(chunk.strip(_AT_ENDS))
    return [forms] if forms else [(word,) for word in words.fold(chunk).split()]


def _letters(chunk: str) -> Forms:
    """*chunk* with its signs read as letters; nothing if there are none, or it is a number."""
    if not _SIGN.search(chunk) or _NUMBER_AND_UNIT.fullmatch(chunk):
        return ()
    digits, letters = sum(map(str.isdigit, chunk)), sum(map(str.isalpha, chunk))
    if not letters or digits > len(chunk) - digits:
        return ()
    return tuple(dict.fromkeys(chunk.translate(reading) for reading in _READINGS))
