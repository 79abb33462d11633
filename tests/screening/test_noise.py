"""The rule about markup in names, BBCode and raw anchors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.model import Signal, Submission
from palabre.screening._reading import prose
from palabre.screening.noise import _ANCHOR, _BBCODE, _INLINE_CODE, noise
from screening.readers import HONEST, ORDINARY, sent


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_pass(submission: Submission) -> None:
    assert noise(submission, ORDINARY) is None


@pytest.mark.parametrize(
    "name",
    [
        "http://montres.example/",
        "Montres https://montres.example",
        "www.montres.example",
        "montres-pas-cheres.com",
        "Casino en ligne (casino.xyz)",
        "Montres.RU/luxe",
        "camille@example.fr",
        "ftp://montres.example",
    ],
)
def test_an_address_in_the_name_is_minded(name: str) -> None:
    assert noise(sent("Bel article.", name=name), ORDINARY) == Signal("noise", 0.8, "name_address")


@pytest.mark.parametrize(
    "name",
    [
        "<b>Camille</b>",
        "Camille<br/>",
        "</script>",
        "<!-- Camille -->",
        "<img src=x onerror=alert(1)>",
        "[url=x]Camille",
        "Camille[/URL]",
    ],
)
def test_markup_in_the_name_is_minded(name: str) -> None:
    assert noise(sent("Bel article.", name=name), ORDINARY) == Signal("noise", 0.8, "name_markup")


@pytest.mark.parametrize(
    "name",
    [
        "M. Durand-Ruel, prof. d’histoire-géo.",
        "J.R.R.",
        "@camille",
        "Camille (ex-CGT)",
        "Comité.Organisateur",
        "a < b > c",
        "Zoé [Lyon]",
        "St. Nicolas",
        "O’Connor & Cie",
    ],
)
def test_an_honest_name_passes(name: str) -> None:
    assert noise(sent("Bel article.", name=name), ORDINARY) is None


@pytest.mark.parametrize(
    ("text", "score", "why"),
    [
        ("Super [url=http://x.example]montres[/url]", 0.7, "bbcode"),
        ("Super [URL]http://x.example[/URL]", 0.7, "bbcode"),
        ("Super [link=http://x.example]montres", 0.7, "bbcode"),
        ("[img]http://x.example/a.png[/img]", 0.7, "bbcode"),
        ('Super <a href="http://x.example">montres</a>', 0.6, "anchor"),
        ("Super <A\nTARGET=_blank\nHREF = http://x.example", 0.6, "anchor"),
        ('`code` <a href="x"> `code`', 0.6, "anchor"),
        # Both: the weightier one is named.
        ('<a href="x"> [url=x]', 0.7, "bbcode"),
    ],
)
def test_pasted_markup_in_the_text_is_minded(text: str, score: float, why: str) -> None:
    assert noise(sent(text), ORDINARY) == Signal("noise", score, why)


def test_the_name_is_named_before_the_text() -> None:
    both = sent("Super [url=x]montres[/url]", name="montres.com")
    assert noise(both, ORDINARY) == Signal("noise", 0.8, "name_address")


@pytest.mark.parametrize(
    "text",
    [
        "[b]Gras[/b], [i]italique[/i], [quote]cité[/quote]",
        "Le [lien] ne marche pas, [url] non plus, [img] encore moins.",
        "a <b et c> d, <abbr>, <a> sans href, href=sans a",
        "```html\n<a href='http://x.example'>x</a>\n[url=x]y[/url]\n```",
    ],
)
def test_markup_that_does_no_harm_passes(text: str) -> None:
    assert noise(sent(text), ORDINARY) is None


PIECES = st.sampled_from(
    ["[", "[url=", "[/img]", "<", "<a ", "<a\n", "href", "href =", "=", ">", "`", "```\n", "x", " "]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_text_is_minded_for_what_stands_outside_code(text: str) -> None:
    outside = _INLINE_CODE.sub(" ", prose(text))
    why = "bbcode" if _BBCODE.search(outside) else "anchor" if _ANCHOR.search(outside) else None
    found = noise(sent(text), ORDINARY)
    assert (found and found.why) == why
