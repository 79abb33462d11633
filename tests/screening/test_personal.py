"""The rule about personal data."""

from __future__ import annotations

import dataclasses

import pytest

from palabre import screening
from palabre.model import Facts, Policy, Signal, State, Submission
from palabre.screening.personal import MOST, masked, personal
from screening.readers import HONEST, ORDINARY, sent

NOTED = Facts(policy=Policy(personal_data="note"))
OFF = Facts(policy=Policy(personal_data="off"))
MINE = sent("Appelez-moi au 06 12 34 56 78 ou au 07 61 22 33 44, zoe@free.fr.")
COUNTS = {"phone": 2, "email": 1}


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_pass(submission: Submission) -> None:
    assert personal(submission, ORDINARY) is None


def test_personal_data_is_minded_and_counted_by_kind() -> None:
    assert personal(MINE, ORDINARY) == Signal("personal", 0.7, "personal", COUNTS)


def test_a_policy_may_only_note_it_or_not_look() -> None:
    assert personal(MINE, NOTED) == Signal("personal", 0.3, "personal", COUNTS)
    assert personal(MINE, OFF) is None


def test_the_name_is_looked_at_too() -> None:
    found = personal(dataclasses.replace(MINE, name="Zoé 06 12 34 56 78"), ORDINARY)
    assert found is not None
    assert found.values == {"phone": 3, "email": 1}


def test_the_form_address_is_compared_with_nothing() -> None:
    """Whoever types their own or another's: the same signal."""
    other = dataclasses.replace(MINE, email="zoe@free.fr")
    assert personal(other, ORDINARY) == personal(MINE, ORDINARY)


def test_it_waits_and_its_author_is_told_so() -> None:
    verdict = screening.screen(MINE, ORDINARY)
    assert (verdict.state, verdict.told, verdict.by) == (
        State.PENDING,
        State.PENDING,
        "rule:personal",
    )


@pytest.mark.parametrize(
    ("language", "sentence", "done"),
    [
        (
            "fr",
            "Données personnelles\u00a0: 2 numéros de téléphone, 1 adresse de messagerie.",
            "Données personnelles masquées\u00a0: 2 numéros de téléphone, 1 adresse de messagerie.",
        ),
        (
            "en",
            "Personal data: 2 phone numbers, 1 e-mail address.",
            "Personal data removed: 2 phone numbers, 1 e-mail address.",
        ),
    ],
)
def test_the_sentence_names_kinds_and_never_the_data(
    language: str, sentence: str, done: str
) -> None:
    found = personal(MINE, ORDINARY)
    assert found is not None
    assert screening.sentence(found, language) == sentence
    assert screening.sentence(masked(COUNTS), language) == done


def test_a_flood_of_numbers_is_counted_as_far_as_is_looked() -> None:
    found = personal(sent("06 12 34 56 78, " * 200), ORDINARY)
    assert found is not None
    assert found.values == {"phone": MOST}


@pytest.mark.parametrize(
    "text",
    [
        "Au 06 12 **34** 56 78, le soir.",
        "jean**@**free.fr",
        "Au 06\u200b12345678.",
        "Au ０６１２３４５６７８.",
        "Au [06 12](https://a.example) 34 56 78.",
    ],
)
def test_what_the_page_shows_as_personal_data_is_minded_however_it_is_written(text: str) -> None:
    found = personal(sent(text), ORDINARY)
    assert found is not None
    assert found.score == 0.7
