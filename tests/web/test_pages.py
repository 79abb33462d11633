"""The public pages: what is on them, in which words, and that nothing typed becomes markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.errors import PROBLEMS, ArticleClosed
from palabre.locale import LANGUAGES, say
from palabre.model import REASONS, Article, Outcome, Policy, Shown, Site, State
from palabre.rendering import pages, site_rules
from palabre.rendering.pages import (
    FieldMessage,
    FormView,
    ListingView,
    Node,
    ProblemView,
    ReceiptView,
    ReportReceiptView,
    ReportView,
)
from palabre.rendering.templating import initial
from palabre.settings import load
from web.tree import Element, read

AT = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
HOSTILE = "\"><script>alert('1')</script>&amp;{{ 7 * 7 }}</textarea></title>"
REQUIRED_NOTE = (
    "Votre adresse de messagerie ne sera pas publiée. Les champs obligatoires sont indiqués avec *"
)
STYLE = Path(pages.__file__).parents[1] / "web" / "static" / "style.css"

ARTICLE = Article(
    id="a1",
    site_id="s1",
    address="/a",
    url="https://blog.example/a",
    title="Les réseaux",
    open=True,
    count=3,
    version=1,
    policy=Policy(),
    is_title_vouched=True,
    is_title_public=True,
    is_open_by_hand=True,
)
PAUL = Shown(
    id="c1",
    parent=None,
    depth=0,
    state=State.APPROVED,
    name="Paul",
    website="https://paul.example/",
    hue=212,
    moderator=False,
    html="<p>Bonjour <em>à tous</em></p>",
    created_at=AT,
    edited_at=None,
)
GONE = replace(
    PAUL,
    id="c9",
    state=State.DELETED,
    name=None,
    website=None,
    hue=None,
    html=None,
    created_at=None,
)
FORM = FormView(
    article=ARTICLE.url,
    article_url=ARTICLE.url,
    article_title=ARTICLE.title,
    idempotency_key="fresh-key",
    comment_limit=10_000,
)
RECEIPT = ReceiptView(
    token="t ok?n", state=State.PENDING, comment=PAUL, article=ARTICLE, site="blog"
)
PROBLEM = ProblemView(code="article_closed", title="Fermé", detail="Les commentaires sont fermés.")


def form(view: FormView = FORM, language: str = "fr", base: str = "") -> Element:
    return read(pages.form_page(view, language=language, base=base))


def receipt(view: ReceiptView = RECEIPT, language: str = "fr") -> Element:
    return read(pages.receipt_page(view, language=language))


def listing(
    comments: Sequence[Shown] = (PAUL,), language: str = "fr", article: Article = ARTICLE
) -> Element:
    view = ListingView(article=article, comments=comments)
    return read(pages.listing_fragment(view, language=language, service_url="https://talk.example"))


def wrong(*names: str) -> tuple[FieldMessage, ...]:
    return tuple(FieldMessage(name, f"{name} est à corriger") for name in names)


def every_page(language: str, typed: str = "Zoé") -> dict[str, str]:
    """Each page, with `typed` everywhere that something typed can reach."""
    values = dict.fromkeys(("comment", "name", "email", "website", "title", "parent"), typed)
    comment = replace(PAUL, name=typed, website=f"https://x.example/{typed}")
    article = replace(ARTICLE, title=typed)
    view = replace(
        FORM, article=typed, article_title=typed, site=typed, privacy_url="https://p.example/"
    )
    errors = tuple(FieldMessage(name, typed) for name in ("name", "email", typed))
    fragment = pages.listing_fragment(
        ListingView(
            article=article,
            comments=(comment, replace(comment, id="c2", depth=1, moderator=True), GONE),
            next_path="/v1/comments.html?after=x",
        ),
        language=language,
        service_url="https://talk.example",
    )
    shown = ReceiptView(
        token=typed, state=State.PENDING, comment=comment, article=article, site="blog"
    )
    problem = ProblemView(
        code="bad_parameter",
        title=typed,
        detail=typed,
        errors=errors,
        request_id=typed,
    )
    return {
        "form": pages.form_page(replace(view, values=values), language=language),
        "form, wrong": pages.form_page(
            replace(view, values=values, errors=errors), language=language
        ),
        "form, reply": pages.form_page(
            replace(view, values=values, parent=comment, notice=(typed, typed)), language=language
        ),
        "form, closed": pages.form_page(replace(view, is_open=False), language=language),
        **{
            f"receipt, {state}": pages.receipt_page(
                replace(shown, state=state, decided_at=AT, reason="abuse"), language=language
            )
            for state in State
        },
        **{
            f"report, {name}": pages.report_page(
                ReportView(
                    comment=comment,
                    article=article,
                    idempotency_key=typed,
                    values={"note": typed, "reason": typed},
                    errors=found,
                    notice=(typed, typed),
                ),
                language=language,
            )
            for name, found in (
                ("refused", ()),
                ("wrong", tuple(FieldMessage(one, typed) for one in ("reason", "note", "lang"))),
            )
        },
        **{
            f"report, {outcome}": pages.report_receipt_page(
                ReportReceiptView(
                    comment=comment,
                    article=article,
                    outcome=outcome,
                    reported_at=AT,
                    settled_at=AT,
                ),
                language=language,
            )
            for outcome in Outcome
        },
        "rules": pages.site_rules_page(
            site_rules.told(
                Site("s", typed, "fr", ("https://blog.example",), Policy()), load({}), language
            ),
            language=language,
        ),
        "problem": pages.problem_page(problem, language=language),
        "about": pages.about_problem_page(ArticleClosed, language=language),
        "listing": fragment,
        "demo": pages.demo_page(article, listing=fragment, language=language),
    }


# --- every page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_obeys_its_content_security_policy(language: str) -> None:
    for name, html in every_page(language).items():
        for element in read(html).walk():
            assert element.tag not in {"style", "img", "iframe", "object", "base"}, name
            if element.tag == "script":
                # Only the form's own file, and nothing in the page itself.
                assert (element["src"][:19], element.inside) == ("/static/guard.js?v=", []), name
            assert "style" not in element.attributes, name
            assert not [a for a in element.attributes if a.startswith("on")], name
        sheets = read(html).all("link", rel="stylesheet")
        assert all(sheet["href"].startswith("/static/style.css?v=") for sheet in sheets), name
        assert len(sheets) == (name != "listing"), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_was_typed_becomes_markup(language: str) -> None:
    harmless, hostile = every_page(language), every_page(language, HOSTILE)
    for name in harmless:
        tame, wild = read(harmless[name]), read(hostile[name])
        assert [element.tag for element in tame.walk()] == [e.tag for e in wild.walk()], name
        assert [sorted(e.attributes) for e in tame.walk()] == [
            sorted(e.attributes) for e in wild.walk()
        ], name
        assert "49" not in wild.text, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_its_language_and_has_one_heading(language: str) -> None:
    for name, html in every_page(language).items():
        page = read(html)
        if name == "listing":
            assert page.one("section", class_="palabre")["lang"] == language
            continue
        assert html.startswith("<!doctype html>")
        assert page.one("html")["lang"] == language, name
        assert page.one("title").text, name
        assert len(page.all("h1")) == 1, name
        assert page.one("meta", name="viewport")["content"].startswith("width=device-width")


def test_every_reference_between_elements_is_answered() -> None:
    for name, html in every_page("fr").items():
        page = read(html)
        ids = {element["id"] for element in page.walk() if element.get("id")}
        for element in page.walk():
            for attribute in ("for", "aria-describedby", "aria-labelledby"):
                assert set((element.get(attribute) or "").split()) <= ids, (name, attribute)
            if (element.get("href") or "").startswith("#"):
                assert element["href"][1:] in ids, name


def test_a_page_under_a_path_keeps_to_it() -> None:
    base = "/talk"
    article = ARTICLE
    for html in (
        pages.form_page(FORM, language="fr", base=base),
        pages.receipt_page(RECEIPT, language="fr", base=base),
        pages.problem_page(PROBLEM, language="fr", base=base),
        pages.about_problem_page(ArticleClosed, language="fr", base=base),
        pages.demo_page(article, listing="", language="fr", base=base),
    ):
        for element in read(html).walk():
            for attribute in ("href", "action"):
                address = element.get(attribute)
                if address is not None and address.startswith("/"):
                    assert address.startswith("/talk/")


def test_no_page_is_a_surprise_to_utf_8() -> None:
    values = {"comment": "a\x00b\ud800c", "name": "\udfff"}
    page = form(replace(FORM, values=values))
    assert page.one("textarea").raw.endswith("a\ufffdb\ufffdc")
    assert page.by_id("field-name")["value"] == "\ufffd"


def test_the_form_and_its_stylesheet_are_small() -> None:
    assert len(pages.form_page(FORM, language="fr").encode()) + STYLE.stat().st_size < 16 * 1024


# --- the form


@pytest.mark.parametrize(
    ("language", "heading", "note"),
    [
        (
            "fr",
            "Laisser un commentaire",
            REQUIRED_NOTE,
        ),
        (
            "en",
            "Leave a comment",
            "Your email address will not be published. Required fields are marked *",
        ),
    ],
)
def test_the_form_says_what_is_published_and_what_is_required(
    language: str, heading: str, note: str
) -> None:
    page = form(language=language)
    assert page.one("h1").text == heading
    assert note in [paragraph.text for paragraph in page.all("p")]


def test_the_form_sends_the_fields_of_the_contract() -> None:
    page = form(replace(FORM, site="blog", values={"title": "Les réseaux"}), base="/talk")
    sent = page.one("form")
    assert (sent["method"], sent["action"]) == ("post", "/talk/v1/comments")
    assert sent["accept-charset"] == "utf-8"
    hidden = {field["name"]: field["value"] for field in sent.all("input", type="hidden")}
    assert hidden == {
        "article": ARTICLE.url,
        "site": "blog",
        "title": "Les réseaux",
        "lang": "fr",
        "redirect": "article",
        "idempotency_key": "fresh-key",
    }
    names = [field.get("name") for field in sent.walk() if field.tag in {"input", "textarea"}]
    assert sorted(str(name) for name in names if name not in hidden) == [
        "comment",
        "email",
        "name",
        "subject",
        "website",
    ]


@pytest.mark.parametrize(
    ("name", "is_required", "label", "autocomplete"),
    [
        ("comment", True, "Commentaire *", None),
        ("name", True, "Nom *", "name"),
        ("email", True, "Adresse de messagerie *", "email"),
        ("website", False, "Site web", "url"),
    ],
)
def test_each_field_has_its_label_and_its_star(
    name: str, is_required: bool, label: str, autocomplete: str | None
) -> None:
    page = form()
    field = page.by_id(f"field-{name}")
    assert field["name"] == name
    assert ("required" in field.attributes) == is_required
    assert page.one("label", for_=f"field-{name}").text == label
    assert field.get("autocomplete") == autocomplete
    assert field.get("aria-invalid") is None


def test_no_browser_cuts_a_comment_that_is_allowed() -> None:
    # maxlength counts UTF-16 units, and an emoji is two.
    text = form(replace(FORM, comment_limit=10_000)).one("textarea")
    assert int(text["maxlength"]) >= len(("😀" * 10_000).encode("utf-16-le")) // 2


def test_the_honeypot_is_hidden_from_people() -> None:
    page = form()
    bait = page.by_id("field-subject")
    assert (bait["tabindex"], bait["autocomplete"]) == ("-1", "off")
    assert "required" not in bait.attributes
    box = page.one("div", class_="away")
    assert box["aria-hidden"] == "true"
    assert box.text == "Laissez ce champ vide"
    assert ".away { position: absolute; left: -99rem;" in STYLE.read_text()


def test_wrong_fields_are_told_above_the_form_and_at_their_place() -> None:
    page = form(replace(FORM, errors=wrong("email", "name")))
    alert = page.one("div", role="alert")
    assert "2 champs sont à corriger" in alert.text
    assert {link["href"]: link.text for link in alert.all("a")} == {
        "#field-email": "Adresse de messagerie",
        "#field-name": "Nom",
    }
    for name, described in (("email", "error-email hint-email"), ("name", "error-name")):
        field = page.by_id(f"field-{name}")
        assert field["aria-invalid"] == "true"
        assert field["aria-describedby"] == described
        assert page.by_id(f"error-{name}").text == f"{name} est à corriger"
    assert page.by_id("field-comment").get("aria-invalid") is None
    assert page.by_id("field-comment")["aria-describedby"] == "hint-comment"


def test_a_wrong_field_that_nobody_sees_is_told_all_the_same() -> None:
    page = form(replace(FORM, article_url=None, article_title=None, errors=wrong("article")))
    alert = page.one("div", role="alert")
    assert "article est à corriger" in alert.text
    assert alert.all("a") == []


def test_two_errors_of_one_field_are_one_field_to_correct() -> None:
    page = form(replace(FORM, errors=wrong("name", "name")))
    assert "un champ est à corriger" in page.one("div", role="alert").text
    assert page.by_id("error-name").text == "name est à corriger name est à corriger"


@pytest.mark.parametrize("text", ["\n\nÀ la ligne\n", "  deux  espaces ", HOSTILE, "a\n\n\nb"])
def test_what_was_typed_is_in_the_form_again(text: str) -> None:
    values = {"comment": text, "name": text, "email": text, "website": text}
    page = form(replace(FORM, values=values, errors=wrong("email")))
    # A browser drops the first line break of a textarea, which is the template's.
    assert page.one("textarea").raw == "\n" + text
    for name in ("name", "email", "website"):
        assert page.by_id(f"field-{name}")["value"] == text


def test_a_reply_quotes_what_it_answers() -> None:
    page = form(replace(FORM, parent=PAUL))
    assert page.one("input", name="parent")["value"] == "c1"
    assert page.one("figcaption").text == "En réponse à Paul"
    assert page.one("blockquote").one("em").text == "à tous"


def test_a_reply_to_what_is_gone_can_be_sent_as_a_comment() -> None:
    values = {"comment": "Merci", "parent": "c404"}
    page = form(replace(FORM, values=values, errors=wrong("parent")))
    assert page.all("input", name="parent") == []
    assert "comme un commentaire à part" in page.one("div", role="alert").text
    kept = form(replace(FORM, values=values, errors=wrong("name")))
    assert kept.one("input", name="parent")["value"] == "c404"


def test_a_title_that_is_wrong_does_not_come_back() -> None:
    page = form(replace(FORM, values={"title": "x" * 400}, errors=wrong("title")))
    assert page.all("input", name="title") == []


def test_a_problem_without_a_field_keeps_the_text() -> None:
    notice = (say("fr", "problem.too_fast.title"), say("fr", "problem.too_fast.detail", n=42))
    page = form(replace(FORM, values={"comment": "Mon texte"}, notice=notice))
    alert = page.one("div", role="alert")
    assert "Réessayez dans 42 secondes." in alert.text
    assert "Votre texte est conservé" in alert.text
    assert page.one("textarea").text == "Mon texte"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("fr", "Les commentaires sont fermés."), ("en", "Comments are closed.")],
)
def test_a_closed_article_has_a_sentence_instead_of_a_form(language: str, sentence: str) -> None:
    page = form(replace(FORM, is_open=False), language)
    assert page.all("form") == []
    assert page.one("p", class_="state").text == sentence
    assert page.one("p", class_="back").one("a")["href"] == ARTICLE.url


def test_the_form_links_to_what_the_site_does_with_the_data() -> None:
    address = "https://blog.example/donnees"
    assert form(replace(FORM, privacy_url=address)).all("a", href=address)
    assert not form(replace(FORM, privacy_url="javascript:alert(1)")).all(
        "a", href="javascript:alert(1)"
    )


@pytest.mark.parametrize("held", [True, False])
def test_the_form_says_whether_a_comment_waits(held: bool) -> None:
    sentence = "Il paraîtra après relecture."
    assert (sentence in form(replace(FORM, held=held)).text) == held


# --- the receipt


@pytest.mark.parametrize(
    ("state", "french", "english"),
    [
        (
            State.PENDING,
            "Votre commentaire est en attente de modération.",
            "Your comment is awaiting moderation.",
        ),
        (State.APPROVED, "Votre commentaire est publié.", "Your comment is published."),
        (State.REJECTED, "Votre commentaire a été refusé.", "Your comment was refused."),
        (
            State.SPAM,
            "Votre commentaire a été classé comme indésirable.",
            "Your comment was marked as spam.",
        ),
        (State.DELETED, "Votre commentaire est supprimé.", "Your comment is deleted."),
    ],
)
def test_the_receipt_says_the_state_in_words(state: State, french: str, english: str) -> None:
    for language, sentence in (("fr", french), ("en", english)):
        page = receipt(replace(RECEIPT, state=state), language)
        assert page.one("div", class_="state").one("strong").text == sentence
        back = page.one("p", class_="back").one("a")
        assert back["href"] == ARTICLE.url


@pytest.mark.parametrize("state", [state for state in State if state is not State.DELETED])
def test_a_comment_that_is_there_can_be_withdrawn(state: State) -> None:
    page = receipt(replace(RECEIPT, state=state))
    sent = page.one("form")
    assert (sent["method"], sent["action"]) == ("post", "/v1/receipts/t%20ok%3Fn/withdraw")
    assert page.by_id(sent.one("button")["aria-describedby"]).text.startswith("Le commentaire est")
    assert "favoris" in page.text
    assert page.one("article").one("em").text == "à tous"
    assert page.one("article").one("b").text == "Paul"
    assert page.one("article").one("time")["datetime"] == "2026-11-22T18:04:00Z"


def test_a_comment_is_not_withdrawn_before_its_author_has_seen_what_that_means() -> None:
    page = receipt()
    asked = page.one("details")
    assert "open" not in asked.attributes
    assert asked.one("summary").text == "Retirer le commentaire"
    assert "C’est définitif." in asked.one("p").text
    assert asked.one("form").one("button").text == "Oui, le retirer définitivement"
    assert len(page.all("button")) == 1


def test_a_deleted_comment_has_nothing_left_to_withdraw() -> None:
    page = receipt(replace(RECEIPT, state=State.DELETED, comment=GONE, decided_at=AT))
    assert page.all("form") == []
    assert page.all("article") == []
    assert "Paul" not in page.text


def test_an_approved_comment_is_linked_on_its_article() -> None:
    page = receipt(replace(RECEIPT, state=State.APPROVED))
    assert page.all("a", href="https://blog.example/a#comment-c1")
    assert not receipt().all("a", href="https://blog.example/a#comment-c1")


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_comes_with_its_reason(reason: str) -> None:
    for language in LANGUAGES:
        page = receipt(replace(RECEIPT, state=State.REJECTED, reason=reason), language)
        assert say(language, f"reason.{reason}") in page.one("div", class_="state").text


def test_a_decision_is_dated() -> None:
    decided = replace(RECEIPT, state=State.REJECTED, decided_at=AT)
    assert "Décision~: 22 novembre 2026 à 18~h~04~UTC." in receipt(decided).text
    html = pages.receipt_page(decided, language="en", now=AT + timedelta(hours=1))
    assert "Decided: today at 18:04~UTC." in read(html).text
    assert "Décision" not in receipt(replace(decided, state=State.PENDING)).text


# --- problems


def test_a_problem_page_says_what_and_what_to_do() -> None:
    view = replace(PROBLEM, errors=wrong("after"), request_id="r-42")
    page = read(pages.problem_page(view, language="fr"))
    assert page.one("h1").text == "Fermé"
    assert "Les commentaires sont fermés." in page.text
    assert page.one("ul", class_="errors").text == "after – after est à corriger"
    assert "Numéro de la requête~: r-42" in page.text
    assert page.all("a", href="/problems/article_closed")


def test_a_problem_page_without_more_to_say_says_no_more() -> None:
    page = read(pages.problem_page(PROBLEM, language="fr"))
    assert page.all("ul") == []
    assert "requête" not in page.text
    assert [link["href"] for link in page.all("a")] == ["/problems/article_closed"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_is_explained(language: str) -> None:
    for kind in PROBLEMS:
        page = read(pages.about_problem_page(kind, language=language))
        assert page.one("h1").text
        assert len(page.one("p", class_="lead").text) > 40
        assert kind.code in page.one("dl").text
        assert str(kind.status) in page.one("dl").text


# --- the listing


def test_a_comment_is_shown_with_its_microdata() -> None:
    section = listing().one("section")
    assert section.get("itemtype") == "https://schema.org/CreativeWork"
    assert section.one("meta", itemprop="commentCount")["content"] == "3"
    item = section.by_id("comment-c1")
    assert item["itemtype"] == "https://schema.org/Comment"
    assert item.one("bdi", itemprop="name").text == "Paul"
    assert item.one("time", itemprop="dateCreated")["datetime"] == "2026-11-22T18:04:00Z"
    assert item.one("time").text == "22 novembre 2026 à 18~h~04~UTC"
    assert item.one("div", itemprop="text").one("em").text == "à tous"
    assert item.one("circle")["fill"] == "hsl(212,45%,82%)"
    assert item.all("a", href="https://blog.example/a#comment-c1")
    website = item.one("a", href="https://paul.example/")
    assert website["rel"] == "nofollow ugc noopener"


@pytest.mark.parametrize(
    ("language", "count", "heading"),
    [
        ("fr", 0, "Aucun commentaire pour l’instant"),
        ("fr", 1, "1 commentaire"),
        ("fr", 1204, "1_204 commentaires"),
        ("en", 0, "No comments yet"),
        ("en", 1, "1 comment"),
        ("en", 2, "2 comments"),
    ],
)
def test_the_listing_is_headed_by_its_count(language: str, count: int, heading: str) -> None:
    article = replace(ARTICLE, count=count)
    assert listing((), language, article).one("h2").text == heading


def test_the_fragment_is_no_page_and_keeps_to_its_own_names() -> None:
    for element in listing((PAUL, GONE)).walk():
        assert element.tag not in {"html", "head", "body", "title", "main", "h1"}
        for name in (element.get("class") or "").split():
            assert name.startswith("palabre")
        if "id" in element.attributes:
            assert element["id"].startswith(("palabre", "comment-"))


def test_every_link_of_the_fragment_is_absolute() -> None:
    view = ListingView(article=ARTICLE, comments=(PAUL,), next_path="/v1/comments.html?after=x")
    html = pages.listing_fragment(view, language="en", service_url="https://talk.example/base")
    links = {link["href"] for link in read(html).all("a")}
    assert "https://talk.example/base/v1/comments.html?after=x" in links
    assert all(link.startswith("https://") for link in links)


def test_a_reply_begins_with_a_link_to_the_form() -> None:
    link, report = listing().one("p", class_="palabre-acts").all("a")
    assert report["aria-label"] == "Signaler le commentaire de Paul"
    assert report["href"] == "https://talk.example/v1/comments/c1/report?lang=fr"
    assert link["aria-label"] == "Répondre à Paul"
    address = urlsplit(link["href"])
    assert (address.netloc, address.path) == ("talk.example", "/v1/form")
    assert parse_qs(address.query) == {"article": [ARTICLE.url], "lang": ["fr"], "parent": ["c1"]}


def test_a_closed_article_invites_nobody() -> None:
    page = listing(article=replace(ARTICLE, open=False))
    assert "Les commentaires sont fermés." in page.text
    assert "/v1/form" not in str([link["href"] for link in page.all("a")])


def test_the_listing_invites_unless_the_page_has_a_form_of_its_own() -> None:
    assert listing().one("p", class_="palabre-invite").text == "Laisser un commentaire"
    view = ListingView(article=ARTICLE, comments=(), invites=False)
    html = pages.listing_fragment(view, language="fr", service_url="")
    assert read(html).all("p", class_="palabre-invite") == []


def test_a_tombstone_says_so_and_nothing_else() -> None:
    reply = replace(PAUL, id="c2", depth=1, parent="c9")
    item = listing((GONE, reply)).by_id("comment-c9")
    assert item.one("p", class_="palabre-soft").text == "Commentaire supprimé."
    assert item.get("itemscope") is None
    assert item.one("ol").by_id("comment-c2").one("bdi").text == "Paul"


def test_moderators_wear_a_badge_and_edits_are_marked() -> None:
    assert listing().all("span", class_="palabre-badge") == []
    page = listing((replace(PAUL, moderator=True, edited_at=AT),))
    assert page.one("span", class_="palabre-badge").text == "modération"
    assert page.one("time", itemprop="dateModified").text == "modifié"


@pytest.mark.parametrize("website", ["javascript:alert(1)", "//evil.example", " https:x", "", None])
def test_a_website_that_is_no_web_address_is_no_link(website: str | None) -> None:
    by = listing((replace(PAUL, website=website),)).one("div", class_="palabre-by")
    assert by.one("b").all("a") == []
    assert by.one("bdi").text == "Paul"


def test_replies_stand_inside_what_they_answer() -> None:
    comments = [replace(PAUL, id=f"c{i}", depth=depth) for i, depth in enumerate([0, 1, 2, 1, 0])]
    page = listing(comments)
    top = page.one("ol", class_="palabre-list")
    assert [item["id"] for item in top.inside if isinstance(item, Element)] == [
        "comment-c0",
        "comment-c4",
    ]
    first = page.by_id("comment-c0").all("ol")[0]
    assert [item["id"] for item in first.inside if isinstance(item, Element)] == [
        "comment-c1",
        "comment-c3",
    ]
    assert page.by_id("comment-c1").by_id("comment-c2").tag == "li"


def test_a_page_that_begins_inside_a_thread_says_so() -> None:
    comments = [replace(PAUL, id=f"c{i}", depth=depth) for i, depth in enumerate([2, 1, 0])]
    page = listing(comments)
    assert "Suite de la discussion de la page précédente" in page.text
    continued = [item["id"] for item in page.all("li", class_="palabre-continued")]
    assert continued == ["comment-c0", "comment-c1"]
    assert "Suite de la discussion" not in listing(comments[2:]).text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=10), max_size=40))
def test_threads_keep_the_reading_order_at_any_depths(depths: list[int]) -> None:
    comments = [replace(PAUL, id=str(i), depth=depth) for i, depth in enumerate(depths)]

    def flat(nodes: list[Node]) -> list[Shown]:
        return [each for node in nodes for each in (node.comment, *flat(node.replies))]

    roots = pages.threads(comments)
    assert flat(roots) == comments
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        assert all(reply.comment.depth > node.comment.depth for reply in node.replies)
        waiting += node.replies


@pytest.mark.parametrize(
    ("name", "letter"),
    [("Paul", "P"), ("élise", "É"), ("« Zoé »", "Z"), ("42", "4"), ("ßen", "S"), ("…", "…")],
)
def test_a_name_has_an_initial(name: str, letter: str) -> None:
    assert initial(name) == letter


# --- the demonstration


def test_the_demonstration_has_an_article_its_comments_and_a_form_written_by_hand() -> None:
    fragment = pages.listing_fragment(
        ListingView(article=ARTICLE, comments=(PAUL,)), language="en", service_url=""
    )
    page = read(pages.demo_page(ARTICLE, listing=fragment, language="en", base="/talk"))
    assert page.one("article")["lang"] == "fr"
    assert page.one("h1").text == "Les réseaux"
    assert page.by_id("comment-c1").tag == "li"
    sent = page.one("form")
    assert (sent["action"], sent["method"]) == ("/talk/v1/comments", "post")
    assert sent["accept-charset"] == "utf-8"
    names = {field["name"] for field in sent.walk() if field.get("name")}
    assert names == {
        "article", "title", "lang", "redirect", "comment", "name", "email", "website",
    }  # fmt: skip
    assert page.all("a", href="?lang=fr", lang="fr")


def test_the_demonstration_speaks_french_unless_told_otherwise() -> None:
    page = read(pages.demo_page(ARTICLE, listing="", language="fr"))
    assert page.by_id("leave").text == "Laissez un commentaire"
    assert REQUIRED_NOTE in page.one("form").text


# --- the stylesheet


def test_the_stylesheet_fetches_nothing() -> None:
    style = STYLE.read_text()
    assert not re.search(r"url\(|@import|@font-face|https?:", style)


def test_every_class_of_the_stylesheet_is_on_some_page() -> None:
    written = set(
        re.findall(r"\.([a-z][a-z-]*)", re.sub(r"/\*.*?\*/", "", STYLE.read_text(), flags=re.S))
    )
    shown = {
        name
        for html in (
            *every_page("fr").values(),
            pages.listing_fragment(
                ListingView(article=ARTICLE, comments=(replace(PAUL, depth=1), GONE)),
                language="fr",
                service_url="",
            ),
        )
        for element in read(html).walk()
        for name in (element.get("class") or "").split()
    }
    assert written - shown == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_can_be_read_on_every_surface(scheme: str) -> None:
    blocks = re.findall(r":root \{(.*?)\}", STYLE.read_text(), flags=re.S)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[scheme == "dark"]))
    pairs = [("on-accent", "accent")] + [
        (text, surface)
        for text in ("ink", "soft", "accent", "bad")
        for surface in ("paper", "surface", "wash")
    ]
    for text, surface in pairs:
        assert contrast(colours[text], colours[surface]) >= 4.5, (text, surface)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
