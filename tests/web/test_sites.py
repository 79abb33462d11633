"""Which site a submission is for, and which pages may send one (contract 3.1)."""

from __future__ import annotations

import httpx2
import pytest

import makers
from conftest import ORIGIN, client_of
from palabre.actions import sites
from palabre.model import Site
from palabre.service import Service
from web.speaking import (
    BROWSER,
    FORM,
    NOTHING,
    PUBLIC_URL,
    Sent,
    as_json,
    browse,
    field_codes,
    post,
    problem,
    put_article,
    seen_by,
    send,
    stored,
)
from web.tree import read

NEWS = "https://news.example"
EXPOSED = "Location, Retry-After, ETag"


@pytest.fixture
async def news(service: Service) -> Site:
    """A second site, English, with two origins."""
    return await sites.add(
        service, "news", origins=[NEWS, "https://www.news.example:8443"], locale="en"
    )


async def site_of(
    client: httpx2.AsyncClient, moderator: dict[str, str], answer: httpx2.Response
) -> str:
    assert answer.status_code == 201, answer.text
    return str((await seen_by(client, moderator, answer.json()["comment"]["id"]))["site"])


# Which site.


@pytest.mark.parametrize(
    ("fields", "origin", "name"),
    [
        ({"article": f"{NEWS}/a"}, None, "news"),
        ({"article": "https://WWW.news.example:8443/a"}, None, "news"),
        ({"article": f"{ORIGIN}/a"}, None, "blog"),
        ({"article": "/a"}, NEWS, "news"),
        ({"article": "/a"}, ORIGIN, "blog"),
        ({"article": "/a", "site": "news"}, None, "news"),
        ({"article": "/a", "site": " blog "}, None, "blog"),
        ({"article": "/a", "site": "news"}, NEWS, "news"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_the_site_is_told_from_the_name_the_article_or_the_page(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    news: Site,
    fields: dict[str, str],
    origin: str | None,
    name: str,
) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = await post(client, makers.fields(**fields), **headers)
    assert await site_of(client, moderator, answer) == name


async def test_the_only_site_needs_no_name(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    answer = await post(client, makers.fields(article="/a"))
    assert await site_of(client, moderator, answer) == "blog"


async def test_of_two_sites_one_has_to_be_named(
    client: httpx2.AsyncClient, moderator: dict[str, str], news: Site
) -> None:
    assert field_codes(await post(client, makers.fields())) == {"site": "required"}
    assert await stored(client, moderator) == NOTHING


async def test_a_missing_site_is_told_with_all_other_mistakes(
    client: httpx2.AsyncClient, news: Site
) -> None:
    found = field_codes(await post(client, {"name": "x" * 81, "email": "nobody", "comment": " "}))
    assert found == {
        "site": "required",
        "article": "required",
        "name": "too_long",
        "email": "invalid",
        "comment": "required",
    }


async def test_a_site_that_is_no_text_is_told_once(client: httpx2.AsyncClient, news: Site) -> None:
    assert field_codes(await post(client, {**makers.fields(), "site": 5})) == {"site": "invalid"}


async def test_an_article_of_no_site_is_not_allowed_on_any(
    client: httpx2.AsyncClient, news: Site
) -> None:
    sent = makers.fields(article="https://elsewhere.example/a")
    wrong = {"site": "required", "article": "not_allowed"}
    assert field_codes(await post(client, sent)) == wrong
    listed = await client.get("/v1/comments", params={"article": sent["article"]})
    assert field_codes(listed, 400) == wrong


async def test_an_article_of_another_site_than_the_one_named_is_not_allowed(
    client: httpx2.AsyncClient, news: Site
) -> None:
    sent = makers.fields(article=f"{NEWS}/a", site="blog")
    assert field_codes(await post(client, sent)) == {"article": "not_allowed"}


@pytest.mark.parametrize("name", ["nowhere", "Blog", "blog2", "x" * 10_000, "bl%og", "' or 1=1 --"])
async def test_an_unknown_site_is_not_there(
    client: httpx2.AsyncClient, moderator: dict[str, str], name: str
) -> None:
    problem(await post(client, makers.fields(site=name)), 404, "site_not_found")
    assert await stored(client, moderator) == NOTHING


async def test_without_any_site_one_is_required(service: Service) -> None:
    async with client_of(service) as client:
        assert field_codes(await post(client, makers.fields())) == {"site": "required"}


async def test_the_same_address_on_two_sites_is_two_authors(
    client: httpx2.AsyncClient, moderator: dict[str, str], news: Site
) -> None:
    authors = set()
    for article in (f"{ORIGIN}/a", f"{NEWS}/a"):
        found = await makers.submit(client, article=article, email="same@example.com")
        comment = await seen_by(client, moderator, found["comment"]["id"])
        authors.add(comment["author"]["id"])
    assert len(authors) == 2


# Which pages.


FOREIGN = (
    "https://evil.example",
    "http://blog.example",
    "https://blog.example:444",
    "https://blog.example.evil.example",
    "https://blog.example@evil.example",
    "https://xblog.example",
    "file://",
    "nonsense",
    "https://comments.example.evil.example",
    "http://comments.example:81",
    "",
)


async def test_a_page_of_another_origin_may_not_send_comments(
    client: httpx2.AsyncClient, moderator: dict[str, str], subtests: pytest.Subtests
) -> None:
    for origin in FOREIGN:
        with subtests.test(origin=origin):
            answer = await post(client, makers.fields(), origin=origin)
            problem(answer, 403, "origin_not_allowed")
            assert "access-control-allow-origin" not in answer.headers
    assert await stored(client, moderator) == NOTHING


async def test_a_page_of_another_site_may_not_either(
    client: httpx2.AsyncClient, news: Site
) -> None:
    answer = await post(client, makers.fields(article=f"{ORIGIN}/a"), origin=NEWS)
    problem(answer, 403, "origin_not_allowed")


async def test_a_browser_is_told_on_a_page_without_a_form(client: httpx2.AsyncClient) -> None:
    answer = await browse(client, makers.fields(), origin="https://evil.example")
    assert answer.status_code == 403
    page = read(answer.text)
    assert page.one("h1").text == "Page non autorisée"
    assert page.all("form") == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": ORIGIN},
        {"origin": "HTTPS://Blog.Example:443"},
        # The service's own pages.
        {"origin": PUBLIC_URL},
        {"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"},
        {"origin": "https://behind.example", "sec-fetch-site": "same-origin"},
    ],
    ids=lambda headers: " ".join(headers.values()) or "none",
)
@pytest.mark.engine("sqlite")
async def test_pages_of_the_site_or_the_service_and_programs_may(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await post(client, makers.fields(), **headers)).status_code == 201


@pytest.mark.parametrize("said", ["same-site", "cross-site", "none", "same-origin, cross-site"])
@pytest.mark.engine("sqlite")
async def test_a_page_that_only_is_on_the_same_site_is_not_the_service_s_own(
    client: httpx2.AsyncClient, said: str
) -> None:
    sent = await post(client, makers.fields(), origin="https://x.example", sec_fetch_site=said)
    problem(sent, 403, "origin_not_allowed")


# Scripts on article pages.


async def test_a_script_on_the_article_page_may_read_the_answer(
    client: httpx2.AsyncClient,
) -> None:
    answer = await post(client, makers.fields(), origin=ORIGIN)
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-expose-headers"] == EXPOSED
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (Sent(b"x" * 300_000, FORM), 413),
        (Sent(b"x", "text/plain"), 415),
        (Sent(b"{", "application/json"), 400),
        (as_json({"site": "nowhere"}), 404),
        (as_json({}), 422),
        (as_json({**makers.fields(), "article": "/closed"}), 403),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
@pytest.mark.engine("sqlite")
async def test_a_script_may_read_every_problem_too(
    client: httpx2.AsyncClient, moderator: dict[str, str], sent: Sent, status: int
) -> None:
    await put_article(client, moderator, article="/closed", open=False)
    answer = await send(client, sent, {"Origin": ORIGIN})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-expose-headers"] == EXPOSED
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", [None, "null", PUBLIC_URL])
@pytest.mark.engine("sqlite")
async def test_who_is_not_on_a_site_s_page_is_echoed_nothing_but_told_that_it_matters(
    client: httpx2.AsyncClient, origin: str | None
) -> None:
    headers = {} if origin is None else {"origin": origin}
    answer = await post(client, makers.fields(), **headers)
    assert answer.status_code == 201
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", [ORIGIN, NEWS, "https://www.news.example:8443"])
@pytest.mark.engine("sqlite")
async def test_a_browser_that_asks_first_is_told_what_it_may_send(
    client: httpx2.AsyncClient, news: Site, origin: str
) -> None:
    answer = await client.options(
        "/v1/comments",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,idempotency-key",
        },
    )
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["access-control-allow-origin"] == origin
    allowed = answer.headers["access-control-allow-headers"]
    assert {name.strip() for name in allowed.split(",")} == {
        "Content-Type",
        "Idempotency-Key",
        "Accept",
    }
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_foreign_page_that_asks_first_is_told_no(client: httpx2.AsyncClient) -> None:
    answer = await client.options(
        "/v1/comments",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 204
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/counts", "/v1/comments.html", "/v1/comments.atom"])
@pytest.mark.engine("sqlite")
async def test_any_page_may_ask_to_read_what_is_public(
    client: httpx2.AsyncClient, path: str
) -> None:
    asked_first = await client.options(path, headers={"Origin": "https://anyone.example"})
    assert asked_first.status_code == 204
    assert asked_first.headers["access-control-allow-origin"] == "*"
    for url in (f"{path}?article=/a", f"{path}?article=//x"):
        answer = await client.get(url, headers={"Origin": "https://anyone.example"})
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_form_comes_back_to_a_page_of_the_site(client: httpx2.AsyncClient) -> None:
    answer = await send(client, as_json({}), BROWSER | {"Origin": ORIGIN})
    assert answer.status_code == 422
    policy = answer.headers["content-security-policy"]
    assert f"form-action 'self' {ORIGIN}" in policy
