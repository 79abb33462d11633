"""Proofs of work: what `/v1/stamp` and the form page ask for under attack, and what comes back."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import httpx2
import pytest

import makers
import working
from conftest import ORIGIN, Clock, client_of
from palabre import settings
from palabre.actions import sites
from palabre.model import Proof, Signal
from palabre.screening import sentence
from palabre.service import Service, opened
from palabre.store import Tx
from web.speaking import BROWSER, ENCODINGS, browse, problem, rules, seen_by, send, stored
from web.tree import read

Json = dict[str, Any]

solve = functools.cache(working.solve)


@pytest.fixture(autouse=True)
def limited(environ: dict[str, str]) -> None:
    environ["PALABRE_SUBMISSION_LIMIT"] = "1000/minute"


async def attack(
    client: httpx2.AsyncClient, admin: dict[str, str], article: str = "/busy", **policy: object
) -> None:
    """One comment more than the site may get."""
    rule = {"first_state": "approved", "site_limit": "10/minute"} | policy
    await rules(client, admin, **(rule | {"site_limit": "1/minute"}))
    for _ in range(2):
        await makers.comment(client, article=article)
    await rules(client, admin, **rule)


async def asked(client: httpx2.AsyncClient, article: str = "/a", **parameters: str) -> Json:
    answer = await client.get("/v1/stamp", params={"article": article, **parameters})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def proven(client: httpx2.AsyncClient, clock: Clock, article: str = "/a") -> dict[str, str]:
    """The fields that a form brings whose browser has worked, a while after it was shown."""
    found = await asked(client, article)
    proof = solve(found["stamp"], found["puzzle"]["bits"])
    clock.advance(seconds=5)
    return {"stamp": found["stamp"], "proof": proof, "article": article}


async def told(
    client: httpx2.AsyncClient, admin: dict[str, str], fields: dict[str, str]
) -> tuple[str, str | None]:
    """The state that the author of a comment is told, and what is said of its proof."""
    sent = (await makers.submit(client, **fields))["comment"]
    comment = await seen_by(client, admin, sent["id"])
    said = [one["why"] for one in comment["signals"] if one["name"] == "proof"]
    return sent["state"], said[0] if said else None


def about(proof: Proof) -> str:
    return sentence(Signal("proof", 0.5, f"proof_{proof}"), "fr")


# Asking.


async def test_nothing_is_asked_of_anybody_but_under_attack(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    assert set(await asked(client)) == {"stamp"}
    await attack(client, admin)
    found = await asked(client, lang="en")
    assert len(found["stamp"]) == 84
    assert found["puzzle"] == {
        "bits": 15,
        "parts": 8,
        "until": "2026-11-23T09:10:00Z",
        "says": "Your browser is doing an anti-robot check, about a second…",
    }
    clock.advance(minutes=10)
    assert set(await asked(client)) == {"stamp"}


async def test_a_crowded_article_asks_and_no_other(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await rules(client, admin, article_limit="1/day")
    for _ in range(2):
        await makers.comment(client, article="/busy")
    assert "puzzle" in await asked(client, "/busy")
    assert "puzzle" not in await asked(client, "/calm")


@pytest.mark.parametrize("policy", [{"proof": "off"}, {"site_limit": "off"}])
async def test_a_site_that_wants_none_asks_for_none(
    client: httpx2.AsyncClient, admin: dict[str, str], policy: dict[str, str]
) -> None:
    await attack(client, admin, **policy)
    assert set(await asked(client)) == {"stamp"}


async def test_an_article_may_ask_for_none_on_its_own(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await attack(client, admin)
    sent = {"article": "/a", "policy": {"proof": "off"}}
    await client.put("/v1/moderation/articles", json=sent, headers=admin)
    assert set(await asked(client)) == {"stamp"}
    assert "puzzle" in await asked(client, "/b")


async def test_a_form_from_before_the_attack_gets_a_puzzle_and_stays_as_old_as_it_is(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await rules(client, admin, min_seconds=30)
    first = (await asked(client))["stamp"]
    clock.advance(seconds=31)
    await attack(client, admin)
    found = await asked(client, stamp=first)
    fields = {"stamp": found["stamp"], "proof": solve(found["stamp"], found["puzzle"]["bits"])}
    assert await told(client, admin, fields) == ("approved", None)
    # Another article's is of no use.
    elsewhere = await asked(client, "/b", stamp=first)
    fields = {"stamp": elsewhere["stamp"], "article": "/b"}
    sent = await makers.submit(client, **fields)
    signals = (await seen_by(client, admin, sent["comment"]["id"]))["signals"]
    assert "Formulaire rempli en 0,0" in " ".join(one["why"] for one in signals)


async def test_the_form_page_poses_it_and_says_what_becomes_of_a_comment_without_script(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    calm = (await client.get("/v1/form?article=/a", headers=BROWSER)).text
    assert "<noscript>" not in calm
    await attack(client, admin)
    page = (await client.get("/v1/form?article=/a", headers=BROWSER)).text
    assert len(read(page).one("input", name="stamp")["value"]) == 84
    noscript = page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert "sans JavaScript, le vôtre attendra" in noscript
    # Neither is lost when the form comes back with a mistake in it.
    stamp = read(page).one("input", name="stamp")["value"]
    typed = {"article": "/a", "name": "Paul", "email": "paul@", "comment": "Non.", "stamp": stamp}
    again = await browse(client, typed, accept_language="fr")
    assert again.status_code == 422
    assert len(read(again.text).one("input", name="stamp")["value"]) == 84
    assert "<noscript>" in again.text


# Proving.


async def test_who_has_worked_is_published_and_who_has_not_waits(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin)
    fields = await proven(client, clock)
    assert await told(client, admin, fields) == ("approved", None)
    without = {"stamp": (await asked(client))["stamp"], "article": "/a"}
    clock.advance(seconds=5)
    assert await told(client, admin, without) == ("pending", about(Proof.MISSING))
    assert await told(client, admin, {}) == ("pending", about(Proof.MISSING))


async def test_a_browser_is_led_back_to_the_article_or_told_to_wait(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin)
    typed = makers.fields(**await proven(client, clock), redirect="article")
    answer = await browse(client, typed, accept_language="fr")
    assert answer.headers["location"].startswith(f"{ORIGIN}/a#comment-")
    answer = await browse(client, typed | {"proof": "", "comment": "Et encore ceci."})
    assert "/v1/receipts/" in answer.headers["location"]
    receipt = await client.get(answer.headers["location"], headers=BROWSER)
    assert "en attente de modération" in receipt.text


async def test_at_any_other_time_a_proof_is_not_looked_at(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await attack(client, admin)
    fields = await proven(client, clock)
    clock.advance(minutes=10)
    monkeypatch.setattr("palabre.text.stamp.is_solved", None)
    assert await told(client, admin, fields) == ("approved", None)
    assert await told(client, admin, {"proof": "garbage"}) == ("approved", None)


@pytest.mark.parametrize("encoded", ENCODINGS)
@pytest.mark.parametrize("proof", ["garbage", "0" * 48, "\0", "é" * 48, "f" * 60_000])
@pytest.mark.engine("sqlite")
async def test_whatever_is_sent_as_a_proof_is_no_error(
    client: httpx2.AsyncClient, admin: dict[str, str], proof: str, encoded: Any
) -> None:
    await attack(client, admin)
    stamp = (await asked(client))["stamp"]
    answer = await send(client, encoded(makers.fields(stamp=stamp, proof=proof)))
    assert answer.status_code == 201, answer.text
    comment = await seen_by(client, admin, answer.json()["comment"]["id"])
    assert about(Proof.WRONG) in [one["why"] for one in comment["signals"]]


async def test_a_proof_is_of_no_use_elsewhere(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    await attack(client, admin)
    fields = await proven(client, clock) | {"site": "blog"}
    await sites.add(service, "news", origins=["https://news.example"])
    assert await told(client, admin, fields | {"article": "/b"}) == (
        "pending",
        about(Proof.ELSEWHERE),
    )
    # Nor on another site, which is not under attack.
    news = {"article": "https://news.example/a", "site": "news"}
    assert await told(client, admin, fields | news) == ("pending", None)
    # None of that has used it up.
    assert await told(client, admin, fields) == ("approved", None)


async def test_a_proof_for_another_stamp_is_wrong(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin)
    one, two = await proven(client, clock), await asked(client)
    clock.advance(seconds=5)
    moved = one | {"stamp": two["stamp"]}
    assert await told(client, admin, moved) == ("pending", about(Proof.WRONG))


async def test_a_stamp_that_was_made_easier_is_not_ours(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await attack(client, admin)
    stamp = (await asked(client))["stamp"]
    # The 47th byte, which says how hard it is, is the third of its group of four characters.
    at = 46 // 3 * 4 + 1
    easier = stamp[:at] + "AAA" + stamp[at + 3 :]
    fields = {"stamp": easier, "proof": solve(easier, 1)}
    assert await told(client, admin, fields) == ("pending", about(Proof.FORGED))


async def test_a_stamp_from_before_the_attack_has_no_proof(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    stamp = (await asked(client))["stamp"]
    await attack(client, admin)
    clock.advance(seconds=5)
    fields = {"stamp": stamp, "proof": solve(stamp, 1)}
    assert await told(client, admin, fields) == ("pending", about(Proof.UNASKED))


async def test_a_proof_is_good_for_ten_minutes(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin)
    soon, late = await proven(client, clock), await proven(client, clock)
    clock.advance(minutes=5)
    await attack(client, admin)
    clock.advance(minutes=4, seconds=49)
    assert await told(client, admin, soon) == ("approved", None)
    clock.advance(seconds=6)
    assert await told(client, admin, late) == ("pending", about(Proof.EXPIRED))


# Once.


async def test_a_proof_is_good_for_one_comment(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin)
    fields = await proven(client, clock)
    assert await told(client, admin, fields) == ("approved", None)
    assert await told(client, admin, fields) == ("pending", about(Proof.SPENT))


async def test_of_twenty_that_race_with_one_proof_exactly_one_counts(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin, site_limit="1000/day", article_limit="1000/day")
    fields = await proven(client, clock)
    found = await asyncio.gather(*(told(client, admin, fields) for _ in range(20)))
    assert sorted(state for state, _ in found) == ["approved", *["pending"] * 19]
    assert [why for state, why in found if state == "pending"] == [about(Proof.SPENT)] * 19


async def test_the_same_request_again_spends_nothing(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin)
    fields = makers.fields(**await proven(client, clock), idempotency_key="a-key-of-mine")
    found = [(await makers.submit(client, **fields))["comment"] for _ in range(3)]
    assert [one["state"] for one in found] == ["approved"] * 3
    assert len({one["id"] for one in found}) == 1


async def test_what_is_refused_spends_nothing(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin)
    fields = await proven(client, clock)
    wrong = await client.post("/v1/comments", json=makers.fields(**fields, email="x"))
    problem(wrong, 422, "invalid_submission")
    same = makers.fields(article="/a")
    await makers.submit(client, **same)
    again = await client.post("/v1/comments", json={**same, **fields})
    problem(again, 409, "duplicate_comment")
    assert await told(client, admin, fields) == ("approved", None)


async def test_a_proof_that_was_spent_is_so_after_a_restart(
    client: httpx2.AsyncClient,
    admin: dict[str, str],
    clock: Clock,
    service: Service,
    environ: dict[str, str],
) -> None:
    await attack(client, admin)
    spent, kept = await proven(client, clock), await proven(client, clock)
    assert await told(client, admin, spent) == ("approved", None)
    async with opened(settings.load(environ), now=clock) as later, client_of(later) as another:
        assert await told(another, admin, spent) == ("pending", about(Proof.SPENT))
        assert await told(another, admin, kept) == ("approved", None)


# What is taken of it.


async def test_bots_without_a_proof_leave_room_for_who_has_one_and_proofs_have_an_end_too(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    await attack(client, admin, site_limit="1/hour")
    held = [await makers.comment(client) for _ in range(4)]
    states = [(await seen_by(client, admin, one))["state"] for one in held]
    # The attack's own took one place.
    assert states == ["pending", "spam", "spam", "spam"]
    found = [await told(client, admin, await proven(client, clock)) for _ in range(3)]
    assert [state for state, _ in found] == ["approved", "approved", "pending"]
    assert (await stored(client, admin))["approved"] == 3


async def test_nobody_who_has_worked_learns_in_a_flood_what_is_known_of_their_address(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock
) -> None:
    zoe = {"email": "zoe@example.com"}
    first = await makers.comment(client, **zoe)
    author = (await seen_by(client, admin, first))["author"]["id"]
    await client.post(f"/v1/moderation/authors/{author}/block", json={}, headers=admin)
    await attack(client, admin, site_limit="1/hour")
    for email, real in (("zoe@example.com", "spam"), ("paul@example.com", "approved")):
        fields = await proven(client, clock) | {"email": email}
        sent = (await makers.submit(client, **fields))["comment"]
        assert sent["state"] == "approved"
        assert (await seen_by(client, admin, sent["id"]))["state"] == real
    # The room is taken up by both, and nobody is told anything else.
    for email in ("zoe@example.com", "paul@example.com"):
        fields = await proven(client, clock) | {"email": email}
        assert (await makers.submit(client, **fields))["comment"]["state"] == "pending"


async def test_what_is_kept_of_a_proof_says_nothing_and_goes(
    client: httpx2.AsyncClient, admin: dict[str, str], clock: Clock, service: Service
) -> None:
    await attack(client, admin)
    fields = await proven(client, clock)
    await makers.submit(client, **fields)

    async def rows(tx: Tx) -> list[Json]:
        return [dict(row) for row in await tx.all("select * from spent")]

    (kept,) = await service.store.read(rows)
    assert len(bytes(kept["tag"])) == 16
    assert set(kept) == {"site_id", "tag", "uses", "expires_at"}
