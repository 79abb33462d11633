"""The quick way to read marks: what it takes, what it leaves, and that the parser says the same."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace

from naughty import NAUGHTY
from palabre.text import inline, markdown, markup
from palabre.text.inline import html_of

A = '<a href="http://e.fr/" rel="nofollow ugc noopener">'


def agrees(text: str) -> bool:
    """Whether the quick way leaves *text* to the parser, or else gives what the parser does."""
    quick = html_of(text)
    return quick is None or markup._in_paragraphs(quick) == markup._cleaned(markdown.render(text))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("un *deux* trois", "un <em>deux</em> trois"),
        ("*un*", "<em>un</em>"),
        ("_un deux_, trois", "<em>un deux</em>, trois"),
        ("**un** __deux__", "<strong>un</strong> <strong>deux</strong>"),
        ("~~un~~ ~deux", "<del>un</del> ~deux"),
        ("l’*avis* de « *Monde* »", "l’<em>avis</em> de « <em>Monde</em> »"),
        ("«\xa0*Le Monde*\xa0», (*oui*)…", "«\xa0<em>Le Monde</em>\xa0», (<em>oui</em>)…"),
        ("**Attention !** *« Oui »*", "<strong>Attention !</strong> <em>« Oui »</em>"),
        ("`a < *b* [c](d) http://e.fr\\`", "<code>a &lt; *b* [c](d) http://e.fr\\</code>"),
        ("`un` et `deux`.", "<code>un</code> et <code>deux</code>."),
        ("[ici](http://e.fr/) *là*", f"{A}ici</a> <em>là</em>"),
        ("([ici, là !](HTTP://E.fr/)).", f"({A}ici, là !</a>)."),
        ("*voir* http://e.fr/.", f"<em>voir</em> {A}http://e.fr/</a>."),
        ("http://... xhttp://e.fr/ a://b", "http://... xhttp://e.fr/ a://b"),
        ("2 * 3, mot_en_trois, <3, a < b", "2 * 3, mot_en_trois, &lt;3, a &lt; b"),
        ("[sic] […] [a : b] c] : d", "[sic] […] [a : b] c] : d"),
        ("*un*\n\n**deux**\ntrois", "<em>un</em>\n\n<strong>deux</strong>\ntrois"),
        ('R&D "x" > y', 'R&amp;D "x" &gt; y'),
    ],
)
def test_simple_marks_need_no_parser(typed: str, shown: str) -> None:
    quick = html_of(typed)
    assert quick is not None
    assert quick.strip("\n") == shown
    assert agrees(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("> un", "- un", "* un", "+ un", "1. un", "1) un", "a\n  - b", " * un", "a\n  * b"),
        *("```\na\n```", "~~~\na\n~~~", "-\tun", "1.\tun", "\tun"),
        *("un\xa0", "\u3000un", "a\n\xa0b", "a\x0b \nb"),
        *("***un***", "**un *deux* trois**", "*un **deux***", "*un `deux`*", "*http://e.fr*"),
        *("*un", "un*", "u*n*", "*u*n", "_u_n", "* un *", "*un *", "* un*", "*un\ndeux*", "2*3*4"),
        *("*a*_b_", "**a*", "__a**", "~~~a~~~", "~~a~", "*a*\u2009", "a\u0301*b*", "*b*\u0301"),
        *("``a``", "`a", "` a `", "`a``", "`a``b`", "`a\nb`", "\\*un\\*", "C:\\a"),
        *("![a](http://e.fr)", "[a](/b)", "[a](http://e.fr 't')", "[a](<http://e.fr>)", "[a [c"),
        *("[*a*](http://e.fr)", "[a [b](http://e.fr)", "[ ](http://e.fr)", "[http://e.fr]"),
        *("[http://e.fr](http://f.fr)", "http://e.fr/[a](http://f.fr)", "[a](http://e.fr/(b))"),
        *("[a](ftp://e.fr)", "<b>", "<http://e.fr>", "a </b", "<!-- a"),
    ],
)
def test_anything_less_plain_is_left_to_the_parser(typed: str) -> None:
    assert html_of(typed) is None


BLANKS = [*" \n\xa0\u202f\u2009\u3000\u200b\x0b\x85\u2028", "\n\n"]
BESIDE = [*" \n\xa0\u202f(),!’«»…—+$€^\\&", "", "\n\n"]
MARKS = ["*", "**", "_", "__", "~~", "`", "*", "**"]
WORDS = [*"aé1😀ﬁ²日\xad", "a b", "a!", "(a", "« b »", "e\u0301", "\u0301e"]
LINKS = [
    *("[a](http://x.fr)", "[a b](https://é.fr/a_b*c)", "[a](http://x.fr/(b))", "[sic]", "![a](b)"),
    *("http://a.fr", "https://é.fr/x_(y)", "http://a.fr/*b*", "HTTP://1.2.3.4.5", "<http://a.fr>"),
]
SIGNS = [*"*_~`[]()<>\t\\:!/h", "://", "](", "http", "<3", " * ", "snake_case", ": "]
BLOCKS = ["- ", "1. ", "> ", "  "]

beside = st.sampled_from(BESIDE) | st.sampled_from(BLANKS)
words = st.sampled_from(WORDS)
held = st.builds("{}{}{}".format, words | beside, words | st.sampled_from(LINKS), words | beside)


def marked(mark: str, before: str, inner: str, after: str) -> str:
    return f"{before}{mark}{inner}{mark}{after}"


marks = st.builds(marked, st.sampled_from(MARKS), beside, words | held, beside)
# Pieces that fit together, so that the quick way has often something to say.
likely = st.lists(marks | words | beside | st.sampled_from(LINKS), max_size=5).map("".join)
# And any pieces at all.
wild = st.lists(
    st.sampled_from([*SIGNS, *BLOCKS, *MARKS, *LINKS, *BESIDE, *WORDS, *BLANKS])
    | st.characters(exclude_characters="\x00\r", exclude_categories=["Cs"]),
    max_size=14,
).map("".join)


@settings(max_examples=1000, deadline=None)
@given(likely)
@example("*a* * *b* x_y _c_")
@example("http://a.fr/,*x* *y*")
@example("**a** (*b*)*c*")
def test_marks_in_sentences_are_read_as_the_parser_reads_them(text: str) -> None:
    assert agrees(text)


@settings(max_examples=1000, deadline=None)
@given(wild)
def test_any_text_is_read_as_the_parser_reads_it_or_not_at_all(text: str) -> None:
    assert agrees(text)


@pytest.mark.parametrize("mark", ["*", "**", "_", "__", "~~", "`"])
def test_every_pair_of_neighbours_is_judged_as_the_parser_does(mark: str) -> None:
    around = ["a", *(piece for piece in [*BESIDE, *BLANKS] if "\n" not in piece)]
    for outer in around:
        for inner in around:
            assert agrees(f"x{outer}{mark}{inner}mot a{mark} y")
            assert agrees(f"x {mark}a mot{inner}{mark}{outer}y")


@pytest.mark.parametrize("naughty", [t for t in NAUGHTY if not re.search("[\0\r\ud800-\udfff]", t)])
def test_a_naughty_string_is_read_as_the_parser_reads_it(naughty: str) -> None:
    assert agrees(naughty)
    assert agrees(f"*{naughty}* (**{naughty}**) `{naughty}` [{naughty}](http://e.fr/) {naughty}")


def test_what_stands_beside_a_mark_is_to_the_parser_what_it_is_here() -> None:
    """Blank, punctuation, or neither: this decides whether a mark opens or closes."""
    apart, beside_it = re.compile(f"[{inline._APART}]"), re.compile(f"[{inline._BESIDE}]")
    for code in range(0x110000):
        character = chr(code)
        if apart.match(character):
            assert isWhiteSpace(code), hex(code)
        elif beside_it.match(character):
            assert isMdAsciiPunct(code) or isPunctChar(character), hex(code)
        elif character.isalnum():
            assert unicodedata.category(character)[0] in "LN", hex(code)
        elif isWhiteSpace(code):
            assert character.isspace(), hex(code)


FLOODS = [
    *("*", "**", "*a ", "*a* ", "a* ", " * ", "_", "a_", "_a ", "__a__ ", "~", "~~", "~~a ", "~ "),
    *("`", "`a", "`a` ", "[", "]", "[]", "[a] ", "[a](", "[a](h", "[a](http://e.fr/) ", "!["),
    *("http://", "http://a", "http://a ", "http://) ", "://", "h", ":", "<", "<3", "\\", "> "),
    *("\n", "\n ", "\xa0 "),
]


@pytest.mark.parametrize("unit", FLOODS)
@pytest.mark.parametrize("prefix", ["", "*", "[", "a [b"])
def test_no_flood_is_slow(unit: str, prefix: str) -> None:
    text = prefix + unit * (20_000 // len(unit))
    started = time.process_time()
    html_of(text)
    # Links are judged one by one, 2,000 of them in 20 ms; what is quadratic takes many seconds.
    assert time.process_time() - started < 0.5
