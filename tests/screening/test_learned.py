"""The rule about what was learned: how well it tells, what it names, and when it minds.

The comments of `fixtures/comments.jsonl` were written for this: readers of articles, polite and
not, and spam of as many kinds as there are lines, so that hardly any two have their words in
common. That is harder than what a site gets, whose spam comes in campaigns; a site's own first 50
decisions tell more than 50 lines of this.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from palabre.model import Facts, Learned, Policy, Signal, State, Submission
from palabre.screening import learned as rule
from palabre.screening import sentence
from palabre.screening.learned import ENOUGH, NAMED, about, learned, minds, threshold
from palabre.text import features
from screening.readers import HONEST, OPEN, ORDINARY

FIXTURE = Path(__file__).parent / "fixtures" / "comments.jsonl"
SEEDS = range(10)


@cache
def corpus() -> tuple[tuple[str, bool], ...]:
    """Each comment, and whether it is spam.

    Without the word that reserved domains have in them, which would give most of the spam away.
    """
    lines = [json.loads(line) for line in FIXTURE.read_text(encoding="utf-8").splitlines()]
    return tuple((line["comment"].replace("example", ""), line["kind"] == "spam") for line in lines)


@cache
def tokens_of(text: str) -> dict[int, str]:
    return features.of(text).tokens


class Site:
    """A site that learns, in memory."""

    def __init__(self) -> None:
        self._counts: dict[int, tuple[int, int]] = {}
        self._texts = [0, 0]

    def decide(self, text: str, *, is_spam: bool) -> None:
        self._texts[is_spam] += 1
        for bucket in tokens_of(text):
            honest, spam = self._counts.get(bucket, (0, 0))
            self._counts[bucket] = (honest + (not is_spam), spam + is_spam)

    def about(self, text: str) -> Learned:
        tokens = tokens_of(text)
        return Learned(
            labels=sum(self._texts),
            honest=self._texts[False],
            spam=self._texts[True],
            tokens=tokens,
            counts=[
                (bucket, self._counts[bucket][0], self._counts[bucket][1])
                for bucket in tokens
                if bucket in self._counts
            ],
        )

    def score(self, text: str) -> float:
        return rule.score(self.about(text))


@dataclass
class Quality:
    auc: float
    false_alarms: float


def quality(decisions: int, share: float, seed: int) -> Quality:
    """How well a site tells the rest of the corpus, after so many decisions on some of it."""
    rest = list(corpus())
    random.Random(seed).shuffle(rest)
    site = Site()
    wanted = {True: round(decisions * share)}
    wanted[False] = decisions - wanted[True]
    unseen = []
    for text, is_spam in rest:
        if wanted[is_spam]:
            wanted[is_spam] -= 1
            site.decide(text, is_spam=is_spam)
        else:
            unseen.append((site, text, is_spam))
    scores: dict[bool, list[float]] = {True: [], False: []}
    for known, text, is_spam in unseen:
        scores[is_spam].append(known.score(text))
    pairs = len(scores[True]) * len(scores[False])
    won = sum((s > h) + (s == h) / 2 for s in scores[True] for h in scores[False])
    alarms = sum(score >= 0.5 for score in scores[False]) / len(scores[False])
    return Quality(won / pairs, alarms)


@pytest.mark.parametrize(
    ("decisions", "share", "auc", "alarms"),
    [(20, 0.4, 0.92, 0.02), (50, 0.4, 0.94, 0.02), (50, 0.2, 0.93, 0.01), (250, 0.4, 0.97, 0.01)],
)
def test_after_so_many_decisions_it_tells_comments_it_has_not_seen(
    decisions: int, share: float, auc: float, alarms: float
) -> None:
    """Mean of ten draws."""
    found = [quality(decisions, share, seed) for seed in SEEDS]
    assert sum(one.auc for one in found) / len(found) >= auc
    assert sum(one.false_alarms for one in found) / len(found) <= alarms


def test_two_campaigns_are_known_from_fifty_decisions_on() -> None:
    """What a site really gets: the same offers again, in other words each time."""
    pick = random.Random(7)
    offers = {
        "casino": (
            "bonus",
            "casino",
            "jackpot",
            "gratuit",
            "inscription",
            "tours",
            "mise",
            "poker",
        ),
        "crédit": ("prêt", "crédit", "particulier", "rapide", "taux", "dossier", "banque", "somme"),
    }

    def spam() -> str:
        words = offers[pick.choice(sorted(offers))]
        return " ".join(pick.sample(words, 6)) + " www.offre.test"

    site = Site()
    readers = [text for text, is_spam in corpus() if not is_spam]
    for text in readers[:30]:
        site.decide(text, is_spam=False)
    for _ in range(20):
        site.decide(spam(), is_spam=True)
    unseen = [site.score(text) for text in readers[30:]]
    caught = [site.score(spam()) for _ in range(60)]
    won = sum((s > h) + (s == h) / 2 for s in caught for h in unseen)
    assert won / (len(caught) * len(unseen)) >= 0.98
    assert sum(score >= 0.5 for score in unseen) <= 0.01 * len(unseen)
    assert sum(score >= 0.5 for score in caught) >= 0.9 * len(caught)


def taught() -> Site:
    site = Site()
    for text, is_spam in corpus():
        site.decide(text, is_spam=is_spam)
    return site


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_are_not_called_spam(submission: Submission) -> None:
    site = taught()
    facts = replace(ORDINARY, learned=site.about(submission.text))
    signal = learned(submission, facts)
    assert signal is not None
    assert signal.score < 0.5
    assert minds(signal, facts) is None


def test_before_there_is_enough_nothing_is_said() -> None:
    known = replace(taught().about("Casino gratuit"), labels=ENOUGH - 1)
    assert about("Casino gratuit", known) is None
    assert about("Casino gratuit", replace(known, labels=ENOUGH)) is not None


@pytest.mark.parametrize("of", [True, False])
def test_from_one_kind_alone_nothing_is_called_spam(of: bool) -> None:
    site = Site()
    for text, is_spam in corpus():
        if is_spam is of:
            site.decide(text, is_spam=is_spam)
    assert max(site.score(text) for text, _ in corpus()) < 0.5


def test_the_sentence_names_five_features_in_the_words_of_the_text() -> None:
    site = taught()
    for n in range(10):
        site.decide(f"Le casino qui paie, tour {n}", is_spam=True)
    text = "Découvrez le CASINO et gagnez de l’argent sur www.casino.test !!!"
    signal = about(text, site.about(text))
    assert signal is not None
    named = [one for side in ("spam", "honest") for one in str(signal.values[side]).split("\n")]
    assert len([one for one in named if one]) == NAMED
    assert "CASINO" in sentence(signal, "fr")
    assert all(type(value) in (int, str) for value in signal.values.values())


@pytest.mark.parametrize(
    ("values", "french", "english"),
    [
        ("w##", "un nombre de 2 chiffres", "a number of 2 digits"),
        ("bdepuis ####", "« depuis … »", "“depuis …”"),
    ],
)
def test_a_number_is_told_in_words(values: str, french: str, english: str) -> None:
    signal = Signal("learned", 0.9, "learned", {"n": 30, "spam": values, "honest": ""})
    assert french in sentence(signal, "fr").replace("\u202f", " ").replace("\u00a0", " ")
    assert english in sentence(signal, "en")


def test_braces_and_markup_in_a_quoted_word_are_only_that() -> None:
    site = Site()
    for n in range(12):
        site.decide(f"{{n}} <b>achetez</b> {{0}} lot{n}", is_spam=True)
        site.decide(f"Bien vu, voisin {n}", is_spam=False)
    text = "{n} <b>achetez</b> {0}"
    signal = about(text, site.about(text))
    assert signal is not None
    assert "achetez" in sentence(signal, "en")


# --- what the site accepts


def test_the_threshold_keeps_its_promise_on_honest_comments_to_come() -> None:
    """Of scores drawn alike, at most what is accepted is above it, in the mean of many draws."""
    draw = random.Random(3)
    above = trials = 0
    for _ in range(400):
        before: dict[int, int] = defaultdict(int)
        for _ in range(150):
            before[int(1000 * draw.random() ** 3)] += 1
        limit = threshold(before, 20)
        assert limit is not None
        for _ in range(20):
            above += int(1000 * draw.random() ** 3) > limit
            trials += 1
    assert above / trials <= 0.02


@pytest.mark.parametrize(
    ("before", "accepted", "limit"),
    [
        ({}, 10, None),
        ({100: 98}, 10, None),
        ({100: 99}, 10, 100),
        ({100: 98, 900: 1}, 10, 900),
        ({100: 197, 500: 1, 900: 1}, 10, 500),
        ({100: 99}, 0, None),
        ({100: 9}, 100, 100),
        ({100: 998}, 1, None),
        ({100: 999}, 1, 100),
    ],
)
def test_the_threshold_is_a_place_among_the_honest_ones_so_far(
    before: dict[int, int], accepted: int, limit: int | None
) -> None:
    assert threshold(before, accepted) == limit


@pytest.mark.parametrize(
    ("score", "hold", "spam", "becomes"),
    [
        (0.9, 10, 0, State.PENDING),
        (0.9, 0, 10, State.SPAM),
        (0.9, 10, 10, State.SPAM),
        (0.9, 0, 0, None),
        (0.5, 10, 10, None),
        (0.501, 10, 0, State.PENDING),
        (0.501, 100, 10, State.SPAM),
        (0.4, 25, 10, None),  # more likely honest, however low the others scored
        (0.9, 10, 5, State.PENDING),  # too few honest ones to promise 5 in 1,000
        (0.0, 100, 100, None),
    ],
)
def test_it_minds_above_what_the_site_accepts(
    score: float, hold: int, spam: int, becomes: State | None
) -> None:
    policy = Policy(first_state=State.APPROVED, learned_hold=hold, learned_spam=spam)
    before = {0: 97, 300: 1, 500: 1}
    facts = Facts(policy=policy, learned=Learned(labels=300, before=before))
    assert minds(Signal("learned", score, "learned"), facts) is becomes


def test_a_low_score_never_frees_what_the_site_holds() -> None:
    facts = Facts(policy=Policy(), learned=Learned(labels=300, before={900: 300}))
    assert minds(Signal("learned", 0.0, "learned"), facts) is None
    assert OPEN.learned_spam == 0
