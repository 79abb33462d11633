"""What becomes of a submission while more comes than may: by its marks alone, where the site asks
for no proof of work."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from palabre.model import Facts, Policy, Signal, State, Submission
from palabre.screening import FLOOD, screen, sentence, without_room
from screening import readers
from screening.readers import HONEST, sent

OPEN = dataclasses.replace(readers.OPEN, proof="off")
HELD = Policy(proof="off")
FULL = Signal(FLOOD, 0.9, "flood_full")
LINKS = "Mes sources : " + "http://a.example/ " * 4
CALM = "Merci, j’ai appris quelque chose de cet article."


def flooded(policy: Policy = OPEN, **facts: Any) -> Facts:
    return dataclasses.replace(Facts(policy=policy, flooded=True), **facts)


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_an_honest_reader_goes_to_the_queue(submission: Submission) -> None:
    verdict = screen(submission, flooded())
    assert (verdict.state, verdict.told) == (State.PENDING, State.PENDING)
    assert verdict.by == "rule:flood"
    assert [(one.why, one.score) for one in verdict.signals] == [("flood_held", 0.5)]


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_where_all_wait_anyway_an_honest_reader_bears_no_trace(submission: Submission) -> None:
    assert screen(submission, flooded(HELD)) == screen(submission, Facts(policy=HELD))


@pytest.mark.parametrize("policy", [OPEN, HELD], ids=["open", "held"])
@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (CALM, {"same_text": 1}),
        (CALM, {"network_over": True}),
        (CALM, {"author_over": True}),
        (CALM, {"recent": 15}),
        (LINKS, {}),
        # A courtesy that four have sent before.
        ("Merci !", {"same_text": 4}),
    ],
)
def test_what_bears_a_mark_goes_to_quarantine(
    policy: Policy, text: str, facts: dict[str, Any]
) -> None:
    verdict = screen(sent(text), flooded(policy, **facts))
    assert (verdict.state, verdict.told, verdict.by) == (State.SPAM, State.PENDING, "rule:flood")
    assert verdict.signals[0] == Signal(FLOOD, 0.9, "flood_site")
    assert verdict.signals[1:] == screen(sent(text), Facts(policy=policy, **facts)).signals


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        # A reader behind the connection of an office, from which many write just now.
        (CALM, {"recent": 14}),
        ("Merci !", {"same_text": 2}),
    ],
)
def test_to_be_one_of_many_is_no_mark(text: str, facts: dict[str, Any]) -> None:
    assert screen(sent(text), flooded(**facts)).state is State.PENDING


def test_of_a_crowded_article_that_is_what_is_said() -> None:
    verdict = screen(sent(LINKS), Facts(policy=OPEN, crowded=True))
    assert verdict.signals[0].why == "flood_article"


@pytest.mark.parametrize("policy", [OPEN, HELD], ids=["open", "held"])
@pytest.mark.parametrize(("blocked", "lured"), [(True, False), (False, True)])
def test_what_is_spam_stays_it_and_is_told_what_all_are(
    policy: Policy, blocked: bool, lured: bool
) -> None:
    verdict = screen(sent(CALM, lured=lured), flooded(policy, blocked=blocked))
    assert (verdict.state, verdict.told) == (State.SPAM, State.PENDING)
    assert verdict.by == ("rule:blocked" if blocked else "rule:honeypot")
    assert FLOOD not in {one.name for one in verdict.signals}


@pytest.mark.parametrize("policy", [OPEN, HELD], ids=["open", "held"])
def test_what_the_queue_has_no_room_for_goes_to_quarantine_with_that_one_reason(
    policy: Policy,
) -> None:
    verdict = without_room(screen(sent(CALM), flooded(policy, recent=8)), "flood_full")
    assert (verdict.state, verdict.told, verdict.by) == (State.SPAM, State.PENDING, "rule:flood")
    assert verdict.signals[0] == FULL
    assert [one.name for one in verdict.signals] == [FLOOD, "pace"]
    assert sentence(FULL, "fr").startswith("Venu pendant un afflux, sans indice")
