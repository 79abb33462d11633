"""`POST /v1/moderation/comments/ID/mask`: personal data is held, and one press takes it out."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

import makers
from conftest import Clock, token_for
from counting import assert_counters_are_true
from palabre.actions import sites
from palabre.model import Scope, Site
from palabre.screening import MINDS
from palabre.service import Service
from palabre.store import Tx
from web.speaking import problem, rules, seen_by

Json = dict[str, Any]
PHONE = "06 12 34 56 78"
TEXT = f"Appelez-moi au {PHONE}, ou écrivez à zoe@courrier.example."
MASKED = (
    "Appelez-moi au [numéro de téléphone masqué], ou écrivez à [adresse de messagerie masquée]."
)


async def mask(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment_id: str, **body: object
) -> httpx2.Response:
    return await client.post(
        f"/v1/moderation/comments/{comment_id}/mask", json=body, headers=moderator
    )


def of_rule(found: Json) -> list[Json]:
    return [signal for signal in found["signals"] if signal["name"] == "personal"]


async def test_personal_data_is_held_on_a_site_that_publishes_at_once(
    client: httpx2.AsyncClient, admin: dict[str, str], moderator: dict[str, str]
) -> None:
    await rules(client, admin, first_state="approved")
    sent = await makers.submit(client, comment=TEXT)
    assert sent["comment"]["state"] == "pending"
    found = await seen_by(client, moderator, sent["comment"]["id"])
    assert of_rule(found) == [
        {
            "name": "personal",
            "score": 0.7,
            "why": "Données personnelles\u00a0: 1 numéro de téléphone, 1 adresse de messagerie.",
        }
    ]
    assert found["decisions"][0]["by"] == "rule:personal"


@pytest.mark.parametrize(("rule", "scores"), [("note", [0.3]), ("off", [])])
async def test_a_site_may_only_note_it_or_not_look(
    rule: str,
    scores: list[float],
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    moderator: dict[str, str],
) -> None:
    await rules(client, admin, first_state="approved", personal_data=rule)
    sent = await makers.submit(client, comment=TEXT)
    assert sent["comment"]["state"] == "approved"
    found = await seen_by(client, moderator, sent["comment"]["id"])
    assert [signal["score"] for signal in of_rule(found)] == scores


async def test_a_mask_puts_markers_and_keeps_nothing_of_what_stood_there(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock, service: Service
) -> None:
    comment_id = await makers.comment(client, comment=TEXT, name=f"Zoé {PHONE}")
    clock.advance(minutes=5)
    answer = await mask(client, moderator, comment_id, version=1)
    assert answer.status_code == 200
    found = answer.json()
    assert found["text"] == MASKED
    assert found["html"] == f"<p>{MASKED}</p>"
    assert found["author"]["name"] == "Zoé [numéro de téléphone masqué]"
    assert (found["state"], found["version"]) == ("pending", 2)
    assert found["edited_at"] == "2026-11-23T09:05:00Z"
    assert of_rule(found) == [
        {
            "name": "personal",
            "score": 0,
            "why": "Données personnelles masquées\u00a0: "
            "2 numéros de téléphone, 1 adresse de messagerie.",
        }
    ]
    record = await seen_by(client, moderator, comment_id)
    assert record["edits"] == [
        {
            "by": "alice",
            "at": "2026-11-23T09:05:00Z",
            "text": MASKED,
            "masked": {"phone": 2, "email": 1},
        }
    ]
    assert len(record["decisions"]) == 1
    for words in (PHONE, "courrier"):
        url = "/v1/moderation/comments"
        sought = await client.get(url, params={"q": words}, headers=moderator)
        assert sought.json()["comments"] == []
    await assert_counters_are_true(service)


async def test_what_is_public_is_masked_from_the_next_answer_on(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.approved(client, moderator, comment=TEXT)
    assert PHONE in (await makers.listing(client))["comments"][0]["html"]
    await mask(client, moderator, comment_id)
    shown = (await makers.listing(client))["comments"][0]
    assert shown["html"] == f"<p>{MASKED}</p>"
    assert shown["edited_at"] is not None


async def test_earlier_texts_are_masked_likewise(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment=TEXT)
    url = f"/v1/moderation/comments/{comment_id}"
    await client.patch(url, json={"text": "Sans le numéro."}, headers=moderator)
    found = (await mask(client, moderator, comment_id)).json()
    assert (found["text"], of_rule(found)[0]["score"]) == ("Sans le numéro.", 0)
    record = await seen_by(client, moderator, comment_id)
    assert [one["text"] for one in record["edits"]] == [MASKED, "Sans le numéro."]
    assert record["edits"][1]["masked"] == {"phone": 1, "email": 1}


async def test_the_marker_is_in_the_sites_language(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    await sites.add(service, "news", origins=["https://news.example"], locale="en")
    comment_id = await makers.comment(
        client, site="news", article="https://news.example/a", comment=TEXT
    )
    found = (await mask(client, moderator, comment_id)).json()
    assert "[phone number removed]" in found["text"]
    assert "[e-mail address removed]" in found["text"]


async def test_a_mask_without_personal_data_changes_nothing(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment="En 1789, 35000 personnes.")
    before = await seen_by(client, moderator, comment_id)
    assert (await mask(client, moderator, comment_id, version=1)).status_code == 200
    assert await seen_by(client, moderator, comment_id) == before


async def test_a_second_mask_finds_nothing_more(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment=TEXT, name=f"Zoé {PHONE}")
    once = (await mask(client, moderator, comment_id)).json()
    assert (await mask(client, moderator, comment_id)).json() == once


async def test_a_name_that_markers_would_make_too_long_gets_short_ones(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, name=f"{'Anne-Laure ' * 5} {PHONE}".strip())
    found = (await mask(client, moderator, comment_id)).json()
    assert found["author"]["name"].endswith(" […]")
    assert len(found["author"]["name"]) <= 80


async def test_comments_that_differ_in_what_is_masked_only_can_both_be_masked(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for number in ("06 12 34 56 78", "06 98 76 54 32"):
        comment_id = await makers.comment(client, comment=f"Appelez le {number} !")
        answer = await mask(client, moderator, comment_id)
        assert answer.json()["text"] == "Appelez le [numéro de téléphone masqué] !"


async def test_a_marker_before_brackets_makes_no_link(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment=f"{PHONE}(http://a.example/)")
    found = (await mask(client, moderator, comment_id)).json()
    assert "masqué</a>" not in found["html"]
    assert found["html"].startswith("<p>[numéro de téléphone masqué] (")


async def test_a_stale_version_is_refused_with_the_present_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.approved(client, moderator, comment=TEXT)
    answer = await mask(client, moderator, comment_id, version=1)
    problem(answer, 409, "decided_meanwhile")
    assert answer.json()["comment"]["text"] == TEXT


async def test_what_is_deleted_or_elsewhere_is_not_masked(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    comment_id = await makers.comment(client, comment=TEXT)
    await sites.add(service, "tiers", origins=["https://tiers.example"])
    theirs = await token_for(service, "theirs", Scope.MODERATE, site="tiers")
    reader = await token_for(service, "reader", Scope.READ)
    assert (await mask(client, theirs, comment_id)).status_code == 404
    assert (await mask(client, reader, comment_id)).status_code == 403
    assert (await seen_by(client, moderator, comment_id))["text"] == TEXT
    await makers.act(client, moderator, comment_id, "delete")
    answer = await mask(client, moderator, comment_id)
    problem(answer, 409, "not_allowed_from_here")


async def test_a_masked_comment_is_no_more_urgent_than_its_other_signals(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    async def rank(tx: Tx) -> int:
        row = await tx.one("select rank from comment where id = :id", id=comment_id)
        assert row is not None
        return int(row["rank"])

    comment_id = await makers.comment(client, comment=TEXT)
    assert await service.store.read(rank) == -70
    await mask(client, moderator, comment_id)
    others = (await seen_by(client, moderator, comment_id))["signals"]
    assert await service.store.read(rank) == -round(100 * max(one["score"] for one in others))
    assert await service.store.read(rank) > -MINDS * 100


async def test_a_throwaway_address_leaves_a_signal_and_changes_no_answer(
    client: httpx2.AsyncClient, admin: dict[str, str], moderator: dict[str, str], site: Site
) -> None:
    await rules(client, admin, first_state="approved")
    answers = [
        await makers.submit(client, email=email, article=f"/{number}")
        for number, email in enumerate(("zoe@example.com", "zoe@a.mailinator.com"))
    ]
    assert [one["comment"]["state"] for one in answers] == ["approved", "approved"]
    found = await seen_by(client, moderator, answers[1]["comment"]["id"])
    assert [(one["name"], one["score"]) for one in found["signals"]][-1] == ("throwaway", 0.3)
    assert "mailinator" not in str(found)
    before = await seen_by(client, moderator, answers[0]["comment"]["id"])
    assert "throwaway" not in [one["name"] for one in before["signals"]]
