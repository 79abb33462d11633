"""The rule about texts all in capitals."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from palabre.model import Signal, Submission
from palabre.screening._reading import prose, without_links
from palabre.screening.capitals import LETTERS, LONG, SHARE, capitals
from screening.readers import HONEST, ORDINARY, sent

SHOUT = "C’EST UNE HONTE, ON NOUS MENT DEPUIS DES ANNÉES !"


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_pass(submission: Submission) -> None:
    assert capitals(submission, ORDINARY) is None


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (SHOUT, 0.5),
        (f"> il a dit non\n\n{SHOUT}", 0.5),
        (f"{SHOUT} http://example.org/une/adresse/toute/en/minuscules/comme/il/se/doit", 0.5),
        (f"```\nprint('en minuscules, et assez long pour compter')\n```\n{SHOUT}", 0.5),
        (f"{SHOUT} moi", 0.5),
        (f"{SHOUT} " * 5, 0.6),
        ("ПОЗОР, НАМ ВРУТ УЖЕ МНОГО ЛЕТ ПОДРЯД, ХВАТИТ", 0.5),
        ("A" * 30, 0.5),
        ("A" * 149, 0.5),
        ("A" * 150, 0.6),
        ("A" * 85 + "a" * 15, 0.5),
    ],
)
def test_shouting_is_minded(text: str, score: float) -> None:
    assert capitals(sent(text), ORDINARY) == Signal("capitals", score, "capitals")


@pytest.mark.parametrize(
    "text",
    [
        "OK",
        "MERCI À TOUTE L’ÉQUIPE !",
        "A" * 29,
        "A" * 84 + "a" * 16,
        "RATP, SNCF, EDF, GDF, CGT, CFDT, FO, UNSA : même combat, mêmes perdants",
        "LA GARE DE LYON-PERRACHE FERME. C’est le titre, et il est faux.",
        "Bravo ! " + "1234567890 !!! ??? … " * 20,
        "这篇文章写得非常好" * 10,
        "https://example.org/" + "ABCDEFGHIJ/" * 10 + " voilà",
    ],
)
def test_acronyms_cheers_and_scripts_without_case_pass(text: str) -> None:
    assert capitals(sent(text), ORDINARY) is None


def plainly_read(text: str) -> Signal | None:
    """The same as `capitals`, letter by letter and without a short cut."""
    lines = prose(text).split("\n")
    own = without_links("\n".join(line for line in lines if not line.lstrip().startswith(">")))
    upper = sum(character.isupper() for character in own)
    letters = upper + sum(character.islower() for character in own)
    if letters < LETTERS or upper < SHARE * letters:
        return None
    return Signal("capitals", 0.6 if letters >= LONG else 0.5, "capitals")


SHOUTED = ("BONJOUR ", "À TOUS, ", "É" * 30, "A" * 85, "Ж" * 9, "\n> CITÉ", "\n>" + "C" * 30)
SAID = ("eai", "bonjour ", "\n", "> ", "```\n", "http://a.example/e ", "[E](http://a.example)")
PIECES = st.sampled_from([*SHOUTED, *SAID, *"ex дǅ日1 "])


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join))
@example("A" * 85 + "e" * 15)
@example("A" * 84 + "e" * 16)
@example("A" * 80 + "e" * 20)
def test_the_short_cut_changes_no_verdict(text: str) -> None:
    assert capitals(sent(text), ORDINARY) == plainly_read(text)
