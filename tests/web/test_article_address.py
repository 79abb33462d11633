"""An article by whatever address it is asked for or commented on (contract 3.1, canonical)."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx2
import pytest

import makers
from palabre.actions import sites
from palabre.service import Service
from web.speaking import browse, post, rules

SAME_AS_A = (
    "/a",
    "/a/",
    "/a//",
    "/a#comments",
    "/a?",
    "/a?&&",
    "/./a",
    "/b/../a",
    "/../../a",
    "/%61",
    "https://blog.example/a",
    "https://BLOG.Example:443/a/",
    "HTTPS://blog.example/b/%2e%2e/a",
    "https://blog.example/a/?utm_source=x&utm_campaign=y#c",
    "/a?fbclid=1&gclid=2&dclid=3&gbraid=4&wbraid=5&msclkid=6&yclid=7",
    "/a?mc_cid=1&mc_eid=2&igshid=3&replytocom=4&UTM_medium=5",
)


@pytest.mark.parametrize("spelt", SAME_AS_A)
@pytest.mark.engine("sqlite")
async def test_one_article_has_many_addresses(
    client: httpx2.AsyncClient, moderator: dict[str, str], spelt: str
) -> None:
    comment = await makers.approved(client, moderator, article=spelt)
    page = await makers.listing(client, "/a")
    assert [one["id"] for one in page["comments"]] == [comment]
    assert page["article"]["url"] == "https://blog.example/a"
    assert await makers.listing(client, spelt) == page | {"next": None}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a", "/A"),
        ("/a", "/a/b"),
        ("/a", "/a?b"),
        ("/a?b=1&c=2", "/a?c=2&b=1"),
        ("/a?b=1", "/a?b=2"),
        ("/a", "/"),
        ("/a%2Fb", "/a/b"),
        ("/a?utm=1", "/a"),
        ("/caf\u00e9", "/cafe"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_another_address_is_another_article(
    client: httpx2.AsyncClient, moderator: dict[str, str], one: str, other: str
) -> None:
    await makers.approved(client, moderator, article=one)
    assert (await makers.listing(client, other))["article"]["count"] == 0
    assert (await makers.listing(client, one))["article"]["count"] == 1


@pytest.mark.parametrize(
    ("spelt", "url"),
    [
        ("/", "https://blog.example/"),
        ("https://blog.example", "https://blog.example/"),
        ("https://blog.example?p=12&utm_id=1", "https://blog.example/?p=12"),
        ("/caf\u00e9", "https://blog.example/caf%C3%A9"),
        ("/cafe\u0301", "https://blog.example/caf%C3%A9"),
        ("/caf%c3%a9", "https://blog.example/caf%C3%A9"),
        ("/cafe%CC%81/", "https://blog.example/caf%C3%A9"),
        ("/a b<c>\"d'", "https://blog.example/a%20b%3Cc%3E%22d'"),
        ("/%7Ejean/%E9", "https://blog.example/~jean/%E9"),
        ("/a?b=%c3%a9&utm_x=1&c", "https://blog.example/a?b=%C3%A9&c"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_an_article_s_url_is_written_in_one_way(
    client: httpx2.AsyncClient, moderator: dict[str, str], spelt: str, url: str
) -> None:
    await makers.approved(client, moderator, article=spelt)
    page = await makers.listing(client, url)
    assert page["article"]["url"] == url
    assert page["article"]["count"] == 1


async def test_an_article_s_url_is_on_the_first_origin_whatever_it_came_by(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str]
) -> None:
    origins = ["https://news.example", "https://www.news.example", "http://127.0.0.1:8080"]
    await sites.add(service, "news", origins=origins)
    for origin in origins:
        await makers.approved(client, moderator, article=f"{origin}/a")
    page = await makers.listing(client, f"{origins[2]}/a")
    assert page["article"]["url"] == "https://news.example/a"
    assert page["article"]["count"] == 3


@pytest.mark.parametrize("host", ["www.école.example", "www.xn--cole-9oa.example"])
@pytest.mark.engine("sqlite")
async def test_an_international_host_has_one_form(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str], host: str
) -> None:
    await sites.add(service, "ecole", origins=["https://www.École.example"])
    await makers.approved(client, moderator, article=f"https://{host}/a")
    page = await makers.listing(client, "https://www.xn--cole-9oa.example/a")
    assert page["article"]["url"] == "https://www.xn--cole-9oa.example/a"
    assert page["article"]["count"] == 1


@pytest.mark.parametrize(
    "article", ["/a", "/\u2028b", "/a?b=//c", "/%0d%0aX:%20y", "/a%5Cb", "/@evil.example", "/é?é"]
)
@pytest.mark.engine("sqlite")
async def test_no_address_leads_a_browser_away_from_the_site(
    client: httpx2.AsyncClient, admin: dict[str, str], article: str
) -> None:
    await rules(client, admin, first_state="approved")
    answer = await browse(client, makers.fields(article=article, redirect="article"))
    assert answer.status_code == 303
    place = urlsplit(answer.headers["location"])
    assert (place.scheme, place.netloc) == ("https", "blog.example")
    assert answer.headers["location"].isascii()
    assert "x" not in answer.headers


async def test_2000_characters_are_enough_for_an_address_in_every_form(
    client: httpx2.AsyncClient,
) -> None:
    escaped = "/" + "%C3%A9" * 333
    assert len(escaped) == 1999
    assert (await post(client, makers.fields(article=escaped))).status_code == 201
    # Short as given, too long once escaped.
    assert (await post(client, makers.fields(article="/" + "é" * 400))).status_code == 422
