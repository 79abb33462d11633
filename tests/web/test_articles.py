"""`/v1/moderation/articles`: articles made, opened, closed, titled, given rules of their own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock, client_of, token_for
from palabre.actions import sites
from palabre.model import Site
from palabre.service import Service
from palabre.text import policy
from web.speaking import field_codes, problem, rules

Json = dict[str, Any]
URL = "/v1/moderation/articles"


async def put(
    client: httpx2.AsyncClient, moderator: dict[str, str], **body: object
) -> httpx2.Response:
    return await client.put(
        URL,
        content=json.dumps({"article": "/a"} | body),
        headers={**moderator, "Content-Type": "application/json"},
    )


async def patch(
    client: httpx2.AsyncClient, moderator: dict[str, str], article_id: str, **body: object
) -> httpx2.Response:
    return await client.patch(
        f"{URL}/{article_id}",
        content=json.dumps(body),
        headers={**moderator, "Content-Type": "application/json"},
    )


async def made(client: httpx2.AsyncClient, moderator: dict[str, str], **body: object) -> Json:
    answer = await put(client, moderator, **body)
    assert answer.status_code in (200, 201), answer.text
    found: Json = answer.json()
    return found


@pytest.fixture
async def other(service: Service, site: Site) -> Site:
    """A second site."""
    return await sites.add(service, "other", origins=["https://other.example"])


@pytest.fixture
async def otto(service: Service, other: Site) -> dict[str, str]:
    """The headers of Otto, who moderates the second site alone."""
    return await token_for(service, "otto", site="other")


@pytest.fixture
async def both(service: Service, other: Site) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service with both sites."""
    async with client_of(service) as found:
        yield found


async def test_putting_makes_an_article_once(
    client: httpx2.AsyncClient, moderator: dict[str, str], site: Site
) -> None:
    first = await put(client, moderator, article="https://BLOG.example/a/?utm_source=x#c")
    assert first.status_code == 201
    found = first.json()
    assert found.pop("id")
    assert found == {
        "url": "https://blog.example/a",
        "title": None,
        "open": True,
        "count": 0,
        "policy": policy.as_json_of_article(site.policy),
        "set": [],
    }
    second = await put(client, moderator, article="/a", title="Un titre")
    assert second.status_code == 200
    assert second.json() == first.json() | {"title": "Un titre"}


async def test_putting_meets_the_article_that_comments_have_made(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator, title="Du formulaire")
    answer = await put(client, moderator)
    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["count"]) == ("Du formulaire", 1)


async def test_only_what_is_sent_changes(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    article = await made(client, moderator, title="Un titre", open=False)
    unchanged = await patch(client, moderator, article["id"])
    assert unchanged.json() == article
    opened = (await patch(client, moderator, article["id"], open=True)).json()
    assert opened == article | {"open": True}
    titled = (await patch(client, moderator, article["id"], title=" Autre  titre ")).json()
    assert titled == article | {"open": True, "title": "Autre  titre"}
    ruled = (await patch(client, moderator, article["id"], policy={"max_links": 7})).json()
    assert ruled["policy"] == article["policy"] | {"max_links": 7}
    found = await client.get(f"{URL}/{article['id']}", headers=moderator)
    assert found.json() == ruled


async def test_a_closed_article_takes_no_comment_until_it_is_opened(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    article = await made(client, moderator, open=False)
    problem(await client.post("/v1/comments", json=makers.fields()), 403, "article_closed")
    assert (await makers.listing(client))["article"]["open"] is False
    await patch(client, moderator, article["id"], open=True)
    await makers.submit(client)
    assert (await makers.listing(client))["article"]["open"] is True


async def test_closing_changes_the_listings_etag(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    etag = (await client.get("/v1/comments?article=/a")).headers["etag"]
    await put(client, moderator, open=False)
    after = await client.get("/v1/comments?article=/a", headers={"If-None-Match": etag})
    assert after.status_code == 200


async def test_a_readers_title_is_public_only_once_somebody_answers_for_it(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, title="Premier titre")
    await makers.comment(client, title="Second titre")
    assert (await makers.listing(client))["article"]["title"] is None
    await makers.act(client, moderator, comment_id, "approve")
    assert (await makers.listing(client))["article"]["title"] == "Premier titre"
    await put(client, moderator, title="Titre corrigé")
    await makers.comment(client, title="Troisième titre")
    assert (await makers.listing(client))["article"]["title"] == "Titre corrigé"


async def test_a_moderators_title_is_public_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await put(client, moderator, title="Un titre")
    assert (await makers.listing(client))["article"]["title"] == "Un titre"


@pytest.mark.parametrize("blank", [None, "", " "])
async def test_nobody_answers_for_a_title_that_follows_one_taken_away(
    blank: str | None, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await put(client, moderator, title="Un titre")
    taken = await put(client, moderator, title=blank)
    assert taken.json()["title"] is None
    await makers.comment(client, title="ACHETEZ ICI")
    assert (await makers.listing(client))["article"]["title"] is None


async def test_the_title_of_a_comment_that_waits_is_not_public_on_a_busy_article_either(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator)
    await makers.comment(client, title="ACHETEZ ICI")
    assert (await makers.listing(client))["article"]["title"] is None
    for url in ("/v1/form?article=/a", "/v1/comments.html?article=/a"):
        assert "ACHETEZ" not in (await client.get(url)).text


async def test_what_waits_changes_nothing_that_the_public_can_see(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.approved(client, moderator, article="/busy")

    async def everything() -> list[object]:
        found: list[object] = []
        for article in ("/new", "/busy"):
            for path in ("comments", "comments.html", "comments.atom", "counts", "form"):
                answer = await client.get(f"/v1/{path}", params={"article": article})
                headers = dict(answer.headers)
                headers.pop("x-request-id")
                found.append((answer.status_code, headers if path != "form" else None))
                found.append(answer.text if path != "form" else "INCONNU" in answer.text)
        return found

    before = await everything()
    for article in ("/new", "/busy"):
        waiting = await makers.comment(client, article=article, title="INCONNU")
        await makers.act(client, moderator, waiting, "reject")
        await makers.act(client, moderator, waiting, "spam")
    assert await everything() == before


async def test_a_rule_of_the_article_stands_before_the_sites_and_null_takes_it_back(
    client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    article = await made(client, moderator, policy={"comment_limit": 100, "depth": 1})
    assert (article["policy"]["comment_limit"], article["policy"]["depth"]) == (100, 1)
    await rules(client, admin, comment_limit=200, max_links=9)
    found = (await client.get(f"{URL}/{article['id']}", headers=moderator)).json()["policy"]
    assert (found["comment_limit"], found["depth"], found["max_links"]) == (100, 1, 9)
    back = await patch(client, moderator, article["id"], policy={"comment_limit": None})
    assert (back.json()["policy"]["comment_limit"], back.json()["policy"]["depth"]) == (200, 1)


async def test_articles_come_newest_first_a_page_at_a_time(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    expected = []
    for number in range(7):
        clock.advance(seconds=number % 2)
        expected.append((await made(client, moderator, article=f"/{number}"))["id"])
    seen: list[str] = []
    url: str | None = f"{URL}?limit=3"
    while url is not None:
        page = (await client.get(url, headers=moderator)).json()
        assert len(page["articles"]) <= 3
        seen += [one["id"] for one in page["articles"]]
        url = page["next"]
    assert sorted(seen) == sorted(expected)
    assert seen[0] in expected[-2:]
    assert seen[-1] == expected[0]
    all_at_once = (await client.get(URL, headers=moderator)).json()
    assert [one["id"] for one in all_at_once["articles"]] == seen


async def test_one_article_is_found_by_its_address(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    article = await made(client, moderator)
    await made(client, moderator, article="/b")
    answer = await client.get(URL, params={"article": "/a/?fbclid=1"}, headers=moderator)
    assert answer.json() == {"articles": [article], "next": None}
    unknown = await client.get(URL, params={"article": "/c"}, headers=moderator)
    assert unknown.json() == {"articles": [], "next": None}
    elsewhere = await client.get(URL, params={"article": "https://x.example/"}, headers=moderator)
    assert field_codes(elsewhere, 400) == {"article": "not_allowed"}


async def test_a_cursor_of_another_list_is_refused(
    both: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for number in range(2):
        await made(both, moderator, article=f"/{number}", site="blog")
    params: dict[str, str | int] = {"site": "blog", "limit": 1}
    following = (await both.get(URL, params=params, headers=moderator)).json()["next"]
    after = httpx2.URL(following).params["after"]
    for changed in ({"site": "other"}, {"after": after[1:]}):
        answer = await both.get(
            URL, params={**params, "after": after, **changed}, headers=moderator
        )
        assert field_codes(answer, 400) == {"after": "invalid"}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"article": None}, "article", "required"),
        ({"article": 3}, "article", "invalid"),
        ({"article": "/" + "x" * 2000}, "article", "too_long"),
        ({"article": "//evil.example/a"}, "article", "not_allowed"),
        ({"article": "https://elsewhere.example/a"}, "article", "not_allowed"),
        ({"article": "/\ud800"}, "article", "invalid"),
        ({"site": 3}, "site", "invalid"),
        ({"open": "yes"}, "open", "invalid"),
        ({"open": 1}, "open", "invalid"),
        ({"title": 3}, "title", "invalid"),
        ({"title": "x" * 301}, "title", "too_long"),
        ({"title": "a\u202eb"}, "title", "invalid"),
        ({"title": "a\0b"}, "title", "invalid"),
        ({"title": "a\ud800b"}, "title", "invalid"),
        ({"policy": "open"}, "policy", "invalid"),
        ({"policy": {"depth": 99}}, "policy.depth", "invalid"),
        ({"policy": {"fun": True}}, "policy.fun", "unknown"),
        ({"policy": {"\ud800": 1}}, "policy", "invalid"),
        ({"policy": {"privacy_url": "https://a.b/\ud800"}}, "policy.privacy_url", "invalid"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_wrong_value_is_named_and_nothing_is_made(
    body: Json, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    told = problem(await put(client, moderator, **body), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert (await client.get(URL, headers=moderator)).json()["articles"] == []


async def test_a_bare_path_with_several_sites_needs_the_site(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    told = problem(await put(both, moderator), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("site", "required")]
    listed = await both.get(URL, headers=moderator)
    assert field_codes(listed, 400) == {"site": "required"}
    mine = await made(both, otto)
    assert mine["url"] == "https://other.example/a"
    assert (await both.get(URL, headers=otto)).json()["articles"] == [mine]


async def test_another_sites_articles_are_not_there_for_a_bound_token(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    article = await made(both, moderator, site="blog")
    for params in ({"site": "blog"}, {"article": "https://blog.example/a"}):
        problem(await both.get(URL, params=params, headers=otto), 404, "site_not_found")
    for body in ({"site": "blog"}, {"article": "https://blog.example/a"}):
        problem(await put(both, otto, **body), 404, "site_not_found")
    found = await both.get(f"{URL}/{article['id']}", headers=otto)
    problem(found, 404, "article_not_found")
    changed = await patch(both, otto, article["id"], open=False)
    assert problem(changed, 404, "article_not_found") == found.json()
    assert (await both.get(f"{URL}/{article['id']}", headers=moderator)).json() == article


async def test_an_unknown_article_or_site_is_not_found(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    problem(await client.get(f"{URL}/nobody", headers=moderator), 404, "article_not_found")
    problem(await patch(client, moderator, "nobody", open=True), 404, "article_not_found")
    problem(await put(client, moderator, site="nowhere"), 404, "site_not_found")


async def test_a_title_goes_with_the_comment_that_brought_it(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    bad = await makers.comment(client, title="ACHETEZ ICI")
    good = await makers.comment(client)
    await makers.act(client, moderator, bad, "delete")
    await makers.act(client, moderator, good, "approve")
    assert (await makers.listing(client))["article"]["title"] is None
    named = await makers.approved(client, moderator, title="Le vrai titre")
    assert (await makers.listing(client))["article"]["title"] == "Le vrai titre"
    await makers.act(client, moderator, named, "reject")
    assert (await makers.listing(client))["article"]["title"] is None


async def test_a_title_stays_while_another_approved_comment_brought_one(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    first = await makers.approved(client, moderator, title="Le titre")
    await makers.approved(client, moderator, title="Le titre, plus tard")
    assert (await makers.listing(client))["article"]["title"] == "Le titre"
    await makers.act(client, moderator, first, "delete")
    assert (await makers.listing(client))["article"]["title"] == "Le titre, plus tard"


async def test_a_title_that_spam_brought_is_nobodys(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, title="ACHETEZ ICI", subject="robot")
    await makers.approved(client, moderator)
    assert (await makers.listing(client))["article"]["title"] is None
