"""The rule about the same text again."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Signal, Submission
from palabre.screening.repeat import repeat
from screening.readers import HONEST, ORDINARY, sent

PRAISE = "I really enjoyed reading this post, keep up the good work my friend."
COURTESY = "Merci pour cet article !"
PLUG = "Prêt facile http://pret.example/"


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_a_text_never_seen_before_passes(submission: Submission) -> None:
    assert repeat(submission, ORDINARY) is None


@pytest.mark.parametrize(
    ("text", "copies", "score"),
    [
        (PRAISE, 1, 0.5),
        (PRAISE, 2, 0.6),
        (PRAISE, 5, 0.9),
        (PRAISE, 5000, 0.9),
        # Honest strangers share courtesies: remarked on, never minded.
        (COURTESY, 1, 0.1),
        (COURTESY, 3, 0.3),
        (COURTESY, 500, 0.4),
        ("x" * 39, 9, 0.4),
        ("x" * 40, 9, 0.9),
        # But a link is no courtesy, however short.
        (PLUG, 1, 0.5),
        ("Ici : [prêt](http://pret.example/)", 3, 0.7),
    ],
)
def test_copies_weigh_more_the_more_there_are(text: str, copies: int, score: float) -> None:
    facts = dataclasses.replace(ORDINARY, same_text=copies)
    expected = Signal("repeat", score, "text_repeated", {"n": copies, "days": 30})
    assert repeat(sent(text), facts) == expected
