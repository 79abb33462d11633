"""The rule about texts all in capitals."""

from __future__ import annotations

import pytest

from palabre.model import Signal, Submission
from palabre.screening.capitals import capitals
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
