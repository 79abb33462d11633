"""A comment's page at the desk: history, reply, edit, and who else looks."""

from __future__ import annotations

import html
import re

import httpx2
import pytest

import makers
from conftest import Clock
from palabre.service import Service
from web import desk


@pytest.fixture
async def comment(service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]) -> str:
    """A comment that waits, before the eyes of Alice."""
    await desk.enter(service, client, "alice")
    return await makers.comment(client, comment="Une première phrase. Une seconde.")


SENT = ("csrf", "back", "version")
"""What the forms of the page send of themselves."""


async def send(
    client: httpx2.AsyncClient, comment: str, form: str, **fields: str
) -> httpx2.Response:
    """Fill in one of the forms of the page."""
    page = (await client.get(f"/desk/comments/{comment}")).text
    data = {name: desk.field(page, name) for name in SENT} | fields
    return await client.post(f"/desk/comments/{comment}/{form}", data=data, headers=desk.FORM)


async def test_a_refusal_carries_its_reason_and_note(
    client: httpx2.AsyncClient, comment: str, moderator: dict[str, str]
) -> None:
    page = await client.get(f"/desk/comments/{comment}?ask=reject")
    assert re.search(r'<select id="reason"[^>]*autofocus', page.text)
    at = f"/desk/comments/{comment}"
    await desk.act(client, f"reject {comment}", at=at, reason="abuse", note="Voir la charte.")
    found = (await client.get(f"/v1/moderation/comments/{comment}", headers=moderator)).json()
    assert found["reason"] == "abuse"
    assert found["decisions"][-1]["note"] == "Voir la charte."
    assert "Voir la charte." in (await client.get(at)).text


async def test_a_wrong_reason_or_an_endless_note_decides_nothing(
    client: httpx2.AsyncClient, comment: str
) -> None:
    at = f"/desk/comments/{comment}"
    for fields in ({"reason": "nope"}, {"note": "x" * 2001}):
        answer = await desk.act(client, f"reject {comment}", at=at, **fields)
        assert answer.status_code == 422
    assert desk.cases((await client.get("/desk/")).text) == [comment]


async def test_deciding_leads_back_to_the_list_one_came_from(
    client: httpx2.AsyncClient, comment: str, clock: Clock
) -> None:
    clock.advance(minutes=1)
    following = await makers.comment(client, email="b@example.com", comment="Une autre.")
    referer = {"Referer": "https://comments.example/desk/?site=blog"}
    page = await client.get(f"/desk/comments/{comment}", headers=referer)
    data = {name: desk.field(page.text, name) for name in ("csrf", "back", "shown")}
    sent = data | {"act": f"approve {comment}"}
    answer = await client.post("/desk/decide", data=sent, headers=desk.FORM)
    assert answer.headers["location"] == f"/desk/?site=blog#c-{following}"


async def test_coming_back_keeps_the_place(client: httpx2.AsyncClient, comment: str) -> None:
    await makers.comment(client, email="b@example.com", comment="Une autre.")
    asked = await desk.act(client, f"delete {comment}", at="/desk/?site=blog")
    assert link(asked.text, "Annuler") == f"/desk/?site=blog#c-{comment}"
    at = f"/desk/comments/{comment}?back=site%3Dblog"
    assert link((await client.get(at)).text, "Retour à la file") == f"/desk/?site=blog#c-{comment}"
    asked = await desk.act(client, f"delete {comment}", at=at, at_comment="yes")
    assert link(asked.text, "Annuler") == at
    page = (await client.get(at)).text
    assert desk.field(page, "at_comment") == "yes"
    assert link(page, "Retour à la file") == f"/desk/?site=blog#c-{comment}"
    both = await desk.act(client, "delete", at="/desk/?site=blog", which="shown")
    assert link(both.text, "Annuler") == "/desk/?site=blog"


def link(page: str, words: str) -> str:
    """Where the link with these words leads."""
    found = re.search(rf'href="([^"]*)">[^<]*{words}</a>', page)
    assert found is not None
    return html.unescape(found[1])


async def test_a_reply_makes_what_waits_public_with_it(
    client: httpx2.AsyncClient, comment: str
) -> None:
    answer = await send(client, comment, "reply", text="Merci à vous.")
    assert answer.status_code == 303
    listing = (await client.get("/v1/comments?article=/a")).json()["comments"]
    assert [one["author"]["moderator"] for one in listing] == [False, True]
    assert listing[1]["author"]["name"] == "alice"


async def test_a_reply_leads_back_to_what_follows_and_is_told_of_there(
    client: httpx2.AsyncClient, comment: str, clock: Clock
) -> None:
    clock.advance(minutes=1)
    following = await makers.comment(client, email="b@example.com", comment="Une autre.")
    at = f"/desk/comments/{comment}?back=site%3Dblog"
    data = {name: desk.field((await client.get(at)).text, name) for name in SENT}
    sent = data | {"text": "Merci."}
    answer = await client.post(f"/desk/comments/{comment}/reply", data=sent, headers=desk.FORM)
    assert answer.headers["location"] == f"/desk/?site=blog#c-{following}"
    page = (await client.get("/desk/?site=blog&lang=fr")).text
    assert "est publié. Votre réponse est publiée." in desk.told(page)
    assert "Annuler" in desk.told(page)


@pytest.mark.parametrize("back", ["site=nope", "article=https://elsewhere.example/x"])
async def test_a_reply_is_sent_from_a_list_of_what_there_is_not(
    client: httpx2.AsyncClient, comment: str, back: str
) -> None:
    answer = await send(client, comment, "reply", text="Merci.", back=back)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/desk/?{back}"
    listing = (await client.get("/v1/comments?article=/a")).json()["comments"]
    assert [one["author"]["moderator"] for one in listing] == [False, True]


async def take_back(client: httpx2.AsyncClient) -> str:
    """Undo what was done last; what is then told."""
    page = (await client.get("/desk/")).text
    data = {name: desk.field(page, name) for name in ("csrf", "back", "undo")}
    await client.post("/desk/undo", data=data, headers=desk.FORM)
    return desk.told((await client.get("/desk/?lang=fr")).text)


async def test_undoing_a_reply_takes_back_the_approval_and_the_reply(
    client: httpx2.AsyncClient, comment: str, admin: dict[str, str]
) -> None:
    other = await makers.comment(client, email="o@example.com")
    await desk.act(client, f"spam {other}")
    await send(client, comment, "reply", text="Merci.")
    (reply,) = (await client.get("/v1/comments?article=/a")).json()["comments"][1:]
    told = await take_back(client)
    assert "est remis en attente. Votre réponse n’est plus publiée" in told
    assert "Annuler" not in told
    assert desk.cases((await client.get("/desk/")).text) == [comment]
    assert (await client.get("/v1/comments?article=/a")).json()["comments"] == []
    found = (await client.get(f"/v1/moderation/comments/{reply['id']}", headers=admin)).json()
    assert [(one["to"], one["by"]) for one in found["decisions"]] == [
        ("approved", "alice"),
        ("rejected", "alice"),
    ]
    found = (await client.get(f"/v1/moderation/comments/{other}", headers=admin)).json()
    assert found["state"] == "spam"


async def test_a_reply_that_was_taken_back_is_sent_again_in_the_same_words(
    client: httpx2.AsyncClient, comment: str, admin: dict[str, str]
) -> None:
    await send(client, comment, "reply", text="Merci.")
    await take_back(client)
    answer = await send(client, comment, "reply", text="Merci.")
    assert answer.status_code == 303
    page = (await client.get("/desk/?lang=fr")).text
    assert "est publié. Votre réponse est publiée." in desk.told(page)
    (reply,) = (await client.get("/v1/comments?article=/a")).json()["comments"][1:]
    path = f"/v1/moderation/comments/{reply['id']}"
    found = (await client.get(path, headers=admin)).json()
    assert [one["to"] for one in found["decisions"]] == ["approved", "rejected", "approved"]
    # While it is public it is the same one twice.
    answer = await send(client, comment, "reply", text="Merci.")
    assert answer.status_code == 409
    assert "Votre réponse n’est plus publiée" in await take_back(client)
    assert (await client.get(path, headers=admin)).json()["state"] == "rejected"
    # What others have decided stands.
    await client.post(f"{path}/spam", headers=admin)
    await client.post(f"{path}/reject", headers=admin)
    answer = await send(client, comment, "reply", text="Merci.")
    assert answer.status_code == 409
    assert (await client.get("/v1/comments?article=/a")).json()["comments"] == []


async def test_undoing_a_reply_to_what_is_public_takes_back_the_reply_alone(
    client: httpx2.AsyncClient, comment: str
) -> None:
    await desk.act(client, f"approve {comment}")
    await send(client, comment, "reply", text="Merci.")
    assert "Votre réponse n’est plus publiée" in await take_back(client)
    listing = (await client.get("/v1/comments?article=/a")).json()["comments"]
    assert [one["id"] for one in listing] == [comment]


async def test_a_reply_that_somebody_else_has_changed_stays_as_they_left_it(
    client: httpx2.AsyncClient, comment: str, admin: dict[str, str]
) -> None:
    await send(client, comment, "reply", text="Merci.")
    (reply,) = (await client.get("/v1/comments?article=/a")).json()["comments"][1:]
    at = f"/v1/moderation/comments/{reply['id']}"
    await client.patch(at, json={"text": "Merci bien."}, headers=admin)
    told = await take_back(client)
    assert "est remis en attente." in told
    assert "Votre réponse" not in told
    assert "Le commentaire de alice" in told
    assert (await client.get(at, headers=admin)).json()["state"] == "approved"


async def test_an_empty_reply_publishes_nothing(client: httpx2.AsyncClient, comment: str) -> None:
    answer = await send(client, comment, "reply", text="  ")
    assert answer.status_code == 422
    assert 'id="reply-text-error"' in answer.text
    assert (await client.get("/v1/comments?article=/a")).json()["comments"] == []


@pytest.mark.parametrize("verb", ["hold", "spam", "delete"])
async def test_a_reply_to_what_was_refused_meanwhile_is_kept_in_its_field(
    client: httpx2.AsyncClient, comment: str, admin: dict[str, str], verb: str
) -> None:
    page = (await client.get(f"/desk/comments/{comment}")).text
    data = {name: desk.field(page, name) for name in SENT}
    await client.post(f"/v1/moderation/comments/{comment}/approve", headers=admin)
    await client.post(f"/v1/moderation/comments/{comment}/{verb}", headers=admin)
    sent = data | {"text": "Bien vu <i>"}
    answer = await client.post(f"/desk/comments/{comment}/reply", data=sent, headers=desk.FORM)
    assert answer.status_code == 409
    assert "Bien vu &lt;i&gt;" in answer.text
    assert (await client.get("/v1/comments?article=/a")).json()["comments"] == []


async def test_an_edit_keeps_the_text_before_it_and_shows_the_difference(
    client: httpx2.AsyncClient, comment: str, moderator: dict[str, str]
) -> None:
    answer = await send(
        client, comment, "edit", text="Une première phrase. Une troisième.", name="Anne"
    )
    assert answer.status_code == 303
    page = (await client.get(f"/desk/comments/{comment}")).text
    assert "<del>seconde</del><ins>troisième</ins>" in page
    found = (await client.get(f"/v1/moderation/comments/{comment}", headers=moderator)).json()
    assert found["edits"][0]["text"] == "Une première phrase. Une seconde."
    assert found["author"]["name"] == "Anne"


async def test_the_title_of_what_changes_a_comment_opens_it(
    client: httpx2.AsyncClient, comment: str
) -> None:
    page = (await client.get(f"/desk/comments/{comment}?lang=fr")).text
    assert page.count(">Modifier<") == 1
    assert '<summary><h2 id="edit">Modifier</h2></summary>' in page


async def test_an_edit_follows_the_rules_of_a_submission_and_keeps_what_was_typed(
    client: httpx2.AsyncClient, comment: str
) -> None:
    answer = await send(client, comment, "edit", text="Nouveau", name="", website="javascript:x")
    assert answer.status_code == 422
    assert 'id="edit-website-error"' in answer.text
    assert "\nNouveau</textarea>" in answer.text
    assert "javascript:x" in html.unescape(answer.text)


async def test_an_edit_of_what_was_edited_meanwhile_changes_nothing(
    client: httpx2.AsyncClient, comment: str, admin: dict[str, str]
) -> None:
    page = (await client.get(f"/desk/comments/{comment}")).text
    data = {name: desk.field(page, name) for name in SENT}
    body = {"text": "Par Ada"}
    await client.patch(f"/v1/moderation/comments/{comment}", json=body, headers=admin)
    sent = data | {"text": "Par Alice", "name": "Anne"}
    answer = await client.post(f"/desk/comments/{comment}/edit", data=sent, headers=desk.FORM)
    assert answer.status_code == 409
    assert "Par Alice" in answer.text
    found = (await client.get(f"/v1/moderation/comments/{comment}", headers=admin)).json()
    assert found["text"] == "Par Ada"


async def test_others_see_for_two_minutes_who_looks_at_a_comment(
    service: Service,
    client: httpx2.AsyncClient,
    comment: str,
    admin: dict[str, str],
    clock: Clock,
) -> None:
    await client.get(f"/desk/comments/{comment}")
    assert "alice regarde" not in (await client.get("/desk/?lang=fr")).text
    await desk.enter(service, client, "ada")
    assert "alice regarde" in (await client.get("/desk/?lang=fr")).text
    assert "alice regarde" in (await client.get(f"/desk/comments/{comment}?lang=fr")).text
    clock.advance(minutes=2)
    assert "alice regarde" not in (await client.get("/desk/?lang=fr")).text


async def test_it_is_seen_no_longer_that_somebody_looks_once_they_leave(
    service: Service, client: httpx2.AsyncClient, comment: str, admin: dict[str, str]
) -> None:
    alice = {"Cookie": client.headers["Cookie"]}
    await desk.say(client, comment, "look")
    await desk.enter(service, client, "ada")
    # Who leaves ends nothing of somebody else's.
    await desk.say(client, comment, "look")
    await desk.say(client, comment, "leave")
    assert "alice regarde" in (await client.get("/desk/?lang=fr")).text
    page = (await client.get("/desk/?lang=fr", headers=alice)).text
    assert "ada regarde" not in page
    client.headers.update(alice)
    await desk.say(client, comment, "leave")
    await desk.enter(service, client, "ada")
    assert "alice regarde" not in (await client.get("/desk/?lang=fr")).text


async def test_looking_goes_on_for_as_long_as_it_is_said_again(
    service: Service,
    client: httpx2.AsyncClient,
    comment: str,
    admin: dict[str, str],
    clock: Clock,
) -> None:
    for _ in range(3):
        await desk.say(client, comment, "look")
        clock.advance(minutes=1)
    await desk.enter(service, client, "ada")
    assert "alice regarde" in (await client.get("/desk/?lang=fr")).text


async def test_who_has_decided_on_a_comment_looks_at_it_no_more(
    service: Service, client: httpx2.AsyncClient, comment: str, admin: dict[str, str]
) -> None:
    other = await makers.comment(client, comment="Une troisième phrase.")
    await desk.say(client, other, "look")
    await desk.act(client, f"approve {comment}", at=f"/desk/comments/{comment}")
    await desk.enter(service, client, "ada")
    page = (await client.get("/desk/?state=all&lang=fr")).text
    assert page.count("alice regarde") == 1
    assert "alice regarde" in (await client.get(f"/desk/comments/{other}?lang=fr")).text


async def test_who_only_reads_is_given_no_script_that_says_they_look(
    service: Service, client: httpx2.AsyncClient, comment: str, reader: dict[str, str]
) -> None:
    pages = ("/desk/", f"/desk/comments/{comment}")
    for page in pages:
        assert "/looking" in (await client.get(page)).text
    await desk.enter(service, client, "remi")
    for page in pages:
        assert "/looking" not in (await client.get(page)).text


async def test_an_unknown_comment_has_no_page(client: httpx2.AsyncClient, comment: str) -> None:
    for path in ("nope", "%00", "a" * 300):
        assert (await client.get(f"/desk/comments/{path}")).status_code == 404


async def test_a_deleted_comment_shows_its_history_and_no_words(
    client: httpx2.AsyncClient, comment: str, moderator: dict[str, str]
) -> None:
    await client.post(f"/v1/moderation/comments/{comment}/delete", headers=moderator)
    page = (await client.get(f"/desk/comments/{comment}?lang=fr")).text
    assert "première phrase" not in page
    assert "Le texte est effacé." in page
    assert '<button form="desk"' not in page


HOLDS = "Appelez-moi au 06 12 34 56 78."


async def press_mask(client: httpx2.AsyncClient, one: str, *, at: str) -> httpx2.Response:
    """Press the button that masks, as it stands on the page *at*, in the page's form."""
    page = (await client.get(at)).text
    button = re.search(r'<button form="desk" formaction="([^"]+)" name="(\w+)" value="(\w+)"', page)
    assert button is not None
    assert button[1] == f"/desk/comments/{one}/mask"
    names = ["csrf", "back", "shown"] + ["at_comment"] * ('name="at_comment"' in page)
    data = {name: desk.field(page, name) for name in names} | {button[2]: button[3]}
    return await client.post(button[1], data=data, headers=desk.FORM)


async def test_personal_data_is_masked_from_the_queue_at_one_press(
    client: httpx2.AsyncClient, comment: str
) -> None:
    one = await makers.comment(client, comment=HOLDS)
    page = (await client.get("/desk/")).text
    assert page.count("/mask") == 1
    assert "Données personnelles\u00a0: 1 numéro de téléphone." in page
    answer = await press_mask(client, one, at="/desk/")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/#c-{one}")
    page = (await client.get("/desk/")).text
    assert "06 12 34 56 78" not in page
    assert "Appelez-moi au [numéro de téléphone masqué]." in page
    assert "Données personnelles masquées\u00a0: 1 numéro de téléphone." in page
    assert "/mask" not in page
    assert desk.cases(page) == [comment, one]


async def test_personal_data_is_masked_from_the_comments_page_whose_history_says_so(
    client: httpx2.AsyncClient, comment: str
) -> None:
    one = await makers.comment(client, comment=HOLDS)
    at = f"/desk/comments/{one}"
    answer = await press_mask(client, one, at=at)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{at}?back=#history"
    page = (await client.get(at)).text
    assert "06 12 34 56 78" not in page
    history = page.partition('id="history"')[2]
    assert "par alice" in history
    assert "Données personnelles masquées\u00a0: 1 numéro de téléphone." in history
    assert "<del>" not in history


async def test_what_somebody_changed_meanwhile_is_shown_and_not_masked(
    client: httpx2.AsyncClient, comment: str, moderator: dict[str, str]
) -> None:
    one = await makers.comment(client, comment=HOLDS)
    page = (await client.get(f"/desk/comments/{one}")).text
    await makers.act(client, moderator, one, "reject")
    data = {"csrf": desk.field(page, "csrf"), "back": "", "version": "1"}
    answer = await client.post(f"/desk/comments/{one}/mask", data=data, headers=desk.FORM)
    assert answer.status_code == 409
    assert HOLDS in answer.text
    assert "relisez-le, puis décidez." in answer.text
    assert "Votre texte" not in answer.text
