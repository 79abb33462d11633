"""The rule about the proof of work, and what it is good for in a flood."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from palabre import locale
from palabre.model import Facts, Policy, Proof, Signal, State, Submission
from palabre.screening import screen, sentence, takes_room, without_room
from palabre.screening.proof import proof
from screening.readers import HONEST, OPEN, ORDINARY, sent

LINKS = "Mes sources : " + "http://a.example/ " * 4
CALM = "Merci, j’ai appris quelque chose de cet article."
BAD = [one for one in Proof if one is not Proof.GOOD]


def attacked(policy: Policy = OPEN, **facts: Any) -> Facts:
    return dataclasses.replace(Facts(policy=policy, flooded=True), **facts)


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("found", Proof)
def test_at_any_other_time_it_is_not_looked_at(submission: Submission, found: Proof) -> None:
    facts = dataclasses.replace(ORDINARY, proof=found)
    assert proof(submission, facts) is None
    assert screen(submission, facts) == screen(submission, ORDINARY)


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_an_honest_reader_whose_browser_has_worked_is_published_without_a_trace(
    submission: Submission,
) -> None:
    verdict = screen(submission, attacked(proof=Proof.GOOD))
    assert (verdict.state, verdict.told) == (State.APPROVED, State.APPROVED)
    assert (verdict.by, verdict.signals) == ("rule:policy", ())


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("found", BAD)
def test_an_honest_reader_whose_browser_cannot_waits_in_the_queue(
    submission: Submission, found: Proof
) -> None:
    verdict = screen(submission, attacked(proof=found))
    assert (verdict.state, verdict.told, verdict.by) == (
        State.PENDING,
        State.PENDING,
        "rule:proof",
    )
    assert verdict.signals == (Signal("proof", 0.5, f"proof_{found}"),)


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_who_is_known_to_be_good_need_not_prove_it(submission: Submission) -> None:
    verdict = screen(submission, attacked(trusted=True))
    assert (verdict.state, verdict.told, verdict.signals) == (State.APPROVED, State.APPROVED, ())


def test_an_article_may_be_under_attack_alone() -> None:
    facts = Facts(policy=OPEN, crowded=True)
    assert proof(sent(CALM), facts) == Signal("proof", 0.5, "proof_missing")
    good = dataclasses.replace(facts, proof=Proof.GOOD)
    assert screen(sent(CALM), good).state is State.APPROVED


def test_a_site_may_ask_for_none() -> None:
    policy = dataclasses.replace(OPEN, proof="off")
    assert proof(sent(CALM), attacked(policy)) is None
    assert screen(sent(CALM), attacked(policy)).by == "rule:flood"


@pytest.mark.parametrize(
    ("text", "facts"),
    [(LINKS, {}), (CALM, {"same_text": 1}), (CALM, {"network_over": True}), (CALM, {"recent": 15})],
)
def test_work_takes_no_mark_away(text: str, facts: dict[str, Any]) -> None:
    verdict = screen(sent(text), attacked(proof=Proof.GOOD, **facts))
    assert (verdict.state, verdict.told, verdict.by) == (State.SPAM, State.PENDING, "rule:flood")
    assert verdict.signals[0] == Signal("flood", 0.9, "flood_site")


@pytest.mark.parametrize("policy", [OPEN, Policy()], ids=["open", "held"])
@pytest.mark.parametrize("secret", [{"blocked": True}, {"author_over": True}])
@pytest.mark.parametrize("has_room", [True, False])
def test_whoever_has_worked_is_told_the_same_whatever_is_known_of_their_address(
    policy: Policy, secret: dict[str, Any], has_room: bool
) -> None:
    facts = attacked(policy, proof=Proof.GOOD)
    known = screen(sent(CALM), dataclasses.replace(facts, **secret))
    unknown = screen(sent(CALM), facts)
    assert known.state is State.SPAM
    assert known.told is unknown.told is policy.first_state
    if known.told is State.APPROVED:
        # Both take of the room that is left, and are told the same where there is none.
        assert takes_room(known)
        assert takes_room(unknown)
    if not has_room:
        assert (
            without_room(known, "flood_full").state
            is without_room(unknown, "flood_full").state
            is State.SPAM
        )
        assert (
            without_room(known, "flood_full").told
            is without_room(unknown, "flood_full").told
            is State.PENDING
        )


@pytest.mark.parametrize("text", [CALM, LINKS])
@pytest.mark.parametrize("secret", [{"blocked": True}, {"author_over": True}])
def test_whoever_has_not_is_told_the_same_too(text: str, secret: dict[str, Any]) -> None:
    assert screen(sent(text), attacked(**secret)).told is State.PENDING
    assert screen(sent(text), attacked()).told is State.PENDING


@pytest.mark.parametrize("found", BAD)
def test_a_moderator_reads_what_was_wrong_with_it(found: Proof) -> None:
    signal = proof(sent(CALM), attacked(proof=found))
    assert signal is not None
    said = {sentence(signal, language) for language in locale.LANGUAGES}
    assert len(said) == len(locale.LANGUAGES)
