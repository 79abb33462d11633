"""`POST /v1/moderation/sites/NAME/replay`: what changed rules would have done to what has come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock, token_for
from palabre.actions import replay as trying
from palabre.actions import sites
from palabre.actions.replay import Bounds, Replay
from palabre.model import Scope, Signal, Site, State
from palabre.screening import learned as learned_rule
from palabre.service import Service
from palabre.store import Tx, comments, copying
from palabre.transfer import digests
from text import spinner
from web.speaking import problem, put_article, rules, seen_by

Json = dict[str, Any]
Headers = dict[str, str]

URL = "/v1/moderation/sites/blog/replay"
TWO_LINKS = "Les deux sources : https://a.example/1 et https://b.example/2, à lire."
FOUR_LINKS = f"{TWO_LINKS} Puis https://c.example/3 et encore https://d.example/4."
CALM = "La ligne 4 du tramway passe devant l’école, et personne n’en parle ici."


def links(number: int) -> str:
    """Two links, and too few words to be like any others."""
    return f"Voir https://un{number}.example/ et https://deux{number}.example/"


SPUN = spinner.variants(spinner.TEMPLATES["medium"], 3)


async def replayed(
    client: httpx2.AsyncClient, admin: Headers, days: int | None = None, **policy: object
) -> Json:
    asked: Json = {"policy": policy} if days is None else {"policy": policy, "days": days}
    answer = await client.post(URL, json=asked, headers=admin)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def tried(service: Service, site: Site, bounds: Bounds, **changes: object) -> Replay:
    span = timedelta(days=30)
    return await trying.replay(service, site, changes, span=span, bounds=bounds)


def counts(found: Json) -> tuple[int, int, int]:
    """Of some comments those that were approved, refused, and not decided on."""
    return found["approved"], found["refused"], found["waiting"]


def ids(examples: list[Json]) -> list[str]:
    return [one["id"] for one in examples]


async def everything(service: Service) -> dict[str, digests.Digest]:
    """A digest of every table."""
    return {
        table.name: await digests.digest(service.store, table, told=lambda n: None)
        for table in copying.TABLES
    }


@pytest.mark.parametrize(
    ("stands", "changes", "text", "kind", "rule"),
    [
        ({}, {"max_links": 1}, TWO_LINKS, "caught", "links"),
        ({}, {"max_links": 2}, TWO_LINKS, None, None),
        ({"max_links": 1}, {"max_links": 2}, TWO_LINKS, "freed", "links"),
        ({"max_links": 1}, {"max_links": None}, TWO_LINKS, "freed", "links"),
        ({}, {"hold_words": ["tramway"]}, CALM, "caught", "words"),
        ({}, {"reject_words": ["tramway"]}, CALM, "caught", "words"),
        ({"hold_words": ["tramway"]}, {"hold_words": []}, CALM, "freed", "words"),
        # It was held, and would be refused: caught both times.
        ({"hold_words": ["tramway"]}, {"reject_words": ["tramway"]}, CALM, None, None),
        ({}, {"languages": ["ru"]}, CALM, "caught", "language"),
        ({}, {"personal_data": "off"}, "Appelez-moi au 06 12 34 56 78.", "freed", "personal"),
        ({"first_state": "approved"}, {"first_state": "pending"}, CALM, "caught", "policy"),
        ({}, {"first_state": "approved"}, CALM, "freed", "policy"),
        ({}, {"min_seconds": 60, "site_limit": "1/day"}, CALM, None, None),
    ],
)
async def test_a_changed_rule_catches_or_frees(
    client: httpx2.AsyncClient,
    admin: Headers,
    stands: Json,
    changes: Json,
    text: str,
    kind: str | None,
    rule: str | None,
) -> None:
    await rules(client, admin, **stands)
    one = await makers.comment(client, comment=text)
    found = await replayed(client, admin, **changes)
    assert found["comments"] == 1
    for other in ("caught", "freed"):
        expected = [one] if other == kind else []
        assert ids(found["examples"][other]) == expected
        assert found[other]["comments"] == len(expected)
    if kind is not None:
        example = found["examples"][kind][0]
        decider = example["after" if kind == "caught" else "before"]["by"]
        assert decider == f"rule:{rule}"


async def test_what_is_caught_is_compared_with_what_moderators_decided(
    client: httpx2.AsyncClient, admin: Headers, service: Service
) -> None:
    made: dict[str, str] = {}
    for number, action in enumerate(("approve", "reject", "spam", "hold", "nothing")):
        made[action] = await makers.comment(client, comment=links(number))
        if action != "nothing":
            if action == "hold":
                await makers.act(client, admin, made[action], "approve")
            await makers.act(client, admin, made[action], action)
    await makers.approved(client, admin, comment=CALM)
    found = await replayed(client, admin, max_links=1)
    assert counts(found["caught"]) == (1, 2, 2)
    assert (found["caught"]["comments"], found["caught"]["precision"]) == (5, 0.667)
    assert found["freed"]["comments"] == 0
    by_rule = {one["rule"]: one for one in found["rules"]}
    assert counts(by_rule["links"]["before"]) == (0, 0, 0)
    assert counts(by_rule["links"]["after"]) == (1, 2, 2)
    assert counts(by_rule["policy"]["before"]) == (2, 2, 2)
    assert counts(by_rule["policy"]["after"]) == (1, 0, 0)
    assert by_rule["links"]["before"]["precision"] is None
    examples = {one["id"]: one for one in found["examples"]["caught"]}
    assert list(examples) == [made[name] for name in reversed(made)]
    assert [one["decided"] for one in examples.values()] == [
        None,
        "pending",
        "spam",
        "rejected",
        "approved",
    ]
    example = examples[made["spam"]]
    assert example["url"] == f"https://comments.example/desk/comments/{made['spam']}"
    assert example["name"] == "Hélène Marchand"
    assert example["before"] == {"state": "pending", "by": "rule:policy"}
    assert example["after"] == {"state": "pending", "by": "rule:links"}
    said = {one["name"]: one["why"] for one in example["signals"]}
    assert said["links"] == "2 liens, limite 1."


async def test_what_is_freed_is_compared_likewise_and_states_are_counted(
    client: httpx2.AsyncClient, admin: Headers
) -> None:
    await rules(client, admin, first_state="approved", reject_words=["tramway"])
    for action in ("approve", "spam"):
        await makers.act(
            client, admin, await makers.comment(client, comment=f"{CALM} {action}"), action
        )
    await makers.comment(client, comment="Voilà le tramway.")
    await makers.comment(client)
    found = await replayed(client, admin, reject_words=None)
    assert counts(found["freed"]) == (1, 1, 1)
    assert found["caught"]["comments"] == 0
    nothing = {"pending": 0, "spam": 0}
    assert found["states"]["before"] == {"approved": 1, "rejected": 3, **nothing}
    assert found["states"]["after"] == {"approved": 4, "rejected": 0, **nothing}


async def test_the_same_rules_would_do_the_same_to_repeats_and_to_how_a_comment_came(
    client: httpx2.AsyncClient, admin: Headers, clock: Clock
) -> None:
    await rules(client, admin, first_state="approved")
    came = []
    for number, text in enumerate((*SPUN, CALM, CALM, CALM, FOUR_LINKS)):
        clock.advance(minutes=11)
        about = {"name": f"Nom {number}", "article": f"/{number}", "comment": text}
        came.append(await makers.comment(client, **about))
    came.append(await makers.comment(client, subject="x", comment=f"{CALM} Piège."))
    for _ in range(12):
        came.append(await makers.comment(client, article="/vite"))
    signals = {one: (await seen_by(client, admin, one))["signals"] for one in came}
    names = {signal["name"] for found in signals.values() for signal in found}
    assert {"repeat", "links", "honeypot", "pace"} <= names
    found = await replayed(client, admin)
    assert found["comments"] == len(came)
    assert found["examples"] == {"caught": [], "freed": []}
    assert found["states"]["before"] == found["states"]["after"]
    assert all(one["before"] == one["after"] for one in found["rules"])
    # Not only their sum: each has the signals that it has.
    found = await replayed(client, admin, first_state="pending")
    assert found["examples"]["caught"]
    for example in found["examples"]["caught"]:
        assert example["signals"] == signals[example["id"]]
    assert len(found["examples"]["caught"]) == found["caught"]["comments"]


async def test_what_came_in_a_flood_is_judged_as_in_a_flood(
    client: httpx2.AsyncClient, admin: Headers, service: Service
) -> None:
    await rules(client, admin, hold_words=["interdit"])
    made: dict[str, str] = {}
    for why, state in (
        ("flood_site", State.SPAM),
        ("flood_article", State.SPAM),
        ("flood_full", State.SPAM),
        ("flood_held", State.PENDING),
    ):
        text = f"Un mot interdit : {why}" if len(made) < 2 else why
        made[why] = await makers.comment(client, comment=text)
        await came_as(service, made[why], state, Signal("flood", 0.9, why), by="rule:flood")
    found = await replayed(client, admin)
    assert found["states"]["before"] == found["states"]["after"]
    assert found["states"]["after"]["spam"] == 3
    found = await replayed(client, admin, hold_words=None)
    assert found["states"]["after"] == {"approved": 0, "pending": 3, "rejected": 0, "spam": 1}


async def test_whose_browser_it_was_counts_as_it_did_then(
    client: httpx2.AsyncClient, admin: Headers, service: Service
) -> None:
    trusted = await makers.comment(client)
    remark = Signal("throwaway", 0.1, "throwaway")
    await came_as(service, trusted, State.APPROVED, remark, by="rule:trust")
    borrowed = await makers.comment(client)
    name = Signal("impersonation", 0.55, "name_of_reader")
    await came_as(service, borrowed, State.PENDING, name, by="rule:impersonation")
    found = await replayed(client, admin)
    assert found["examples"] == {"caught": [], "freed": []}
    assert {one["rule"]: one["after"]["comments"] for one in found["rules"]} == {
        "trust": 1,
        "impersonation": 1,
    }


async def came_as(
    service: Service, comment_id: str, state: State, signal: Signal, *, by: str
) -> None:
    """Let a comment have come in this state with one more signal."""

    async def unit(tx: Tx) -> None:
        found = await comments.standing(tx, comment_id, site_id=None)
        assert found is not None
        await comments.resignal(tx, found, signal)
        await tx.run(
            "update decision set to_state = :state, decided_by = :by where comment_id = :id",
            state=state,
            by=by,
            id=comment_id,
        )

    await service.store.write(unit)


async def test_comments_by_moderators_deleted_and_edited_ones_are_left_out_and_counted(
    client: httpx2.AsyncClient, admin: Headers
) -> None:
    kept = await makers.approved(client, admin, comment=TWO_LINKS)
    path = f"/v1/moderation/comments/{kept}/reply"
    await client.post(path, json={"text": f"{TWO_LINKS} Oui."}, headers=admin)
    deleted = await makers.comment(client, comment=f"{TWO_LINKS} Un.")
    await makers.act(client, admin, deleted, "delete")
    edited = await makers.comment(client, comment=f"{TWO_LINKS} Deux.")
    await client.patch(
        f"/v1/moderation/comments/{edited}", json={"text": FOUR_LINKS}, headers=admin
    )
    found = await replayed(client, admin, max_links=1)
    assert found["comments"] == 4
    assert found["left_out"] == {"of_moderators": 1, "deleted": 1, "edited": 1}
    assert ids(found["examples"]["caught"]) == [kept]


async def test_thirty_days_are_looked_at_unless_more_are_asked_for(
    client: httpx2.AsyncClient, admin: Headers, clock: Clock
) -> None:
    await makers.comment(client, comment=f"{TWO_LINKS} Il y a longtemps.")
    clock.advance(days=1)
    new = await makers.comment(client, comment=f"{TWO_LINKS} Hier.")
    clock.advance(days=29, hours=12)
    found = await replayed(client, admin, max_links=1)
    assert ids(found["examples"]["caught"]) == [new]
    assert (found["since"], found["oldest"]) == ("2026-11-23T21:00:00Z", "2026-11-24T09:00:00Z")
    assert (found["comments"], found["complete"]) == (1, True)
    assert (await replayed(client, admin, 31, max_links=1))["comments"] == 2
    assert (await replayed(client, admin, 1, max_links=1))["comments"] == 0


async def test_a_copy_counts_only_what_came_within_thirty_days_before_it(
    client: httpx2.AsyncClient, admin: Headers, clock: Clock
) -> None:
    await rules(client, admin, first_state="approved")
    for number, days in enumerate((0, 31, 1)):
        clock.advance(days=days)
        await makers.comment(client, comment=CALM, article=f"/{number}")
    found = await replayed(client, admin, 60, first_state="pending")
    for example in found["examples"]["caught"]:
        assert "repeat" not in [one["name"] for one in example["signals"]]
    assert {one["rule"]: one["after"]["comments"] for one in found["rules"]} == {
        "policy": 2,
        "repeat": 1,
    }


async def test_an_article_s_own_rules_hold_there(
    client: httpx2.AsyncClient, admin: Headers
) -> None:
    await put_article(client, admin, article="/a", policy={"max_links": 5})
    await makers.comment(client, comment=f"{TWO_LINKS} Un.")
    elsewhere = await makers.comment(client, comment=f"{TWO_LINKS} Deux.", article="/b")
    found = await replayed(client, admin, max_links=1)
    assert ids(found["examples"]["caught"]) == [elsewhere]


async def test_the_learned_score_is_today_s(
    client: httpx2.AsyncClient,
    admin: Headers,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(learned_rule, "ENOUGH", 4)
    spam = "Casino bonus jackpot gratuit numéro {} : inscrivez-vous vite sur le site."
    first = await makers.comment(client, comment=spam.format("zéro"))
    await makers.act(client, admin, first, "spam")
    for n in range(12):
        clock.advance(minutes=11)
        for action, text in (("spam", spam), ("approve", f"{CALM} {{}} fois, dit-on")):
            about = {"article": f"/{n}", "comment": text.format(n)}
            one = await makers.comment(client, **about)
            await makers.act(client, admin, one, action)
    assert all(one["name"] != "learned" for one in (await seen_by(client, admin, first))["signals"])
    found = await replayed(client, admin, learned_hold=100)
    caught = {one["id"]: one for one in found["examples"]["caught"]}
    assert caught[first]["after"]["by"] == "rule:learned"
    assert (await replayed(client, admin, learned_hold=0))["caught"]["comments"] == 0


async def test_nothing_at_all_is_written(
    client: httpx2.AsyncClient, admin: Headers, service: Service
) -> None:
    await makers.approved(client, admin, comment=TWO_LINKS)
    await makers.comment(client, comment=FOUR_LINKS)
    before = await everything(service)
    assert (await replayed(client, admin, max_links=1))["caught"]["comments"] == 1
    assert await everything(service) == before
    listing = await client.get("/v1/moderation/sites/blog", headers=admin)
    assert listing.json()["policy"]["max_links"] == 2


async def test_a_request_looks_at_the_newest_and_says_how_far_it_came(
    client: httpx2.AsyncClient,
    service: Service,
    site: Site,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trying, "AT_ONCE", 2)
    made = []
    for number in range(5):
        clock.advance(hours=1)
        made.append(await makers.comment(client, comment=links(number)))
    for bounds, seen, is_all in (
        (Bounds(), 5, True),
        (Bounds(comments=5), 5, True),
        (Bounds(comments=3), 3, False),
        # A page of two is looked at to its end.
        (Bounds(characters=1), 2, False),
        (Bounds(characters=3 * len(links(0))), 4, False),
    ):
        found = await tried(service, site, bounds, max_links=1)
        assert (found.comments, found.is_all) == (seen, is_all), bounds
        examples = [one.past.id for one in found.examples_caught]
        assert examples == made[::-1][:seen]
        assert found.oldest == clock.now - timedelta(hours=seen - 1)


async def test_twenty_examples_are_enough(
    client: httpx2.AsyncClient, admin: Headers, clock: Clock
) -> None:
    for number in range(22):
        clock.advance(minutes=1)
        await makers.comment(client, comment=links(number))
    found = await replayed(client, admin, max_links=1)
    assert (found["caught"]["comments"], len(found["examples"]["caught"])) == (22, 20)


async def test_changes_that_make_no_difference_here_are_named(
    client: httpx2.AsyncClient, admin: Headers
) -> None:
    found = await replayed(client, admin, max_links=1, min_seconds=9, author_limit="1/day")
    assert found["not_tried"] == ["author_limit", "min_seconds"]


async def test_every_mistake_is_named_at_once(client: httpx2.AsyncClient, admin: Headers) -> None:
    asked = {"policy": {"max_links": -1, "nonsense": 1, "hold_words": "x"}}
    found = problem(await client.post(URL, json=asked, headers=admin), 422, "invalid_request")
    fields = {one["field"] for one in found["errors"]}
    assert fields == {"policy.max_links", "policy.nonsense", "policy.hold_words"}
    for days in (0, 367, "x"):
        answer = await client.post(URL, json={"days": days}, headers=admin)
        (wrong,) = problem(answer, 422, "invalid_request")["errors"]
        assert wrong["field"] == "days"


async def test_only_who_may_change_the_rules_of_the_site_may_try_them(
    client: httpx2.AsyncClient, service: Service, moderator: Headers
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    elsewhere = await token_for(service, "otto", Scope.ADMIN, site="other")
    problem(await client.post(URL, json={}), 401, "unauthenticated")
    problem(await client.post(URL, json={}, headers=moderator), 403, "scope_missing")
    problem(await client.post(URL, json={}, headers=elsewhere), 404, "site_not_found")
