"""`/v1/mail/TOKEN`: deciding by a link in a mail, once; and ending the mail."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

import makers
from conftest import Clock, token_for
from palabre.actions import moderators, sites
from palabre.actions.mail_links import sealed_for
from palabre.keys import Keys
from palabre.model import Scope, Site
from palabre.service import Service
from palabre.store import Tx, mailboxes
from palabre.text import mail_link
from web.speaking import BROWSER, FORM, problem, rules, seen_by
from web.tree import Element, read

HIDDEN = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
}
ADDRESS = "alice.secret@mail.example"


@pytest.fixture
async def to(service: Service, moderator: dict[str, str]) -> mail_link.Mailbox:
    """The mailbox of Alice, who reads French."""
    await moderators.tell_by_mail(service, "alice", ADDRESS, language="fr")
    (found,) = (await service.store.read(mailboxes.every)).values()
    return sealed_for(found)


def link(
    service: Service, to: mail_link.Mailbox, comment_id: str, action: str, version: int = 1
) -> str:
    expires = service.now() + timedelta(days=7)
    wanted = mail_link.Link(action, comment_id, version, to, int(expires.timestamp()))
    return f"/v1/mail/{mail_link.seal(service.keys, wanted)}"


def end_link(service: Service, to: mail_link.Mailbox) -> str:
    return f"/v1/mail/unsubscribe/{mail_link.seal_unsubscribe(service.keys, to)}"


async def page(client: httpx2.AsyncClient, path: str, status: int = 200) -> Element:
    answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert {name: answer.headers[name] for name in HIDDEN} == HIDDEN
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    return read(answer.text)


async def press(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """What the page's button does. A page with no-referrer posts `Origin: null`."""
    return await client.post(path, data=fields, headers={**BROWSER, "Origin": "null"})


# Looking.


@pytest.mark.parametrize(
    ("action", "title", "button"),
    [
        ("approve", "Publier ce commentaire_?", "Publier le commentaire"),
        ("reject", "Refuser ce commentaire_?", "Refuser le commentaire"),
        ("spam", "Classer ce commentaire comme indésirable_?", "Classer comme indésirable"),
    ],
)
async def test_the_page_shows_the_comment_the_action_and_a_button(
    client: httpx2.AsyncClient,
    service: Service,
    to: mail_link.Mailbox,
    action: str,
    title: str,
    button: str,
) -> None:
    comment = await makers.comment(client, comment="Un *avis*.", name="Zoé", title="Les outils")
    found = await page(client, link(service, to, comment, action))
    assert found.one("h1").text == title
    assert found.one("button").text == button
    assert found.one("em").text == "avis"
    assert "Zoé" in found.text
    assert "Les outils" in found.text
    assert "au nom de alice" in found.text
    assert ADDRESS not in found.text
    assert found.one("form").get("action") is None
    assert bool(found.all("select")) == (action == "reject")


async def test_opening_a_link_changes_nothing_however_often(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    to: mail_link.Mailbox,
) -> None:
    comment = await makers.comment(client)
    before = await seen_by(client, moderator, comment)
    for action in mail_link.ACTIONS:
        path = link(service, to, comment, action)
        for method in ("GET", "HEAD", "OPTIONS"):
            assert (await client.request(method, path)).status_code in (200, 204)
    assert (await client.get(end_link(service, to))).status_code == 200
    assert await seen_by(client, moderator, comment) == before
    assert len(await service.store.read(mailboxes.every)) == 1


async def test_the_page_speaks_the_moderator_s_language_unless_asked_for_another(
    client: httpx2.AsyncClient, service: Service, to: mail_link.Mailbox
) -> None:
    await moderators.tell_by_mail(service, "alice", ADDRESS, language="en")
    path = link(service, to, await makers.comment(client), "approve")
    assert (await page(client, path)).one("h1").text == "Publish this comment?"
    assert (await page(client, f"{path}?lang=fr")).one("h1").text == "Publier ce commentaire_?"
    assert (await page(client, end_link(service, to))).one("h1").text == "Stop these messages?"


# Acting.


@pytest.mark.parametrize(
    ("action", "state"), [("approve", "approved"), ("reject", "rejected"), ("spam", "spam")]
)
async def test_the_button_decides_in_the_moderator_s_name(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    to: mail_link.Mailbox,
    action: str,
    state: str,
) -> None:
    comment = await makers.comment(client)
    path = link(service, to, comment, action)
    answer = await press(client, path)
    assert answer.status_code == 303
    assert answer.headers["location"] == path
    assert {name: answer.headers[name] for name in HIDDEN} == HIDDEN
    found = await seen_by(client, moderator, comment)
    assert (found["state"], found["decided_by"], found["reason"]) == (state, "alice", None)
    after = await page(client, path)
    assert not after.all("form")
    assert "Décidé par alice, aujourd’hui à" in after.text


async def test_a_program_that_posts_nothing_at_all_decides_too(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    to: mail_link.Mailbox,
) -> None:
    comment = await makers.comment(client)
    assert (await client.post(link(service, to, comment, "approve"))).status_code == 303
    assert (await seen_by(client, moderator, comment))["state"] == "approved"


async def test_a_refusal_may_have_one_of_the_site_s_reasons(
    client: httpx2.AsyncClient,
    service: Service,
    admin: dict[str, str],
    moderator: dict[str, str],
    to: mail_link.Mailbox,
) -> None:
    await rules(client, admin, reasons=["off_topic", "other"])
    comment = await makers.comment(client)
    path = link(service, to, comment, "reject")
    options = [one["value"] for one in (await page(client, path)).all("option")]
    assert options == ["", "off_topic", "other"]
    refused = await client.post(path, data={"reason": "because"})
    assert problem(refused, 422, "invalid_request")["errors"][0]["field"] == "reason"
    assert refused.headers["referrer-policy"] == "no-referrer"
    assert (await press(client, path, reason="off_topic")).status_code == 303
    assert (await seen_by(client, moderator, comment))["reason"] == "off_topic"
    assert "Motif~: hors sujet." in (await page(client, path)).text


async def test_a_link_is_good_for_one_use(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    to: mail_link.Mailbox,
) -> None:
    comment = await makers.comment(client)
    path = link(service, to, comment, "approve")
    await press(client, path)
    await makers.act(client, moderator, comment, "hold")
    answer = await press(client, path)
    assert answer.status_code == 409
    assert "Ce commentaire est en attente." in read(answer.text).text
    assert (await seen_by(client, moderator, comment))["state"] == "pending"


async def test_what_somebody_else_decided_is_shown_and_stays(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    to: mail_link.Mailbox,
) -> None:
    comment = await makers.comment(client)
    await makers.act(client, await token_for(service, "bob"), comment, "reject")
    path = link(service, to, comment, "approve")
    assert "Décidé par bob, aujourd’hui à" in (await page(client, path)).text
    answer = await press(client, path)
    assert answer.status_code == 409
    assert "Ce commentaire est refusé. Décidé par bob" in read(answer.text).text
    assert (await seen_by(client, moderator, comment))["state"] == "rejected"


async def test_a_comment_that_was_edited_or_deleted_meanwhile_says_so(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    to: mail_link.Mailbox,
) -> None:
    edited = await makers.comment(client)
    path = f"/v1/moderation/comments/{edited}"
    assert (await client.patch(path, json={"text": "Mieux."}, headers=moderator)).status_code == 200
    found = await page(client, link(service, to, edited, "approve"))
    assert "Il a été modifié depuis l’envoi du message." in found.text
    assert (await press(client, link(service, to, edited, "approve"))).status_code == 409
    sent = await makers.submit(client)
    await client.post(f"{sent['receipt']['url']}/withdraw")
    found = await page(client, link(service, to, sent["comment"]["id"], "approve"))
    assert "Décidé par la personne qui l’a écrit" in found.text
    assert not found.all("article")


# What is refused.


async def test_a_token_that_was_touched_is_none_of_ours(
    client: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    to: mail_link.Mailbox,
) -> None:
    comment = await makers.comment(client)
    path = link(service, to, comment, "approve")
    token = path.rpartition("/")[2]
    touched = [
        token.replace("approve", "spam"),
        token.replace(f".{to.moderator_id}.", f".{'0' * 26}."),
        token.replace(f"{comment}.1.", f"{comment}.2."),
        token[:-1],
        token + "A",
        token[:-1] + ("B" if token[-1] == "A" else "A"),
        "x",
        "approve.é.1.2.3.4",
        mail_link.seal_unsubscribe(service.keys, to),
    ]
    for bad in touched:
        for answer in (await client.get(f"/v1/mail/{bad}"), await client.post(f"/v1/mail/{bad}")):
            problem(answer, 404, "mail_link_not_found")
            assert answer.headers["referrer-policy"] == "no-referrer"
    for bad in (token, "x"):
        for method in ("GET", "POST"):
            answer = await client.request(method, f"/v1/mail/unsubscribe/{bad}")
            problem(answer, 404, "mail_link_not_found")
    await page(client, "/v1/mail/x", 404)
    assert (await seen_by(client, moderator, comment))["state"] == "pending"


async def test_a_link_lives_seven_days(
    client: httpx2.AsyncClient,
    service: Service,
    clock: Clock,
    to: mail_link.Mailbox,
) -> None:
    path = link(service, to, await makers.comment(client), "approve")
    clock.advance(days=6, hours=23)
    await page(client, path)
    clock.advance(hours=2)
    assert "expiré" in (await page(client, path, 410)).one("h1").text
    problem(await client.post(path), 410, "mail_link_expired")


@pytest.mark.parametrize("end", ["revoked", "off", "moved", "reader", "expired"])
async def test_who_may_not_decide_any_more_finds_the_link_withdrawn(
    client: httpx2.AsyncClient,
    service: Service,
    clock: Clock,
    moderator: dict[str, str],
    admin: dict[str, str],
    to: mail_link.Mailbox,
    end: str,
) -> None:
    async def change(tx: Tx) -> None:
        if end == "reader":
            await tx.run("update moderator set scope = 'read' where name = 'alice'")
        if end == "expired":
            await tx.run("update moderator set expires_at = 1 where name = 'alice'")

    comment = await makers.comment(client)
    path = link(service, to, comment, "approve")
    clock.advance(minutes=1)
    if end == "revoked":
        await moderators.revoke(service, "alice")
    if end == "off":
        await moderators.end_mail(service, "alice")
    if end == "moved":
        await moderators.tell_by_mail(service, "alice", "new@mail.example", language="fr")
    await service.store.write(change)
    await page(client, path, 403)
    problem(await client.post(path), 403, "mail_link_not_allowed")
    assert (await seen_by(client, admin, comment))["state"] == "pending"


async def test_a_comment_of_another_site_is_not_there(
    client: httpx2.AsyncClient, service: Service, site: Site
) -> None:
    await sites.add(service, "zoo", origins=["https://zoo.example"])
    await moderators.add(service, "zoé", scope=Scope.MODERATE, site="zoo")
    await moderators.tell_by_mail(service, "zoé", ADDRESS, language="fr")
    (found,) = (await service.store.read(mailboxes.every)).values()
    path = link(service, sealed_for(found), await makers.comment(client, site="blog"), "approve")
    problem(await client.post(path), 404, "comment_not_found")


async def test_links_outlive_a_new_master_key(service: Service, to: mail_link.Mailbox) -> None:
    before, after = Keys((bytes(32),)), Keys((bytes(32), bytes(range(32))))
    wanted = mail_link.Link("spam", "0" * 26, 3, to, 1_800_000_000)
    assert mail_link.read(after, mail_link.seal(before, wanted)) == wanted
    assert mail_link.read_unsubscribe(after, mail_link.seal_unsubscribe(before, to)) == to
    with pytest.raises(ValueError, match="not a link of ours"):
        mail_link.read(before, mail_link.seal(after, wanted))


# Unsubscribing.


@pytest.mark.parametrize("body", ["", "List-Unsubscribe=One-Click", "%%%"])
async def test_one_click_ends_the_mail(
    client: httpx2.AsyncClient, service: Service, to: mail_link.Mailbox, body: str
) -> None:
    path = end_link(service, to)
    for _ in range(2):
        answer = await client.post(path, content=body, headers={"Content-Type": FORM})
        # RFC 8058, 3.1: no redirect.
        assert answer.status_code == 200
        assert {name: answer.headers[name] for name in HIDDEN} == HIDDEN
    assert await service.store.read(mailboxes.every) == {}


async def test_the_unsubscribing_page_has_a_button_and_then_says_that_it_is_done(
    client: httpx2.AsyncClient, service: Service, to: mail_link.Mailbox
) -> None:
    path = end_link(service, to)
    found = await page(client, path)
    assert found.one("h1").text == "Ne plus recevoir ces messages_?"
    assert found.one("form").get("action") is None
    done = read((await press(client, path)).text)
    assert done.one("h1").text == "Vous ne recevrez plus ces messages"
    assert not done.all("button")
    assert (await page(client, path)).one("h1").text == "Vous ne recevrez plus ces messages"


async def test_an_old_link_does_not_end_a_mailbox_that_was_set_up_anew(
    client: httpx2.AsyncClient, service: Service, clock: Clock, to: mail_link.Mailbox
) -> None:
    clock.advance(minutes=1)
    await moderators.tell_by_mail(service, "alice", "new@mail.example", language="fr")
    assert (await client.post(end_link(service, to))).status_code == 200
    (found,) = (await service.store.read(mailboxes.every)).values()
    assert found.address == "new@mail.example"


async def test_the_same_address_again_stays_the_same_mailbox(
    service: Service, clock: Clock, to: mail_link.Mailbox
) -> None:
    clock.advance(minutes=1)
    await moderators.tell_by_mail(service, "alice", ADDRESS, language="en")
    (found,) = (await service.store.read(mailboxes.every)).values()
    assert (sealed_for(found), found.language) == (to, "en")
