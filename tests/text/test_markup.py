"""A comment's markup: what each mark becomes, what stays as typed, that nothing else gets out."""

from __future__ import annotations

import html
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from types import FrameType
from typing import Any

import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naughty import NAUGHTY
from palabre.text import markdown, markup, urls
from palabre.text.markup import DELIMITER_LIMIT, LINE_LIMIT, MARKUP_LIMIT, render

REL = "nofollow ugc noopener"
VOID = {"br"}
TAGS = {"p", "br", "em", "strong", "del", "a", "code", "pre", "blockquote", "ul", "ol", "li"}


def link(href: str, label: str | None = None) -> str:
    """How a link is written; its label is the URL unless given."""
    escaped = html.escape(href if label is None else label, quote=False)
    return f'<a href="{html.escape(href)}" rel="{REL}">{escaped}</a>'


class Page(HTMLParser):
    """What a browser would see: text, links, and every fault against contract 3.1."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.hrefs: list[str] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        self.faults += [f"<{tag}> left open" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        if tag == "a":
            if "a" in self._open:
                self.faults.append("a link within a link")
            names = [name for name, _ in attrs]
            href, rel = dict(attrs).get("href") or "", dict(attrs).get("rel")
            if names != ["href", "rel"] or rel != REL or not re.match(r"https?://[^/]", href):
                self.faults.append(f"<a {attrs}>")
            self.hrefs.append(href)
        elif attrs:
            self.faults.append(f"<{tag} {attrs}>")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}>")


def without_blanks(text: str) -> str:
    return "".join(text.split())


def parsed(text: str) -> str:
    """*text* rendered by the parser even where it would do without."""
    return markup._cleaned(markdown.render(text.replace("\r\n", "\n").replace("\r", "\n")))


PIECES = [
    *("a", "b ", "é", "e\u0301", "😀", " ", "  ", "\n", "\n\n", "\n  ", "\t", "\xa0", "\u202f"),
    *("\u3000", "\x0b", "\x1c", "\u2028", "\u200b", "\r", "\r\n", "x", "1", "’", "…", "»", "«"),
    *("*", "**", "_", "~~", "~", "`", "``", "```", "```\n", "~~~\n", "```py\n", "\\", "#", "|"),
    *("[", "]", "(", ")", "](http://x.fr)", "](http://x.fr 't')", "](/x)", "](", "![", "!", "="),
    *(
        "<",
        ">",
        "<b>",
        "<http://a.fr>",
        "<a@b.fr>",
        "&",
        "&amp;",
        "&#x6a;",
        '"',
        "'",
        ":",
        ".",
        ",",
    ),
    *("> ", "- ", "+ ", "* ", "1. ", "2. ", "1) ", "- - -", "* * *", "---\n", "===\n"),
    *("http://a.fr", "https://é.fr/x_(y)", "http://", "HTTP://1.2.3.4.5", "javascript:alert(1)"),
]
PLAIN_PIECES = [piece for piece in PIECES if not re.search(r"[*_`\\<\[\t~]", piece)]
# As validation lets them through: no NUL, no lone surrogates.
characters = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
texts = st.lists(st.sampled_from(PIECES) | characters, max_size=40).map("".join)
plain_texts = st.lists(st.sampled_from(PLAIN_PIECES), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("", ""),
        (" \n\n\t ", ""),
        ("Bonjour à tous", "<p>Bonjour à tous</p>"),
        ("un\ndeux", "<p>un<br>\ndeux</p>"),
        ("un\r\ndeux\rtrois", "<p>un<br>\ndeux<br>\ntrois</p>"),
        ("un  \n  deux", "<p>un<br>\ndeux</p>"),
        ("un\n\n \n\ndeux", "<p>un</p>\n<p>deux</p>"),
        ("*un* _deux_", "<p><em>un</em> <em>deux</em></p>"),
        ("**un** __deux__", "<p><strong>un</strong> <strong>deux</strong></p>"),
        ("***un***", "<p><em><strong>un</strong></em></p>"),
        ("l’*avis* de « *Monde* »", "<p>l’<em>avis</em> de « <em>Monde</em> »</p>"),
        ("un_mot_long, 2 * 3 * 4", "<p>un_mot_long, 2 * 3 * 4</p>"),
        ("~~un~~ ~deux~", "<p><del>un</del> ~deux~</p>"),
        ("`a < *b*`", "<p><code>a &lt; *b*</code></p>"),
        ("``a ` b``", "<p><code>a ` b</code></p>"),
        ("```\na < *b*\n\nc\n```", "<pre><code>a &lt; *b*\n\nc\n</code></pre>"),
        ('```python\nx = "1"\n```', '<pre><code>x = "1"\n</code></pre>'),
        ("~~~\nx\n~~~", "<pre><code>x\n</code></pre>"),
        ("> un\n> deux", "<blockquote>\n<p>un<br>\ndeux</p>\n</blockquote>"),
        ("- un\n- deux", "<ul>\n<li>un</li>\n<li>deux</li>\n</ul>"),
        ("* un\n+ deux", "<ul>\n<li>un</li>\n</ul>\n<ul>\n<li>deux</li>\n</ul>"),
        ("- un\n  - deux", "<ul>\n<li>un\n<ul>\n<li>deux</li>\n</ul>\n</li>\n</ul>"),
        ("1. un\n2. deux\n9. trois", "<ol>\n<li>un</li>\n<li>deux</li>\n<li>trois</li>\n</ol>"),
        ("1) un\n\n2) deux", "<ol>\n<li>\n<p>un</p>\n</li>\n<li>\n<p>deux</p>\n</li>\n</ol>"),
        ("Je cite :\n- un", "<p>Je cite :</p>\n<ul>\n<li>un</li>\n</ul>"),
        (r"\*un\* \[deux]", "<p>*un* [deux]</p>"),
    ],
)
def test_each_mark_of_the_subset_becomes_its_tag(typed: str, shown: str) -> None:
    assert render(typed) == shown
    assert parsed(typed) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("[ici](http://e.fr/a?b=1&c=2)", link("http://e.fr/a?b=1&c=2", "ici")),
        ("[ici](https://e.fr)", link("https://e.fr", "ici")),
        ("[ici]( <http://e.fr/a> )", link("http://e.fr/a", "ici")),
        ('[ici](http://e.fr "titre")', link("http://e.fr", "ici")),
        ("[ici](http://e.fr 'ti\"tre')", link("http://e.fr", "ici")),
        ("[ici](http://e.fr (titre))", link("http://e.fr", "ici")),
        ("[ici](http://e.fr/a_(b))", link("http://e.fr/a_(b)", "ici")),
        (r"[ici](http://e.fr/a\_\(b)", link("http://e.fr/a_(b", "ici")),
        ("[ici](HTTP://E.FR/A)", link("http://e.fr/A", "ici")),
        ("[a] b](http://e.fr)", f"[a] b]({link('http://e.fr')})"),
        ("[a [b] c](http://e.fr)", link("http://e.fr", "a [b] c")),
        ("[a `](http://x.fr)` b](http://e.fr)", None),
        ("[a\nb](http://e.fr)", None),
        ("<http://e.fr/?a&b>", link("http://e.fr/?a&b")),
        ("<HTTPS://e.fr/é>", f'<a href="https://e.fr/é" rel="{REL}">HTTPS://e.fr/é</a>'),
        ("[a [b](http://e.fr) c](http://f.fr)", None),
        (
            "[http://f.fr <http://g.fr>](http://e.fr)",
            link("http://e.fr", "http://f.fr <http://g.fr>"),
        ),
        (
            "[![vue](http://i.fr/v.png)](http://e.fr)",
            link("http://e.fr", "![vue](http://i.fr/v.png)"),
        ),
    ],
)
def test_links_lead_where_they_say(typed: str, shown: str | None) -> None:
    page = Page(render(typed))
    assert page.faults == []
    assert page.hrefs[0].startswith(("http://e.fr", "https://e.fr"))
    assert parsed(typed) == render(typed)
    if shown is not None:
        assert render(typed) == f"<p>{shown}</p>"


def test_emphasis_within_a_link_is_kept_and_around_it_too() -> None:
    assert render("*[a **b**](http://e.fr)*") == (
        f'<p><em><a href="http://e.fr" rel="{REL}">a <strong>b</strong></a></em></p>'
    )


def test_emphasis_does_not_reach_into_a_link() -> None:
    assert render("*a [b*](http://e.fr)") == f"<p>*a {link('http://e.fr', 'b*')}</p>"


def test_code_binds_tighter_than_a_link() -> None:
    assert render("[a`](http://x.fr)`](http://e.fr)") == (
        f'<p><a href="http://e.fr" rel="{REL}">a<code>](http://x.fr)</code></a></p>'
    )


def test_a_link_holds_no_links_and_the_inner_one_wins() -> None:
    assert render("[a [b](http://e.fr) c](http://f.fr)") == (
        f"<p>[a {link('http://e.fr', 'b')} c]({link('http://f.fr')})</p>"
    )


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://e.fr", "http://e.fr"),
        ("voir https://e.fr/a_b_c/*d*?e=~f#g suite", "https://e.fr/a_b_c/*d*?e=~f#g"),
        ("voir http://e.fr.", "http://e.fr"),
        ("voir http://e.fr, puis", "http://e.fr"),
        ("voir http://e.fr/a?! Oui", "http://e.fr/a"),
        ("voir http://e.fr/a… et", "http://e.fr/a"),
        ("voir http://e.fr/a...", "http://e.fr/a"),
        ("(voir http://e.fr/a)", "http://e.fr/a"),
        ("(voir http://e.fr/a_(b)).", "http://e.fr/a_(b)"),
        ("http://e.fr/a_(b)", "http://e.fr/a_(b)"),
        ("[http://e.fr/a]", "http://e.fr/a"),
        ("http://e.fr/?a[]=1", "http://e.fr/?a[]=1"),
        ("«http://e.fr»", "http://e.fr"),
        ("«\xa0http://e.fr/a\xa0»", "http://e.fr/a"),
        ("“http://e.fr” ‘http://f.fr’", "http://e.fr"),
        ("« http://e.fr’s »", "http://e.fr"),
        ("l’adresse\u202f:http://e.fr\u202f!", "http://e.fr"),
        ("'http://e.fr'", "http://e.fr"),
        ('"http://e.fr"', "http://e.fr"),
        ("*http://e.fr*", "http://e.fr"),
        ("**http://e.fr**, _http://f.fr_", "http://e.fr"),
        ("~~http://e.fr~~", "http://e.fr"),
        ("|http://e.fr|", "http://e.fr"),
        ("<p>http://e.fr</p>", "http://e.fr"),
        ("…http://e.fr", "http://e.fr"),
        ("-http://e.fr—", "http://e.fr"),
        ("http://e.fr/é。", "http://e.fr/é"),
        ("http://e.fr/e\u0301", "http://e.fr/e\u0301"),
        ("http://e.fr\u200b", "http://e.fr"),
        ("http://e.fr/\u202egpj", "http://e.fr/"),
        ("http://localhost:8000/", "http://localhost:8000/"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("- http://e.fr", "http://e.fr"),
        ("> http://e.fr", "http://e.fr"),
    ],
)
@pytest.mark.parametrize("also", ["", " *x*"])
def test_a_bare_url_is_a_link_without_what_is_around_it(typed: str, url: str, also: str) -> None:
    shown = render(typed + also)
    assert f'rel="{REL}">{html.escape(url, quote=False)}</a>' in shown
    assert Page(shown).faults == []
    assert parsed(typed + also) == shown


@pytest.mark.parametrize(
    ("typed", "href"),
    [
        ("HTTP://E.FR/A", "http://e.fr/A"),
        ("http://École.fr/É", "http://xn--cole-9oa.fr/É"),
        ("http://e.fr:80/", "http://e.fr/"),
    ],
)
def test_a_link_leads_to_the_normal_form_of_its_host_and_shows_what_was_typed(
    typed: str, href: str
) -> None:
    assert render(typed) == f'<p><a href="{href}" rel="{REL}">{typed}</a></p>'


BAD_URLS = [
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\u200bscript:alert(1)", "vbscript:x"),
    *("javascript&colon;alert(1)", "&#106;avascript:alert(1)", "&#x6A;avascript:alert(1)"),
    *("\x01javascript:alert(1)", "\x1fhttp://e.fr", "java\tscript:alert(1)", "\\javascript:x"),
    *(
        "data:text/html,<script>alert(1)</script>",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
    ),
    *(
        "mailto:a@b.fr",
        "tel:+33123456789",
        "ftp://e.fr/",
        "//e.fr/",
        "/\\e.fr",
        "/path",
        "?q",
        "#a",
    ),
    *("e.fr", "http:e.fr", "http:/e.fr", "https:\\\\e.fr", "http:///e.fr", "http://", "http://?a"),
    *("http://#a", "http://:80/", "http://a@e.fr/", "http://e.fr\\@f.fr/", "http://e.fr:99999/"),
    *(
        "http://1.2.3.4.5/",
        "http://[::1",
        "http://e.fr/\u202egpj",
        "http\u017f://e.fr/",
        "ht tp://e.fr",
    ),
    *(
        "http://e%zz.fr/",
        "http://e|f.fr/",
        "feed:http",
        "view-source:x",
        "",
        "<>",
        "<javascript:x>",
    ),
]


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize("frame", ["[x]({})", '[x]({} "t")', "![x]({})"])
def test_a_link_that_is_no_absolute_http_url_is_shown_as_typed(url: str, frame: str) -> None:
    typed = frame.format(url)
    page = Page(render(typed))
    assert page.faults == []
    assert not any(href.startswith(("http://e.fr/gpj", "javascript")) for href in page.hrefs)
    assert f'rel="{REL}">x</a>' not in render(typed)
    assert without_blanks(page.text) == without_blanks(typed)


def test_marks_within_a_refused_link_are_shown_as_typed_too() -> None:
    assert render("[*x*](javascript:*y*)") == "<p>[*x*](javascript:*y*)</p>"
    assert render("[x\ny](/z)") == "<p>[x<br>\ny](/z)</p>"


def test_a_link_without_anything_to_see_is_shown_as_typed() -> None:
    assert render("[ ](http://e.fr)") == "<p>[ ](http://e.fr)</p>"


@pytest.mark.parametrize(
    "typed",
    [
        "# Titre",
        "#### Titre ####",
        "Titre\n=====",
        "Titre\n---",
        "---",
        "***",
        "___",
        "* * *",
        "- - -",
        "_ _ _ _",
        "Scène un\n\n* * *\n\nScène deux",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "[a]: http://e.fr 'titre'\n\n[a] [a][] [b][a]",
        "    du code ?",
        "texte\n\n        du code ?",
        "![vue](http://e.fr/vue.png)",
        "![*vue* `x`](http://e.fr/vue.png 'titre')",
        "![a [b](http://e.fr) c](http://f.fr)",
        "![x [y [a](http://e.fr) z] w](http://f.fr)",
        "<b>gras</b> <i class='x'>*</i> <br>",
        "<img src=http://e.fr/x.png onerror=*alert(1)*>",
        '<a href="http://e.fr">*</a>',
        "<!-- *caché* --> <?php *x* ?> <!DOCTYPE *x*>",
        "<script>alert('x')</script>",
        "<mailto:a@b.fr> <a_b_c@d.fr> <javascript:alert(1)> <x:*y*>",
        "<http://> <http://e fr> <http://a@e.fr>",
        "&amp; &lt;b&gt; &#106; &nbsp; &copy",
        "3 < 4 > 2 && 5 >= 5",
        "— Oui\n— Non\n– Si\n-Ah",
        "1998. Une belle année",
        "2. Deuxième point",
        "Il est né le\n14. C’était un mardi",
        "-",
        "+",
        "*",
        "1.",
        ">",
        ">>>",
        "```",
        "``` trois mots ici",
        "+1",
        "a_b_c @nom #mot ^x^ ==y== :smile: $x$ {y}",
        "[sic] [x] (y) [x] [ ] tâche",
        "\\http://e.fr",
        "xhttp://e.fr feed+http://e.fr",
        "http\u017f://e.fr/",
        "http://1.2.3.4.5/ http://e.fr:99999 http://... http://?",
        "C:\\dossier",
    ],
)
def test_what_is_not_of_the_subset_is_shown_as_typed(typed: str) -> None:
    page = Page(render(typed))
    assert page.faults == []
    assert without_blanks(page.text) == without_blanks(typed)
    assert set(re.findall(r"<(\w+)", render(typed))) <= {"p", "br", "a"}


def test_no_link_stands_within_an_image_or_a_tag() -> None:
    for typed in ("![a](http://e.fr/x.png)", "<img src='http://e.fr/x.png'>"):
        assert Page(render(f"avant {typed} http://f.fr")).hrefs == ["http://f.fr"]
    assert Page(render("http://f.fr/![a b](http://e.fr/x.png)")).hrefs == ["http://f.fr/"]


def test_no_link_stands_within_code() -> None:
    assert render("`http://e.fr`") == "<p><code>http://e.fr</code></p>"
    assert render("```\nhttp://e.fr\n```") == "<pre><code>http://e.fr\n</code></pre>"


def test_a_ruler_ends_a_list_and_a_quote() -> None:
    assert render("- a\n- - -\nb") == "<ul>\n<li>a</li>\n</ul>\n<p>- - -<br>\nb</p>"
    assert render("> a\n---\nb") == "<blockquote>\n<p>a</p>\n</blockquote>\n<p>---<br>\nb</p>"


def test_a_list_goes_on_after_an_empty_item() -> None:
    assert render("- a\n-\n- b") == "<ul>\n<li>a</li>\n<li></li>\n<li>b</li>\n</ul>"


def test_a_number_that_no_list_begins_with_is_not_lost_below_an_item() -> None:
    assert render("- a\n1998. b") == "<ul>\n<li>a</li>\n</ul>\n<p>1998. b</p>"


def test_french_spaces_come_back_as_characters() -> None:
    typed = "«\xa0Vraiment\u202f? *Oui*\xa0!\xa0» &nbsp;"
    assert render(typed) == "<p>«\xa0Vraiment\u202f? <em>Oui</em>\xa0!\xa0» &amp;nbsp;</p>"


@pytest.mark.parametrize("mark", ["> ", ">", "- ", "1. ", "> - ", "* > "])
def test_the_deepest_of_nested_blocks_is_still_shown(mark: str) -> None:
    page = Page(render(mark * 60 + "au fond"))
    assert page.faults == []
    assert page.text.strip().endswith("au fond")


@pytest.mark.parametrize("delimiter", ["*", "_", "~~", "`"])
def test_beyond_the_limit_of_a_delimiter_the_text_is_plain(delimiter: str) -> None:
    most = f"{delimiter}x{delimiter} " * (DELIMITER_LIMIT // 2 // len(delimiter))
    assert Page(render(most)).text.count(delimiter[0]) == 0
    beyond = f"{most}{delimiter} http://e.fr/"
    assert render(beyond) == f"<p>{beyond.removesuffix('http://e.fr/')}{link('http://e.fr/')}</p>"


@pytest.mark.parametrize("filling", ["x", "é", "😀"])
def test_beyond_the_limit_of_length_the_text_is_plain_and_whole(filling: str) -> None:
    most = "*a*\n\n" + filling * (MARKUP_LIMIT - 5)
    assert render(most) == f"<p><em>a</em></p>\n<p>{most[5:]}</p>"
    assert render(most + filling) == f"<p>*a*</p>\n<p>{most[5:]}{filling}</p>"
    assert without_blanks(Page(render("*a*" + filling * 19_997)).text) == "*a*" + filling * 19_997


def test_beyond_the_limit_of_lines_the_text_is_plain() -> None:
    assert "<em>" in render("\n".join(["*x*", *"a" * LINE_LIMIT]))
    assert "<em>" not in render("\n".join(["*x*", *"a" * LINE_LIMIT, "b"]))


def test_too_many_urls_are_no_links_at_all() -> None:
    assert len(Page(render("http://e.fr " * DELIMITER_LIMIT)).hrefs) == DELIMITER_LIMIT
    assert Page(render("http://e.fr " * (DELIMITER_LIMIT + 1))).hrefs == []


@settings(max_examples=300, deadline=None)
@given(texts)
@example("*a\n> b*\n- c\n```")
@example("[a](http://e.fr)" * 3 + "**" * 9)
def test_any_text_gives_allowed_and_balanced_html(text: str) -> None:
    assert Page(render(text)).faults == []


@settings(max_examples=200, deadline=None)
@given(texts)
def test_nothing_is_left_for_the_net_to_catch(text: str) -> None:
    net = nh3.Cleaner(
        tags=TAGS, attributes={"*": set(), "a": {"href"}}, url_relative="deny", link_rel=REL
    )
    rendered = markdown.render(text)
    as_serialised = rendered.replace("&quot;", '"').replace("\xa0", "&nbsp;")
    assert net.clean(rendered) == as_serialised


@settings(max_examples=300, deadline=None)
@given(plain_texts)
@example("a\n \nb\xa0\n c")
@example("http://a.fr\nhttps://é.fr/x_(y).")
def test_a_text_without_marks_is_the_same_with_and_without_the_parser(text: str) -> None:
    assert render(text) == parsed(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_characters="*_`\\<[~>-+.)\x00", exclude_categories=["Cs"])))
def test_a_text_without_delimiters_is_shown_whole(text: str) -> None:
    assert without_blanks(Page(render(text)).text) == without_blanks(text)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_no_letter_is_lost_but_where_a_link_leads_and_the_name_of_a_language(text: str) -> None:
    text = text.replace("](", "] (").replace("```py", "```")
    shown = Page(render(text)).text
    letters = [character for character in text if character.isalpha()]
    assert [character for character in shown if character.isalpha()] == letters


@settings(max_examples=100, deadline=None)
@given(texts)
def test_a_text_that_is_escaped_already_is_shown_with_its_entities(text: str) -> None:
    escaped = html.escape(re.sub(r"[*_`~\\\[+\->#.)]|\d", "", text))
    assert without_blanks(Page(render(escaped)).text) == without_blanks(escaped)


ATTACKS = [
    *("<script>alert(1)</script>", "<svg/onload=alert(1)>", "<img src=x onerror=alert(1)//"),
    *("<a href=javascript:alert(1)>x</a>", "<style>*{display:none}</style>", "<p style=x class=y>"),
    *("</p></div><h1 id=x name=y data-z>", "<iframe srcdoc='<script>x</script>'>", "<!--><script>"),
    *("<math><mi//xlink:href='data:x,<script>'>", "<noscript><p title='</noscript><img>'>"),
    *("`</code><script>`", "```\n</code></pre><script>\n```", '```x" onclick="y\nz\n```'),
    *('[x](http://e.fr/"onclick="alert(1))', "[x](http://e.fr/'onclick='y)", '<http://e.fr/"x>'),
    *("[<script>x</script>](http://e.fr)", "[x](http://e.fr/<script>)", '[x](<http://e.fr/">)'),
    *('[x](http://e.fr "\\"><script>")', "http://e.fr/<script>", 'http://e.fr/"onmouseover=x'),
    *("http://e.fr/'onmouseover='x", '![x](http://e.fr/x.png" onerror="y)', "&lt;script&gt;"),
    *(
        "&#60;script&#62;",
        "\u003cscript\u003e",
        "\uff1cscript\uff1e",
        "<scr\u200bipt>",
        "</script>",
    ),
    *(
        "\u2028</script>\u2029",
        "[x](http://e.fr/\u2028)",
        "*<b*>*</b>*",
        "**<p>**</p>",
        "<<script>>",
    ),
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("frame", ["{}", "*{}*", "> {}", "- {}", "[{}](http://e.fr)", "`{}`"])
def test_an_attack_is_text(attack: str, frame: str) -> None:
    shown = render(frame.format(attack))
    assert Page(shown).faults == []
    assert not re.search(r"<(?!/?(?:p|br|em|strong|a|code|pre|blockquote|ul|li)[ >])", shown)


@pytest.mark.parametrize(
    "naughty", [text for text in NAUGHTY if not re.search("[\ud800-\udfff]", text)]
)
def test_a_naughty_string_is_shown_without_a_fault(naughty: str) -> None:
    assert Page(render(naughty)).faults == []
    assert Page(render(f"[*{naughty}*](http://e.fr)")).faults == []


def test_threads_do_not_disturb_one_another() -> None:
    sources = [f"> *{n}* [a](http://e{n}.fr) ![b](c) `{n}`\n\n- http://f{n}.fr" for n in range(50)]
    alone = [render(source) for source in sources]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(render, sources * 4)) == alone * 4


def work(text: str) -> int:
    """How many lines of Python it takes to render *text*: a measure that no machine changes."""
    lines = 0

    def count(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        render(text)
    finally:
        sys.settrace(before)
    return lines


FLOODS = [
    *("[", "]", "[a](", "[a](http://x.fr", "[a](b '", "![", "[![", "[`", "`[", "[[a](b)", "](c)"),
    *(
        "*",
        "*a",
        "a* ",
        "*a_ ",
        "_ ",
        "*a **b ",
        "a**b_c ",
        "~~a ",
        "~~~",
        "`a",
        "``a`",
        "\\",
        "\\\n",
    ),
    *("<", "<a ", "<a>", "<http://x.fr>", "http://", "http://x.fr ", "&#", "&#x1;", "![a](b)"),
    *(">", "> a\n", ">>>>a\n", ">\n", "- ", "- a\n", "- - a\n", "  - a\n    - b\n", "1. a\n"),
    *("+ a\n- a\n", "> - a\n", "* * *\n", "---\n", "```\n", "~~~\na\n", "- ```\n", "a\n", "a\n\n"),
]


MOST_WORK = 300_000
"""Lines of Python that any text may take: about 30 ms."""


def flood(unit: str, prefix: str, share: float) -> str:
    """As much of *unit* as is read for markup, or *share* of that."""
    delimiters = max(unit.count(delimiter) for delimiter in markup._DELIMITERS)
    most = min(
        (MARKUP_LIMIT - 20) // len(unit),
        (DELIMITER_LIMIT - 20) // max(delimiters, 1),
        (LINE_LIMIT - 20) // max(unit.count("\n"), 1),
    )
    return prefix + unit * int(most * share)


@pytest.mark.parametrize("unit", FLOODS)
@pytest.mark.parametrize("prefix", ["*", "> > > > "])
def test_twice_the_flood_is_at_most_twice_the_work(unit: str, prefix: str) -> None:
    overhead = work(prefix)
    half, whole = work(flood(unit, prefix, 0.5)), work(flood(unit, prefix, 1))
    assert whole - overhead <= 2.2 * (half - overhead) + 100
    assert whole < MOST_WORK


@pytest.mark.parametrize("unit", FLOODS)
def test_a_flood_beyond_the_limits_never_reaches_the_parser(unit: str) -> None:
    text = "*" + unit * (20_000 // len(unit))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markdown, "render", lambda _text: pytest.fail("parsed"))
        assert Page(render(text)).faults == []


HOSTS = r"([a-z0-9-]{1,8}\.){1,3}[a-z0-9-]{1,8}"


@settings(max_examples=300, deadline=None)
@given(st.from_regex(rf"\Ahttps?://{HOSTS}(/[A-Za-z0-9._~-]{{0,5}}){{0,2}}(\?[a-z0-9=]{{0,5}})?\Z"))
@example("http://xn--a.fr/")
@example("http://1.2.3.4.5/")
@example("http://a.0x7f/")
@example("http://a-.fr/")
def test_a_url_is_a_link_just_when_the_net_leaves_it_one(url: str) -> None:
    net = nh3.Cleaner(tags={"a"}, attributes={"a": {"href"}}, url_relative="deny")
    assert (urls.href(url) is not None) == ("href=" in net.clean(f'<a href="{url}">'))
