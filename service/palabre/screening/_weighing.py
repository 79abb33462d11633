"""How like spam a comment is, by what a site's moderators have decided. Not a rule itself.

Naive Bayes over what is there, the pieces of a text weighing as evidence that hangs together: a
feature weighs the logarithm of how much likelier it is in spam, smoothed so that one sighting says
little; only the strongest count, and their sum is divided by the root of their number, since words
of one text are no independent witnesses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from palabre.model import Learned

SMOOTHING = 1.0
OF_A_KIND: Mapping[str, float] = {"w": 1.0, "b": 1.0, "c": 0.5, "s": 1.8, "n": 0.5, "d": 1.0}
"""How much a kind of feature counts (`text.features.Part`). Pieces of words are many and repeat
each other; shapes are few, and say something of any text from the first labels on."""

STRONGEST = 100
"""Features that count. More change no order, and a long text would drown in what says little."""

LEAN = 3.8
"""What speaks against spam before anything is read: an honest comment held costs more than a
spam seen. Chosen with STEEP where 1 in 100 honest comments reaches one half (tests/screening)."""

STEEP = 1.4
UNSURE = 0.4
"""What no score exceeds as long as nothing was called spam, or nothing approved."""


class Weighed(NamedTuple):
    """A feature and what it says: above 0 for spam, below 0 against."""

    token: str
    weight: float


def score(learned: Learned) -> tuple[float, list[Weighed]]:
    """The probability of spam, 0 to 1, and the features that count, the strongest first."""
    weighed = _weights(learned)
    total = sum(one.weight for one in weighed)
    raw = STEEP * total / math.sqrt(len(weighed) + 1) - LEAN
    likely = 1 / (1 + math.exp(-max(-30.0, min(30.0, raw))))
    if not learned.honest or not learned.spam:
        likely = min(likely, UNSURE)
    return likely, weighed


def _weights(learned: Learned) -> list[Weighed]:
    # Smoothed by as much of each as the site has, or whatever was seen once would speak for the
    # rarer of the two.
    of_honest = learned.honest + 1.0
    of_spam = learned.spam + 1.0
    even = math.log(of_honest / of_spam)
    grain = 2 * SMOOTHING / (of_honest + of_spam)
    for_spam, for_honest = grain * of_spam, grain * of_honest
    # Looked up once: the loop is what scoring costs.
    tokens, log, of_a_kind = learned.tokens, math.log, OF_A_KIND
    known: dict[tuple[int, int], float] = {}
    weights: list[tuple[str, float]] = []
    for bucket, in_honest, in_spam in learned.counts:
        ratio = known.get((in_honest, in_spam))
        if ratio is None:
            ratio = log((in_spam + for_spam) / (in_honest + for_honest)) + even
            known[in_honest, in_spam] = ratio
        token = tokens[bucket]
        weights.append((token, of_a_kind[token[0]] * ratio))
    weights.sort(key=lambda pair: abs(pair[1]), reverse=True)
    return [Weighed(token, weight) for token, weight in weights[:STRONGEST]]
