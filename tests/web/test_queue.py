"""`GET /v1/moderation/comments` and `…/comments/ID`: what moderators look through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock, client_of, token_for
from palabre.actions import sites
from palabre.model import Site, State
from palabre.service import Service
from web.speaking import field_codes, problem, put_article, rules

Json = dict[str, Any]
URL = "/v1/moderation/comments"


async def queue(client: httpx2.AsyncClient, moderator: dict[str, str], **parameters: Any) -> Json:
    answer = await client.get(URL, params=parameters, headers=moderator)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    assert set(found) == {"comments", "next", "counts"}
    return found


async def ids(
    client: httpx2.AsyncClient, moderator: dict[str, str], **parameters: Any
) -> list[str]:
    return [one["id"] for one in (await queue(client, moderator, **parameters))["comments"]]


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


async def in_every_state(
    client: httpx2.AsyncClient, moderator: dict[str, str], **fields: str | None
) -> dict[str, str]:
    """A comment in each state, by state, in the order of the states."""
    found = {state.value: await makers.comment(client, **fields) for state in State}
    for state, action in (
        ("approved", "approve"),
        ("rejected", "reject"),
        ("spam", "spam"),
        ("deleted", "delete"),
    ):
        await makers.act(client, moderator, found[state], action)
    return found


async def test_what_waits_comes_by_default_oldest_first(
    client: httpx2.AsyncClient, reader: dict[str, str], moderator: dict[str, str], clock: Clock
) -> None:
    waiting = []
    for _ in range(3):
        clock.advance(seconds=1)
        waiting.append(await makers.comment(client))
        await makers.approved(client, moderator)
    assert await ids(client, reader) == waiting
    assert await ids(client, reader, order="oldest") == waiting
    assert await ids(client, reader, order="newest") == waiting[::-1]


async def test_what_came_in_the_same_millisecond_keeps_its_order(
    client: httpx2.AsyncClient, reader: dict[str, str]
) -> None:
    waiting = [await makers.comment(client) for _ in range(5)]
    assert await ids(client, reader) == waiting
    assert await ids(client, reader, order="newest") == waiting[::-1]


async def test_the_moderators_comment_has_all_that_the_contract_names(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    text = "Voyez https://a.example https://b.example https://c.example"
    sent = await makers.submit(
        client, comment=text, website="https://helene.example/", title="Un titre"
    )
    (found,) = (await queue(client, moderator))["comments"]
    public = sent["comment"]
    assert {name: found[name] for name in public if name != "author"} == {
        name: value for name, value in public.items() if name != "author"
    }
    assert (found["version"], found["site"], found["text"]) == (1, "blog", text)
    assert found["article"]["url"] == "https://blog.example/a"
    assert found["article"]["title"] == "Un titre"
    author = dict(found["author"])
    assert author.pop("id")
    assert author.pop("hue") == public["author"]["hue"]
    assert author == {
        "name": "Hélène Marchand",
        "website": "https://helene.example/",
        "moderator": False,
        "first_seen": "2026-11-23T09:00:00Z",
        "approved": 0,
        "rejected": 0,
        "spam": 0,
        "blocked": False,
    }
    assert found["reports"] == 0
    assert (found["decided_at"], found["decided_by"]) == (None, None)
    # As of a program that has neither a form's stamp nor a reader's language.
    assert [signal["name"] for signal in found["signals"]] == ["stamp", "bot", "links"]
    signal = found["signals"][-1]
    assert set(signal) == {"name", "score", "why"}
    assert 0 < signal["score"] <= 1


async def test_signals_are_sentences_in_the_moderators_language(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    text = "Voyez https://a.example https://b.example https://c.example"
    await makers.comment(client, comment=text)
    sentences = set()
    for lang in ("fr", "en"):
        (found,) = (await queue(client, moderator, lang=lang))["comments"]
        signal = found["signals"][-1]
        assert "3" in signal["why"]
        sentences.add(signal["why"])
    assert len(sentences) == 2


async def test_the_authors_counts_say_what_became_of_their_comments(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await in_every_state(client, moderator)
    waiting = (await queue(client, moderator))["comments"][0]["author"]
    assert (waiting["approved"], waiting["rejected"], waiting["spam"]) == (1, 1, 1)


async def test_neither_the_address_nor_a_hash_of_it_is_told(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service, site: Site
) -> None:
    comment_id = await makers.comment(client, email="helene.secrete@example.com")
    tag = service.keys.hash_of("helene.secrete@example.com", site.id).value
    for url in (URL, f"{URL}/{comment_id}"):
        told = (await client.get(url, headers=moderator)).text
        assert "secrete" not in told
        assert tag.hex() not in told


async def test_state_filters_and_may_repeat(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    by_state = await in_every_state(client, moderator)
    for state, comment_id in by_state.items():
        assert await ids(client, moderator, state=state) == [comment_id]
    asked = ["spam", "approved", "spam"]
    assert await ids(client, moderator, state=asked) == [by_state["approved"], by_state["spam"]]
    assert await ids(client, moderator, state=list(State)) == list(by_state.values())
    assert await ids(client, moderator, state=list(State), order="newest") == list(
        reversed(by_state.values())
    )


async def test_the_counts_cover_everything_whatever_the_filters(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await in_every_state(client, moderator)
    await makers.comment(client, article="/b")
    counts = {"pending": 2, "approved": 1, "rejected": 1, "spam": 1}
    for filters in ({}, {"state": "spam"}, {"article": "/c"}, {"q": "rien"}, {"limit": 1}):
        assert (await queue(client, moderator, **filters))["counts"] == counts


async def test_a_bound_token_sees_and_counts_its_own_site_alone(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    ours = await makers.comment(both, site="blog")
    theirs = await makers.comment(both, site="other")
    nothing = {"approved": 0, "rejected": 0, "spam": 0}
    everything = await queue(both, moderator)
    assert [one["id"] for one in everything["comments"]] == [ours, theirs]
    assert [one["site"] for one in everything["comments"]] == ["blog", "other"]
    assert everything["counts"] == {"pending": 2} | nothing
    bound = await queue(both, otto)
    assert [one["id"] for one in bound["comments"]] == [theirs]
    assert bound["counts"] == {"pending": 1} | nothing
    assert await ids(both, moderator, site="blog") == [ours]
    assert await ids(both, otto, site="other") == [theirs]


async def test_another_site_and_one_that_is_not_are_both_not_found(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    for headers, site in ((otto, "blog"), (otto, "nowhere"), (moderator, "nowhere")):
        answer = await both.get(URL, params={"site": site}, headers=headers)
        problem(answer, 404, "site_not_found")
    article = await both.get(URL, params={"article": "https://blog.example/a"}, headers=otto)
    problem(article, 404, "site_not_found")


async def test_another_sites_author_has_no_comments_for_a_bound_token(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    await makers.comment(both, site="blog")
    (found,) = (await queue(both, moderator))["comments"]
    author = found["author"]["id"]
    assert await ids(both, moderator, author=author) == [found["id"]]
    assert await ids(both, otto, author=author) == []


async def test_a_person_is_another_author_on_another_site(
    both: httpx2.AsyncClient, moderator: dict[str, str], other: Site
) -> None:
    await makers.comment(both, site="blog")
    await makers.comment(both, site="other")
    first, second = (await queue(both, moderator))["comments"]
    assert first["author"]["id"] != second["author"]["id"]


async def test_article_filters_by_any_spelling_of_its_address(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    here = await makers.comment(client, article="/a")
    await makers.comment(client, article="/b")
    for article in ("/a", "/a/", "https://blog.example/a?utm_source=x#c", "HTTPS://BLOG.example/a"):
        assert await ids(client, moderator, article=article) == [here], article
    assert await ids(client, moderator, article="/nobody-wrote-here") == []


async def test_a_bare_path_with_several_sites_needs_the_site(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    ours = await makers.comment(both, site="blog")
    theirs = await makers.comment(both, site="other")
    answer = await both.get(URL, params={"article": "/a"}, headers=moderator)
    assert field_codes(answer, 400) == {"site": "required"}
    assert await ids(both, moderator, article="/a", site="blog") == [ours]
    assert await ids(both, otto, article="/a") == [theirs]
    assert await ids(both, moderator, article="https://other.example/a") == [theirs]


async def test_author_filters_and_joins_with_the_others(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    first = await makers.comment(client, email="a@example.com", comment="Un mot rare")
    await makers.comment(client, email="b@example.com", comment="Un mot rare aussi")
    second = await makers.comment(client, email="a@example.com", article="/b")
    (author,) = {
        one["author"]["id"]
        for one in (await queue(client, moderator))["comments"]
        if one["id"] in (first, second)
    }
    assert await ids(client, moderator, author=author) == [first, second]
    assert await ids(client, moderator, author=author, article="/b") == [second]
    assert await ids(client, moderator, author=author, q="rare") == [first]
    assert await ids(client, moderator, author=author, state="spam") == []
    assert await ids(client, moderator, author="nobody") == []


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("À l’École de Besançon", "ecole"),
        ("À l’École de Besançon", "ÉCOLE besancon"),
        ("À l’École de Besançon", "besançon, école !"),
        ("C’est l'avis de tous", "l'avis"),
        ("C’est l'avis de tous", "l’avis"),
        ("c'est-à-dire demain", "c'est-à-dire"),
        ("Le cœur des œuvres", "coeur oeuvres"),
        ("dit : 100 % vrai", "100"),
        ("un NEAR ou un AND", "and near"),
        ("Straße", "STRASSE"),
        ("日本語のコメント", "日本"),
    ],
)
async def test_words_are_found_whatever_their_case_and_accents(
    text: str, asked: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.comment(client, comment=text)
    await makers.comment(client, comment="Tout autre chose")
    assert await ids(client, moderator, q=asked) == [found]


async def test_the_authors_name_is_searched_too(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    found = await makers.comment(client, name="Zoé Lefèvre")
    assert await ids(client, moderator, q="zoe lefevre") == [found]


async def test_all_words_must_occur_and_only_whole_ones_count(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, comment="une école publique")
    assert await ids(client, moderator, q="école privée") == []
    assert await ids(client, moderator, q="écol") == []
    assert await ids(client, moderator, q="école publiques") == []


@pytest.mark.parametrize(
    "asked",
    ["%", "_", "*", '"', "'", '""', "e%ole", "ec*", "ecol_", "-ecole", "words:ecole", "^ecole(",
     "ecole OR rien", "NOT ecole privee", 'ecole" OR "x', "'; drop table comment; --", "\\", "((("],
)  # fmt: skip
async def test_nothing_in_a_search_is_syntax(
    asked: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    plain = await makers.comment(client, comment="ecole")
    found = await ids(client, moderator, q=asked)
    # What is left of the words once the signs are gone is looked for literally.
    assert found == ([plain] if asked in ("-ecole", "^ecole(") else [])
    assert await ids(client, moderator, q="ecole") == [plain]


async def test_a_search_without_a_word_finds_nothing_and_a_blank_one_is_none(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    assert await ids(client, moderator, q="?!") == []
    assert await ids(client, moderator, q="") == [comment_id]


async def test_a_very_long_search_is_answered(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    words = " ".join(f"mot{number}" for number in range(1000))
    found = await makers.comment(client, comment=words)
    assert await ids(client, moderator, q=words) == [found]
    assert await ids(client, moderator, q="x" * 5000) == []


async def test_pages_follow_one_another_without_gap_or_repetition(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    expected = []
    for number in range(11):
        clock.advance(milliseconds=number % 3)
        expected.append(await makers.comment(client, article=f"/{number % 4}"))
        if number % 2:
            await makers.act(client, moderator, expected[-1], "reject")
    for order, wanted in (("oldest", expected), ("newest", expected[::-1])):
        seen: list[str] = []
        url: str | None = f"{URL}?state=pending&state=rejected&limit=3&order={order}"
        while url is not None:
            page = (await client.get(url, headers=moderator)).json()
            assert len(page["comments"]) <= 3
            seen += [one["id"] for one in page["comments"]]
            url = page["next"]
        assert seen == wanted


async def test_the_next_page_repeats_all_parameters(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for _ in range(3):
        await makers.comment(client, comment=f"école {_}")
    query = "state=pending&state=spam&article=/a&q=%C3%A9cole&site=blog&order=newest&limit=2"
    following = (await client.get(f"{URL}?{query}", headers=moderator)).json()["next"]
    before, after = following.split("&after=")
    assert httpx2.URL(before).params == httpx2.URL(f"{URL}?{query}").params
    assert after
    last = (await client.get(following, headers=moderator)).json()
    assert (len(last["comments"]), last["next"]) == (1, None)


async def test_a_full_last_page_has_no_next(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for _ in range(2):
        await makers.comment(client)
    assert (await queue(client, moderator, limit=2))["next"] is None
    assert (await queue(client, moderator, limit=1))["next"] is not None


async def test_a_page_goes_on_where_a_comment_has_left_the_queue(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    waiting = [await makers.comment(client) for _ in range(5)]
    first = await queue(client, moderator, limit=2)
    for gone in waiting[:3]:
        await makers.act(client, moderator, gone, "delete")
    rest = (await client.get(first["next"], headers=moderator)).json()
    assert [one["id"] for one in rest["comments"]] == waiting[3:]


async def test_a_cursor_is_good_for_its_own_list_alone(
    both: httpx2.AsyncClient, moderator: dict[str, str], otto: dict[str, str]
) -> None:
    for _ in range(3):
        await makers.comment(both, site="blog", comment=f"école {_}")
        await makers.comment(both, site="other", comment=f"école {_}")
    after = httpx2.URL((await queue(both, moderator, limit=1))["next"]).params["after"]
    for changed in (
        {"order": "newest"},
        {"state": "spam"},
        {"site": "blog"},
        {"article": "https://blog.example/a"},
        {"q": "école"},
        {"author": "x"},
        {"after": after[:-1]},
        {"after": after[:-1] + ("A" if after[-1] != "A" else "B")},
        {"after": "x"},
        {"after": "é"},
    ):
        answer = await both.get(URL, params={"after": after} | changed, headers=moderator)
        assert field_codes(answer, 400) == {"after": "invalid"}, changed
    bound = await both.get(URL, params={"after": after}, headers=otto)
    assert field_codes(bound, 400) == {"after": "invalid"}
    good = await both.get(URL, params={"after": after, "limit": 200}, headers=moderator)
    assert len(good.json()["comments"]) == 5


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("state=published", "state", "unknown"),
        ("state=pending&state=PENDING", "state", "unknown"),
        ("order=random", "order", "unknown"),
        ("limit=0", "limit", "invalid"),
        ("limit=201", "limit", "invalid"),
        ("limit=1e2", "limit", "invalid"),
        ("limit=%C2%B2", "limit", "invalid"),
        ("limit=1&limit=2", "limit", "invalid"),
        ("q=a&q=b", "q", "invalid"),
        ("q=%00", "q", "invalid"),
        ("q=%ff", "q", "invalid"),
        ("author=%00", "author", "invalid"),
        ("article=https://elsewhere.example/a", "article", "not_allowed"),
        ("article=//evil.example", "article", "not_allowed"),
        ("email=a@example.com", "email", "not_allowed"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_bad_parameter_is_named(
    query: str, field: str, code: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    answer = await client.get(f"{URL}?{query}", headers=moderator)
    assert field_codes(answer, 400) == {field: code}
    assert "a@example.com" not in answer.text


async def test_the_limit_goes_from_one_to_two_hundred(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client)
    for limit in (1, 200):
        assert len(await ids(client, moderator, limit=limit)) == 1


async def test_one_comment_comes_with_its_decisions_and_edits_and_is_not_kept(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client)
    answer = await client.get(f"{URL}/{comment_id}", headers=moderator)
    found = answer.json()
    (listed,) = (await queue(client, moderator))["comments"]
    assert found == listed | {
        "decisions": found["decisions"],
        "edits": [],
        "report_list": [],
    }
    assert answer.headers["cache-control"] == "no-store"
    head = await client.head(f"{URL}/{comment_id}", headers=moderator)
    assert head.status_code == 200


async def test_another_sites_comment_is_not_found(
    both: httpx2.AsyncClient, otto: dict[str, str]
) -> None:
    comment_id = await makers.comment(both, site="blog")
    unknown = await both.get(f"{URL}/nobody", headers=otto)
    theirs = await both.get(f"{URL}/{comment_id}", headers=otto)
    told = [problem(answer, 404, "comment_not_found") for answer in (unknown, theirs)]
    assert told[0] == told[1]


async def test_what_a_moderator_titles_and_closes_shows_in_the_queue(
    client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    await makers.comment(client)
    await put_article(client, moderator, title="Un titre", open=False)
    (found,) = (await queue(client, moderator, state="approved"))["comments"]
    article = found["article"]
    assert (article["title"], article["open"], article["count"]) == ("Un titre", False, 1)
