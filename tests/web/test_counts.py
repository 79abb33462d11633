"""`GET /v1/counts`: how many approved comments up to a hundred articles have (contract 3.3)."""

from __future__ import annotations

import httpx2
import pytest

import makers
from palabre.actions import sites
from palabre.service import Service
from web.speaking import field_codes, problem


async def counts(client: httpx2.AsyncClient, *wanted: str, site: str | None = None) -> object:
    parameters: list[tuple[str, str | int | float | bool | None]] = [
        ("article", article) for article in wanted
    ]
    if site is not None:
        parameters.append(("site", site))
    answer = await client.get("/v1/counts", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["counts"]


async def test_each_article_is_counted_under_the_name_it_was_asked_by(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for _ in range(2):
        await makers.approved(client, moderator)
    assert await counts(client, "/a", "/a/?utm_source=x", "https://BLOG.example/a#c", "/b") == {
        "/a": 2,
        "/a/?utm_source=x": 2,
        "https://BLOG.example/a#c": 2,
        "/b": 0,
    }


async def test_only_approved_comments_count(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parent = await makers.approved(client, moderator)
    await makers.approved(client, moderator, parent=parent)
    await makers.comment(client)
    assert await counts(client, "/a") == {"/a": 2}
    await makers.act(client, moderator, parent, "reject")
    assert await counts(client, "/a") == {"/a": 1}


async def test_the_answer_keeps_the_order_of_the_question(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/counts?article=/c&article=/a&article=/b&article=/a")
    assert list(answer.json()["counts"]) == ["/c", "/a", "/b"]


async def test_articles_of_several_sites_may_be_asked_for_at_once(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str]
) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    here, there = "https://blog.example/a", "https://news.example/a"
    await makers.approved(client, moderator, article=there)
    assert await counts(client, here, there) == {here: 0, there: 1}
    assert await counts(client, "/a", site="news") == {"/a": 1}
    assert await counts(client, "/a", site="blog") == {"/a": 0}
    answer = await client.get(f"/v1/counts?article=/a&article={there}")
    assert field_codes(answer, 400) == {"site": "required"}


async def test_a_hundred_articles_are_counted_and_no_more(client: httpx2.AsyncClient) -> None:
    wanted = [f"/{number}" for number in range(101)]
    assert await counts(client, *wanted[:100]) == dict.fromkeys(wanted[:100], 0)
    url = "/v1/counts?" + "&".join(f"article={article}" for article in wanted)
    assert field_codes(await client.get(url), 400) == {"article": "too_long"}


BAD_PARAMETERS = (
    ("", {"article": "required"}),
    ("article=", {"article": "required"}),
    ("article=/a&article=//x", {"article": "not_allowed"}),
    ("article=/a&article=https://elsewhere.example/", {"article": "not_allowed"}),
    ("article=/a%00", {"article": "invalid"}),
    ("article=/a&article=/%E9", {"article": "invalid"}),
    ("article=/a&site=blog&site=blog", {"site": "invalid"}),
)


async def test_a_bad_parameter_is_named(
    client: httpx2.AsyncClient, subtests: pytest.Subtests
) -> None:
    for query, errors in BAD_PARAMETERS:
        with subtests.test(query[:40]):
            assert field_codes(await client.get(f"/v1/counts?{query}"), 400) == errors


async def test_an_unknown_site_is_not_there(client: httpx2.AsyncClient) -> None:
    problem(await client.get("/v1/counts?article=/a&site=nowhere"), 404, "site_not_found")


async def test_any_page_may_read_it_and_keep_it_as_long_as_it_is_true(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    first = await client.get("/v1/counts?article=/a", headers={"Origin": "https://x.example"})
    assert first.headers["access-control-allow-origin"] == "*"
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert "Accept-Encoding" in first.headers["vary"]
    known = {"If-None-Match": first.headers["etag"]}
    assert (await client.get("/v1/counts?article=/a", headers=known)).status_code == 304
    await makers.approved(client, moderator)
    assert (await client.get("/v1/counts?article=/a", headers=known)).json()["counts"] == {"/a": 1}
