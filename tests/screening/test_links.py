"""The rule about links: how many, and whether there is anything beside them."""

from __future__ import annotations

import dataclasses
import time

import pytest

from palabre.model import Facts, Policy, Signal, State, Submission
from palabre.screening import sentence
from palabre.screening.links import links
from palabre.text.markup import MARKUP_LIMIT
from screening.readers import HONEST, ORDINARY, sent

A, B, C = "http://a.example/", "https://b.example/x?y=1#z", "www.c.example"


@pytest.mark.parametrize("submission", HONEST.values(), ids=HONEST)
def test_honest_readers_pass(submission: Submission) -> None:
    assert links(submission, ORDINARY) is None


@pytest.mark.parametrize(
    ("text", "n"),
    [
        (f"Voir {A} et {B} et {C}", 3),
        (f"Voir {A},{B};{C}", 3),
        (f"Voir ({A})({B})({C})", 3),
        (f"Voir <{A}><{B}> {C}", 3),
        (f"Voir «{A}»«{B}»\u00a0{C}", 3),
        (f"Voir [x]({A})[y](<{B}>)[z]( {A} )", 3),
        (f"Voir {A.upper()} {B.upper()} {C.upper()}", 3),
        (f"Voir{A} puis{B} puis {C}", 3),
        (f"Voir {A} trois fois : {A} {A}", 3),
        # An address as the label, or in the query, of a link is that same link.
        (f"Voir [{A}]({A}) [{B}]({B}) [{C}]({A})", 3),
        (f"Voir {A}?u={B} {B}&v={A} http://{C}", 3),
        # A label with several addresses counts as what it shows, for it may show them all.
        (f"Voir [{A} {B}]({C})", 3),
        (f"Voir [{A} {B}]({A})", 3),
        # A label whose target is no link, or is not closed, hides nothing.
        (f"Voir [{A}]({B} [x]({A})", 3),
        (f"Voir \\[{A}]({B}) [x]({A})", 3),
        (f"Voir [{A} {B} {A}](/ici)", 3),
        (f"Voir [a]({A}) ![b]({A}) [[c]({A})](nulle-part)", 3),
        ("Voir http://é.example http://[2001:db8::1]/ http://127.0.0.1", 3),
        (f'Voir <a href="{A}">a</a> [url={A}]b[/url] {C}', 3),
    ],
)
def test_every_link_counts_once(text: str, n: int) -> None:
    assert links(sent(text), ORDINARY) == Signal("links", 0.5, "links_over", {"n": n, "limit": 2})


@pytest.mark.parametrize(
    ("n", "limit", "score"),
    [
        (1, 0, 0.5),
        (3, 2, 0.5),
        (4, 2, 0.6),
        (5, 2, 0.7),
        (7, 2, 0.9),
        (400, 2, 0.9),
        (11, 10, 0.5),
    ],
)
def test_links_over_the_sites_limit_weigh_more_the_more_there_are(
    n: int, limit: int, score: float
) -> None:
    facts = Facts(policy=Policy(first_state=State.APPROVED, max_links=limit))
    expected = Signal("links", score, "links_over", {"n": n, "limit": limit})
    assert links(sent("Mes sources : " + f"{A} " * n), facts) == expected
    at_the_limit = dataclasses.replace(facts.policy, max_links=n)
    assert links(sent(f"Ma source : {A} " * n), Facts(policy=at_the_limit)) is None


@pytest.mark.parametrize(
    ("text", "n"),
    [
        (A, 1),
        (f"{A}\n\n{B}", 2),
        (f"1. {A}\n2. {B} 👍", 2),
        (f"**<{C}>** !!!", 1),
        ("https://example.org/wiki/Paris_(Texas),_1984;v=2", 1),
        (f"[Achetez nos montres de luxe]({A})", 1),
        (f"[Montres]({A}) – [Sacs]({B})", 2),
        # One too many as well, but that weighs less.
        (f"{A} {B} {C}", 3),
    ],
)
def test_links_and_nothing_else_are_minded(text: str, n: int) -> None:
    assert links(sent(text), ORDINARY) == Signal("links", 0.6, "links_only", {"n": n})


def test_many_links_and_nothing_else_are_minded_for_their_number() -> None:
    expected = Signal("links", 0.8, "links_over", {"n": 6, "limit": 2})
    assert links(sent(f"{A} " * 6), ORDINARY) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Contact : jean@www.example.org, ftp://www.example.org, lemonde.fr, example.com/page",
        "https:// http://. http://… www. www.x (www)",
        "javascript:alert(1) mailto:a@example.org //example.org /www.example.org/a",
        "[note](1) [a](b) [c](javascript:alert(1))",
    ],
)
def test_what_only_looks_like_a_link_does_not_count(text: str) -> None:
    assert links(sent(text), Facts(policy=Policy(max_links=0))) is None


@pytest.mark.parametrize(
    "text",
    [
        f"> ```\n\nVoir {A} {B} {C}",
        f"- ```\n\nVoir {A} {B} {C}",
        f" ```\ncode\n```\nVoir {A} {B} {C}",
        f"```\nVoir {A} {B} {C}",
        f"``` deux mots\nVoir {A} {B} {C}\n```",
        f"```\ncode\n  ```\nVoir {A} {B} {C}\n```",
        # Too long to be read for markup, so the page shows the block as text, with live links.
        f"```\nVoir {A} {B} {C}\n```\n" + "mot " * (MARKUP_LIMIT // 4),
        f"``` `\nVoir {A} {B} {C}\n```",
    ],
)
def test_a_fence_that_may_not_be_one_hides_no_link(text: str) -> None:
    assert links(sent(text), ORDINARY) is not None


@pytest.mark.parametrize(
    ("text", "website", "score", "why"),
    [
        ("Tout est là, voyez vous-mêmes : https://bit.ly/3xYz", None, 0.3, "links_shortened"),
        ("Tout est là, [voyez](http://www.TinyURL.com:80/x)", None, 0.3, "links_shortened"),
        ("Bel article, merci beaucoup.", "https://t.co/abc", 0.3, "website_shortened"),
        (f"Voyez aussi mon billet : {A}x", f"{A}blog", 0.3, "website_repeated"),
        (f"Ici {A} ou {B}", None, 0.3, "links_crowded"),
        # Two of them are minded.
        ("Ici https://bit.ly/3xYz ou https://a.example", None, 0.5, "links_shortened"),
        ("Voyez donc ici : https://bit.ly/3xYz", "https://is.gd/b", 0.5, "links_shortened"),
        (f"Ici {A} {B}", A, 0.5, "website_repeated"),
        (f"Ici https://bit.ly/3xYz {A}", A, 0.6, "links_shortened"),
        # More links than the site allows weigh more by themselves.
        (f"Mes sources sont là : {A} {B} {C} https://bit.ly/3xYz", None, 0.6, "links_over"),
    ],
)
def test_links_that_hide_or_crowd_are_remarked_on_and_minded_together(
    text: str, website: str | None, score: float, why: str
) -> None:
    found = links(sent(text, website=website), ORDINARY)
    assert found is not None
    assert (found.score, found.why) == (score, why)


@pytest.mark.parametrize(
    ("text", "website"),
    [
        ("Bel article, merci beaucoup.", "https://camille.example"),
        (
            "Voir https://lemonde.fr/a, c’est mieux dit que je ne saurais.",
            "https://camille.example",
        ),
        (f"Sources : {A} pour les chiffres, {B} pour la carte.", None),
        ("Un lien de bit.ly ou de t.co n’est pas une source, on ne sait pas où il mène.", None),
        ("Lisez https://notbit.ly/x et https://bit.ly.example.org/y, tout y est.", None),
    ],
)
def test_a_website_of_ones_own_and_two_sources_pass(text: str, website: str | None) -> None:
    assert links(sent(text, website=website), ORDINARY) is None


EVIL = "https://evil-site.example/x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Votre compte : [https://banque-nationale.example]({EVIL})", "banque-nationale.example"),
        (f"Votre compte : [www.banque.example/compte](<{EVIL}>)", "banque.example"),
        (f"Votre compte : [BANQUE.EXAMPLE]( {EVIL} )", "banque.example"),
        (f"Votre compte : [**banque.example**, espace client]({EVIL})", "banque.example"),
        (f"Votre compte : [`http://a:b@banque.example:80/`]({EVIL})", "banque.example"),
        ("Là : [banque.example](https://banque.example.evil.example)", "banque.example"),
        ("Là : [banque.example](https://banque.example@evil-site.example)", "banque.example"),
        ("Là : [banque.example](https://notbanque.example)", "banque.example"),
    ],
)
def test_a_link_that_shows_another_host_than_it_leads_to_is_minded(text: str, shown: str) -> None:
    found = links(sent(text), ORDINARY)
    assert found is not None
    assert (found.score, found.why) == (0.5, "link_elsewhere")
    assert found.values["shown"] == shown
    for language in ("fr", "en"):
        said = sentence(found, language)
        assert shown in said
        assert str(found.values["host"]) in said


def test_no_host_makes_a_sentence_endless() -> None:
    found = links(sent(f"Là : [{'a' * 9_000}.example](http://{'b' * 9_000}.example)"), ORDINARY)
    assert found is not None
    assert len(sentence(found, "fr")) < 300


def test_it_weighs_more_without_a_word_or_with_several_other_marks() -> None:
    shortened = "https://bit.ly/3xYz"
    for text, website in (
        (f"[banque.example]({EVIL})", None),
        (f"Là : [banque.example]({shortened}) ou {A}", A),
    ):
        found = links(sent(text, website=website), ORDINARY)
        assert found is not None
        assert (found.score, found.why) == (0.6, "link_elsewhere")


@pytest.mark.parametrize(
    "text",
    [
        "Voir [https://lemonde.example](https://www.lemonde.example/article), bien fait.",
        "Voir [www.lemonde.example](https://lemonde.example/article), bien fait.",
        "Voir [lemonde.example](https://blog.lemonde.example:443/a), bien fait.",
        "Voir [blog.lemonde.example](http://LEMONDE.example/a), bien fait.",
        "Voir [https://lemonde.example/a-b](https://lemonde.example/a), bien fait.",
        "Voir [cet article.Il est bien](https://lemonde.example/a), je trouve.",
        "Utilisez plutôt [Node.js](https://nodejs.example), c’est bien expliqué.",
        "Tout est expliqué dans [README.md](https://depot.example/), lisez donc.",
        "Lisez plutôt [la version 2.0](https://depot.example/a), elle est bien.",
        "Écrivez à [moi@banque.example](https://depot.example/a), je réponds toujours.",
        f"Dans un bloc :\n\n```\n[banque.example]({EVIL})\n```\n\nOn voit bien la ruse.",
    ],
)
def test_a_link_that_shows_where_it_leads_passes(text: str) -> None:
    assert links(sent(text), ORDINARY) is None


@pytest.mark.parametrize("piece", ["[", "[a](http://b", "[a.", "](http://", "a.b", "www.", "[w.w@"])
def test_looking_for_it_takes_linear_time(piece: str) -> None:
    for text in (piece * (20_000 // len(piece)), f"[{'a.' * 9_000}](http://b.example)"):
        started = time.process_time()
        links(sent(text), ORDINARY)
        assert time.process_time() - started < 1
