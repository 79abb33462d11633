"""The rule about the form's stamp."""

from __future__ import annotations

import dataclasses

import pytest

from palabre import locale
from palabre.model import Facts, Signal, Stamp, Standing, State
from palabre.screening import MINDS, screen, sentence
from palabre.screening.stamp import stamp
from screening.readers import HONEST, OPEN, ORDINARY, sent

SECOND, HOUR = 1_000, 3_600_000
MISSING, FORGED, ELSEWHERE = (
    Stamp(standing) for standing in (Standing.MISSING, Standing.FORGED, Standing.ELSEWHERE)
)


def facts(found: Stamp, *, min_seconds: int = 2) -> Facts:
    policy = dataclasses.replace(OPEN, min_seconds=min_seconds)
    return dataclasses.replace(ORDINARY, policy=policy, stamp=found)


READERS = {
    "who writes a sentence": Stamp(age_ms=25 * SECOND),
    "whose password manager fills in name and address": Stamp(age_ms=2 * SECOND),
    "on a slow phone": Stamp(age_ms=20 * 60 * SECOND),
    "who had lunch before sending": Stamp(age_ms=3 * HOUR),
    "who left the page open overnight": Stamp(age_ms=24 * HOUR - 1),
    "served by two processes whose clocks differ": Stamp(age_ms=-3 * SECOND),
}
"""Whose stamps say nothing."""

REMARKED = {
    "who left the page open for three days": Stamp(age_ms=72 * HOUR),
    "whose form is the article page's own, written by hand": MISSING,
    "without JavaScript in the element's place": MISSING,
    "whose comment the site's own program sends on": MISSING,
    "who goes back to the page they sent from, and sends another": Stamp(uses=1),
    "who does so twice": Stamp(uses=2),
    "who goes back to it after three days": Stamp(age_ms=72 * HOUR, uses=2),
    "who was shown the form before the server's clock was put right": Stamp(age_ms=-2 * HOUR),
}
"""What happens to honest readers: it is told to moderators, and holds nothing."""


@pytest.mark.parametrize("found", READERS.values(), ids=READERS)
def test_a_reader_passes(found: Stamp) -> None:
    assert stamp(sent("Merci pour cet article."), facts(found)) is None


@pytest.mark.parametrize("found", REMARKED.values(), ids=REMARKED)
def test_a_reader_is_published_with_a_remark(found: Stamp) -> None:
    signal = stamp(sent("Merci pour cet article."), facts(found))
    assert signal is not None
    assert 0 < signal.score < MINDS
    for text in HONEST.values():
        verdict = screen(text, facts(found))
        assert (verdict.state, verdict.signals) == (State.APPROVED, (signal,))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (MISSING, Signal("stamp", 0.1, "stamp_missing")),
        (FORGED, Signal("stamp", 0.5, "stamp_forged")),
        (ELSEWHERE, Signal("stamp", 0.6, "stamp_elsewhere")),
        (Stamp(age_ms=0), Signal("stamp", 0.5, "filled_quickly", {"seconds": 0, "tenths": 0})),
        (Stamp(age_ms=899), Signal("stamp", 0.5, "filled_quickly", {"seconds": 0, "tenths": 8})),
        (Stamp(age_ms=1999), Signal("stamp", 0.5, "filled_quickly", {"seconds": 1, "tenths": 9})),
        (Stamp(age_ms=24 * HOUR), Signal("stamp", 0.4, "stamp_old", {"hours": 24})),
        (Stamp(age_ms=73 * HOUR - 1), Signal("stamp", 0.4, "stamp_old", {"hours": 72})),
        (Stamp(age_ms=-301 * SECOND), Signal("stamp", 0.3, "stamp_ahead")),
        (Stamp(uses=2), Signal("stamp", 0.3, "stamp_used", {"n": 2})),
        (Stamp(uses=3), Signal("stamp", 0.6, "stamp_used", {"n": 3})),
        (Stamp(uses=5), Signal("stamp", 0.8, "stamp_used", {"n": 5})),
        (Stamp(uses=900), Signal("stamp", 0.9, "stamp_used", {"n": 900})),
        # Of several, the weightiest is told.
        (
            Stamp(age_ms=500, uses=1),
            Signal("stamp", 0.5, "filled_quickly", {"seconds": 0, "tenths": 5}),
        ),
        (Stamp(age_ms=500, uses=3), Signal("stamp", 0.6, "stamp_used", {"n": 3})),
        (Stamp(age_ms=48 * HOUR, uses=1), Signal("stamp", 0.4, "stamp_old", {"hours": 48})),
    ],
)
def test_each_thing_that_it_tells_weighs_its_own(found: Stamp, expected: Signal) -> None:
    assert stamp(sent("Bonjour."), facts(found)) == expected


@pytest.mark.parametrize(
    ("min_seconds", "age_ms", "is_minded"),
    [(0, 0, False), (0, 1, False), (1, 999, True), (1, 1000, False), (60, 59_999, True)],
)
def test_how_quick_is_too_quick_is_the_site_s_to_say(
    min_seconds: int, age_ms: int, is_minded: bool
) -> None:
    found = stamp(sent("Bonjour."), facts(Stamp(age_ms=age_ms), min_seconds=min_seconds))
    assert (found is not None) is is_minded


@pytest.mark.parametrize(
    ("found", "language", "expected"),
    [
        (Stamp(age_ms=830), "fr", "Formulaire rempli en 0,8\u00a0s."),
        (Stamp(age_ms=830), "en", "Form filled in within 0.8 s."),
        (Stamp(age_ms=72 * HOUR), "fr", "Formulaire affiché 72\u00a0h avant l’envoi."),
        (Stamp(uses=1), "fr", "Même formulaire, déjà envoyé avec 1 autre commentaire."),
        (Stamp(uses=4), "en", "Same form, sent with 4 other comments before."),
    ],
)
def test_a_moderator_reads_what_was_found(found: Stamp, language: str, expected: str) -> None:
    signal = stamp(sent("Bonjour."), facts(found))
    assert signal is not None
    assert sentence(signal, language) == expected


def test_every_standing_has_a_sentence_in_every_language() -> None:
    for standing in set(Standing) - {Standing.GOOD}:
        signal = stamp(sent("Bonjour."), facts(Stamp(standing)))
        assert signal is not None
        assert all(sentence(signal, language) for language in locale.LANGUAGES)
