"""The rule about what is banned."""

from __future__ import annotations

import dataclasses

import pytest

from palabre import locale
from palabre.model import BanKind, Banned, Submission
from palabre.screening import sentence
from palabre.screening.banned import WHY, banned
from screening.readers import HONEST, ORDINARY


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_who_brings_nothing_that_is_banned_passes(submission: Submission) -> None:
    assert banned(submission, ORDINARY) is None


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("kind", WHY)
@pytest.mark.parametrize("reason", [None, "flotte de robots"])
def test_what_is_banned_is_minded_and_the_sentence_says_what_and_why(
    submission: Submission, kind: BanKind, reason: str | None
) -> None:
    ban = Banned("b", kind, "casino.example", reason)
    found = banned(submission, dataclasses.replace(ORDINARY, banned=(ban,)))
    assert found is not None
    assert (found.name, found.score) == ("banned", 1.0)
    for language in locale.LANGUAGES:
        said = sentence(found, language)
        assert (str(reason) in said) is (reason is not None)
        assert ("casino.example" in said) is (kind is BanKind.LINK_DOMAIN)


def test_of_several_the_surest_is_named() -> None:
    bans = (
        Banned("a", BanKind.LINK_DOMAIN, "casino.example", None),
        Banned("b", BanKind.TEXT, None, None),
    )
    found = banned(HONEST["one word"], dataclasses.replace(ORDINARY, banned=bans))
    assert found is not None
    assert found.why == "banned_link_domain"


def test_every_kind_but_the_author_has_its_sentence() -> None:
    assert set(WHY) == set(BanKind) - {BanKind.AUTHOR}
