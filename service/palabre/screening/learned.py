"""How like spam the text is, by what moderators of the site have approved and called spam."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from palabre import locale
from palabre.model import Facts, Learned, Signal, State, Submission
from palabre.screening import _weighing
from palabre.text import features

ENOUGH = 20
"""Labels from which on every comment has the signal."""

NAMED = 5
"""The strongest features, which the sentence names."""

LIKELY = 0.5
"""From here on a comment is more likely spam than not."""

THOUSANDTHS = 1000

_QUOTED_MOST = 40

_FIGURES = re.compile("#+")
"""What stands for a number (`features`)."""


def learned(submission: Submission, facts: Facts) -> Signal | None:
    """Remarks on every comment once there is ENOUGH to go by; what it minds, `minds` says.

    The score is the probability of spam. Never speaks for a comment: the least it can say is 0.
    """
    return about(submission.text, facts.learned)


def minds(signal: Signal, facts: Facts) -> State | None:
    """Spam, or to be held, when the score is above what the site accepts by mistake.

    Never what is more likely honest: where all honest comments scored next to nothing, the next
    one that scores a little more is no spam yet.
    """
    score = round(signal.score * THOUSANDTHS)
    if signal.score < LIKELY:
        return None
    for accepted, state in (
        (facts.policy.learned_spam, State.SPAM),
        (facts.policy.learned_hold, State.PENDING),
    ):
        above = threshold(facts.learned.before, accepted)
        if above is not None and score > above:
            return state
    return None


def threshold(before: Mapping[int, int], accepted: int) -> int | None:
    """The score, in thousandths, above which at most *accepted* of 1,000 honest comments are.

    *before*: how many honest comments had which score before they were learned. The next honest
    comment is as likely to stand at any place among those n as at any other, so above the k-th
    highest of them with a probability of at most k / (n + 1): a conformal quantile. None where
    there are too few of them to promise it, or *accepted* is 0.
    """
    may = (sum(before.values()) + 1) * accepted // THOUSANDTHS
    if may < 1:
        return None
    for score in sorted(before, reverse=True):
        may -= before[score]
        if may <= 0:
            return score
    return 0


def about(text: str, known: Learned) -> Signal | None:
    """The signal of a text, all else that it takes being known; None before there is ENOUGH."""
    if known.labels < ENOUGH:
        return None
    score, weighed = _weighing.score(known)
    sides: dict[bool, list[str]] = {True: [], False: []}
    named = _named(weighed)
    written = features.as_written(text, {word for one in named for word in _words_of(one.token)})
    for one in named:
        sides[one.weight > 0].append(_as_value(one.token, written))
    values: dict[str, int | str] = {
        "n": known.labels,
        "spam": "\n".join(sides[True]),
        "honest": "\n".join(sides[False]),
    }
    return Signal("learned", round(score, 3), "learned", values)


def unquoted(signal: Signal) -> Signal:
    """A signal of ours without what it quotes, for a text that no longer says so."""
    return Signal(
        signal.name, signal.score, signal.why, {**signal.values, "spam": "", "honest": ""}
    )


def spelt_out(signal: Signal, language: str) -> dict[str, int | str]:
    """A signal's values in words: its features quoted as they stand in the text, or described."""
    both = {}
    for side in ("spam", "honest"):
        named = [_in_words(one, language) for one in str(signal.values[side]).split("\n") if one]
        both[side] = ", ".join(named) or locale.say(language, "learned.nothing")
    return {"percent": round(100 * signal.score), "n": signal.values["n"], **both}


def score(known: Learned) -> float:
    """The probability of spam, 0 to 1."""
    return _weighing.score(known)[0]


def weights(known: Learned) -> list[_weighing.Weighed]:
    """The features that count for a comment, the strongest first."""
    return _weighing.score(known)[1]


def in_words(feature: _weighing.Weighed, language: str) -> str:
    """A feature for people, its words as they are folded."""
    return _in_words(feature.token, language)


def _named(weighed: list[_weighing.Weighed]) -> list[_weighing.Weighed]:
    """The strongest few; a piece of a word, or a word of a pair, only where it isn't named yet."""
    found: list[_weighing.Weighed] = []
    said: set[str] = set()
    for one in itertools.chain(
        (one for one in weighed if one.token[0] != "c"),
        (one for one in weighed if one.token[0] == "c"),
    ):
        kind, words = one.token[0], one.token[1:].strip("^$").split(" ")
        if kind in "wb" and said.issuperset(words):
            continue
        if kind == "c" and any(words[0] in word for word in said):
            continue
        found.append(one)
        if kind in "wbc":
            said.update(words)
        if len(found) == NAMED:
            break
    return found


def _words_of(token: str) -> list[str]:
    """The words that a feature is, if it is words of the text."""
    return token[1:].split(" ") if token[0] in "wb" else []


def _as_value(token: str, written: Mapping[str, str]) -> str:
    """A feature as the store keeps it in the signal: its kind, and its words as they stand."""
    said = " ".join(written.get(word, word) for word in _words_of(token)) or token[1:]
    return f"{token[0]}{said[:_QUOTED_MOST]}"


def _in_words(value: str, language: str) -> str:
    kind, said = value[0], value[1:]
    if kind == "s":
        return locale.say(language, f"learned.{said}")
    if kind == "c":
        return locale.say(language, "learned.piece", text=said.strip("^$"))
    if kind == "w" and not said.strip("#"):
        return locale.say(language, "learned.figures", n=len(said))
    said = _FIGURES.sub("…", said)
    return locale.say(language, "learned.name" if kind == "n" else "learned.word", text=said)
