"""`POST /v1/comments` with what nobody should send: the right problem, nothing stored, no fault."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import urlencode

import httpx2
import pytest

import makers
from naughty import NAUGHTY
from palabre.actions import sites
from palabre.service import Service
from web.speaking import (
    BROWSER,
    FIELDS,
    FORM,
    NOTHING,
    Sent,
    as_json,
    field_codes,
    multipart,
    post,
    problem,
    put_article,
    seen_by,
    send,
    stored,
    urlencoded,
)
from web.tree import read

Encode = Callable[[Mapping[str, str]], Sent]

LIMIT = 256 * 1024
FOREIGN = {"Origin": "https://evil.example"}
NO_ADDRESSES = (
    "jean@",
    "@example.com",
    "jean＠example.com",
    "jean@localhost",
    "jean@orange",
    "jean@example.test",
    "jean@1.0.0.127.in-addr.arpa",
    ".jean@example.com",
    "jean.@example.com",
    "jean..luc@example.com",
    "jean@example..com",
    "jean@-example.com",
    "jean@example.com-",
    "jean@127.0.0.1",
    "jean@[127.0.0.1]",
    "jean@[IPv6:::1]",
    "jean@xn--0.com",
    "jean@@example.com",
    "jean@exam_ple.com",
    "jean dupont@example.com",
    "jean@example.com\r\nBcc: luc@example.com",
    "mailto:jean@example.com",
    '"jean"@example.com',
    "Jean <jean@example.com>",
    "jean@example.com (Luc)",
    "\u0300jean@example.com",
    "jean@example.com\u200b",
    "\u202djean-\u202enael@example.com",
    "\x7f@example.com",
)
"""One of each kind that email-validator refuses; tests/text/test_email.py has all of them."""
A_FORM = b"article=/a&name=A&email=a@example.com&comment=Bonjour"
A_JSON = b'{"article": "/a", "name": "A", "email": "a@example.com", "comment": "Bonjour"}'


def with_json(more: str) -> Sent:
    """A good submission in JSON, with members written by hand behind it."""
    return Sent(A_JSON[:-1] + b", " + more.encode() + b"}", "application/json")


def padded(bytes_in_all: int) -> Sent:
    """A good submission of so many bytes, most of them in a field that is ignored."""
    return Sent((A_FORM + b"&more=").ljust(bytes_in_all, b"x"), FORM)


# Which error, when several apply: 413, 415, 400; site 404; origin 403; fields 422; replay;
# closed 403; 429; duplicate 409. Each request is wrong in this way and in the ways behind it.


@pytest.mark.engine("sqlite")
async def test_a_body_that_is_too_large_is_told_before_its_type(client: httpx2.AsyncClient) -> None:
    answer = await send(client, Sent(b"{" * (LIMIT + 1), "text/plain"), FOREIGN)
    problem(answer, 413, "body_too_large")


@pytest.mark.engine("sqlite")
async def test_a_wrong_type_is_told_before_what_is_broken(client: httpx2.AsyncClient) -> None:
    problem(await send(client, Sent(b"{%zz", "text/plain"), FOREIGN), 415, "unsupported_media_type")


@pytest.mark.engine("sqlite")
async def test_a_broken_body_is_told_before_where_it_came_from(client: httpx2.AsyncClient) -> None:
    answer = await send(client, Sent(b'{"site": "nowhere"', "application/json"), FOREIGN)
    problem(answer, 400, "malformed_body")


async def test_an_unknown_site_is_told_before_the_origin(client: httpx2.AsyncClient) -> None:
    answer = await send(client, as_json(makers.fields(site="nowhere", name=None)), FOREIGN)
    problem(answer, 404, "site_not_found")


async def test_a_foreign_origin_is_told_before_the_fields(client: httpx2.AsyncClient) -> None:
    answer = await send(client, as_json(makers.fields(name=None)), FOREIGN)
    problem(answer, 403, "origin_not_allowed")


@pytest.fixture
def strict(environ: dict[str, str]) -> None:
    """Two comments an hour, and no more."""
    environ["PALABRE_SUBMISSION_LIMIT"] = "2/hour"


@pytest.fixture
async def used_up(client: httpx2.AsyncClient, moderator: dict[str, str]) -> dict[str, str]:
    """The fields of a comment with a key, on an article closed since; the allowance is used up."""
    sent = makers.fields(idempotency_key="key-of-the-first")
    assert (await post(client, sent)).status_code == 201
    assert (await post(client, makers.fields())).status_code == 201
    await put_article(client, moderator, open=False)
    return sent


@pytest.mark.usefixtures("strict")
async def test_the_fields_are_told_before_the_key_is_looked_at(
    client: httpx2.AsyncClient, used_up: dict[str, str]
) -> None:
    assert field_codes(await post(client, used_up | {"name": ""})) == {"name": "required"}


@pytest.mark.usefixtures("strict")
async def test_an_unknown_parent_is_told_with_the_other_fields(
    client: httpx2.AsyncClient, used_up: dict[str, str]
) -> None:
    found = field_codes(await post(client, used_up | {"parent": "gone", "email": "x"}))
    assert found == {"parent": "unknown", "email": "invalid"}


@pytest.mark.parametrize(("article", "code"), [("//elsewhere/x", "not_allowed"), ("", "required")])
async def test_an_unknown_parent_is_told_with_an_article_that_is_none(
    client: httpx2.AsyncClient, article: str, code: str
) -> None:
    found = field_codes(await post(client, makers.fields(article=article, parent="gone")))
    assert found == {"article": code, "parent": "unknown"}


@pytest.mark.usefixtures("strict")
async def test_a_replay_is_answered_though_the_article_is_closed(
    client: httpx2.AsyncClient, used_up: dict[str, str]
) -> None:
    assert (await post(client, used_up)).status_code == 201
    problem(await post(client, used_up | {"name": "B"}), 422, "idempotency_mismatch")


@pytest.mark.usefixtures("strict")
async def test_a_closed_article_is_told_before_the_limit_and_the_duplicate(
    client: httpx2.AsyncClient, used_up: dict[str, str]
) -> None:
    del used_up["idempotency_key"]
    problem(await post(client, used_up), 403, "article_closed")


@pytest.mark.usefixtures("strict")
async def test_the_limit_is_told_before_the_duplicate(
    client: httpx2.AsyncClient, moderator: dict[str, str], used_up: dict[str, str]
) -> None:
    await put_article(client, moderator, open=True)
    del used_up["idempotency_key"]
    problem(await post(client, used_up), 429, "too_fast")


async def test_a_duplicate_is_told_last(client: httpx2.AsyncClient) -> None:
    fields = makers.fields()
    await post(client, fields)
    problem(await post(client, fields), 409, "duplicate_comment")


# Sizes.


@pytest.mark.engine("sqlite")
async def test_a_body_exactly_at_the_limit_is_read(client: httpx2.AsyncClient) -> None:
    sent = padded(LIMIT)
    assert len(sent.content) == LIMIT
    assert (await send(client, sent)).status_code == 201


@pytest.mark.engine("sqlite")
async def test_one_byte_more_is_too_much(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    answer = await send(client, padded(LIMIT + 1))
    problem(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"
    assert await stored(client, moderator) == NOTHING


async def in_chunks(sent: Sent, more: int = 0) -> AsyncIterator[bytes]:
    """A body whose length nobody declares."""
    for at in range(0, len(sent.content), 1000):
        yield sent.content[at : at + 1000]
    for _ in range(more):
        yield b"x" * 65_536


@pytest.mark.parametrize(("more", "status"), [(0, 201), (4, 413), (100, 413)])
@pytest.mark.engine("sqlite")
async def test_a_chunked_body_is_counted_as_it_comes(
    client: httpx2.AsyncClient, more: int, status: int
) -> None:
    answer = await client.post(
        "/v1/comments", content=in_chunks(padded(2000), more), headers={"Content-Type": FORM}
    )
    assert "content-length" not in answer.request.headers
    assert answer.status_code == status


@pytest.mark.parametrize("declared", ["262145", "99999999999999999999", "\u00b2", "-1", "1e9", ""])
@pytest.mark.engine("sqlite")
async def test_whatever_length_is_declared_nothing_breaks(
    client: httpx2.AsyncClient, declared: str
) -> None:
    headers = {b"content-type": FORM.encode(), b"content-length": declared.encode("latin-1")}
    body = in_chunks(Sent(A_FORM, FORM))
    answer = await client.post("/v1/comments", content=body, headers=headers)
    assert answer.status_code == (413 if declared.startswith(("26", "99")) else 201)


@pytest.fixture
def impatient(environ: dict[str, str]) -> None:
    """A service that waits for a body for a second, the least it may be told to."""
    environ["PALABRE_BODY_TIMEOUT_S"] = "1"


@pytest.mark.usefixtures("impatient")
@pytest.mark.engine("sqlite")
async def test_a_body_that_never_ends_is_not_waited_for(client: httpx2.AsyncClient) -> None:
    async def begun() -> AsyncIterator[bytes]:
        yield A_FORM
        await asyncio.Event().wait()

    answer = await client.post("/v1/comments", content=begun(), headers={"Content-Type": FORM})
    problem(answer, 408, "body_too_slow")


# Content types.


OTHER_TYPES = (
    None,
    "",
    "text/plain",
    "application/xml",
    "application/jsonp",
    "application/json-patch+json",
    "x-www-form-urlencoded",
    "multipart/mixed; boundary=x",
    f"{FORM}; charset=iso-8859-1",
    f"{FORM}; charset=utf-16",
    "application/json; charset=utf-7",
    'application/json; charset=""; charset=latin1',
    "é/\xff",
    "; application/json",
)


@pytest.mark.engine("sqlite")
async def test_another_content_type_is_not_read(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    for content_type in OTHER_TYPES:
        with subtests.test(content_type=content_type):
            headers = (
                {} if content_type is None else {b"content-type": content_type.encode("latin-1")}
            )
            answer = await client.post("/v1/comments", content=A_JSON, headers=headers)
            problem(answer, 415, "unsupported_media_type")
    assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (A_JSON, "application/json; charset=utf-8"),
        (A_JSON, 'Application/JSON ; charset="UTF-8"'),
        (A_FORM, f"{FORM.upper()};charset=utf8"),
        (A_FORM, f"{FORM}; boundary=unused"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_content_type_may_be_spelt_in_its_own_way(
    client: httpx2.AsyncClient, body: bytes, content_type: str
) -> None:
    assert (await send(client, Sent(body, content_type))).status_code == 201


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip", "x"])
@pytest.mark.engine("sqlite")
async def test_a_compressed_body_is_not_unpacked(client: httpx2.AsyncClient, coding: str) -> None:
    answer = await send(client, Sent(A_FORM, FORM), {"Content-Encoding": coding})
    problem(answer, 415, "unsupported_media_type")


# JSON.


BROKEN_JSON = (
    b"",
    b" ",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"1e400",
    b"{'article': '/a'}",
    b"\xef\xbb\xbf" + A_JSON,
    A_JSON + b"x",
    A_JSON + A_JSON,
    A_JSON[:-1] + b",}",
    A_JSON.replace(b"Bonjour", b"\xe9t\xe9"),
    A_JSON.replace(b"Bonjour", b"\xed\xa0\x80"),
    A_JSON.replace(b"Bonjour", b"\xc0\x80"),
    A_JSON.replace(b"Bonjour", b"a\nb"),
    A_JSON.replace(b"Bonjour", b"\x00"),
    A_JSON.replace(b"Bonjour", b"\\x41"),
    A_JSON.decode().encode("utf-16"),
    b"[" * 20_000 + b"]" * 20_000,
    b'{"more": ' + b"9" * 10_000 + b"}",
    b'{"comment": NaN}',
    b'{"comment": -Infinity}',
    b'{"more": [Infinity]}',
)


@pytest.mark.engine("sqlite")
async def test_broken_json_is_told_so(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    for body in BROKEN_JSON:
        with subtests.test(repr(body[:24])):
            problem(await send(client, Sent(body, "application/json")), 400, "malformed_body")
    assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize(
    "body",
    [
        b'{"article":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"more": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
    ids=["objects", "arrays"],
)
@pytest.mark.engine("sqlite")
async def test_json_nested_without_end_is_a_mistake_and_no_fault(
    client: httpx2.AsyncClient, moderator: dict[str, str], body: bytes
) -> None:
    answer = await send(client, Sent(body, "application/json"))
    # How deep JSON is read differs between versions of Python.
    assert answer.json()["code"] in ("malformed_body", "invalid_submission")
    assert answer.status_code in (400, 422)
    assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.engine("sqlite")
async def test_a_value_that_is_no_string_is_invalid(
    client: httpx2.AsyncClient, moderator: dict[str, str], field: str
) -> None:
    good = as_json(makers.fields(**{field: None})).content[:-1]
    for value in ("1", "1.5", "1e400", "-0", "true", "false", "[]", '["a"]', "{}"):
        body = good + f', "{field}": {value}}}'.encode()
        answer = await send(client, Sent(body, "application/json"))
        assert field_codes(answer) == {field: "invalid"}
    assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.engine("sqlite")
async def test_a_json_member_that_stands_twice_is_invalid(
    client: httpx2.AsyncClient, moderator: dict[str, str], field: str
) -> None:
    good = makers.fields(website="https://e.example", site="blog")
    value = good.pop(field, "")
    twice = f', "{field}": "{value}", "{field}": "{value}"}}'
    body = as_json(good).content[:-1] + twice.encode()
    answer = await send(client, Sent(body, "application/json"))
    assert field_codes(answer) == {field: "invalid"}
    assert await stored(client, moderator) == NOTHING


@pytest.mark.engine("sqlite")
async def test_a_json_member_that_stands_twice_is_invalid_though_one_is_null(
    client: httpx2.AsyncClient,
) -> None:
    found = field_codes(await send(client, with_json('"name": null')))
    assert found == {"name": "invalid"}


@pytest.mark.parametrize("field", FIELDS)
async def test_nul_and_lone_surrogates_are_invalid_in_every_field(
    client: httpx2.AsyncClient, moderator: dict[str, str], field: str
) -> None:
    for value in ("nul\x00", "\x00", "\ud800", "half \udfff", "\udfff\ud800"):
        sent = as_json(makers.fields(**{field: value}))
        assert field_codes(await send(client, sent)) == {field: "invalid"}
        page = await send(client, sent, BROWSER)
        assert page.status_code == 422
        assert read(page.text).one("form")
    assert await stored(client, moderator) == NOTHING


async def test_surrogates_that_make_a_pair_are_a_character(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    body = A_JSON.replace(b"Bonjour", b"\\ud83d\\ude00")
    answer = await send(client, Sent(body, "application/json"))
    comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
    assert comment["text"] == "\N{GRINNING FACE}"


# Forms.


BROKEN_FORMS = (
    b"%",
    b"article=%",
    b"article=%2",
    b"name=%zz&" + A_FORM,
    b"name=100%&" + A_FORM,
    b"%u0041=1&" + A_FORM,
    b"&".join(b"f%d=1" % number for number in range(10_000)),
    b"&".join([b"name=1"] * 10_000),
)


@pytest.mark.engine("sqlite")
async def test_a_broken_form_is_told_so(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    for body in BROKEN_FORMS:
        with subtests.test(repr(body[:24])):
            problem(await send(client, Sent(body, FORM)), 400, "malformed_body")
    assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.engine("sqlite")
async def test_octets_that_are_no_text_are_invalid(
    client: httpx2.AsyncClient, moderator: dict[str, str], field: str
) -> None:
    good = urlencoded(makers.fields(**{field: None})).content + f"&{field}=".encode()
    for octets in (b"Ren\xe9", b"%E9", b"%ed%a0%80", b"%C0%80", b"%F8%88%80%80%80", b"%ff", b"%00"):
        found = field_codes(await send(client, Sent(good + octets, FORM)))
        assert found == {field: "invalid"}
    assert await stored(client, moderator) == NOTHING


@pytest.mark.engine("sqlite")
async def test_a_field_name_that_is_no_text_is_ignored(client: httpx2.AsyncClient) -> None:
    assert (await send(client, Sent(A_FORM + b"&%ff=1&=2&%00=3&&&=", FORM))).status_code == 201


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.engine("sqlite")
async def test_a_field_given_twice_is_invalid(
    client: httpx2.AsyncClient, moderator: dict[str, str], field: str
) -> None:
    good = makers.fields(website="https://e.example", site="blog")
    value = good.pop(field, "")
    twice = [*good.items(), (field, value), (field, value)]
    assert field_codes(await send(client, Sent(urlencode(twice).encode(), FORM))) == {
        field: "invalid"
    }
    assert await stored(client, moderator) == NOTHING


# Multipart forms.


def with_part(head: str, value: bytes = b"x") -> Sent:
    """A good submission as multipart, with one more part."""
    good = multipart(makers.fields())
    boundary = good.content_type.partition("boundary=")[2]
    end = f"--{boundary}--\r\n".encode()
    part = f"--{boundary}\r\n{head}\r\n\r\n".encode() + value + b"\r\n"
    return Sent(good.content.removesuffix(end) + part + end, good.content_type)


@pytest.mark.engine("sqlite")
async def test_a_file_is_no_field(client: httpx2.AsyncClient, moderator: dict[str, str]) -> None:
    sent = with_part(
        'Content-Disposition: form-data; name="website"; filename="a.txt"\r\n'
        "Content-Type: text/plain",
        b"https://e.example",
    )
    assert field_codes(await send(client, sent)) == {"website": "invalid"}
    assert await stored(client, moderator) == NOTHING


@pytest.mark.engine("sqlite")
async def test_a_file_that_nobody_asked_for_is_ignored(client: httpx2.AsyncClient) -> None:
    sent = with_part('Content-Disposition: form-data; name="photo"; filename=""', b"")
    assert (await send(client, sent)).status_code == 201


@pytest.mark.engine("sqlite")
async def test_a_part_given_twice_is_invalid(client: httpx2.AsyncClient) -> None:
    sent = with_part('Content-Disposition: form-data; name="name"', b"B")
    assert field_codes(await send(client, sent)) == {"name": "invalid"}


@pytest.mark.parametrize("octets", [b"\xe9t\xe9", b"\x00", b"\xed\xa0\x80"])
@pytest.mark.engine("sqlite")
async def test_a_part_that_is_no_text_is_invalid(client: httpx2.AsyncClient, octets: bytes) -> None:
    sent = with_part('Content-Disposition: form-data; name="title"', octets)
    assert field_codes(await send(client, sent)) == {"title": "invalid"}


NO_FIELDS = (
    "Content-Type: text/plain",
    'Content-Disposition: attachment; name="a"',
    "Content-Disposition: form-data",
    "Content-Disposition",
    ": no name",
    "Content-Disposition: form-data; name=a\r\nX: " + "y" * 20_000,
    "\r\n".join(["Content-Disposition: form-data; name=a"] + ["X: y"] * 200),
)


@pytest.mark.engine("sqlite")
async def test_a_part_that_is_no_field_breaks_the_form(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    for head in NO_FIELDS:
        with subtests.test(head[:40]):
            problem(await send(client, with_part(head)), 400, "malformed_body")
    assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 20, 60, 150])
@pytest.mark.engine("sqlite")
async def test_a_form_that_breaks_off_is_not_half_taken(
    client: httpx2.AsyncClient, moderator: dict[str, str], cut: int
) -> None:
    whole = multipart(makers.fields())
    answer = await send(client, Sent(whole.content[:-cut], whole.content_type))
    # The line break behind the last boundary is no part of it.
    if cut <= 2:
        assert answer.status_code == 201
    else:
        problem(answer, 400, "malformed_body")
        assert await stored(client, moderator) == NOTHING


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=another",
        'multipart/form-data; boundary="----a4f2',
        "multipart/form-data; boundary=" + "x" * 500,
        "multipart/form-data; boundary=\xe9",
    ],
    ids=lambda content_type: content_type[:40],
)
@pytest.mark.engine("sqlite")
async def test_a_boundary_that_is_not_there_breaks_the_form(
    client: httpx2.AsyncClient, moderator: dict[str, str], content_type: str
) -> None:
    body = multipart(makers.fields()).content
    headers = {b"content-type": content_type.encode("latin-1")}
    answer = await client.post("/v1/comments", content=body, headers=headers)
    problem(answer, 400, "malformed_body")
    assert await stored(client, moderator) == NOTHING


@pytest.mark.engine("sqlite")
async def test_thousands_of_parts_break_the_form(client: httpx2.AsyncClient) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    sent = Sent(part * 4_000 + b"--b--\r\n", "multipart/form-data; boundary=b")
    problem(await send(client, sent), 400, "malformed_body")


# Parents.


async def test_a_parent_on_another_article_is_unknown(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    elsewhere = await makers.approved(client, moderator, article="/b")
    assert field_codes(await post(client, makers.fields(parent=elsewhere))) == {"parent": "unknown"}


async def test_a_parent_on_another_site_is_unknown(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str]
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    elsewhere = await makers.approved(client, moderator, article="https://news.example/a")
    sent = makers.fields(article="https://blog.example/a", parent=elsewhere)
    assert field_codes(await post(client, sent)) == {"parent": "unknown"}


@pytest.mark.parametrize("action", [None, "reject", "spam", "delete"])
async def test_a_parent_that_is_not_public_is_as_unknown_as_one_that_never_was(
    client: httpx2.AsyncClient, moderator: dict[str, str], action: str | None
) -> None:
    parent = await makers.comment(client)
    if action is not None:
        await makers.act(client, moderator, parent, action)
    hidden = await post(client, makers.fields(parent=parent))
    never = await post(client, makers.fields(parent="0" * 26))
    assert field_codes(hidden) == {"parent": "unknown"}
    assert hidden.json() == never.json()


async def test_a_reply_below_a_rejected_comment_has_an_approved_parent_of_its_own(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    top = await makers.approved(client, moderator)
    child = await makers.approved(client, moderator, parent=top)
    await makers.act(client, moderator, top, "reject")
    assert (await makers.submit(client, parent=child))["comment"]["parent"] == child
    assert field_codes(await post(client, makers.fields(parent=top))) == {"parent": "unknown"}


async def test_a_comment_cannot_be_its_own_parent(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    own = await makers.approved(client, moderator)
    comment = (await makers.submit(client, id=own, parent=own))["comment"]
    assert comment["id"] != own
    assert comment["parent"] == own


# Naughty strings.


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.engine("sqlite")
async def test_a_naughty_string_is_taken_or_refused_by_name(
    client: httpx2.AsyncClient, moderator: dict[str, str], field: str
) -> None:
    taken = 0
    for naughty in NAUGHTY:
        sent = as_json(makers.fields(**{field: naughty}))
        answer = await send(client, sent)
        if answer.status_code == 201:
            taken += 1
            continue
        page = await send(client, sent, BROWSER)
        assert page.status_code == answer.status_code
        assert read(page.text).one("h1").text
        if answer.status_code == 404:
            problem(answer, 404, "site_not_found")
        else:
            assert list(field_codes(answer)) == [field]
    assert sum((await stored(client, moderator)).values()) == taken


@pytest.mark.parametrize("encode", [urlencoded, multipart], ids=lambda one: one.__name__)
@pytest.mark.engine("sqlite")
async def test_a_naughty_form_is_refused_like_its_json(
    client: httpx2.AsyncClient, moderator: dict[str, str], encode: Encode
) -> None:
    fields = set(FIELDS) - {"site", "email"}
    for naughty in NAUGHTY:
        # No form can spell a lone surrogate.
        if naughty.encode(errors="replace").decode() == naughty:
            naughty_everywhere = {"email": "nobody", **dict.fromkeys(fields, naughty)}
            form = field_codes(await send(client, encode(naughty_everywhere)))
            assert form == field_codes(await post(client, naughty_everywhere))
    assert await stored(client, moderator) == NOTHING


async def test_a_naughty_comment_comes_back_as_it_was_typed(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    refused = []
    for naughty in NAUGHTY:
        answer = await post(client, makers.fields(comment=f"Il écrit {naughty} ici."))
        if answer.status_code == 422:
            refused.append(naughty)
            continue
        comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
        typed = naughty.replace("\r\n", "\n").replace("\r", "\n")
        assert comment["text"] == f"Il écrit {typed} ici."
    assert refused
    assert all(re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", naughty) for naughty in refused)


async def test_a_naughty_name_comes_back_composed_and_otherwise_as_it_was_typed(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    taken = 0
    for naughty in NAUGHTY:
        name = f"M. {naughty} B."[:80].strip()
        answer = await post(client, makers.fields(name=name))
        if answer.status_code == 201:
            comment = await seen_by(client, moderator, answer.json()["comment"]["id"])
            assert comment["author"]["name"] == unicodedata.normalize("NFC", name)
            taken += 1
    assert taken > len(NAUGHTY) / 2


async def test_what_is_no_address_is_refused_and_not_repeated(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for address in NO_ADDRESSES:
        answer = await post(client, makers.fields(email=address))
        assert field_codes(answer) == {"email": "invalid"}
        assert address not in answer.text
    assert await stored(client, moderator) == NOTHING


async def test_what_was_refused_is_told_in_the_reader_s_language(
    client: httpx2.AsyncClient,
) -> None:
    for lang, title in (("fr", "Envoi trop volumineux"), ("en", "Request too large")):
        answer = await send(client, padded(LIMIT + 1), {"Accept-Language": lang})
        assert problem(answer, 413, "body_too_large")["title"] == title


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (A_FORM.ljust(LIMIT + 1), FORM, 413),
        (A_FORM, "text/plain", 415),
        (A_FORM + b"%", FORM, 400),
        (A_JSON + b"%", "application/json", 400),
        (A_FORM + b"&site=nowhere", FORM, 404),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_browser_is_shown_a_page_for_what_cannot_be_corrected(
    client: httpx2.AsyncClient, body: bytes, content_type: str, status: int
) -> None:
    answer = await send(client, Sent(body, content_type), BROWSER | {"Accept-Language": "en"})
    assert answer.status_code == status
    page = read(answer.text)
    assert page.one("html")["lang"] == "en"
    assert page.one("h1").text
