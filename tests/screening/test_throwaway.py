"""The rule about throw-away mail domains, and the list that it goes by."""

from __future__ import annotations

import pytest

from palabre import screening
from palabre.model import Signal, State, Submission
from palabre.screening.throwaway import throwaway
from palabre.text.throwaway import is_throwaway
from screening.readers import HONEST, ORDINARY, sent


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_pass(submission: Submission) -> None:
    assert throwaway(submission, ORDINARY) is None


def test_such_an_address_is_remarked_on_and_holds_nothing() -> None:
    verdict = screening.screen(sent("Merci !", throwaway=True), ORDINARY)
    assert verdict.signals == (Signal("throwaway", 0.3, "throwaway"),)
    assert (verdict.state, verdict.told) == (State.APPROVED, State.APPROVED)


@pytest.mark.parametrize(
    "address",
    [
        "zoe@mailinator.com",
        "zoe@a.mailinator.com",
        "zoe@a.b.mailinator.com",
        "zoe@yopmail.com",
        "zoe@guerrillamail.com",
        "zoe@10minutemail.com",
    ],
)
def test_listed_domains_and_those_below_them_are_known(address: str) -> None:
    assert is_throwaway(address)


@pytest.mark.parametrize(
    "address",
    [
        "zoe@free.fr",
        "zoe@orange.fr",
        "zoe@gmail.com",
        "zoe@proton.me",
        "zoe@duck.com",
        "zoe@minemailinator.example",
        "zoe@mailinator.com.example",
        "mailinator.com@example.org",
        "zoe@com",
        "zoe@xn--caf-dma.example",
    ],
)
def test_other_domains_are_not(address: str) -> None:
    assert not is_throwaway(address)
