"""A text's script, and its language when its little words leave no doubt. Pure.

A small detector for the seven languages of Latin letters that sites here are most likely to meet:
it counts function words, which make up a third and more of any text. It says nothing rather than
something doubtful, of a text that mixes languages and of all languages that it does not know,
Breton, Occitan and Catalan among them.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping, Sequence

from palabre.text import words

LATIN = "latin"
OTHER = "other"

LOOKED_AT = 2_000
"""Characters of a text that tell its language; more of it would tell nothing more."""

LETTERS_LEAST = 60
WORDS_LEAST = 12
SHARE = 0.25
"""Of a text's words, those that have to be the language's little ones: 0.3 to 0.6 in what people
write."""
AHEAD = 2.0
"""So many times as often as any language that the site's readers write in, and half as much again
as any other one: neighbours share words (Spanish, Portuguese and Italian "a", "de", "la")."""
AHEAD_OF_OTHERS = 1.25

# Where each script's letters begin and end (Unicode blocks, joined where they adjoin). What is
# between them is of no script that counts here.
_RANGES: Sequence[tuple[int, int, str]] = (
    (0x0370, 0x03FF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "armenian"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"),
    (0x0750, 0x077F, "arabic"),
    (0x08A0, 0x08FF, "arabic"),
    (0x0900, 0x097F, "devanagari"),
    (0x0980, 0x09FF, "bengali"),
    (0x0A00, 0x0A7F, "gurmukhi"),
    (0x0A80, 0x0AFF, "gujarati"),
    (0x0B80, 0x0BFF, "tamil"),
    (0x0C00, 0x0C7F, "telugu"),
    (0x0C80, 0x0CFF, "kannada"),
    (0x0D00, 0x0D7F, "malayalam"),
    (0x0D80, 0x0DFF, "sinhala"),
    (0x0E00, 0x0E7F, "thai"),
    (0x0E80, 0x0EFF, "lao"),
    (0x1000, 0x109F, "burmese"),
    (0x10A0, 0x10FF, "georgian"),
    (0x1100, 0x11FF, "hangul"),
    (0x1200, 0x139F, "ethiopic"),
    (0x1780, 0x17FF, "khmer"),
    (0x1C80, 0x1C8F, "cyrillic"),
    (0x1F00, 0x1FFF, "greek"),
    (0x2DE0, 0x2DFF, "cyrillic"),
    (0x3040, 0x30FF, "kana"),
    (0x3130, 0x318F, "hangul"),
    (0x31F0, 0x31FF, "kana"),
    (0x3400, 0x4DBF, "han"),
    (0x4E00, 0x9FFF, "han"),
    (0xA640, 0xA69F, "cyrillic"),
    (0xAC00, 0xD7AF, "hangul"),
    (0xF900, 0xFAFF, "han"),
    (0xFB1D, 0xFB4F, "hebrew"),
    (0xFB50, 0xFDFF, "arabic"),
    (0xFE70, 0xFEFF, "arabic"),
    (0x20000, 0x323AF, "han"),
)
_STARTS = [first for first, _, _ in _RANGES]

# Languages not named here write in Latin letters; of these, some in both.
_SCRIPTS_BY_LANGUAGE: Mapping[str, tuple[str, ...]] = (
    dict.fromkeys(("ar", "fa", "ur", "ps", "ckb", "sd", "ug"), ("arabic",))
    | dict.fromkeys(("ru", "uk", "be", "bg", "mk", "mn", "ky", "tg", "ba", "ce"), ("cyrillic",))
    | dict.fromkeys(("sr", "kk", "uz", "tt", "bs", "sh", "tk"), ("cyrillic", LATIN))
    | dict.fromkeys(("he", "yi"), ("hebrew",))
    | dict.fromkeys(("hi", "mr", "ne", "sa"), ("devanagari",))
    | dict.fromkeys(("ku", "az", "ber", "kab"), ("arabic", LATIN, "cyrillic", OTHER))
    | dict.fromkeys(("bn", "as"), ("bengali",))
    | dict.fromkeys(("am", "ti"), ("ethiopic",))
    | dict.fromkeys(("zh", "yue", "wuu", "nan"), ("han",))
    | {
        "el": ("greek",),
        "hy": ("armenian",),
        "pa": ("gurmukhi", "arabic"),
        "gu": ("gujarati",),
        "ta": ("tamil",),
        "te": ("telugu",),
        "kn": ("kannada",),
        "ml": ("malayalam",),
        "si": ("sinhala",),
        "th": ("thai",),
        "lo": ("lao",),
        "my": ("burmese",),
        "ka": ("georgian",),
        "ko": ("hangul", "han"),
        "km": ("khmer",),
        "ja": ("kana", "han"),
    }
)

_LITTLE_WORDS: dict[str, frozenset[str]] = {
    tag: frozenset(listed.split())
    for tag, listed in {
        "fr": "le la les un une des du de et est sont dans pour par pas plus que qui ne ce cette "
        "ces se sur avec mais ou il elle ils elles je tu nous vous on au aux en sa son ses leur "
        "mon ma mes votre notre si tout tous bien fait etre avoir ont ai a ete comme meme aussi "
        "tres y l d c j qu n s m",
        "en": "the a an and of to in is are was were be been it that this these those for with on "
        "at by from as not but or if they he she we you i my your his her their our have has had "
        "do does did will would can could should so just very what which who there about all "
        "more when how me s t re ve ll",
        "de": "der die das den dem des ein eine einen einem einer und ist sind war nicht mit auf "
        "fur von zu im in am an aus bei nach uber wie ich du er sie es wir ihr man sich auch nur "
        "noch aber oder wenn dass als haben hat habe wird werden kann sehr so mich mir was zum zur",
        "es": "el la los las un una unos de del y que en es son por para con no se su sus lo al "
        "como mas pero o si yo tu nos me te le les este esta esto esos muy todo todos ha han hay "
        "fue ser porque cuando donde sin sobre tambien ya a",
        "it": "il lo la i gli le un una di del della dei delle e che in per con non si su suo sua "
        "al alla come piu ma o se io tu ci mi ti questo questa molto tutto tutti ha hanno sono "
        "era essere perche quando dove anche gia nel nella dal dalla c l a ho",
        "pt": "o a os as um uma de do da dos das e que em no na nos nas por para com nao se seu "
        "sua ao como mais mas ou eu tu me te este esta isso isto muito tudo todos tem foi ser "
        "porque quando onde sem sobre tambem ja pelo pela voce ele ela sao",
        "nl": "de het een en van in is zijn was niet met op voor te aan uit bij naar over als ik "
        "je jij hij zij ze we wij u er dat die dit deze ook maar of om dan nog wel heeft hebben "
        "heb wordt worden kan zeer zo mij mijn wat door geen veel meer",
    }.items()
}
_TAGS_BY_WORD = {
    word: tuple(tag for tag, little in _LITTLE_WORDS.items() if word in little)
    for word in frozenset().union(*_LITTLE_WORDS.values())
}
_UNMISTAKEN = frozenset({"br", "ca", "eu", "oc"})
"""Languages that are not told, and of which no text is taken for one in those that are."""

_NAMES = {
    "fr": "français",
    "en": "English",
    "de": "Deutsch",
    "es": "español",
    "it": "italiano",
    "pt": "português",
    "nl": "Nederlands",
}
"""What each language calls itself: so it is kept, in no reader's language."""

_TAGS = {name: tag for tag, name in _NAMES.items()}

_BEYOND = re.compile("[\u0370-\u1dff\u1f00-\U0003ffff]")


def tag_of(name: str) -> str | None:
    """The tag of a language by what it calls itself, if it is one of those that `told` tells."""
    return _TAGS.get(name)


def scripts_of(tags: Iterable[str]) -> frozenset[str]:
    """The scripts that these languages, by their primary tags, are written in."""
    return frozenset(script for tag in tags for script in _SCRIPTS_BY_LANGUAGE.get(tag, (LATIN,)))


def script(text: str) -> tuple[str | None, int]:
    """The script of most letters of *text*, and how many are in it; None where none has most."""
    text = text[:LOOKED_AT]
    beyond = [letter for letter in _BEYOND.findall(text) if letter.isalpha()]
    latin = sum(map(str.isalpha, text)) - len(beyond)
    if latin > len(beyond):
        return LATIN, latin
    counts: dict[str, int] = {}
    for letter in beyond:
        of = _script_of(ord(letter))
        counts[of] = counts.get(of, 0) + 1
    if not counts:
        return None, 0
    most = max(counts, key=lambda one: counts[one])
    if most in ("kana", "han") and "kana" in counts:
        # Japanese is both.
        counts[most := "kana"] = counts["kana"] + counts.get("han", 0)
    return (most, counts[most]) if 2 * counts[most] > latin + len(beyond) else (None, 0)


def told(text: str, known: Sequence[str]) -> str | None:
    """The language of *text*, by its own name, if that is clear and none of *known*.

    *known*: primary tags. Where one of them is of Latin letters and might be taken for a language
    that can be told, as Galician for Portuguese, nothing is.
    """
    if any(
        tag not in _LITTLE_WORDS
        and tag not in _UNMISTAKEN
        and LATIN in _SCRIPTS_BY_LANGUAGE.get(tag, (LATIN,))
        for tag in known
    ):
        return None
    found = words.fold(text[:LOOKED_AT]).split()
    if len(found) < WORDS_LEAST or sum(map(len, found)) < LETTERS_LEAST:
        return None
    counts = dict.fromkeys(_LITTLE_WORDS, 0)
    for word in found:
        for tag in _TAGS_BY_WORD.get(word, ()):
            counts[tag] += 1
    most = max(counts, key=lambda tag: counts[tag])
    if most in known or counts[most] < SHARE * len(found):
        return None
    for tag, count in counts.items():
        ahead = AHEAD if tag in known else AHEAD_OF_OTHERS
        if tag != most and counts[most] < ahead * count:
            return None
    return _NAMES[most]


def _script_of(code: int) -> str:
    place = bisect.bisect_right(_STARTS, code) - 1
    if place >= 0 and code <= _RANGES[place][1]:
        return _RANGES[place][2]
    return OTHER
