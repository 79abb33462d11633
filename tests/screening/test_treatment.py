"""What a site wants of a rule stands above what the rule asks for; and every rule can be told."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Facts, State, Submission
from palabre.screening import RULES, screen
from palabre.text.policy import merge
from palabre.text.presets import PRESETS, TREATABLE
from screening.readers import HONEST, OPEN, ORDINARY, sent

LINKS = sent("Mes sources : " + "http://a.example/ " * 4)
RUSSIAN = sent("Спасибо за статью, очень интересно было читать.")
CALM = sent("Merci, j’ai appris quelque chose.")
P, A, S, R = State.PENDING, State.APPROVED, State.SPAM, State.REJECTED


def treated(facts: Facts = ORDINARY, /, **treatment: str) -> Facts:
    policy = dataclasses.replace(facts.policy, treatment=treatment)
    return dataclasses.replace(facts, policy=policy)


LISTED = dataclasses.replace(ORDINARY, policy=dataclasses.replace(OPEN, reject_words=("sources",)))
FRENCH = dataclasses.replace(ORDINARY, locale="fr")
RECENT = dataclasses.replace(ORDINARY, recent=9)


@pytest.mark.parametrize(
    ("submission", "facts", "state", "told", "by", "signals"),
    [
        (LINKS, treated(), P, P, "rule:links", ["links"]),
        (LINKS, treated(links="off"), A, A, "rule:policy", []),
        (LINKS, treated(links="note"), A, A, "rule:policy", ["links"]),
        (LINKS, treated(links="hold"), P, P, "rule:links", ["links"]),
        # Nobody is told that something is spam.
        (LINKS, treated(links="spam"), S, P, "rule:links", ["links"]),
        # Another rule's treatment is its own.
        (LINKS, treated(noise="off", bot="spam"), P, P, "rule:links", ["links"]),
        (LINKS, treated(LISTED), R, R, "rule:words", ["words", "links"]),
        (LINKS, treated(LISTED, words="hold"), P, P, "rule:words", ["words", "links"]),
        (LINKS, treated(LISTED, words="note"), P, P, "rule:links", ["words", "links"]),
        (dataclasses.replace(CALM, lured=True), treated(), S, A, "rule:honeypot", ["honeypot"]),
        # A secret stays one, whatever is done with it.
        (
            dataclasses.replace(CALM, lured=True),
            treated(honeypot="hold"),
            *(P, A, "rule:honeypot", ["honeypot"]),
        ),
        # What only remarks by itself is what the site wants held.
        (RUSSIAN, treated(FRENCH), A, A, "rule:policy", ["language"]),
        (RUSSIAN, treated(FRENCH, language="hold"), P, P, "rule:language", ["language"]),
        (
            dataclasses.replace(CALM, throwaway=True),
            treated(throwaway="hold"),
            *(P, P, "rule:throwaway", ["throwaway"]),
        ),
        # A remark that means nothing yet is none.
        (CALM, treated(RECENT, pace="hold"), A, A, "rule:policy", ["pace"]),
    ],
)
def test_the_sites_treatment_decides(
    submission: Submission, facts: Facts, state: State, told: State, by: str, signals: list[str]
) -> None:
    verdict = screen(submission, facts)
    assert (verdict.state, verdict.told, verdict.by) == (state, told, by)
    assert [signal.name for signal in verdict.signals] == signals


def test_a_rule_that_only_notes_marks_nothing_in_a_flood() -> None:
    flood = dataclasses.replace(ORDINARY, flooded=True)
    assert screen(LINKS, flood).state is State.SPAM
    assert screen(LINKS, treated(flood, links="note")).state is State.PENDING


def test_bans_stand_whatever_is_stored() -> None:
    policy = merge(OPEN, {"treatment": {"blocked": "off", "banned": "note"}})
    facts = dataclasses.replace(ORDINARY, policy=policy, blocked=True)
    assert screen(CALM, facts).state is State.SPAM


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_an_open_site_publishes_honest_readers_and_a_strict_one_holds_them(
    submission: Submission,
) -> None:
    published = screen(submission, dataclasses.replace(ORDINARY, policy=PRESETS["open"]))
    assert (published.state, published.by) == (State.APPROVED, "rule:policy")
    held = screen(submission, dataclasses.replace(ORDINARY, policy=PRESETS["strict"]))
    assert held.state is held.told is State.PENDING


def test_every_rule_has_its_treatments() -> None:
    assert list(TREATABLE) == [rule.name for rule in RULES]
    assert all(not may or {"note", "hold"} <= {*may} for may in TREATABLE.values())
