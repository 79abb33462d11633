"""`POST /v1/comments`: what a reader sends, and what they get for it (contract 3.1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping

import httpx2
import pytest

import makers
from palabre.actions import sites
from palabre.model import Site
from palabre.service import Service
from web.speaking import (
    BROWSER,
    ENCODINGS,
    NOTHING,
    PUBLIC_URL,
    Sent,
    as_json,
    browse,
    field_codes,
    post,
    problem,
    put_article,
    rules,
    seen_by,
    send,
    stored,
    urlencoded,
)
from web.tree import Element, read

Encode = Callable[[Mapping[str, str]], Sent]
every_encoding = pytest.mark.parametrize("encode", ENCODINGS, ids=lambda one: one.__name__)

CALM = "Un commentaire tout à fait ordinaire."
COMBINING = "e\u0301"
LABEL = "a" * 63
EMAIL_254 = "x" * (254 - len(f"@{LABEL}.{LABEL}.example.com")) + f"@{LABEL}.{LABEL}.example.com"


# What comes back.


@every_encoding
async def test_a_program_is_told_the_comment_and_its_receipt(
    client: httpx2.AsyncClient, encode: Encode
) -> None:
    answer = await send(client, encode(makers.fields(comment=CALM, website="https://h.example")))
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"comment", "receipt"}
    comment, receipt = body["comment"], body["receipt"]
    assert isinstance(comment["author"].pop("hue"), int)
    assert comment == {
        "id": comment["id"],
        "parent": None,
        "depth": 0,
        "state": "pending",
        "author": {
            "name": "Hélène Marchand",
            "website": "https://h.example",
            "moderator": False,
        },
        "html": f"<p>{CALM}</p>",
        "created_at": "2026-11-23T09:00:00Z",
        "edited_at": None,
    }
    assert receipt["url"] == f"{PUBLIC_URL}/v1/receipts/{receipt['token']}"
    assert answer.headers["location"] == f"/v1/receipts/{receipt['token']}"
    shown = await client.get(receipt["url"])
    assert shown.json()["comment"]["id"] == comment["id"]


@every_encoding
async def test_a_browser_is_led_to_a_receipt_that_says_what_happens_now(
    client: httpx2.AsyncClient, encode: Encode
) -> None:
    answer = await send(client, encode(makers.fields(comment=CALM)), BROWSER)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/v1/receipts/")
    shown = await client.get(answer.headers["location"], headers=BROWSER)
    page = read(shown.text)
    assert "Votre commentaire est en attente de modération." in page.text
    assert CALM in page.text
    assert page.all("a", href="https://blog.example/a")


ACCEPT = (
    (BROWSER["Accept"], True),
    ("text/html", True),
    ("text/*", True),
    ("text/html, application/json;q=0.9", True),
    ("application/json, text/html", False),
    ("text/html;q=0.5, application/json", False),
    ("text/html;q=0", False),
    ("*/*", False),
    ("image/png", False),
    ("", False),
    ("text/html;q=nonsense", False),
    (",;q=,;;text/html/x", False),
    ("x" * 20_000, False),
)


async def test_who_prefers_a_page_gets_one(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for accept, is_page in ACCEPT:
        with subtests.test(accept[:40]):
            answer = await send(client, urlencoded(makers.fields()), {"Accept": accept})
            assert answer.status_code == (303 if is_page else 201)


async def test_a_program_without_accept_gets_json(client: httpx2.AsyncClient) -> None:
    del client.headers["Accept"]
    assert (await send(client, urlencoded(makers.fields()))).status_code == 201


async def test_nothing_is_public_before_a_moderator_says_so(client: httpx2.AsyncClient) -> None:
    await makers.submit(client, title="Un titre")
    page = await makers.listing(client)
    assert page["comments"] == []
    assert page["article"] == {
        "url": "https://blog.example/a",
        "title": None,
        "open": True,
        "count": 0,
    }


async def test_a_site_that_trusts_its_readers_publishes_at_once(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    comment = (await makers.submit(client))["comment"]
    assert comment["state"] == "approved"
    assert [one["id"] for one in (await makers.listing(client))["comments"]] == [comment["id"]]


async def test_what_a_rule_minds_waits_even_on_such_a_site(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    found = await makers.submit(client, comment="http://a.example http://b.example")
    assert found["comment"]["state"] == "pending"


# Back to the article.


async def test_a_published_comment_leads_back_to_its_place_on_the_article(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    answer = await browse(client, makers.fields(article="/a/?utm_source=x", redirect="article"))
    assert answer.status_code == 303
    (comment,) = (await makers.listing(client))["comments"]
    assert answer.headers["location"] == f"https://blog.example/a#comment-{comment['id']}"


async def test_a_comment_that_waits_leads_to_its_receipt_all_the_same(
    client: httpx2.AsyncClient,
) -> None:
    answer = await browse(client, makers.fields(redirect="article"))
    assert answer.headers["location"].startswith("/v1/receipts/")


@pytest.mark.parametrize("redirect", ["//evil.example", "https://evil.example", "Article", "", "/"])
@pytest.mark.engine("sqlite")
async def test_no_other_redirect_is_followed(
    client: httpx2.AsyncClient, admin: dict[str, str], redirect: str
) -> None:
    await rules(client, admin, first_state="approved")
    answer = await browse(client, makers.fields(redirect=redirect))
    assert answer.headers["location"].startswith("/v1/receipts/")


async def test_redirect_means_nothing_to_a_program(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    assert (await post(client, makers.fields(redirect="article"))).status_code == 201


# The table of fields.


AT_THE_LIMIT = (
    ("name", "é" * 80, "é" * 80),
    ("name", "x", "x"),
    ("name", f"\u2003 {'x' * 80}\r\n", "x" * 80),
    ("name", COMBINING * 80, "é" * 80),
    ("name", "王小明", "王小明"),
    ("name", "\u05d3\u05d5\u05d3\u200f", "\u05d3\u05d5\u05d3\u200f"),
    ("name", 'J.-P. O’Neill "l\'Ami" <3', 'J.-P. O’Neill "l\'Ami" <3'),
    ("website", "https://e.fr/" + "x" * 487, "https://e.fr/" + "x" * 487),
    ("website", " HTTP://Exemple.FR:80/Là?q#f ", "http://exemple.fr/Là?q#f"),
    ("website", "", None),
    ("text", "x", "x"),
    ("text", "é" * 10_000, "é" * 10_000),
    ("text", "x\r\n" * 4_999 + "xx", "x\n" * 4_999 + "xx"),
    ("text", f"\u00a0\n{'x' * 10_000}\t\u2028", "x" * 10_000),
    ("text", "a\rb\r\nc\n\td", "a\nb\nc\n\td"),
    ("text", "\u202eoverride\u202c", "\u202eoverride\u202c"),
    ("text", COMBINING, COMBINING),
)


async def test_a_value_at_its_limit_comes_back_as_it_was(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    for field, longest, shown in AT_THE_LIMIT:
        with subtests.test(f"{field} {longest[:20]!r}"):
            sent = makers.fields(**{"comment" if field == "text" else field: longest})
            answer = await post(client, sent)
            assert answer.status_code == 201, answer.text
            comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
            assert (comment["text"] if field == "text" else comment["author"][field]) == shown


WITHIN = (
    ("email", EMAIL_254),
    ("email", " \tHelene@EXAMPLE.com\n"),
    ("email", "jean@école.fr"),
    ("idempotency_key", "x" * 8),
    ("idempotency_key", "é" * 128),
    ("title", "t" * 300),
    ("article", "/" + "x" * 1999),
    ("lang", "not a language"),
    ("redirect", "nowhere"),
)


async def test_a_value_within_its_rule_is_taken(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for field, value in WITHIN:
        with subtests.test(f"{field} {value[:20]!r}"):
            assert (await post(client, makers.fields(**{field: value}))).status_code == 201


BROKEN = (
    ("name", "x" * 81, "too_long"),
    ("name", COMBINING * 81, "too_long"),
    ("name", "x" * 100_000, "too_long"),
    ("name", "two\nlines", "invalid"),
    ("name", "tab\there", "invalid"),
    ("name", "bell\x07", "invalid"),
    ("name", "\u202egnp.exe", "invalid"),
    ("name", "\u2066isolate\u2069", "invalid"),
    ("email", "x" + EMAIL_254, "too_long"),
    ("email", "helene", "invalid"),
    ("email", "helene@localhost", "invalid"),
    ("email", "a@example.com, b@example.com", "invalid"),
    ("email", '"a b"@example.com', "invalid"),
    ("website", "https://e.fr/" + "x" * 488, "too_long"),
    ("website", "javascript:alert(1)", "invalid"),
    ("website", "ftp://exemple.fr", "invalid"),
    ("website", "//exemple.fr", "invalid"),
    ("website", "exemple.fr", "invalid"),
    ("website", "https://user@exemple.fr", "invalid"),
    ("website", 'https://exemple.fr/"><b>', "invalid"),
    ("comment", "x" * 10_001, "too_long"),
    ("comment", "x\r\n" * 5_000 + "x", "too_long"),
    ("comment", "\N{GRINNING FACE}" * 10_001, "too_long"),
    ("comment", "bell\x07", "invalid"),
    ("parent", "no-such-comment", "unknown"),
    ("parent", "9223372036854775808", "unknown"),
    ("parent", "é" * 40, "unknown"),
    ("title", "t" * 301, "too_long"),
    ("title", "two\nlines", "invalid"),
    ("idempotency_key", "x" * 7, "too_short"),
    ("idempotency_key", "x" * 129, "too_long"),
    ("idempotency_key", "control\x1b[31m", "invalid"),
    ("article", "/" + "x" * 2000, "too_long"),
    ("article", "/half-%escape", "invalid"),
    ("article", "/new\nline", "invalid"),
    ("article", "relative", "not_allowed"),
    ("article", "//blog.example/a", "not_allowed"),
    ("article", "/\\evil.example", "not_allowed"),
    ("article", "https:blog.example", "not_allowed"),
    ("article", "javascript:alert(1)", "not_allowed"),
    ("article", "https://elsewhere.example/a", "not_allowed"),
    ("article", "https://blog.example:444/a", "not_allowed"),
    ("article", "http://blog.example/a", "not_allowed"),
    ("article", "https://user@blog.example/a", "not_allowed"),
)


@pytest.mark.engine("sqlite")
async def test_a_value_that_breaks_its_rule_is_named(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    for field, value, code in BROKEN:
        with subtests.test(f"{field} {value[:20]!r}"):
            assert field_codes(await post(client, makers.fields(**{field: value}))) == {field: code}
    assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize("field", ["article", "name", "email", "comment"])
@pytest.mark.engine("sqlite")
async def test_a_required_field_that_is_blank_or_absent_is_missing(
    client: httpx2.AsyncClient, field: str
) -> None:
    for value in (None, "", " \t\r\n", "\u00a0\u2003\u3000", "\u200b"):
        answer = await post(client, makers.fields(**{field: value}))
        assert field_codes(answer) == {field: "required"}


async def test_json_null_is_missing(client: httpx2.AsyncClient) -> None:
    fields: dict[str, object] = {**makers.fields()}
    optional = ("website", "parent", "title", "site", "lang", "redirect", "idempotency_key")
    assert (await post(client, fields | dict.fromkeys(optional))).status_code == 201
    assert field_codes(await post(client, fields | {"name": None})) == {"name": "required"}


@pytest.mark.parametrize("field", ["website", "parent", "title", "site", "lang", "redirect"])
@pytest.mark.engine("sqlite")
async def test_an_optional_field_that_is_blank_is_as_if_absent(
    client: httpx2.AsyncClient, field: str
) -> None:
    assert (await post(client, makers.fields(**{field: " \u00a0"}))).status_code == 201


@every_encoding
@pytest.mark.engine("sqlite")
async def test_every_failing_field_is_named_at_once(
    client: httpx2.AsyncClient, encode: Encode
) -> None:
    fields = makers.fields(
        article="//evil.example",
        name="x" * 81,
        email="nobody",
        website="ftp://x",
        comment=" ",
        title="t" * 301,
        idempotency_key="short",
    )
    assert field_codes(await send(client, encode(fields))) == {
        "article": "not_allowed",
        "name": "too_long",
        "email": "invalid",
        "website": "invalid",
        "comment": "required",
        "title": "too_long",
        "idempotency_key": "too_short",
    }


@every_encoding
@pytest.mark.engine("sqlite")
async def test_an_empty_submission_misses_all_that_is_required(
    client: httpx2.AsyncClient, encode: Encode
) -> None:
    found = field_codes(await send(client, encode({})))
    assert found == dict.fromkeys(("article", "name", "email", "comment"), "required")


async def test_the_site_or_the_article_may_ask_for_shorter_comments(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, comment_limit=20)
    assert field_codes(await post(client, makers.fields(comment="x" * 21))) == {
        "comment": "too_long"
    }
    await put_article(client, admin, policy={"comment_limit": 30})
    assert (await post(client, makers.fields(comment="x" * 30))).status_code == 201
    too_long = await post(client, makers.fields(comment="x" * 31))
    assert field_codes(too_long) == {"comment": "too_long"}
    assert "30" in too_long.json()["errors"][0]["message"]


@every_encoding
async def test_ten_thousand_emoji_are_a_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str], encode: Encode
) -> None:
    text = "\N{GRINNING FACE}" * 10_000
    answer = await send(client, encode(makers.fields(comment=text)))
    assert answer.status_code == 201, answer.text
    comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
    assert comment["text"] == text
    assert comment["html"] == f"<p>{text}</p>"


@every_encoding
@pytest.mark.engine("sqlite")
async def test_fields_that_nobody_asked_for_set_nothing(
    client: httpx2.AsyncClient, moderator: dict[str, str], encode: Encode
) -> None:
    own = {
        "id": "1",
        "state": "approved",
        "created_at": "2001-01-01T00:00:00Z",
        "approved_by": "alice",
        "moderator": "true",
        "author": "x",
        "version": "9",
        "ip": "192.0.2.1",
    }
    answer = await send(client, encode(makers.fields() | own))
    assert answer.status_code == 201
    comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
    assert comment["id"] != "1"
    assert comment["state"] == "pending"
    assert comment["created_at"] == "2026-11-23T09:00:00Z"
    assert comment["version"] == 1
    assert comment["decided_by"] is None
    assert comment["author"]["moderator"] is False


async def test_a_semicolon_separates_no_fields(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    body = urlencoded(makers.fields(name=None)).content + b"&name=a=1;state=approved"
    answer = await send(client, Sent(body, "application/x-www-form-urlencoded"))
    comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
    assert comment["author"]["name"] == "a=1;state=approved"
    assert comment["state"] == "pending"


async def test_a_plus_and_an_escape_are_read_as_forms_write_them(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    body = b"article=%2Fa&name=A+B%2BC&email=a%2Bb%40example.com&comment=%C3%A9+%26+%3D"
    answer = await send(client, Sent(body, "application/x-www-form-urlencoded; charset=UTF-8"))
    comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
    assert (comment["author"]["name"], comment["text"]) == ("A B+C", "é & =")


async def test_raw_utf_8_in_a_form_is_text(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    body = "article=/a&name=Hélène&email=a@example.com&comment=Ça va".encode()
    answer = await send(client, Sent(body, "application/x-www-form-urlencoded"))
    comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
    assert (comment["author"]["name"], comment["text"]) == ("Hélène", "Ça va")


# Who else may read it: nobody.


async def test_the_address_is_in_no_answer(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    marked = "Marquee+Unique@example.com"
    fields = makers.fields(email=marked)
    good = await post(client, fields)
    again = await post(client, fields)
    wrong = await post(client, fields | {"comment": ""})
    comment_id = good.json()["comment"]["id"]
    texts = [good.text, again.text, wrong.text, str(await seen_by(client, moderator, comment_id))]
    assert not any("marquee" in text.lower() for text in texts)


async def test_a_known_address_gets_the_same_answer_as_a_stranger(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator, email="known@example.com")
    spam = await makers.comment(client, email="spammer@example.com")
    await makers.act(client, moderator, spam, "spam")
    comments = [
        (await makers.submit(client, email=f"{who}@example.com"))["comment"]
        for who in ("known", "spammer", "stranger")
    ]
    shapes = [{**comment, "id": None, "html": None} for comment in comments]
    assert shapes[0] == shapes[1] == shapes[2]


async def test_an_address_is_one_author_however_it_is_spelt(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    authors = []
    for email in ("jean@École.fr", " JEAN@xn--cole-9oa.FR\n", "jean+x@école.fr", "j.ean@école.fr"):
        comment = await makers.comment(client, email=email)
        authors.append((await seen_by(client, moderator, comment))["author"]["id"])
    assert authors[0] == authors[1]
    assert len(set(authors)) == 3


async def test_a_filled_honeypot_is_spam_and_its_bot_is_told_nothing(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.submit(client, subject="Buy now")
    assert found["comment"]["state"] == "pending"
    receipt = await client.get(found["receipt"]["url"])
    assert receipt.json()["comment"]["state"] == "pending"
    comment = await seen_by(client, moderator, found["comment"]["id"])
    assert comment["state"] == "spam"
    assert comment["signals"][0]["name"] == "honeypot"


# Replies and titles.


async def test_a_reply_hangs_under_its_parent(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    reply = (await makers.submit(client, parent=f" {parent} "))["comment"]
    assert (reply["parent"], reply["depth"]) == (parent, 1)


async def test_a_title_is_kept_from_the_first_comment_on(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client)
    await makers.approved(client, moderator, title=f"Le titre d’{COMBINING}t\u00e9 ")
    await makers.approved(client, moderator, title="Un autre")
    title = (await makers.listing(client))["article"]["title"]
    assert title == unicodedata.normalize("NFC", f"Le titre d’{COMBINING}té")


async def test_a_title_that_a_moderator_gave_is_not_replaced(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await put_article(client, moderator, title="Le vrai titre")
    await makers.approved(client, moderator, title="Un autre")
    assert (await makers.listing(client))["article"]["title"] == "Le vrai titre"


# Languages.


@pytest.mark.parametrize(
    ("lang", "language"),
    [
        ("fr", "fr"),
        ("en", "en"),
        ("en-GB", "en"),
        ("EN", "en"),
        # The site's own, when there is nothing better.
        ("de", "fr"),
        ("english please", "fr"),
        ("en" * 100, "fr"),
        ("", "fr"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_lang_chooses_the_language_of_the_answer(
    client: httpx2.AsyncClient, lang: str, language: str
) -> None:
    titles = {"fr": "Commentaire à corriger", "en": "Comment needs correcting"}
    for encode in ENCODINGS:
        sent = encode(makers.fields(comment="", lang=lang))
        answer = await send(client, sent, {"Accept-Language": "en"})
        assert problem(answer, 422, "invalid_submission")["title"] == titles[language]
        assert answer.headers["content-language"] == language


async def test_an_english_site_answers_in_english(
    service: Service, client: httpx2.AsyncClient
) -> None:
    await sites.add(service, "news", origins=["https://news.example"], locale="en")
    fields = makers.fields(article="https://news.example/a", comment="")
    answer = await post(client, fields, accept_language="fr")
    assert problem(answer, 422, "invalid_submission")["title"] == "Comment needs correcting"
    assert answer.json()["errors"][0]["message"] == "This field is required, but it is empty."


@pytest.mark.parametrize(
    ("accepted", "title"),
    [
        ("en", "Unreadable request"),
        ("en;q=0.3, fr;q=0.8", "Envoi illisible"),
        ("de", "Envoi illis"),
    ],
)
async def test_without_a_site_the_browser_s_language_counts_and_then_french(
    client: httpx2.AsyncClient, accepted: str, title: str
) -> None:
    answer = await send(client, Sent(b"{", "application/json"), {"Accept-Language": accepted})
    assert problem(answer, 400, "malformed_body")["title"].startswith(title)


async def test_an_english_reader_goes_on_in_english(client: httpx2.AsyncClient) -> None:
    answer = await browse(client, makers.fields(lang="en"))
    shown = await client.get(answer.headers["location"], headers=BROWSER)
    assert "Your comment is awaiting moderation." in shown.text


# The form again.


async def form_again(client: httpx2.AsyncClient, **overrides: str | None) -> Element:
    answer = await browse(client, makers.fields(**overrides))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    return read(answer.text)


async def test_the_form_comes_back_with_all_that_was_typed(client: httpx2.AsyncClient) -> None:
    typed = "\n</textarea><script>alert('é')</script>\r\n\"q\" &amp; 'x' "
    page = await form_again(
        client,
        name='<b>"Hélène"</b>',
        email="helene@",
        website="https://h.example/?a=1&b=2",
        comment=typed,
        title="Un titre",
    )
    values = {one["name"]: one.get("value") for one in page.all("input")}
    assert values["name"] == '<b>"Hélène"</b>'
    assert values["email"] == "helene@"
    assert values["website"] == "https://h.example/?a=1&b=2"
    assert values["title"] == "Un titre"
    assert values["article"] == "/a"
    # The parser of a browser drops the first line break after the tag.
    assert page.one("textarea", name="comment").raw.removeprefix("\n") == typed


async def test_each_message_stands_next_to_its_field(client: httpx2.AsyncClient) -> None:
    page = await form_again(client, email="helene", comment=" ", name="x" * 81)
    for name, message in (
        ("comment", "Ce champ est obligatoire, mais il est vide."),
        ("name", "C’est trop long~: 81 caractères, pour 80 au plus."),
        ("email", "Il manque l’arobase (@), comme dans nom@exemple.fr."),
    ):
        control = page.by_id(f"field-{name}")
        assert control["aria-invalid"] == "true"
        error = page.by_id(f"error-{name}")
        assert error["id"] in control["aria-describedby"].split()
        assert error.text == message
    assert page.by_id("field-website").get("aria-invalid") is None


async def test_what_is_to_be_mended_is_summed_up_in_the_order_of_the_form(
    client: httpx2.AsyncClient,
) -> None:
    page = await form_again(client, name="", email="helene", comment="", website="x")
    summed_up = [link["href"] for link in page.one("div", role="alert").all("a")]
    controls = [one["id"] for one in page.walk() if one.get("aria-invalid")]
    assert summed_up == [f"#{name}" for name in controls]
    assert len(summed_up) == 4


async def test_the_form_again_is_in_the_reader_s_language(client: httpx2.AsyncClient) -> None:
    page = await form_again(client, email="helene", lang="en")
    assert page.one("html")["lang"] == "en"
    assert page.by_id("error-email").text == "The @ sign is missing, as in name@example.com."
    assert page.one("input", name="lang")["value"] == "en"


async def test_the_corrected_form_is_the_same_request(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    page = await form_again(client, email="helene", idempotency_key="the-first-key")
    assert page.one("input", name="idempotency_key")["value"] == "the-first-key"
    corrected = makers.fields(idempotency_key="the-first-key")
    for _ in range(2):
        assert (await browse(client, corrected)).status_code == 303
    assert (await stored(client, moderator))["pending"] == 1


async def test_a_browser_s_form_can_be_sent_again_as_it_came_back(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    page = await form_again(client, name="", parent=parent, website="https://h.example")
    again = {one["name"]: one.get("value") or "" for one in page.all("input")}
    again["comment"] = page.one("textarea").raw.removeprefix("\n")
    assert (await browse(client, again | {"name": "Hélène"})).status_code == 303
    queue = await client.get("/v1/moderation/comments", headers=moderator)
    (comment,) = queue.json()["comments"]
    assert comment["parent"] == parent
    assert comment["author"]["website"] == "https://h.example"


async def test_a_reply_to_a_comment_that_is_gone_can_be_sent_as_one_of_its_own(
    client: httpx2.AsyncClient,
) -> None:
    page = await form_again(client, parent="gone")
    assert page.all("input", name="parent") == []
    assert "n’est pas public sur cet article, ou ne l’est plus." in page.text


@pytest.mark.parametrize("status", [403, 409])
async def test_a_refusal_without_a_field_to_blame_keeps_the_text(
    client: httpx2.AsyncClient, moderator: dict[str, str], status: int
) -> None:
    fields = makers.fields(comment="Un long texte à ne pas perdre.")
    if status == 403:
        await put_article(client, moderator, open=False)
    else:
        await post(client, fields)
    answer = await browse(client, fields)
    assert answer.status_code == status
    page = read(answer.text)
    if status == 409:
        assert page.one("textarea").raw.strip() == fields["comment"]
        assert "Commentaire déjà envoyé" in page.text
    else:
        assert "Les commentaires sont fermés." in page.text


async def test_the_form_of_an_unknown_site_s_article_is_told_so(
    client: httpx2.AsyncClient, site: Site
) -> None:
    answer = await browse(client, makers.fields(site="nowhere"))
    assert answer.status_code == 404
    page = read(answer.text)
    assert page.one("h1").text == "Site inconnu"


async def test_a_json_body_may_be_posted_by_a_browser_too(client: httpx2.AsyncClient) -> None:
    assert (await send(client, as_json(makers.fields()), BROWSER)).status_code == 303
