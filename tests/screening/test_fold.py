"""The frame: all rules run, the fold chooses the state, and the author is told no secret."""

from __future__ import annotations

import dataclasses
import pkgutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre import screening
from palabre.model import (
    BanKind,
    Banned,
    Facts,
    Learned,
    Manner,
    Policy,
    Signal,
    Stamp,
    State,
    Submission,
)
from palabre.screening import MINDS, RULES, Rule, screen
from palabre.text import languages
from screening.readers import HONEST, OPEN, ORDINARY, sent

CALM = "Merci, j’ai appris quelque chose."
LINKS = "Mes sources : " + "http://a.example/ " * 4
SHOUT = "C’EST UNE HONTE, ON NOUS MENT DEPUIS DES ANNÉES !"
HELD = Facts(policy=Policy())


def names(signals: tuple[Signal, ...]) -> list[str]:
    return [signal.name for signal in signals]


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_an_honest_reader_is_published_without_a_signal(submission: Submission) -> None:
    assert screen(submission, ORDINARY) == screening.Verdict(
        state=State.APPROVED, told=State.APPROVED, signals=(), by="rule:policy"
    )


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_a_site_that_holds_everything_holds_an_honest_reader_too(submission: Submission) -> None:
    assert screen(submission, HELD) == screening.Verdict(
        state=State.PENDING, told=State.PENDING, signals=(), by="rule:policy"
    )


@pytest.mark.parametrize("facts", [ORDINARY, HELD])
def test_what_a_rule_minds_waits_and_the_rule_is_named(facts: Facts) -> None:
    verdict = screen(sent(LINKS), facts)
    assert (verdict.state, verdict.told) == (State.PENDING, State.PENDING)
    assert verdict.by == "rule:links"
    assert names(verdict.signals) == ["links"]


def test_a_remark_below_the_threshold_is_kept_and_holds_nothing() -> None:
    verdict = screen(sent(CALM), dataclasses.replace(ORDINARY, same_text=2, recent=8))
    assert (verdict.state, verdict.told) == (State.APPROVED, State.APPROVED)
    assert verdict.by == "rule:policy"
    assert names(verdict.signals) == ["repeat", "pace"]
    assert all(0 < signal.score < MINDS for signal in verdict.signals)


def test_all_rules_run_and_leave_their_signals_in_the_order_of_the_registry() -> None:
    everything = sent(
        f"{SHOUT} A@B.EXAMPLE [URL=X] {LINKS.upper()}", name="Admin", lured=True, throwaway=True
    )
    facts = Facts(
        policy=dataclasses.replace(OPEN, languages=("ru",), hold_words=("honte",)),
        same_text=9,
        recent=20,
        blocked=True,
        stamp=Stamp(uses=9),
        manner=Manner(no_agent=True),
        author_over=True,
        banned=(Banned("b", BanKind.NETWORK, None, None),),
        learned=Learned(labels=20),
        flooded=True,
    )
    assert names(screen(everything, facts).signals) == [rule.look.__name__ for rule in RULES]


def test_the_weightiest_rule_that_minded_is_named() -> None:
    facts = dataclasses.replace(ORDINARY, same_text=1)
    assert screen(sent(LINKS), facts).by == "rule:links"
    assert screen(sent(LINKS), dataclasses.replace(facts, same_text=9)).by == "rule:repeat"


def test_what_is_to_be_refused_is_refused_and_the_author_is_told() -> None:
    facts = Facts(policy=dataclasses.replace(OPEN, reject_words=("gare",)))
    verdict = screen(sent(f"La gare. {LINKS}" + "http://a.example/ " * 9), facts)
    assert {signal.score for signal in verdict.signals} == {0.9}
    assert (verdict.state, verdict.told, verdict.by) == (
        State.REJECTED,
        State.REJECTED,
        "rule:words",
    )


def test_spam_stands_before_a_refusal_of_which_the_author_is_told_all_the_same() -> None:
    facts = Facts(policy=dataclasses.replace(OPEN, reject_words=("gare",)), blocked=True)
    verdict = screen(sent("La gare."), facts)
    assert (verdict.state, verdict.told, verdict.by) == (
        State.SPAM,
        State.REJECTED,
        "rule:blocked",
    )


def test_of_two_rules_that_weigh_the_same_the_first_in_the_registry_is_named() -> None:
    verdict = screen(sent(f"{SHOUT} " + "http://a.example/ " * 3), ORDINARY)
    assert {signal.score for signal in verdict.signals} == {0.5}
    assert names(verdict.signals) == ["links", "capitals"]
    assert verdict.by == "rule:links"


def test_a_bots_comment_goes_to_spam_even_if_something_else_weighs_as_much() -> None:
    verdict = screen(sent(CALM, lured=True), dataclasses.replace(ORDINARY, recent=23))
    assert {signal.score for signal in verdict.signals} == {0.9}
    assert (verdict.state, verdict.by) == (State.SPAM, "rule:honeypot")


def test_a_bots_comment_goes_to_spam_even_if_a_rule_that_holds_is_more_certain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certain = Rule(lambda submission, facts: Signal("certain", 1.0, "certain"), of_words=True)
    monkeypatch.setattr(screening, "RULES", (certain, *RULES))
    verdict = screen(sent(CALM, lured=True), ORDINARY)
    assert (verdict.state, verdict.told, verdict.by) == (
        State.SPAM,
        State.PENDING,
        "rule:honeypot",
    )


def test_a_blocked_author_who_also_took_the_bait_was_blocked_first() -> None:
    verdict = screen(sent(CALM, lured=True), dataclasses.replace(ORDINARY, blocked=True))
    assert (verdict.state, verdict.by) == (State.SPAM, "rule:blocked")
    assert names(verdict.signals) == ["blocked", "honeypot"]


@pytest.mark.parametrize("policy", [Policy(), OPEN], ids=["held", "open"])
@pytest.mark.parametrize("text", [CALM, LINKS, SHOUT])
@pytest.mark.parametrize("recent", [0, 40])
@pytest.mark.parametrize(("blocked", "lured"), [(True, False), (False, True), (True, True)])
def test_a_secret_rule_changes_the_state_and_nothing_that_the_author_is_told(
    policy: Policy, text: str, recent: int, blocked: bool, lured: bool
) -> None:
    facts = Facts(policy=policy, recent=recent)
    innocent = screen(sent(text), facts)
    verdict = screen(sent(text, lured=lured), dataclasses.replace(facts, blocked=blocked))
    assert verdict.state is State.SPAM
    assert verdict.told is innocent.state


BAN = Banned("b", BanKind.TEXT, None, None)


@pytest.mark.parametrize("policy", [Policy(), OPEN], ids=["held", "open"])
@pytest.mark.parametrize("lured", [True, False])
@pytest.mark.parametrize(("blocked", "banned"), [(True, ()), (False, (BAN,)), (True, (BAN,))])
def test_a_site_may_say_that_who_is_banned_is_told(
    policy: Policy, lured: bool, blocked: bool, banned: tuple[Banned, ...]
) -> None:
    facts = Facts(policy=policy, blocked=blocked, banned=banned)
    silent = screen(sent(LINKS, lured=lured), facts)
    assert (silent.state, silent.told) == (State.SPAM, State.PENDING)
    telling = dataclasses.replace(facts, policy=dataclasses.replace(policy, tell_banned=True))
    told = screen(sent(LINKS, lured=lured), telling)
    # What is spam on another ground stays spam.
    assert (told.state, told.told) == (State.SPAM if lured else State.REJECTED, State.REJECTED)
    by = "honeypot" if lured else "blocked" if blocked else "banned"
    assert told.by == f"rule:{by}"
    assert told.signals == silent.signals


def test_a_site_that_tells_the_banned_tells_nobody_else() -> None:
    telling = Facts(policy=dataclasses.replace(OPEN, tell_banned=True))
    assert screen(sent(CALM), telling).state is State.APPROVED
    lured = screen(sent(CALM, lured=True), telling)
    assert (lured.state, lured.told) == (State.SPAM, State.APPROVED)


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_whoever_is_trusted_need_not_wait_where_everything_else_does(
    submission: Submission,
) -> None:
    trusted = dataclasses.replace(HELD, trusted=True)
    assert screen(submission, trusted) == screening.Verdict(
        state=State.APPROVED, told=State.APPROVED, signals=(), by="rule:trust"
    )


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (LINKS, Facts(policy=Policy())),
        (SHOUT, Facts(policy=Policy(), same_text=9)),
        (CALM, Facts(policy=Policy(), recent=40)),
        (CALM, Facts(policy=Policy(), stamp=Stamp(uses=9))),
        (CALM, Facts(policy=Policy(hold_words=("appris",)))),
        (CALM, Facts(policy=Policy(reject_words=("appris",)))),
        (CALM, Facts(policy=Policy(), borrowed=True)),
    ],
)
def test_trust_makes_no_rule_weaker(text: str, facts: Facts) -> None:
    one, other = screen(sent(text), facts), screen(sent(text), _trusted(facts))
    assert other == one


def test_trust_vouches_in_a_flood_but_for_nothing_that_bears_a_mark() -> None:
    flooded = _trusted(Facts(policy=Policy(), flooded=True))
    assert screen(sent(CALM), flooded).by == "rule:trust"
    assert screen(sent(LINKS), flooded).by == "rule:flood"


def _trusted(facts: Facts) -> Facts:
    return dataclasses.replace(facts, trusted=True)


def test_where_nothing_waits_trust_decides_nothing() -> None:
    assert screen(sent(CALM), _trusted(ORDINARY)).by == "rule:policy"


def test_a_blocked_author_who_is_trusted_is_told_what_they_would_be_without_the_block() -> None:
    blocked = dataclasses.replace(_trusted(HELD), blocked=True)
    verdict = screen(sent(CALM), blocked)
    assert (verdict.state, verdict.told) == (State.SPAM, State.APPROVED)


def test_every_rule_file_is_in_the_registry_and_every_rule_has_its_file() -> None:
    files = {m.name for m in pkgutil.iter_modules(screening.__path__) if m.name[0] != "_"}
    listed = [(rule.look.__module__, rule.look.__name__) for rule in RULES]
    assert sorted(listed) == sorted((f"palabre.screening.{name}", name) for name in files)


def test_a_rule_holds_back_or_secretly_calls_it_spam_and_nothing_else() -> None:
    assert {(rule.becomes, rule.told) for rule in RULES} == {
        (State.PENDING, True),
        (State.PENDING, False),
        (State.SPAM, False),
    }


TEXTS = st.one_of(
    st.text(max_size=300),
    st.text("`~\n[](){}<>=/:.@ \tahrefHTPSWurl>-*_\\!0é", max_size=300),
    st.lists(
        st.sampled_from(
            ["```", "~~~", "\n", " ", "http://a", "www.b.c", "[", "](", ")", "<a href=", "[url="]
        ),
        max_size=60,
    ).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(
    submission=st.builds(sent, TEXTS, name=TEXTS, lured=st.booleans()),
    facts=st.builds(
        Facts,
        policy=st.builds(
            Policy,
            first_state=st.sampled_from([State.PENDING, State.APPROVED]),
            max_links=st.integers(0, 100),
        ),
        same_text=st.integers(0, 10**9),
        recent=st.integers(0, 10**9),
        blocked=st.booleans(),
    ),
)
def test_whatever_is_sent_there_is_a_verdict_with_scores_between_0_and_1(
    submission: Submission, facts: Facts
) -> None:
    verdict = screen(submission, facts)
    minding = {f"rule:{s.name}" for s in verdict.signals if s.score >= MINDS}
    assert all(0 <= signal.score <= 1 for signal in verdict.signals)
    assert verdict.by in (minding or {"rule:policy"})
    assert (verdict.state is State.SPAM) == (facts.blocked or submission.lured)
    assert verdict.told in {State.PENDING, State.APPROVED}
    assert verdict == screen(submission, facts)


@settings(max_examples=100, deadline=None)
@given(text=TEXTS.filter(bool), name=TEXTS.filter(bool))
def test_no_signal_but_the_learned_one_holds_anything_but_numbers_and_what_is_listed(
    text: str, name: str
) -> None:
    listed = ("a*", "href")
    policy = Policy(max_links=0, hold_words=listed, languages=("ru",))
    facts = Facts(policy=policy, same_text=3, recent=30, blocked=True, moderators=(name,))
    for signal in screen(sent(text, name=name, lured=True), facts).signals:
        for value in signal.values.values():
            assert type(value) is int or value in listed or value in languages._NAMES.values()
