"""Lists of words: what an entry may be, that it is found however disguised, and nowhere else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.text import wordlist
from palabre.text.lookalike import is_drawn_out, readings
from palabre.text.rules import Refused
from palabre.text.wordlist import ENTRIES_MOST, ENTRY_LIMIT, WordList, check, compiled


def found(text: str, *entries: str) -> str | None:
    return WordList(entries).find(readings(text))


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("casino", "Un CASINO en ligne"),
        ("Casino", "au casinô."),
        ("casino", "сasіnо"),
        ("casino", "c4$1n0"),
        ("casino", "c a s i n o"),
        ("casino", "caaasiiinooo"),
        ("casino", "c4aaas1no"),
        ("prêt immédiat", "Un pret,   IMMEDIAT !"),
        ("prêt immédiat", "pr3t immédiaaaat"),
        ("viagr*", "du viagra"),
        ("viagr*", "V1AGR@"),
        ("*casino*", "supercasinoland"),
        ("*casino*", "superc4siiin0land"),
        ("vi*ra", "viennagra"),
        ("cheap *watch*", "a cheap smartwatches shop"),
        ("*a*bc*d", "xxaxxbcxxd"),
        ("gros mot", "quel gros mot"),
        ("c++ casino", "C casino"),
        ("赌博", "网上赌博很危险"),
        ("казино", "Казино"),
        ("1xbet", "1XBET"),
        ("100", "100 %"),
        ("l'argent*", "l’argent facile"),
        ("y a", "il y a"),
    ],
)
def test_a_listed_word_is_found_and_named_as_listed(entry: str, text: str) -> None:
    assert found(text, "autre chose", entry) == entry


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("con", "Le concours continue, conclut-on."),
        ("casino", "casinos, casinotier"),
        ("pass", "Passage, trépas, paaas"),
        ("prêt immédiat", "prêt, puis immédiat"),
        ("viagr*", "aviagra"),
        ("*agra", "agrafe"),
        ("cheap *watch*", "cheap thing, watch"),
        ("vi*ra", "vir"),
        ("sos", "50 s, 505, S. 0. S… 5 05"),
        ("ass", "455 personnes, 4 55"),
        ("io", "10 ans, 10h"),
        ("lol", "1789, 101, 10 l"),
        ("gel", "Il gèle"),
    ],
)
def test_a_word_is_not_found_within_another_one(entry: str, text: str) -> None:
    assert found(text, entry) is None


WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12)
LEET = {"o": "0", "i": "1", "e": "3", "a": "4@", "s": "5$", "l": "|"}
CYRILLIC = dict(zip("aceopxyis", "асеорхуіѕ", strict=True))


def disguised(word: str, way: int, chance: random.Random) -> str:
    """A word as somebody writes it who doesn't want it to be found."""
    if way == 0:
        return "".join(CYRILLIC.get(letter, letter) for letter in word.upper().lower())
    if way == 1:
        place = chance.randrange(len(word))
        return word[:place] + word[place] * chance.randrange(3, 9) + word[place + 1 :]
    if way == 2:
        return chance.choice(" .-_*").join(word)
    if way == 3:
        return "".join(
            letter + chance.choice(("", "\u200b", "\u0301", "\u00ad")) for letter in word
        )
    if way == 4:
        return "".join(chr(ord(letter) + 0xFF41 - ord("a")) for letter in word)
    signs = 0
    letters: list[str] = []
    for letter in word:
        # A number with its unit is none.
        if letters and letter in LEET and signs < len(word) // 2:
            letters.append(chance.choice(LEET[letter]))
            signs += 1
        else:
            letters.append(letter)
    return "".join(letters).upper()


@settings(max_examples=500, deadline=None)
@given(WORDS, st.integers(0, 5), st.randoms(use_true_random=False))
def test_a_listed_word_is_found_however_disguised(
    word: str, way: int, chance: random.Random
) -> None:
    text = f"Bonjour, voici {disguised(word, way, chance)} pour vous !"
    assert found(text, word) == word
    assert found(text, f"*{word[:3]}*") is not None


@settings(max_examples=300, deadline=None)
@given(WORDS, WORDS, WORDS)
def test_a_listed_word_is_nowhere_found_inside_another(before: str, word: str, behind: str) -> None:
    for text in (before + word, word + behind, before + word + behind):
        # Unless what is put together is the very word, drawn out.
        assert is_drawn_out(text, word) or found(text, word) is None
        assert found(text, f"*{word}*") is not None


def plainly_fits(word: str, pattern: str) -> bool:
    """Whether a word fits a pattern with wildcards, tried in every way."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return any(plainly_fits(word[n:], pattern[1:]) for n in range(len(word) + 1))
    return word[:1] == pattern[0] and plainly_fits(word[1:], pattern[1:])


@settings(max_examples=500, deadline=None)
@given(st.text("abc", min_size=1, max_size=8), st.text("abc*", min_size=1, max_size=8))
def test_wildcards_stand_for_any_letters(word: str, pattern: str) -> None:
    try:
        check([pattern])
    except Refused:
        return
    word = "".join(a for a, b in zip(word, word[1:] + " ", strict=True) if a != b)
    assert (found(word, pattern) is not None) == plainly_fits(word, pattern)


def test_a_list_is_trimmed_and_rid_of_what_is_blank_or_there_twice() -> None:
    assert check([" casino ", "", "viagra", "casino", "  "]) == ["casino", "viagra"]
    assert check(()) == []


@pytest.mark.parametrize(
    ("value", "code", "hint"),
    [
        ("casino", "invalid", "words_not_listed"),
        ([1], "invalid", "words_not_listed"),
        (["ok", "x" * (ENTRY_LIMIT + 1)], "too_long", "word_too_long"),
        (["ok", "…"], "invalid", "word_unusable"),
        (["ok", "*"], "invalid", "word_unusable"),
        (["ok", "** **"], "invalid", "word_unusable"),
        (["ok", "a\x00b"], "invalid", "word_unusable"),
        (["ok", "a\ud800b"], "invalid", "word_unusable"),
        (["ok", "a*"], "invalid", "word_too_wild"),
        (["ok", "*é*"], "invalid", "word_too_wild"),
        ([str(n) for n in range(ENTRIES_MOST + 1)], "too_long", "words_too_many"),
    ],
)
def test_a_bad_entry_is_refused_by_name(value: object, code: str, hint: str) -> None:
    with pytest.raises(Refused) as refused:
        check(value)
    assert (refused.value.code, refused.value.hint) == (code, hint)
    if hint.startswith("word_"):
        assert str(refused.value.values["entry"])[:1] == str(value[1])[:1]  # type: ignore[index]


def test_the_longest_list_of_the_longest_entries_is_taken() -> None:
    entries = [f"{n:05}".ljust(ENTRY_LIMIT, "é") for n in range(ENTRIES_MOST)]
    assert check(entries) == entries


def test_a_list_is_compiled_once_as_long_as_it_is_the_same() -> None:
    entries = ("casino", "viagra")
    made = compiled(entries)
    assert compiled(entries) is made
    assert compiled(tuple(iter(entries))) is not made
    for n in range(wordlist._KEPT_MOST + 5):
        compiled((f"mot{n}",))
    assert len(wordlist._kept) == wordlist._KEPT_MOST
    assert compiled(entries) is not made


class Counted(str):
    """A word that counts how often it is looked for a part of."""

    looks = 0

    def __getitem__(self, key: object) -> str:
        Counted.looks += 1
        return super().__getitem__(key)  # type: ignore[index]


def test_looking_for_wildcards_costs_as_many_looks_as_there_are_letters_whatever_the_list() -> None:
    costs = []
    for entries in (100, 10_000):
        listed = WordList([f"*x{n}y*" for n in range(entries)])
        for length in (1_000, 2_000):
            Counted.looks = 0
            assert not listed._wildcards._literals_in(Counted("a" * length))
            costs.append(Counted.looks)
    assert costs[0] == costs[2]
    assert costs[1] == costs[3]
    assert costs[1] <= 2 * costs[0] + 2
