"""The demonstration's article in each way of taking comments in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

import makers
from conftest import PUBLIC_URL, client_of, token_for
from palabre import demonstration
from palabre.actions import sites
from palabre.service import Service
from web.speaking import BROWSER, problem, put_article
from web.tree import Element, read

TEXT = "Une question sur les horaires de nuit."


@pytest.fixture
async def demo(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service with the demonstration's first article and one comment."""
    await sites.add(service, demonstration.SITE, origins=[PUBLIC_URL])
    moderator = await token_for(service, "alice")
    async with client_of(service) as client:
        await put_article(client, moderator, article="/demo", title=demonstration.TITLE)
        await makers.approved(client, moderator, article="/demo", comment=TEXT)
        yield client


async def page(client: httpx2.AsyncClient, path: str) -> tuple[Element, str]:
    """A page and its policy."""
    answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return read(answer.text), answer.headers["content-security-policy"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("way", demonstration.VARIANTS)
@pytest.mark.engine("sqlite")
async def test_every_way_shows_the_article_and_leads_to_the_others(
    demo: httpx2.AsyncClient, way: str, language: str
) -> None:
    path = "/demo/" if way == "form" else f"/demo/{way}"
    shown, _ = await page(demo, f"{path}?lang={language}")
    assert shown.one("h1").text == demonstration.TITLE
    assert shown.one("html")["lang"] == language
    links = shown.one("nav").all("a")
    assert [link["href"] for link in links] == [
        f"/demo/{each}?lang={language}" for each in ("", "element", "include", "strict")
    ]
    (here,) = [link for link in links if link.get("aria-current")]
    assert here["href"] == f"{path}?lang={language}"


async def test_the_form_and_the_include_need_no_script(demo: httpx2.AsyncClient) -> None:
    for path, forms in (("/demo/", 1), ("/demo/include", 0)):
        shown, policy = await page(demo, path)
        assert TEXT in shown.by_id("palabre").text
        assert len(shown.all("form")) == forms
        assert shown.all("script") == []
        assert "script-src" not in policy
        assert policy.startswith("default-src 'none';")
    assert [a for a in shown.all("a") if "/v1/form?" in a["href"] and "parent" not in a["href"]]


async def test_the_element_stands_around_a_link_to_the_form(demo: httpx2.AsyncClient) -> None:
    shown, policy = await page(demo, "/demo/element")
    element = shown.one("palabre-comments")
    assert (element["article"], element["lang"]) == (f"{PUBLIC_URL}/demo", "fr")
    assert element.one("a")["href"].startswith("/v1/form?article=")
    assert shown.one("script")["src"] == "/embed.js"
    assert policy.endswith("; script-src 'self'; connect-src 'self'")
    assert TEXT not in shown.text


async def test_all_of_it_runs_under_one_short_policy(demo: httpx2.AsyncClient) -> None:
    shown, policy = await page(demo, "/demo/strict")
    assert policy == "default-src 'self'"
    element = shown.one("palabre-comments")
    assert TEXT in element.text
    assert element.one("form")["action"] == "/v1/comments"
    for one in shown.walk():
        assert one.tag != "style"
        assert "style" not in one.attributes
        assert not [name for name in one.attributes if name.startswith("on")]
    assert [one.get("src") for one in shown.all("script")] == ["/embed.js"]


async def test_a_way_is_no_article_and_another_name_is_none(demo: httpx2.AsyncClient) -> None:
    for path in ("/demo/form", "/demo/elsewhere", "/demo/element/x"):
        problem(await demo.get(path), 404, "not_found")


async def test_without_the_demonstration_there_is_none(client: httpx2.AsyncClient) -> None:
    for path in ("/demo/", "/demo/element"):
        problem(await client.get(path), 404, "site_not_found")


async def test_a_browser_that_looks_for_an_icon_is_told_that_there_is_none(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/favicon.ico")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["cache-control"] == "public, max-age=86400"
