"""The rule about the same text again."""

from __future__ import annotations

import dataclasses

import pytest

from palabre.model import Signal, Submission
from palabre.screening import screen, sentence
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
        ("Je suis tout à fait d’accord avec le commentaire précédent", 9, 0.4),
        ("Thank you very much, I really enjoyed reading this.", 9, 0.4),
        ("Merci beaucoup pour cet article : gagnez de l’argent.", 9, 0.9),
        ("Très bon article, merci à toute l’équipe ; je le partage sur ma page.", 9, 0.9),
        ("Merci beaucoup pour cet article très intéressant : www.pret.example", 1, 0.5),
        # But a link is no courtesy, however short.
        (PLUG, 1, 0.5),
        ("Ici : [prêt](http://pret.example/)", 3, 0.7),
    ],
)
def test_copies_weigh_more_the_more_there_are(text: str, copies: int, score: float) -> None:
    facts = dataclasses.replace(ORDINARY, same_text=copies)
    expected = Signal("repeat", score, "text_repeated", {"n": copies, "days": 30})
    assert repeat(sent(text), facts) == expected


@pytest.mark.parametrize(
    ("copies", "alike", "score", "why"),
    [
        (0, 1, 0.45, "text_alike"),
        (0, 2, 0.55, "text_alike"),
        (0, 20, 0.85, "text_alike"),
        (1, 1, 0.6, "text_repeated_and_alike"),
        (20, 20, 0.9, "text_repeated_and_alike"),
    ],
)
def test_texts_that_are_nearly_the_same_weigh_a_little_less(
    copies: int, alike: int, score: float, why: str
) -> None:
    found = repeat(sent(PRAISE), dataclasses.replace(ORDINARY, same_text=copies, alike=alike))
    assert found is not None
    assert (found.score, found.why) == (score, why)
    assert found.values["n"] == (copies or alike)
    assert found.values.get("alike", 0) == (alike if copies else 0)


@pytest.mark.parametrize(("copies", "alike"), [(2, 0), (0, 2), (2, 2)])
@pytest.mark.parametrize(("articles", "names"), [(0, 0), (1, 0), (0, 3), (2, 1)])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_sentence_says_where_they_were(
    copies: int, alike: int, articles: int, names: int, language: str
) -> None:
    facts = dataclasses.replace(
        ORDINARY, same_text=copies, alike=alike, articles=articles, names=names
    )
    found = repeat(sent(PRAISE), facts)
    assert found is not None
    said = sentence(found, language)
    assert ("articles" in said) is bool(articles or names)
    assert "30" in said
    assert "{" not in said
    if articles or names:
        assert f": {articles}," in said.replace("\u00a0", "")
        assert f": {names})" in said.replace("\u00a0", "")


def test_one_nearly_equal_text_is_a_remark_and_no_more() -> None:
    verdict = screen(sent(PRAISE), dataclasses.replace(ORDINARY, alike=1))
    assert verdict.by == "rule:policy"
    assert [signal.name for signal in verdict.signals] == ["repeat"]
    assert screen(sent(PRAISE), dataclasses.replace(ORDINARY, alike=2)).by == "rule:repeat"
