"""The rule about words that the site has listed."""

from __future__ import annotations

import pytest

from palabre.model import Facts, Policy, Signal, Submission
from palabre.screening.words import HELD, REFUSED, words
from screening.readers import HONEST, ORDINARY, sent

LISTED = (
    "casino", "viagr*", "*porn*", "prêt immédiat", "sexe", "con", "pute", "salope", "bitcoin",
    "axa", "sos", "lol", "gel", "cul", "ass", "sol", "ile", "loi de rien",
)  # fmt: skip
LISTS = Facts(policy=Policy(hold_words=LISTED))


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_pass(submission: Submission) -> None:
    assert words(submission, ORDINARY) is None
    assert words(submission, LISTS) is None


@pytest.mark.parametrize(
    "text",
    [
        "Le concours est reconduit, consultez le site : on discute, on dispute.",
        "1789, 3 enfants, 10 €, 4x4, 5 km, 100 %, 06 12 34 56 78, 20h30",
        "Rendez-vous à 17 h, salle A 4, 3e étage (porte B).",
        "Il y a 5 s, puis 3 s : ça l’a 5 s arrêté.",
        "Il y a 5 ans, j’ai acheté 2 l de lait à 1,05 €.",
        "The assessment of the class was sound, 45 of them passed; I 4 one agree.",
        "Исследование показало, что цены выросли на 10 %.",
        "Louisia-nature, croque-porridge, peut-être là-bas, va-t-en, celui-ci.",
        "Vu sur lemonde.fr, fin.Sexagénaire, a-t-il dit : vis-à-vis du c.-à-d.",
    ],
)
def test_words_within_others_and_numbers_pass(text: str) -> None:
    assert words(sent(text), LISTS) is None


@pytest.mark.parametrize(
    ("text", "name", "website", "why", "word"),
    [
        ("Venez au C4$1N0 !", "Camille", None, "word_in_text", "casino"),
        ("Un p r ê t  immédiat, prêt immediat", "Camille", None, "word_in_text", "prêt immédiat"),
        ("Bonjour", "Vіagrа", None, "word_in_name", "viagr*"),
        ("Bonjour", "Camille", "https://superp0rn.example/", "word_in_website", "*porn*"),
        ("Bonjour", "Camille", "https://a.example/%63asino", "word_in_website", "casino"),
        ("casino", "viagra", None, "word_in_text", "casino"),
        ("Le cas.i.no", "Camille", None, "word_in_text", "casino"),
        ("Du via-gra ici", "Camille", None, "word_in_text", "viagr*"),
        ("La p_u.t-e !", "Camille", None, "word_in_text", "pute"),
        ("Un c4s.in0 de plus", "Camille", None, "word_in_text", "casino"),
    ],
)
def test_a_listed_word_is_minded_wherever_it_stands(
    text: str, name: str, website: str | None, why: str, word: str
) -> None:
    submission = sent(text, name=name, website=website)
    assert words(submission, LISTS) == Signal("words", HELD, why, {"word": word})
    refusing = Facts(policy=Policy(reject_words=LISTED, hold_words=LISTED))
    refused = why.replace("word_in", "word_refused_in")
    assert words(submission, refusing) == Signal("words", REFUSED, refused, {"word": word})


def test_a_word_that_is_refused_stands_before_one_that_holds() -> None:
    facts = Facts(policy=Policy(hold_words=("gare",), reject_words=("casino",)))
    found = words(sent("La gare", name="Casino"), facts)
    assert found == Signal("words", REFUSED, "word_refused_in_name", {"word": "casino"})


@pytest.mark.parametrize(
    "text",
    [
        "Le **cas**ino",
        "Le [casi](https://x.example)no",
        "Le `cas`ino",
        "Le ~~cas~~ino",
        "Le cas*i*no",
        "Le cas\\_ino",
    ],
)
def test_markup_within_a_word_hides_nothing_that_the_page_shows(text: str) -> None:
    facts = Facts(policy=Policy(hold_words=("casino",)))
    found = words(sent(text), facts)
    assert found is not None
    assert found.values == {"word": "casino"}
