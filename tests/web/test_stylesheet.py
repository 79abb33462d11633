"""A site's own stylesheet on the pages that its readers are led to."""

from __future__ import annotations

import httpx2
import pytest

import makers
from palabre.actions import sites
from palabre.model import Site
from palabre.service import Service
from palabre.store import sites as store
from web.speaking import BROWSER, put_article, rules
from web.tree import read

OURS = "/static/style.css?v="


def sheets(answer: httpx2.Response) -> list[str]:
    """The stylesheets of a page but ours, which comes first."""
    first, *others = (str(one["href"]) for one in read(answer.text).all("link", rel="stylesheet"))
    assert first.startswith(OURS)
    return others


def allowed(answer: httpx2.Response) -> str:
    """Where the page's policy lets stylesheets come from."""
    policy = answer.headers["content-security-policy"]
    (found,) = [one for one in policy.split("; ") if one.startswith("style-src ")]
    return str(found.removeprefix("style-src "))


async def pages_of(client: httpx2.AsyncClient) -> dict[str, httpx2.Response]:
    """Every kind of page that a reader of the site may come to."""
    receipt = (await makers.submit(client))["receipt"]["url"]
    wrong = makers.fields(email="nowhere")
    return {
        "form": await client.get("/v1/form?article=/a", headers=BROWSER),
        "form again": await client.post("/v1/comments", data=wrong, headers=BROWSER),
        "receipt": await client.get(receipt, headers=BROWSER),
        "problem": await client.get("/v1/form?article=/a&parent=x", headers=BROWSER),
    }


async def test_without_one_the_pages_have_ours_alone(client: httpx2.AsyncClient) -> None:
    for name, answer in (await pages_of(client)).items():
        assert (sheets(answer), allowed(answer)) == ([], "'self'"), name


@pytest.mark.parametrize("given", ["/palabre.css?v=2&w", "https://blog.example/palabre.css?v=2&w"])
async def test_it_comes_after_ours_and_the_policy_of_the_page_lets_it(
    given: str, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, stylesheet=given)
    for name, answer in (await pages_of(client)).items():
        assert sheets(answer) == ["https://blog.example/palabre.css?v=2&w"], name
        assert allowed(answer) == "'self' https://blog.example", name


async def test_it_may_be_on_any_origin_of_the_site_and_an_article_s_own(
    client: httpx2.AsyncClient, service: Service, site: Site, admin: dict[str, str]
) -> None:
    await service.store.write(lambda tx: store.add_origin(tx, site.id, "https://cdn.example"))
    await rules(client, admin, stylesheet="https://cdn.example/s.css")
    await put_article(client, admin, article="/b", policy={"stylesheet": "/b.css"})
    form = await client.get("/v1/form?article=/a", headers=BROWSER)
    assert (sheets(form), allowed(form)) == (
        ["https://cdn.example/s.css"],
        "'self' https://cdn.example",
    )
    assert sheets(await client.get("/v1/form?article=/b", headers=BROWSER)) == [
        "https://blog.example/b.css"
    ]


async def test_an_article_s_is_on_the_site_too(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    answer = await client.put(
        "/v1/moderation/articles",
        json={"article": "/a", "policy": {"stylesheet": "https://evil.example/s.css"}},
        headers=admin,
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("policy.stylesheet", "not_allowed")


async def test_pages_of_another_site_are_without_it(
    client: httpx2.AsyncClient, service: Service, admin: dict[str, str]
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    await rules(client, admin, stylesheet="/palabre.css")
    other = await client.get("/v1/form?article=https://other.example/a", headers=BROWSER)
    assert (sheets(other), allowed(other)) == ([], "'self'")
    nowhere = await client.get("/nowhere", headers=BROWSER)
    assert (sheets(nowhere), allowed(nowhere)) == ([], "'self'")
