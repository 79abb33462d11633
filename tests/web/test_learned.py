"""The learned score, from a moderator's decisions to the signal on what comes next."""

from __future__ import annotations

import json
import random
from functools import partial
from typing import Any

import httpx2
import pytest

import makers
from conftest import START, Clock, token_for
from palabre.actions import learn
from palabre.actions import sites as site_actions
from palabre.jobs import retention
from palabre.model import Scope, Site
from palabre.service import Service
from palabre.store import Tx, learned, moderators, sites
from palabre.store.learned import Label
from palabre.text import features
from palabre.text.features import Features
from web import desk
from web.speaking import rules, seen_by, stored

SPAM = "Casino bonus {n}: jackpot gratuit, inscrivez-vous sur www.casino-{n}.example !!!"
HONEST = "La ligne {n} du tramway passe devant l’école, et personne n’en parle ici."

ALONE = {"repeat": "off"}
"""What says nothing of these being nearly the same."""

Headers = dict[str, str]


async def taught(
    client: httpx2.AsyncClient,
    moderator: Headers,
    *,
    each: int = 10,
    clock: Clock | None = None,
    **fields: str,
) -> dict[str, list[str]]:
    """Ten decisions of each kind, or so many; the ids of the comments. *clock*: goes on after."""
    found: dict[str, list[str]] = {"spam": [], "approve": []}
    for n in range(each):
        for action, text in (("spam", SPAM), ("approve", HONEST)):
            one = await makers.comment(client, comment=text.format(n=n), **fields)
            await makers.act(client, moderator, one, action)
            found[action].append(one)
    if clock is not None:
        clock.advance(minutes=11)
    return found


async def signal_of(
    client: httpx2.AsyncClient, moderator: Headers, comment_id: str
) -> dict[str, Any] | None:
    answer = await client.get(f"/v1/moderation/comments/{comment_id}", headers=moderator)
    found = [one for one in answer.json()["signals"] if one["name"] == "learned"]
    return found[0] if found else None


async def probe(
    client: httpx2.AsyncClient, moderator: Headers, text: str, **fields: str
) -> dict[str, Any] | None:
    """The signal of a new comment with this text, which is then wiped."""
    one = await makers.comment(client, comment=text, **fields)
    found = await signal_of(client, moderator, one)
    await makers.act(client, moderator, one, "delete")
    return found


async def undone(client: httpx2.AsyncClient) -> None:
    """Take back the last decision at the desk."""
    page = await client.get("/desk/sessions")
    data = {"csrf": desk.field(page.text, "csrf")}
    assert (await client.post("/desk/undo", data=data, headers=desk.FORM)).status_code == 303


async def counts(service: Service) -> dict[str, list[tuple[Any, ...]]]:
    """All that is learned, but for who taught it."""

    async def read(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
        features = await tx.all("select * from learned_feature order by site_id, bucket")
        known = await tx.all("select * from learned_site where labels > 0 order by site_id")
        return {
            "features": [tuple(row.values()) for row in map(dict, features)],
            "sites": [tuple(row.values()) for row in map(dict, known)],
        }

    return await service.store.read(read)


async def test_from_the_twentieth_decision_on_every_comment_has_the_signal(
    client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await taught(client, moderator, each=9)
    one = await makers.comment(client, comment=HONEST.format(n="neuf"))
    await makers.act(client, moderator, one, "approve")
    assert await probe(client, moderator, SPAM.format(n="cent")) is None
    two = await makers.comment(client, comment=SPAM.format(n="neuf"))
    await makers.act(client, moderator, two, "spam")
    spam = await probe(client, moderator, SPAM.format(n="cent"))
    honest = await probe(client, moderator, HONEST.format(n="cent"))
    assert spam is not None
    assert honest is not None
    assert 0 <= honest["score"] < 0.1 < 0.5 < spam["score"] <= 1


async def test_the_sentence_names_what_weighed_most_as_it_stands_in_the_text(
    client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await taught(client, moderator)
    one = await makers.comment(client, comment="Grand JACKPOT gratuit au casino !!! L’école")
    for language, words in (("fr", "«\u00a0JACKPOT"), ("en", "“JACKPOT")):
        answer = await client.get(
            f"/v1/moderation/comments/{one}?lang={language}", headers=moderator
        )
        (signal,) = [one for one in answer.json()["signals"] if one["name"] == "learned"]
        assert words in signal["why"]
        assert "20" in signal["why"]


async def test_undoing_a_decision_at_the_desk_unlearns_it(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await taught(client, moderator)
    before = await counts(service)
    one = await makers.comment(client, comment="Achetez nos montres de luxe à prix cassé")
    await desk.enter(service, client, "alice")
    await desk.act(client, f"spam {one}")
    assert await counts(service) != before
    await undone(client)
    assert await counts(service) == before


async def test_undoing_a_change_of_mind_restores_whose_decision_it_was(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    one = await makers.approved(client, moderator)
    await token_for(service, "bob")
    await desk.enter(service, client, "bob")
    await desk.act(client, f"spam {one}", at=f"/desk/comments/{one}")
    assert await learn.taught_by(service, "bob") == 1
    await undone(client)
    assert await learn.taught_by(service, "bob") == 0
    assert await learn.taught_by(service, "alice") == 1


async def test_what_a_rule_approved_teaches_nothing_even_when_its_removal_is_undone(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, admin: Headers
) -> None:
    await rules(client, admin, first_state="approved")
    one = await makers.comment(client)
    await desk.enter(service, client, "alice")
    await desk.act(client, f"spam {one}", at=f"/desk/comments/{one}")
    await undone(client)
    assert await counts(service) == {"features": [], "sites": []}


@pytest.mark.parametrize("then", ["hold", "reject"])
async def test_a_decision_that_teaches_nothing_takes_back_what_the_last_one_taught(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, then: str
) -> None:
    await taught(client, moderator)
    before = await counts(service)
    one = await makers.comment(client)
    await makers.act(client, moderator, one, "spam")
    await makers.act(client, moderator, one, "approve")
    await makers.act(client, moderator, one, then)
    assert await counts(service) == before


async def test_an_edit_of_what_was_learned_is_learned_in_its_place(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    one = await makers.approved(client, moderator, comment="Le premier texte, approuvé.")
    first = await counts(service)
    for text in ("Un tout autre texte.", "Le premier texte, approuvé."):
        body = {"text": text}
        url = f"/v1/moderation/comments/{one}"
        assert (await client.patch(url, json=body, headers=moderator)).status_code == 200
        assert (await counts(service) == first) == (text == "Le premier texte, approuvé.")


async def test_the_signal_quotes_nothing_that_a_mask_took_away(
    client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await taught(client, moderator)
    one = await makers.comment(client, comment="Une question ? Écrivez à casino@example.com")
    for is_quoted in (True, False):
        signal = await signal_of(client, moderator, one)
        assert signal is not None
        assert ("casino" in signal["why"]) is is_quoted
        await client.post(f"/v1/moderation/comments/{one}/mask", headers=moderator)


async def test_the_signal_quotes_nothing_that_an_edit_took_away(
    client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await taught(client, moderator)
    one = await makers.comment(client, comment="Casino bonus jackpot gratuit, écrivez-moi")
    for text, is_quoted in ((None, True), ("Écrivez-moi donc", False)):
        if text is not None:
            url = f"/v1/moderation/comments/{one}"
            await client.patch(url, json={"text": text}, headers=moderator)
        signal = await signal_of(client, moderator, one)
        assert signal is not None
        assert ("jackpot" in signal["why"].lower()) is is_quoted


async def test_a_deleted_comment_leaves_what_it_taught_and_no_tie_to_it(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    one = await makers.approved(client, moderator)
    before = await counts(service)
    await makers.act(client, moderator, one, "delete")
    assert await counts(service) == before
    rows = await service.store.read(lambda tx: tx.all("select * from learned_label"))
    assert rows == []


@pytest.mark.parametrize(("action", "stays"), [("approve", False), ("spam", True)])
async def test_who_withdraws_a_comment_takes_with_it_what_it_taught_unless_as_spam(
    action: str, stays: bool, service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await makers.act(client, moderator, await makers.comment(client), action)
    before = await counts(service)
    sent = await makers.submit(client, comment="Un avis à moi, que je vais bientôt retirer.")
    await makers.act(client, moderator, sent["comment"]["id"], action)
    taught = await counts(service)
    assert taught != before
    for _ in range(2):
        answer = await client.post(f"/v1/receipts/{sent['receipt']['token']}/withdraw")
        assert answer.status_code == 200
        assert await counts(service) == (taught if stays else before)
    rows = await service.store.read(lambda tx: tx.all("select * from learned_label"))
    assert len(rows) == 1


async def test_the_retention_leaves_what_was_learned(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, clock: Clock
) -> None:
    await makers.act(client, moderator, await makers.comment(client), "spam")
    before = await counts(service)
    clock.advance(days=31)
    await retention.retention(service)
    assert (await stored(client, moderator))["spam"] == 0
    assert await counts(service) == before


async def test_erasing_a_person_unlearns_what_they_wrote(
    service: Service, client: httpx2.AsyncClient, admin: Headers
) -> None:
    one = await makers.approved(client, admin)
    answer = await client.get(f"/v1/moderation/comments/{one}", headers=admin)
    author = answer.json()["author"]["id"]
    await client.post(f"/v1/moderation/authors/{author}/erase", headers=admin)
    assert await counts(service) == {"features": [], "sites": []}


async def test_comments_without_a_decision_and_ones_own_words_change_nothing(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    found = await taught(client, moderator)
    before = await counts(service)
    for n in range(40):
        await makers.comment(
            client, comment=f"Le tramway, l’école et la ligne {n} : casino gratuit"
        )
    one = found["approve"][0]
    reply = await client.post(
        f"/v1/moderation/comments/{one}/reply", json={"text": "Merci."}, headers=moderator
    )
    assert reply.status_code == 201
    assert await counts(service) == before


@pytest.mark.parametrize("door", ["one", "many"])
async def test_approving_what_was_published_at_once_teaches_it_and_changes_nothing_else(
    door: str, service: Service, client: httpx2.AsyncClient, admin: Headers
) -> None:
    await rules(client, admin, first_state="approved")
    one = await makers.comment(client)
    before = await seen_by(client, admin, one)
    assert (before["state"], before["decided_by"]) == ("approved", "rule:policy")
    assert await counts(service) == {"features": [], "sites": []}
    listing = await client.get("/v1/comments?article=/a")
    for _ in range(2):
        if door == "one":
            found = await makers.act(client, admin, one, "approve", version=7, note="Bien.")
            assert found["version"] == before["version"]
        else:
            answer = await client.post(
                "/v1/moderation/decisions", json={"action": "approve", "ids": [one]}, headers=admin
            )
            assert answer.json()["results"] == [{"id": one, "status": 200, "state": "approved"}]
        (site,) = (await counts(service))["sites"]
        assert site[1:4] == (1, 1, 0)
    assert await seen_by(client, admin, one) == before
    again = await client.get("/v1/comments?article=/a")
    assert again.headers["etag"] == listing.headers["etag"]
    # Now as any label: it follows what is decided.
    await makers.act(client, admin, one, "spam")
    assert (await counts(service))["sites"][0][1:4] == (1, 0, 1)
    await makers.act(client, admin, one, "hold")
    assert await counts(service) == {"features": [], "sites": []}


async def test_approving_what_is_approved_teaches_no_moderators_words_and_counts_none_twice(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    one = await makers.approved(client, moderator)
    before = await counts(service)
    answer = await client.post(
        f"/v1/moderation/comments/{one}/reply", json={"text": "Merci."}, headers=moderator
    )
    for approved in (one, answer.json()["id"]):
        await makers.act(client, moderator, approved, "approve")
    assert await counts(service) == before


async def test_what_a_block_moves_to_spam_teaches_nothing(
    service: Service, client: httpx2.AsyncClient, admin: Headers
) -> None:
    one = await makers.comment(client)
    answer = await client.get(f"/v1/moderation/comments/{one}", headers=admin)
    author = answer.json()["author"]["id"]
    body = {"also": "pending"}
    await client.post(f"/v1/moderation/authors/{author}/block", json=body, headers=admin)
    assert await counts(service) == {"features": [], "sites": []}


async def test_the_same_text_many_times_over_counts_once(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    async def spam(article: str) -> None:
        one = await makers.comment(client, comment=SPAM.format(n=1), article=article)
        await makers.act(client, moderator, one, "spam")

    await spam("/a")
    once = await counts(service)
    for n in range(30):
        await spam(f"/b{n}")
    often = await counts(service)
    assert often["features"] == once["features"]


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_counted_is_what_the_labels_alone_would_count(
    service: Service, client: httpx2.AsyncClient, site: Site, seed: int
) -> None:
    """Whatever was taught and taken back: as a site that learned only what is left."""
    other = await site_actions.add(service, "other", origins=["https://other.example"])
    pick = random.Random(seed)
    texts = [SPAM.format(n=1), HONEST.format(n=1), "Bien dit !", "Bien dit, et vrai."]
    labels: dict[str, tuple[Label, Features]] = {}
    moderator_id = await _moderator_id(service)

    async def steps(tx: Tx) -> None:
        for _ in range(60):
            one = f"comment-{pick.randrange(9)}"
            await learned.hold(tx, site.id)
            known = labels.pop(one, None)
            assert await learned.take_back(tx, site.id, one) == (known and known[0])
            if pick.random() < 0.6:
                label = Label(pick.random() < 0.5, moderator_id, START, pick.choice([None, 7, 300]))
                found = features.of(pick.choice(texts), pick.choice(["Léa", "Jean D."]))
                labels[one] = (label, found)
                await learned.teach(tx, site.id, one, label, found)
        for one, (label, found) in sorted(labels.items()):
            await learned.hold(tx, other.id)
            await learned.teach(tx, other.id, one, label, found)

    await service.store.write(steps)
    kept = await counts(service)
    for rows in kept.values():
        here = sorted(row[1:] for row in rows if row[0] == site.id)
        assert here == sorted(row[1:] for row in rows if row[0] == other.id)
        assert here


async def _moderator_id(service: Service) -> str:
    await token_for(service, "mia")
    found = await service.store.read(lambda tx: moderators.id_of(tx, "mia"))
    assert found is not None
    return found


async def test_another_site_learns_nothing_from_it(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await site_actions.add(service, "other", origins=["https://other.example"])
    await taught(client, moderator, site="blog")
    assert await probe(client, moderator, SPAM.format(n="x"), site="blog") is not None
    assert await probe(client, moderator, SPAM.format(n="x"), site="other") is None


async def test_one_moderators_mistakes_are_taken_back(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, clock: Clock
) -> None:
    bob = await token_for(service, "bob")
    await taught(client, moderator)
    before = await counts(service)
    clock.advance(days=1)
    for n in range(10):
        one = await makers.comment(client, comment=f"Un avis honnête sur le tramway {n}")
        await makers.act(client, bob, one, "spam")
    assert await counts(service) != before
    assert await learn.taught_by(service, "bob") == 10
    assert await learn.forget(service, "bob", site="blog", since=clock.now) == 10
    assert await counts(service) == before
    assert await learn.forget(service, "bob") == 0


async def test_what_waits_is_scored_once_there_is_enough_to_go_by(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, site: Site
) -> None:
    waits = await makers.comment(client, comment=SPAM.format(n="cent"))
    await taught(client, moderator)
    assert await learn.rescore(service, site.id) == 1
    found = await signal_of(client, moderator, waits)
    assert found is not None
    assert found["score"] > 0.5
    answer = await client.get(f"/v1/moderation/comments/{waits}", headers=moderator)
    assert answer.json()["version"] == 1
    await desk.enter(service, client, "alice")
    urgent = await client.get("/desk/?order=urgent&signal=learned")
    assert waits in urgent.text


async def test_the_job_that_scores_what_waits_is_put_there_with_the_twentieth_decision(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    waits = await makers.comment(client, comment=SPAM.format(n="cent"))
    await taught(client, moderator)
    for _ in range(200):
        if await signal_of(client, moderator, waits):
            break
    else:
        pytest.fail("nobody scored what waits")


async def test_a_low_score_makes_nothing_urgent_and_is_not_found(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, clock: Clock
) -> None:
    await taught(client, moderator, clock=clock)
    one = await makers.comment(client, comment="Personne ne parle ici du tramway.")

    async def read(tx: Tx) -> tuple[Any, ...]:
        row = await tx.one("select rank, seq from comment where id = :id", id=one)
        assert row is not None
        marked = await tx.all("select name from comment_signal where seq = :seq", seq=row["seq"])
        return row["rank"], {mark["name"] for mark in marked}

    # Those of any comment that a program sends.
    assert await service.store.read(read) == (-10, {"stamp", "bot"})


async def honest_scores(service: Service, scores: dict[int, int]) -> None:
    """As if so many honest comments had had these scores before they were learned."""
    await service.store.write(
        partial(
            _put_scores,
            scores=json.dumps({str(score): n for score, n in scores.items()}),
        )
    )


async def _put_scores(tx: Tx, *, scores: str) -> None:
    await tx.run("update learned_site set scores = :scores", scores=scores)


async def test_above_what_the_site_accepts_a_comment_is_held_and_named(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, admin: Headers, clock: Clock
) -> None:
    await taught(client, moderator, clock=clock)
    await rules(client, admin, first_state="approved", treatment=ALONE, max_links=5)
    sent = await makers.submit(client, comment=SPAM.format(n="a"))
    assert sent["comment"]["state"] == "approved"  # too few to promise anything
    await honest_scores(service, {10: 198, 300: 1})
    sent = await makers.submit(client, comment=SPAM.format(n="b"))
    assert sent["comment"]["state"] == "pending"
    one = await client.get(f"/v1/moderation/comments/{sent['comment']['id']}", headers=moderator)
    assert one.json()["decisions"][0]["by"] == "rule:learned"
    honest = await makers.submit(client, comment=HONEST.format(n="b"))
    assert honest["comment"]["state"] == "approved"


async def test_it_calls_spam_only_where_the_site_asks_for_it_and_the_author_is_not_told(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, admin: Headers, clock: Clock
) -> None:
    await taught(client, moderator, clock=clock)
    await rules(client, admin, first_state="approved", max_links=5, learned_spam=10)
    await honest_scores(service, {10: 198, 300: 1})
    sent = await makers.submit(client, comment=SPAM.format(n="b"))
    assert sent["comment"]["state"] == "pending"
    one = await client.get(f"/v1/moderation/comments/{sent['comment']['id']}", headers=moderator)
    assert one.json()["state"] == "spam"
    assert one.json()["decided_by"] == "rule:learned"
    clock.advance(days=31)
    await retention.retention(service)
    assert (await seen_by(client, moderator, sent["comment"]["id"]))["state"] == "deleted"


async def test_switched_off_it_only_remarks(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, admin: Headers, clock: Clock
) -> None:
    await taught(client, moderator, clock=clock)
    await rules(client, admin, first_state="approved", treatment=ALONE, max_links=5, learned_hold=0)
    await honest_scores(service, {10: 198, 300: 1})
    sent = await makers.submit(client, comment=SPAM.format(n="b"))
    assert sent["comment"]["state"] == "approved"


async def test_no_score_approves_what_the_site_holds(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, clock: Clock
) -> None:
    await taught(client, moderator, clock=clock)
    sent = await makers.submit(client, comment=HONEST.format(n="b"))
    assert sent["comment"]["state"] == "pending"


async def test_what_is_above_the_threshold_is_kept_of_each_honest_comment_before_it_is_learned(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, admin: Headers
) -> None:
    await taught(client, moderator)
    one = await makers.comment(client, comment=HONEST.format(n="cent"))
    signal = await signal_of(client, moderator, one)
    await makers.act(client, moderator, one, "approve")
    site = await service.store.read(lambda tx: sites.by_name(tx, "blog"))
    assert site is not None
    row = await service.store.read(
        lambda tx: tx.one("select score from learned_label where comment_id = :id", id=one)
    )
    assert signal is not None
    assert row is not None
    assert row["score"] == round(1000 * signal["score"])


async def test_an_administrator_takes_out_at_the_desk_what_somebody_taught(
    service: Service, client: httpx2.AsyncClient, moderator: Headers, admin: Headers
) -> None:
    await makers.approved(client, moderator)
    cookie = await desk.enter(service, client, "ada")
    data = {"csrf": await desk.csrf(client, cookie), "act": "unlearn alice"}
    asks = await client.post("/desk/moderators?lang=en", data=data, headers=desk.FORM)
    assert "Take alice’s decision, 1 in all, out of the learned score?" in asks.text
    assert await learn.taught_by(service, "alice") == 1
    done = await client.post(
        "/desk/moderators?lang=en", data=data | {"sure": "yes"}, headers=desk.FORM
    )
    assert "1 decision by alice no longer counts" in done.text
    assert await counts(service) == {"features": [], "sites": []}


async def test_an_administrator_of_one_site_takes_nothing_out_of_another(
    service: Service, client: httpx2.AsyncClient, moderator: Headers
) -> None:
    await site_actions.add(service, "other", origins=["https://other.example"])
    await token_for(service, "otto", Scope.ADMIN, site="other")
    await makers.approved(client, moderator, site="blog")
    cookie = await desk.enter(service, client, "otto")
    data = {"csrf": await desk.csrf(client, cookie), "act": "unlearn alice", "sure": "yes"}
    answer = await client.post("/desk/moderators", data=data, headers=desk.FORM)
    assert answer.status_code == 404
    assert await learn.taught_by(service, "alice") == 1
