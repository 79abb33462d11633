"""What strangers wrote, quoted in a mail: still readable, and nothing of it live."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.text.quoted import TEXT_MOST, as_quotation, beginning, header, inert, line


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("https://evil.example/x?y=z", "https[:]//evil[.]example/x?y=z"),
        ("HTTP://EVIL.EXAMPLE", "HTTP[:]//EVIL[.]EXAMPLE"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("evil.example", "evil[.]example"),
        ("http://192.0.2.7/", "http[:]//192.0.2.7/"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("mailto:a@evil.example", "mailto[:]a[@]evil[.]example"),
        ("tel:+33123", "tel[:]+33123"),
        ("été.example", "été[.]example"),
        ("evil。example", "evil[。]example"),
        ("evil.xn--p1ai", "evil[.]xn--p1ai"),
        (r"\\evil\share", r"[\\]evil\share"),
        ("ht\u200btps://evil.exa\u200bmple", "https[:]//evil[.]example"),
        ("un\u202etxet", "untxet"),
    ],
)
def test_nothing_can_be_made_a_link_of(text: str, quoted: str) -> None:
    assert inert(text) == quoted


@pytest.mark.parametrize(
    "text",
    [
        "Il est 10:30, soit 3.5 heures de plus. Merci !",
        "Note : voilà… C’est tout.",
        "a\tb\nc",
        "J.-P. et M. Dupont, p. 12",
    ],
)
def test_an_honest_sentence_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@given(st.text())
@settings(deadline=None)
def test_a_name_is_one_line(text: str) -> None:
    assert len(f"x{line(text)}x".splitlines()) == 1
    assert len(f"x{header(text)}x".splitlines()) == 1


@given(st.text())
@settings(deadline=None)
def test_every_line_of_a_quotation_is_marked(text: str) -> None:
    quoted = as_quotation(beginning(text)[0])
    assert all(one.startswith(">") for one in quoted.split("\n"))
    assert all(one.startswith(">") for one in quoted.splitlines())


def test_a_long_text_ends_at_a_word() -> None:
    text, is_whole = beginning("mot " * 1000)
    assert not is_whole
    assert len(text) <= TEXT_MOST + 2
    assert text.endswith("mot …")
    assert beginning("mot") == ("mot", True)
    assert len(beginning("x" * 5000)[0]) == TEXT_MOST + 2
