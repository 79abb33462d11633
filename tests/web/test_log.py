"""`GET /v1/moderation/log`: every decision there ever was, newest first."""

from __future__ import annotations

from typing import Any

import httpx2

import makers
from conftest import Clock, client_of, token_for
from palabre.actions import sites
from palabre.service import Service
from web.speaking import field_codes, problem

Json = dict[str, Any]
URL = "/v1/moderation/log"


async def log(client: httpx2.AsyncClient, headers: dict[str, str], **parameters: Any) -> list[Json]:
    answer = await client.get(URL, params=parameters, headers=headers)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"decisions", "next"}
    found: list[Json] = answer.json()["decisions"]
    return found


async def test_every_decision_is_there_newest_first(
    client: httpx2.AsyncClient, moderator: dict[str, str], reader: dict[str, str], clock: Clock
) -> None:
    first = await makers.comment(client)
    clock.advance(minutes=1)
    await makers.act(client, moderator, first, "approve")
    clock.advance(minutes=1)
    await makers.act(client, moderator, first, "reject", reason="abuse", note="Trop loin")
    entry = {"comment": first, "by": "alice", "reason": None, "note": None}
    assert await log(client, reader) == [
        entry
        | {
            "from": "approved",
            "to": "rejected",
            "at": "2026-11-23T09:02:00Z",
            "reason": "abuse",
            "note": "Trop loin",
        },
        entry | {"from": "pending", "to": "approved", "at": "2026-11-23T09:01:00Z"},
        entry | {"from": None, "to": "pending", "at": "2026-11-23T09:00:00Z", "by": "rule:policy"},
    ]


async def test_what_changes_nothing_and_what_only_edits_is_not_in_it(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.approved(client, moderator)
    before = await log(client, moderator)
    await makers.act(client, moderator, one, "approve")
    await client.patch(f"/v1/moderation/comments/{one}", json={"text": "x"}, headers=moderator)
    assert await log(client, moderator) == before


async def test_a_deleted_comments_decisions_stay_without_their_notes(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.comment(client)
    await makers.act(client, moderator, one, "spam", note="Encore lui")
    await makers.act(client, moderator, one, "delete", note="Adieu")
    found = await log(client, moderator, comment=one)
    assert [(entry["to"], entry["note"]) for entry in found] == [
        ("deleted", None),
        ("spam", None),
        ("pending", None),
    ]


async def test_it_filters_by_comment_and_by_moderator(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    remy = await token_for(service, "Rémy d’Arc")
    one, two = [await makers.comment(client) for _ in range(2)]
    await makers.act(client, moderator, one, "approve")
    await makers.act(client, remy, two, "approve")
    await makers.act(client, remy, one, "hold")
    assert [entry["to"] for entry in await log(client, moderator, comment=one)] == [
        "pending",
        "approved",
        "pending",
    ]
    theirs = await log(client, moderator, moderator="Rémy d’Arc")
    assert [entry["comment"] for entry in theirs] == [one, two]
    both = await log(client, moderator, moderator="Rémy d’Arc", comment=two)
    assert [(entry["comment"], entry["to"]) for entry in both] == [(two, "approved")]
    assert await log(client, moderator, moderator="nobody") == []
    unknown = await client.get(URL, params={"comment": "nobody"}, headers=moderator)
    problem(unknown, 404, "comment_not_found")


async def test_pages_follow_one_another_while_decisions_go_on(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for _ in range(4):
        await makers.approved(client, moderator)
    expected = await log(client, moderator)
    assert len(expected) == 8
    seen: list[Json] = []
    url: str | None = f"{URL}?limit=3"
    while url is not None:
        page = (await client.get(url, headers=moderator)).json()
        assert len(page["decisions"]) <= 3
        seen += page["decisions"]
        url = page["next"]
        await makers.comment(client)
    assert seen == expected


async def test_a_cursor_is_good_for_its_own_filters_alone(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one = await makers.approved(client, moderator)
    following = (await client.get(f"{URL}?limit=1", headers=moderator)).json()["next"]
    after = httpx2.URL(following).params["after"]
    for filters in ({"comment": one}, {"moderator": "alice"}, {"site": "blog"}):
        answer = await client.get(URL, params={"after": after} | filters, headers=moderator)
        assert field_codes(answer, 400) == {"after": "invalid"}
    for query, field, code in (
        ("limit=0", "limit", "invalid"),
        ("limit=201", "limit", "invalid"),
        ("comment=a&comment=b", "comment", "invalid"),
        ("moderator=%00", "moderator", "invalid"),
        ("after=x", "after", "invalid"),
    ):
        answer = await client.get(f"{URL}?{query}", headers=moderator)
        assert field_codes(answer, 400) == {field: code}


async def test_a_bound_token_sees_its_own_sites_decisions_alone(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    otto = await token_for(service, "otto", site="other")
    async with client_of(service) as both:
        ours = await makers.comment(both, site="blog")
        theirs = await makers.comment(both, site="other")
        assert [one["comment"] for one in await log(both, moderator)] == [theirs, ours]
        assert [one["comment"] for one in await log(both, moderator, site="blog")] == [ours]
        assert [one["comment"] for one in await log(both, otto)] == [theirs]
        hidden = await both.get(URL, params={"comment": ours}, headers=otto)
        problem(hidden, 404, "comment_not_found")
        problem(await both.get(URL, params={"site": "blog"}, headers=otto), 404, "site_not_found")


async def test_a_moderators_decisions_on_several_sites_are_one_list(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    otto = await token_for(service, "otto", site="other")
    async with client_of(service) as both:
        decided = []
        for number in range(6):
            site = ("blog", "other")[number % 2]
            decided.append(await makers.comment(both, site=site))
            await makers.act(both, otto if number == 3 else moderator, decided[-1], "approve")
        theirs = [one for number, one in enumerate(decided) if number != 3][::-1]
        seen: list[str] = []
        url: str | None = f"{URL}?moderator=alice&limit=2"
        while url is not None:
            page = (await both.get(url, headers=moderator)).json()
            seen += [entry["comment"] for entry in page["decisions"]]
            url = page["next"]
        assert seen == theirs
        there = await log(both, moderator, moderator="alice", site="other")
        assert [one["comment"] for one in there] == [decided[5], decided[1]]
        assert await log(both, otto, moderator="alice") == there
