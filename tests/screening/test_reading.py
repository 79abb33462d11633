"""What rules read out of a text: its prose, its links; and that hostile texts cost little."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from palabre.model import Facts
from palabre.screening import _reading, screen
from palabre.screening._reading import links_in, prose, without_links
from palabre.text import markup
from screening.readers import OPEN, sent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rien", "rien"),
        ("a\n```\ncode\n```\nb", "a\nb"),
        ("a\n~~~ python\ncode\n```\ncode\n~~~~ \nb", "a\nb"),
        ("````\n```\ncode\n````\nb\n```\ncode\n```", "b"),
        ("```\ncode\n``` plus\ncode\n```\nb", "b"),
        # Not closed, not a fence, or not at the margin: prose, all of it.
        ("a\n```\nb", "a\n```\nb"),
        ("a\n```\nb\n~~~", "a\n```\nb\n~~~"),
        ("```code```\nb\n```x```", "```code```\nb\n```x```"),
        ("> ```\n> a\n> ```\n```\nb\n```", "> ```\n> a\n> ```\n```\nb\n```"),
        ("```\na\n  ```\nb\n```", "```\na\n  ```\nb\n```"),
    ],
)
def test_prose_is_the_text_without_code_blocks_at_the_margin(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_a_link_leaves_a_space_behind() -> None:
    text = "a [b c](http://d.example/e_(f)) g http://h.example/(i),j www.k.example l"
    assert links_in(text) == 3
    assert without_links(text).split() == ["a", "g", "l"]


PIECES = st.sampled_from((
    "[", "]", "(", ")", "<", ">", "![", "](", "`", "```", "~~~", "\\", "!", "'", '"', "*", "_", "~",
    ":", ".", ",", ";", "/", "?", "#", "@", "…", "“", "»", "x", "é", "sh", "www.b.example", "http://",
    "http://a.example", "https://b.example/x", "HTTP://[::1]", "(http://b.example)", "[http://a.example",
    "](http://b.example)", "](<http://b.example>)", "[http://a.example](http://b.example)",
))  # fmt: skip
BLANKS = st.sampled_from([" ", "\n", "\n\n", "\n> ", "\n- ", "\n```\n", "\n~~~\n", "\u200b"])


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES | BLANKS | st.text(max_size=3), max_size=25).map("".join))
def test_no_link_that_the_page_shows_goes_uncounted(text: str) -> None:
    assert links_in(prose(text)) >= markup.render(text).count("<a ")


# The patterns as one would write them, that try every address at every character.
_ADDRESS = rf"(?:https?://(?:\[|[^.:!?'*{_reading._ENDS}])|(?<![\w.@/-])www\.[\w-]++\.\w)"
_PLAIN_LINK = re.compile(
    rf"(?:(?<!\\)\[{_reading._PIECE}(?::{_reading._PIECE})?\]"
    rf"\([ \t]*+<?(?=https?://[^\s()<>]*+>?[ \t]*+\)))?{_ADDRESS}[^{_reading._ENDS}]*+",
    re.IGNORECASE,
)
_PLAIN_LINK_TO_SPACE = re.compile(
    rf"(?:\[[^\[\]]*+\]\(\s*+<?(?=https?://))?{_ADDRESS}\S*+", re.IGNORECASE
)
LETTERS = st.sampled_from(
    [*"hHtTpPsSwW\u017f:/.[](\\a \n\t", "http", "www.", "WWW.a.b", "://", "]("]
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES | BLANKS | LETTERS | st.text(max_size=3), max_size=25).map("".join))
@example("\\[a](http://b.example/c) [a](http://b.example/c)")
@example("[ttp://a.example wttps://a.example hww.a.example [www.a.example")
def test_links_are_found_where_the_plain_patterns_find_them(text: str) -> None:
    assert [m.span() for m in _reading._LINK.finditer(text)] == [
        m.span() for m in _PLAIN_LINK.finditer(text)
    ]
    assert without_links(text) == _PLAIN_LINK_TO_SPACE.sub(" ", text)


KNOWN = Facts(policy=OPEN, same_text=1, recent=9, blocked=True)

HOSTILE = (
    "[", "]", "[]", "[](", "[a](http://", "[](\t", "(", "<", "</", "<a", "<a ", "<a href", "href ",
    "<a href ", "`", "` ", "``` ", "```\n", "~~~\n", "\n```x`", "\\`", "http://", "http://a",
    "http://a,", "www.", "www.a", "www.a-", "a.", "a.com-", "@", "@a", "@a.", "[url", "[/url",
    "[url=", ">", "> ", "\n>", "A", "a", "é", "\U0001f600", "İ", "\u0300", "\n", " ", "\t", "0",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("opening", ["", "<a ", "[a](", "www.", "```\n"])
def test_no_text_is_slow(piece: str, opening: str) -> None:
    text = opening + piece * (20_000 // len(piece))
    submission = sent(text, name=text)
    start = time.process_time()
    screen(submission, KNOWN)
    # All rules together take some milliseconds; a quadratic one alone takes a second or more.
    assert time.process_time() - start < 0.5
