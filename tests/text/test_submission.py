"""All fields of a comment at once: contract 3.1's table, an edit's and a reply's rules."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naughty import NAUGHTY
from palabre.errors import FIELD_CODES, FieldError, InvalidSubmission
from palabre.model import Policy, Submission
from palabre.text import rules
from palabre.text.submission import (
    KEPT,
    UNUSABLE,
    Checked,
    Reply,
    Rewrite,
    Value,
    check,
    reply,
    rewrite,
)

POLICY = Policy()
ORIGINS = ("https://blog.example",)
REQUIRED: Mapping[str, Value] = {
    "article": "/a",
    "comment": "Bien vu.",
    "name": "Jeanne",
    "email": "jeanne@example.com",
}
KNOWN = (
    *("article", "comment", "name", "email", "website", "parent", "title", "site", "lang"),
    *("redirect", "idempotency_key"),
)


def _check(policy: Policy = POLICY, /, **changes: Value) -> Checked:
    return check({**REQUIRED, **changes}, policy, ORIGINS)


def _accepted(policy: Policy = POLICY, /, **changes: Value) -> Submission:
    checked = _check(policy, **changes)
    assert checked.errors == ()
    assert checked.submission is not None
    return checked.submission


def _refused(policy: Policy = POLICY, /, **changes: Value) -> FieldError:
    checked = _check(policy, **changes)
    assert checked.submission is None
    (error,) = checked.errors
    assert error.code in FIELD_CODES
    return error


def test_a_full_submission_comes_out_normalised() -> None:
    assert _accepted(
        article=" https://blog.example/a/?utm_source=x#c ",
        name="  Jean\u2011E\u0301ric ",
        email=" Jean@École.FR\n",
        website="HTTPS://Exemple.fr/Été",
        comment="\r\n  Bien vu.\r\nEncore.\rFin. \n",
        parent=" 0abc ",
        title=" L’e\u0301te\u0301 ",
        site="blog",
        lang="fr",
        redirect="article",
        idempotency_key=" 0123-4567 ",
        unknown="x",
    ) == Submission(
        article="/a",
        name="Jean\u2011Éric",
        email="jean@xn--cole-9oa.fr",
        website="https://exemple.fr/Été",
        text="Bien vu.\nEncore.\nFin.",
        parent="0abc",
        title="L’été",
        idempotency_key="0123-4567",
        lured=False,
    )


def test_what_is_not_required_may_be_absent_or_blank() -> None:
    blank = dict.fromkeys(KNOWN, " \n") | dict(REQUIRED)
    bare = check(REQUIRED, POLICY, ORIGINS)
    assert check(blank, POLICY, ORIGINS) == bare
    assert bare.submission is not None
    assert bare.submission.website is None
    assert bare.submission.parent is None
    assert bare.submission.title is None
    assert bare.submission.idempotency_key is None


@pytest.mark.parametrize("field", REQUIRED)
@pytest.mark.parametrize(
    "blank", ["", " ", "\r\n\t", "\u00a0\u3000", "\u200b\ufeff", "\u3164", "\u2060\u2800", "\ufe0f"]
)
def test_a_required_field_that_shows_nothing_is_missing(field: str, blank: str) -> None:
    assert _refused(**{field: blank}) == FieldError(field, "required")


def test_every_missing_field_is_named_at_once_in_the_order_of_the_form() -> None:
    checked = check({}, POLICY, ORIGINS)
    assert checked == Checked(
        article=None,
        parent=None,
        errors=tuple(FieldError(field, "required") for field in REQUIRED),
        submission=None,
    )


def test_every_failing_field_is_named_at_once() -> None:
    bad = dict.fromkeys(KNOWN, "\x00")
    checked = check(bad, POLICY, ORIGINS)
    assert [(error.field, error.code) for error in checked.errors] == [
        (field, "invalid") for field in KNOWN
    ]


@pytest.mark.parametrize("field", KNOWN)
@pytest.mark.parametrize("value", [UNUSABLE, "\x00", "ab\x00cdefgh", "\ud800", "x\udfffabcdefg"])
def test_what_is_no_text_is_invalid_in_every_field(field: str, value: Value) -> None:
    assert _refused(**{field: value}) == FieldError(field, "invalid")


def test_article_and_parent_are_there_when_the_rest_fails() -> None:
    checked = _check(article="https://blog.example/a/", parent="0abc", email="jeanne", name="")
    assert (checked.article, checked.parent) == ("/a", "0abc")
    assert {error.field for error in checked.errors} == {"email", "name"}
    checked = _check(article="https://evil.example/", parent="é")
    assert (checked.article, checked.parent) == (None, None)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (
            "article",
            "//blog.example/a",
            FieldError("article", "not_allowed", "article_not_allowed"),
        ),
        ("article", "https://a.fr/", FieldError("article", "not_allowed", "article_not_allowed")),
        ("article", "/a\nb", FieldError("article", "invalid")),
        ("article", "/%zz", FieldError("article", "invalid")),
        ("name", "Jean\nLuc", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\tLuc", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\x07", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\x85Luc", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\u2028Luc", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\u2029Luc", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\ufffe", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\ufdd0", FieldError("name", "invalid", "name_invalid")),
        ("name", "Jean\U0010ffff", FieldError("name", "invalid", "name_invalid")),
        *(
            ("name", f"Jean{control}", FieldError("name", "invalid", "name_invalid"))
            for control in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        ),
        ("email", "jeanne", FieldError("email", "invalid", "email_missing_at")),
        ("email", "j@example", FieldError("email", "invalid", "email_missing_domain_end")),
        ("email", "j@a.test", FieldError("email", "invalid", "email_reserved_domain")),
        ("email", "j,l@a.fr", FieldError("email", "invalid", "email_bad_character")),
        ("email", ".j@a.fr", FieldError("email", "invalid", "email_invalid")),
        ("website", "exemple.fr", FieldError("website", "invalid", "website_invalid")),
        ("website", "http://", FieldError("website", "invalid", "website_invalid")),
        ("website", "//exemple.fr", FieldError("website", "invalid", "website_invalid")),
        ("website", "javascript:alert(1)", FieldError("website", "invalid", "website_invalid")),
        ("website", "https://a.fr/ b", FieldError("website", "invalid", "website_invalid")),
        ("website", "https://j@a.fr/", FieldError("website", "invalid", "website_invalid")),
        ("website", 'https://a.fr/"', FieldError("website", "invalid", "website_invalid")),
        ("website", "https://a.fr/\u202e", FieldError("website", "invalid", "website_invalid")),
        ("comment", "a\x01b", FieldError("comment", "invalid")),
        ("comment", "a\x0bb", FieldError("comment", "invalid")),
        ("comment", "a\x1bb", FieldError("comment", "invalid")),
        ("comment", "a\x7f", FieldError("comment", "invalid")),
        ("comment", "a\x9b31m", FieldError("comment", "invalid")),
        ("parent", "é", FieldError("parent", "unknown", "parent_unknown")),
        ("parent", "a\nb", FieldError("parent", "unknown", "parent_unknown")),
        ("parent", "9" * 65, FieldError("parent", "unknown", "parent_unknown")),
        ("title", "a\nb", FieldError("title", "invalid")),
        ("title", "a\u202eb", FieldError("title", "invalid")),
        (
            "idempotency_key",
            "1234567",
            FieldError("idempotency_key", "too_short", None, {"limit": 8}),
        ),
        ("idempotency_key", "12345678\n9", FieldError("idempotency_key", "invalid")),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(
    field: str, value: str, expected: FieldError
) -> None:
    assert _refused(**{field: value}) == expected


@pytest.mark.parametrize(
    "name",
    [
        "J",
        "Jean-Éric d’Ørsted œ",
        "O'Brien, Jr. (ret.)",
        "محمد \u200fعلي\u200e",
        "שָׁלוֹם",
        "李小龍",
        "नरेन्द्र",
        "ไทย",
        "می\u200cخواهم",
        "👩\u200d👩\u200d👧\u200d👦 ❤️ 🏴\U000e0067\U000e0062\U000e007f",
        "\U0001fae8",
        '<b>Jean</b> & "Luc"',
        "-- ; drop table",
        "Z\u0334\u0353\u0316",
        "\ue000",
        "null",
    ],
)
def test_names_of_every_script_are_kept_as_they_are(name: str) -> None:
    assert _accepted(name=name).name == unicodedata.normalize("NFC", name)


LETTERS = ("a", "é", "漢", "😀", "x\u0301", "\U0001f3f4")


@pytest.mark.parametrize(
    ("field", "prefix", "limit"),
    [
        ("name", "", 80),
        ("title", "", 300),
        ("comment", "", 10_000),
        ("website", "http://a.fr/", 500),
    ],
)
@pytest.mark.parametrize("letter", LETTERS)
def test_lengths_count_characters_whatever_their_size(
    field: str, prefix: str, limit: int, letter: str
) -> None:
    whole = prefix + (letter * limit)[: limit - len(prefix)]
    kept = {"comment": "text"}.get(field, field)
    for value in (whole[:-1], whole, f" {whole}\n"):
        assert getattr(_accepted(**{field: value}), kept) == value.strip()
    told = {"limit": limit, "length": limit + 1}
    assert _refused(**{field: whole + "z"}) == FieldError(field, "too_long", "over_limit", told)


@pytest.mark.parametrize(("field", "limit"), [("name", 80), ("title", 300)])
def test_lengths_are_taken_after_composition(field: str, limit: int) -> None:
    decomposed = "e\u0301" * limit
    assert getattr(_accepted(**{field: decomposed}), field) == "é" * limit
    assert _refused(**{field: decomposed + "e\u0301"}).code == "too_long"
    # U+0958 is decomposed by NFC, never composed.
    assert _refused(**{field: "\u0958" * (limit // 2 + 1)}).code == "too_long"


@pytest.mark.parametrize(("field", "limit"), [("name", 80), ("title", 300)])
def test_a_pile_of_marks_is_soon_refused_and_a_small_one_composed(field: str, limit: int) -> None:
    # Four characters that NFC makes one (U+1F82): nothing shrinks more.
    assert getattr(_accepted(**{field: "α\u0313\u0300\u0345" * limit}), field) == "ᾂ" * limit
    started = time.process_time()
    error = _refused(**{field: "a" + "\u0301" * 60_000 + "\u0316" * 60_000})
    assert (error.code, error.values) == ("too_long", {"limit": limit, "length": 120_001})
    # Sorting them, as composition does, takes some twenty seconds.
    assert time.process_time() - started < 2


def test_a_website_is_measured_with_its_host_in_ascii_too() -> None:
    # Nine characters more than as typed: `xn--`, and what Punycode adds.
    typed = "http://école.fr/"
    longer = len("http://xn--cole-9oa.fr/") - len(typed)
    path = "a" * (500 - longer - len(typed))
    assert len(_accepted(website=typed + path).website or "") == 500
    assert _refused(website=typed + path + "a").code == "too_long"


@pytest.mark.parametrize("limit", [1, 17, 20_000])
def test_a_comment_has_the_length_its_site_allows(limit: int) -> None:
    policy = Policy(comment_limit=limit)
    assert _accepted(policy, comment="😀" * limit).text == "😀" * limit
    assert _refused(policy, comment="😀" * limit + "x").values == {
        "limit": limit,
        "length": limit + 1,
    }


def test_a_line_break_counts_once_and_surrounding_ones_not_at_all() -> None:
    policy = Policy(comment_limit=5)
    assert _accepted(policy, comment="\r\n\r\na\r\nb\rc\r\n").text == "a\nb\nc"
    assert _refused(policy, comment="a\r\nb\rc\nd").code == "too_long"


def test_a_comment_is_not_composed_nor_otherwise_touched() -> None:
    text = "e\u0301 \u212a \ufb01 \u202eabc\u202c\n\n\n\tx  y\u00a0! \ufeff"
    assert _accepted(comment=text).text == text
    assert _accepted(comment=text).text != unicodedata.normalize("NFC", text)


def test_an_email_that_is_too_long_is_told_the_limit() -> None:
    error = _refused(email="x" * 250 + "@example.com")
    assert error == FieldError("email", "too_long", None, {"limit": 254})


def test_an_article_that_is_too_long_is_told_the_limit() -> None:
    error = _refused(article="/" + "x" * 2000)
    assert error == FieldError("article", "too_long", None, {"limit": 2000})


@pytest.mark.parametrize("length", [8, 9, 127, 128])
def test_an_idempotency_key_has_8_to_128_characters(length: int) -> None:
    assert _accepted(idempotency_key="k" * length).idempotency_key == "k" * length
    short, long = _refused(idempotency_key=" 1234567 "), _refused(idempotency_key="k" * 129)
    assert (short.code, short.values) == ("too_short", {"limit": 8})
    assert (long.code, long.values) == ("too_long", {"limit": 128, "length": 129})


@pytest.mark.parametrize("field", ["abcdefgh", "short", "\x00", UNUSABLE, ""])
def test_the_header_stands_instead_of_the_field(field: Value) -> None:
    fields = {**REQUIRED, "idempotency_key": field}
    checked = check(fields, POLICY, ORIGINS, header_key=" from-the-header ")
    assert checked.submission
    assert checked.submission.idempotency_key == "from-the-header"


def test_a_bad_header_is_an_error_of_the_field_and_a_blank_one_is_none() -> None:
    fields = {**REQUIRED, "idempotency_key": "abcdefgh"}
    bad = check(fields, POLICY, ORIGINS, header_key="short")
    assert [(error.field, error.code) for error in bad.errors] == [("idempotency_key", "too_short")]
    blank = check(fields, POLICY, ORIGINS, header_key=" ")
    assert blank.submission
    assert blank.submission.idempotency_key == "abcdefgh"


@pytest.mark.parametrize("value", ["x", "https://spam.example", "\x00", "\ud800", UNUSABLE])
def test_whoever_fills_in_the_honeypot_is_lured_and_not_told(value: Value) -> None:
    assert _accepted(subject=value).lured


@pytest.mark.parametrize("value", ["", " \n", "\u200b"])
def test_a_blank_honeypot_lures_nobody(value: str) -> None:
    assert not _accepted(subject=value).lured


def test_nothing_in_a_submission_prints_the_address() -> None:
    assert "example.com" not in repr(_check(email="someone@example.com"))


@given(st.text(max_size=100) | st.sampled_from(NAUGHTY), st.sampled_from([*KNOWN, "subject", "x"]))
@example("\u0344" * 80, "name")
@settings(max_examples=500, deadline=None)
def test_what_is_accepted_stays_as_it_is_when_sent_again(text: str, field: str) -> None:
    checked = _check(**{field: text})
    assert all(error.field == field and error.code in FIELD_CODES for error in checked.errors)
    assert (checked.submission is None) == bool(checked.errors)
    if checked.submission is None:
        return
    once = checked.submission
    again: dict[str, Value] = {
        "article": once.article,
        "name": once.name,
        "email": once.email,
        "comment": once.text,
    }
    again |= {
        key: value
        for key in ("website", "parent", "title", "idempotency_key")
        if (value := getattr(once, key)) is not None
    }
    twice = check(again, POLICY, ORIGINS).submission
    assert twice is not None
    assert twice.email == once.email
    assert (twice.article, twice.name, twice.text) == (once.article, once.name, once.text)
    assert (twice.website, twice.parent, twice.title) == (once.website, once.parent, once.title)


@given(st.text(max_size=60) | st.sampled_from(NAUGHTY))
@settings(max_examples=300, deadline=None)
def test_an_accepted_text_is_what_was_typed_but_for_breaks_and_edges(text: str) -> None:
    submission = _check(comment=text, name=text).submission
    if submission is not None:
        assert submission.text == "\n".join(text.replace("\r\n", "\n").split("\r")).strip()
        assert submission.name == unicodedata.normalize("NFC", text.strip())


def test_an_edit_changes_only_what_it_names() -> None:
    assert rewrite({}, POLICY) == Rewrite(text=KEPT, name=KEPT, website=KEPT)
    assert rewrite({"text": " a\r\nb "}, POLICY) == Rewrite(text="a\nb")
    assert rewrite({"name": " E\u0301ric"}, POLICY) == Rewrite(name="Éric")
    assert rewrite({"website": "HTTP://A.fr"}, POLICY) == Rewrite(website="http://a.fr")
    assert rewrite({"version": "3", "text": None, "name": None}, POLICY) == Rewrite()


@pytest.mark.parametrize("value", [None, "", " ", "\u200b"])
def test_an_edit_takes_a_website_away_by_null_or_blank(value: str | None) -> None:
    assert rewrite({"website": value}, POLICY) == Rewrite(website=None)


def test_an_edit_follows_the_rules_of_a_submission_and_names_every_error() -> None:
    with pytest.raises(InvalidSubmission) as caught:
        rewrite({"text": "😀" * 11, "name": "\u202eJean", "website": "x"}, Policy(comment_limit=10))
    assert caught.value.errors == (
        FieldError("text", "too_long", "over_limit", {"limit": 10, "length": 11}),
        FieldError("name", "invalid", "name_invalid"),
        FieldError("website", "invalid", "website_invalid"),
    )


@pytest.mark.parametrize("field", ["text", "name"])
@pytest.mark.parametrize(
    ("value", "code"), [("", "required"), (" ", "required"), ("\x00", "invalid")]
)
def test_an_edit_cannot_empty_text_or_name(field: str, value: str, code: str) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        rewrite({field: value}, POLICY)
    assert caught.value.errors == (FieldError(field, code),)


@pytest.mark.parametrize("field", ["text", "name", "website"])
def test_an_edit_with_what_is_no_text_is_invalid(field: str) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        rewrite({field: UNUSABLE}, POLICY)
    assert caught.value.errors == (FieldError(field, "invalid"),)


@pytest.mark.parametrize("name", [None, "", " ", "\u200b"])
def test_a_reply_is_signed_by_default_with_the_name_it_is_given(name: str | None) -> None:
    fields: dict[str, Value | None] = {"text": " Merci.\r\n", "name": name}
    assert reply(fields, POLICY, default_name="La rédaction") == Reply("Merci.", "La rédaction")
    assert reply({"text": "a"}, POLICY, default_name="Zoé").name == "Zoé"


def test_a_reply_may_be_signed_otherwise() -> None:
    assert reply({"text": "a", "name": " Éva "}, POLICY, default_name="x") == Reply("a", "Éva")


@pytest.mark.parametrize("text", [None, "", "\n", "\u2060"])
def test_a_reply_needs_a_text_and_every_error_is_named(text: str | None) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        reply({"text": text, "name": "x" * 81}, POLICY, default_name="x")
    assert caught.value.errors == (
        FieldError("text", "required"),
        FieldError("name", "too_long", "over_limit", {"limit": 80, "length": 81}),
    )


def test_what_python_calls_printable_is_neither_control_nor_disorderly() -> None:
    printable = "".join(filter(str.isprintable, map(chr, range(0x110000))))
    assert rules._CONTROL.search(printable) is None
    assert rules._DISORDERLY.search(printable) is None


@pytest.mark.parametrize("rest", ["", "a", " ", "\u200b"])
def test_blank_is_what_has_only_blank_characters(rest: str) -> None:
    for code in [*range(0x3400), *range(0xFE00, 0x10000), *range(0xE0100, 0xE01F0)]:
        text = chr(code) + rest
        shown = [
            c
            for c in text
            if not (c.isspace() or unicodedata.category(c) == "Cf" or rules._EMPTY_LOOKING.match(c))
        ]
        assert rules.is_blank(text) == (not shown)


def test_an_ordinary_submission_needs_none_of_the_libraries() -> None:
    """They are imported when first needed: a process that has met no reader yet stays small."""
    script = (
        "import sys; from palabre.model import Policy; from palabre import screening;"
        "from palabre.text import markup, submission;"
        f"found = submission.check({dict(REQUIRED)!r}, Policy(), ['https://blog.example']);"
        "assert found.submission; assert markup.render('Bien vu.') == '<p>Bien vu.</p>';"
        "print(*{name.split('.')[0] for name in sys.modules} &"
        " {'markdown_it', 'nh3', 'email_validator', 'idna', 'dns'})"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout == "\n"
