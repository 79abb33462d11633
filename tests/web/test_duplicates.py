"""The same comment twice is stored once, and every counter is what a recount says."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx2
import pytest

import makers
from web.speaking import NOTHING, Json, browse, post, problem, stored
from web.tree import read

TEXT = "La même chose, mot pour mot."


async def recount(client: httpx2.AsyncClient, moderator: dict[str, str]) -> Counter[str]:
    """The comments in each state, counted one by one."""
    found: Counter[str] = Counter()
    following = "/v1/moderation/comments?limit=7" + "".join(
        f"&state={state}" for state in ("pending", "approved", "rejected", "spam")
    )
    while following:
        page = (await client.get(following, headers=moderator)).json()
        found.update(comment["state"] for comment in page["comments"])
        following = page["next"]
    return found


async def test_the_same_comment_again_is_refused(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    fields = makers.fields(comment=TEXT)
    assert (await post(client, fields)).status_code == 201
    problem(await post(client, fields), 409, "duplicate_comment")
    assert await stored(client, moderator) == NOTHING | {"pending": 1}


async def test_another_address_or_website_makes_no_difference(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(comment=TEXT)
    await post(client, fields)
    other = fields | {"email": "other@example.com", "website": "https://w.example", "title": "T"}
    problem(await post(client, other), 409, "duplicate_comment")


@pytest.mark.parametrize(
    "spelt",
    [
        {"name": " He\u0301le\u0300ne  Marchand ".replace("  ", " ")},
        {"comment": f"\n{TEXT}\r\n"},
        {"article": "https://blog.example:443/a/?fbclid=1#x"},
        {"idempotency_key": "a-key-of-its-own"},
        {"lang": "en", "redirect": "article", "site": "blog"},
    ],
    ids=lambda spelt: next(iter(spelt)),
)
async def test_another_spelling_makes_no_difference(
    client: httpx2.AsyncClient, spelt: dict[str, str]
) -> None:
    fields = makers.fields(comment=TEXT)
    await post(client, fields)
    problem(await post(client, fields | spelt), 409, "duplicate_comment")


@pytest.mark.parametrize(
    "other",
    [{"name": "Hélène"}, {"article": "/b"}, {"comment": f"{TEXT}!"}, {"comment": TEXT.upper()}],
    ids=["name", "article", "text", "case"],
)
async def test_another_name_article_or_text_is_another_comment(
    client: httpx2.AsyncClient, other: dict[str, str]
) -> None:
    fields = makers.fields(comment=TEXT)
    await post(client, fields)
    assert (await post(client, fields | other)).status_code == 201


async def test_the_same_words_to_another_parent_are_another_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    parents = [await makers.approved(client, moderator) for _ in range(2)]
    for parent in (*parents, None):
        fields = makers.fields(comment=TEXT, parent=parent)
        assert (await post(client, fields)).status_code == 201
        problem(await post(client, fields), 409, "duplicate_comment")


async def test_the_parent_is_the_one_that_was_asked_for(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    at_the_deepest = [await makers.approved(client, moderator)]
    for _ in range(3):
        at_the_deepest.append(await makers.approved(client, moderator, parent=at_the_deepest[-1]))
    # Both replies are shown under the same ancestor.
    for parent in at_the_deepest[-2:]:
        assert (await post(client, makers.fields(comment=TEXT, parent=parent))).status_code == 201


@pytest.mark.parametrize("action", ["approve", "reject", "spam", "hold"])
async def test_it_is_a_duplicate_whatever_became_of_the_first(
    client: httpx2.AsyncClient, moderator: dict[str, str], action: str
) -> None:
    fields = makers.fields(comment=TEXT)
    first = (await post(client, fields)).json()["comment"]["id"]
    await makers.act(client, moderator, first, action)
    problem(await post(client, fields), 409, "duplicate_comment")


async def test_what_was_deleted_may_be_said_again(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    fields = makers.fields(comment=TEXT)
    first = (await post(client, fields)).json()["comment"]["id"]
    await makers.act(client, moderator, first, "delete")
    assert (await post(client, fields)).status_code == 201


async def test_a_browser_is_told_in_its_language_and_keeps_the_text(
    client: httpx2.AsyncClient,
) -> None:
    fields = makers.fields(comment=TEXT, lang="en")
    await browse(client, fields)
    answer = await browse(client, fields)
    assert answer.status_code == 409
    page = read(answer.text)
    assert "You have already posted this comment." in page.text
    assert page.one("textarea").raw.strip() == TEXT


async def test_fifty_equal_posts_at_once_store_one(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    posts = [makers.fields(comment=TEXT, email=f"n{n}@example.com") for n in range(50)]
    answers = await asyncio.gather(*(post(client, fields) for fields in posts))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    assert await stored(client, moderator) == NOTHING | {"pending": 1}
    assert await recount(client, moderator) == {"pending": 1}


async def test_counters_equal_a_recount_after_everything_at_once(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    ids = [await makers.comment(client) for _ in range(10)]
    actions = ("approve", "reject", "spam", "hold", "delete")

    async def decide(n: int) -> int:
        url = f"/v1/moderation/comments/{ids[n % 10]}/{actions[n % 7 % 5]}"
        return (await client.post(url, headers=moderator)).status_code

    async def submit(n: int) -> int:
        return (await post(client, makers.fields(comment=f"Texte {n % 15}."))).status_code

    work = [decide(n) for n in range(60)] + [submit(n) for n in range(30)]
    assert set(await asyncio.gather(*work)) <= {200, 201, 409}
    counted = await recount(client, moderator)
    assert await stored(client, moderator) == NOTHING | counted
    page = await makers.listing(client)
    shown: list[Json] = page["comments"]
    assert page["article"]["count"] == counted["approved"] == len(shown)
    totals: Counter[str] = Counter()
    for state in ("pending", "approved", "rejected", "spam"):
        url = f"/v1/moderation/comments?state={state}&limit=200"
        for comment in (await client.get(url, headers=moderator)).json()["comments"]:
            author = comment["author"]
            totals |= Counter({name: author[name] for name in ("approved", "rejected", "spam")})
    assert totals == Counter(counted) - Counter({"pending": counted["pending"]})
