"""What counts as a word, and that FTS5 takes each as one, with the tokenizers it may have."""

from __future__ import annotations

import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naughty import NAUGHTY
from palabre.text import words as module
from palabre.text.words import WORD_LIMIT, fold, words

TOKENIZERS = ("ascii", "unicode61 remove_diacritics 0")
TEXT = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(NAUGHTY)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("École", "ecole"),
        ("E\u0301COLE", "ecole"),
        ("l'avis", "l avis"),
        ("l’avis", "l avis"),
        ("c'est-à-dire", "c est a dire"),
        ("cœur, ŒUVRE, Æon, ex\xe6quo", "coeur oeuvre aeon exaequo"),
        ("Straße STRASSE ẞ", "strasse strasse ss"),
        ("ﬁn ﬂeur ﬃ", "fin fleur ffi"),
        ("ＡＢＣ１２", "abc12"),
        ("İstanbul ISPARTA ısparta", "istanbul isparta isparta"),
        ("Łódź Ødegård Đorđe Þórr", "lodz odegard dorde thorr"),
        ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
        ("Ёлка ёлка", "елка елка"),
        ("العَرَبِيَّة العـربية", "العربية العربية"),
        ("שָׁלוֹם", "שלום"),
        ("한국어", "한국어"),
        ("日本語、テキスト", "日 本 語 テ キ ス ト"),
        ("ไทย", "ไ ท ย"),
        ("x² ½ ①", "x2 1 2 1"),
        ("com\xadmen\u2060taire \ufefffin", "commentaire fin"),
        ("mot\u200bmot", "mot mot"),
        ("snake_case a.b,c;d\te\nf\u2028g", "snake case a b c d e f g"),
        ("👍🏿 !? « » …", ""),
        ("", ""),
    ],
)
def test_fold_leaves_words_without_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_words_are_distinct_and_in_order_of_appearance() -> None:
    assert words("Le chat, le CHIEN et le Chat") == ["le", "chat", "chien", "et"]


@pytest.mark.parametrize("letter", ["a", "é", "漢字"[0], "𝒳", "\U0001e900"])
def test_a_word_is_cut_after_forty_characters_and_not_before(letter: str) -> None:
    folded = fold(letter)
    spaced = fold("漢") == folded
    for length in (WORD_LIMIT - 1, WORD_LIMIT, WORD_LIMIT + 1):
        expected = [folded] if spaced else [folded * min(length, WORD_LIMIT)]
        assert words(letter * length) == expected


def test_words_alike_in_their_first_forty_characters_are_one() -> None:
    assert words("a" * 40 + "b " + "a" * 40 + "c") == ["a" * 40]


@pytest.mark.parametrize(
    "text",
    ["田中さん", "사회과학원", "الكل", "אלהים", "हिन्दी", "தமிழ்", "ខ្មែរ", "ⵜⵉⴼⵉ", "𠜎𠜱", "ᚠᛇ", "Ω"],
)
def test_no_script_vanishes(text: str) -> None:
    letters = [c for c in text if c.isalpha()]
    assert [c for c in letters if fold(c) not in "".join(words(text))] == []
    assert words(text) == words(text + " " + text)


def plainly_folded(text: str) -> str:
    """The same as `fold`, character by character and without a short cut."""

    def bare(text: str) -> str:
        return "".join(c for c in text if unicodedata.category(c) not in {"Mn", "Mc", "Me", "Cf"})

    spaced = bare(text.replace("\u200b", " "))
    plain = bare(unicodedata.normalize("NFKD", spaced)).casefold().translate(module._PLAIN)
    plain = bare(unicodedata.normalize("NFKD", bare(plain)))
    found = module._WORD.findall(unicodedata.normalize("NFC", plain))
    return " ".join(word for word in found if word.isalnum())


LATIN = st.text(
    st.sampled_from("abzABZ09 .,'_-\n\x00\x1féÉàçœŒŁøßſİ’«»…—\xa0\u202f½²ﬁ€\u0301\xad\u200b")
)


@given(TEXT | LATIN | st.text(st.characters(max_codepoint=0x24F), max_size=60))
@settings(max_examples=1000, deadline=None)
def test_short_cuts_change_no_word(text: str) -> None:
    assert fold(text) == plainly_folded(text)
    assert words(text) == list(dict.fromkeys(w[:WORD_LIMIT] for w in fold(text).split()))


def test_a_character_is_folded_alike_wherever_it_stands() -> None:
    # All but the great uniform blocks: Han, Hangul, Tangut.
    spans = ((0x80, 0x3400), (0xA000, 0xAC00), (0xD7B0, 0x17000), (0x18D00, 0x20000))
    for character in (chr(code) for span in spans for code in range(*span)):
        form = module._ascii_form(character)
        if form is not None:
            text = f"x{character}y {character}"
            assert plainly_folded(text) == plainly_folded(f"x{form}y {form}") == fold(text)
    assert module._ascii_form("é") == "e"
    assert module._ascii_form("д") is None


def test_a_text_of_very_many_characters_is_folded_too() -> None:
    text = "".join(f"{chr(code)} é" for code in range(0xC0, 0x24F))
    assert fold(text) == plainly_folded(text)


@pytest.mark.parametrize("unit", ["é", "’", "é’œ« ", "a\u0301", "\u200b", "½", "д", "日", "\ud800"])
def test_no_flood_is_slow(unit: str) -> None:
    started = time.process_time()
    words(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 1


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(" ".join(words(text))) == words(text)


@given(TEXT)
@settings(max_examples=300, deadline=None)
def test_words_are_short_and_alphanumeric(text: str) -> None:
    found = words(text)
    assert len(set(found)) == len(found)
    assert all(word.isalnum() and 1 <= len(word) <= WORD_LIMIT for word in found)


@given(st.lists(st.sampled_from(["École", "l’été", "ŒUVRE", "naïf", "2ᵉ"]), max_size=6))
@settings(max_examples=50, deadline=None)
def test_case_and_composition_make_no_difference(parts: list[str]) -> None:
    text = " ".join(parts)
    assert words(text) == words(text.upper()) == words(text.lower()) == words(text.casefold())


def test_a_pile_of_marks_is_soon_gone() -> None:
    started = time.process_time()
    assert words("a" + "\u0301" * 60_000 + "\u0316" * 60_000 + "b") == ["ab"]
    # Sorting them, as decomposition does, takes some twenty seconds.
    assert time.process_time() - started < 2


@pytest.fixture(scope="module", params=TOKENIZERS)
def index(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        options = f"detail = none, columnsize = 0, tokenize = '{request.param}'"
        db.execute(f"create virtual table word_index using fts5 (words, {options})")
        db.execute("create virtual table token using fts5vocab ('word_index', 'instance')")
        yield db


@given(text=TEXT)
@settings(max_examples=200, deadline=None)
def test_the_index_takes_every_word_as_one_token(index: sqlite3.Connection, text: str) -> None:
    found = words(text)
    index.execute("delete from word_index")
    index.execute("insert into word_index (words) values (?)", (" ".join(found),))
    assert index.execute("select count(*) from token").fetchone() == (len(found),)
    for word in found:
        # Without positions (detail = none) a word of two tokens would be an error, no mere miss.
        query = "select count(*) from word_index where word_index match ?"
        assert index.execute(query, (f'"{word}"',)).fetchone() == (1,)


def test_the_index_takes_every_letter_of_unicode_as_part_of_a_word(
    index: sqlite3.Connection,
) -> None:
    # All but the great uniform blocks: Han, Hangul, Tangut.
    spans = ((0, 0x3400), (0xA000, 0xAC00), (0xD7B0, 0xD800), (0xE000, 0x17000), (0x18D00, 0x20000))
    letters = (chr(code) for span in spans for code in range(*span) if chr(code).isalnum())
    # Unlike letters at either end: without positions, equal halves would count as one token.
    found = fold(" ".join(f"a{letter}z" for letter in letters)).split()
    index.execute("delete from word_index")
    index.executemany("insert into word_index (words) values (?)", ((word,) for word in found))
    split = "select doc from token group by doc having count(*) > 1"
    assert len(found) > 10_000
    assert index.execute(split).fetchall() == []
    assert index.execute("select count(*) from token").fetchone() == (len(found),)
