"""`/desk/bans`: a ban is tried out on a comment's page or by a domain, made, undone, lifted."""

from __future__ import annotations

import html
import re

import httpx2
import pytest

import makers
from conftest import token_for
from palabre.model import Scope, Site
from palabre.service import Service
from web import desk
from web.speaking import rules, seen_by

LINK = "Tout est dit ici : https://www.casino.example/bonus, allez voir."


@pytest.fixture
async def alice(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> dict[str, str]:
    """Alice, signed in at the desk; her token's header."""
    await desk.enter(service, client, "alice")
    return moderator


async def press(client: httpx2.AsyncClient, act: str, **fields: str) -> httpx2.Response:
    """Send a form of the page."""
    proof = desk.field((await client.get("/desk/sessions")).text, "csrf")
    return await client.post(
        "/desk/bans", data={"csrf": proof, "act": act} | fields, headers=desk.FORM
    )


def words(page: str) -> str:
    """What a page says, on one line."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


async def after(client: httpx2.AsyncClient, answer: httpx2.Response) -> str:
    """The page that a change leads to."""
    assert answer.status_code == 303, words(answer.text)
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200
    return page.text


async def test_a_comments_page_offers_what_can_be_banned_of_it(
    client: httpx2.AsyncClient, alice: dict[str, str]
) -> None:
    comment = await makers.comment(client, comment=LINK, website="https://moi.example")
    page = (await client.get(f"/desk/comments/{comment}")).text
    offered = re.findall(r'name="what" value="([^"]+)"', page)
    assert offered == [
        "author",
        "address",
        "network",
        "mail_domain",
        "text",
        "link_domain moi.example",
        "link_domain www.casino.example",
    ]


async def test_what_is_known_no_longer_is_not_offered(
    client: httpx2.AsyncClient, alice: dict[str, str], service: Service
) -> None:
    comment = await makers.comment(client)
    await makers.act(client, alice, comment, "approve")
    answer = await client.post(
        f"/v1/moderation/comments/{comment}/reply", json={"text": "Merci."}, headers=alice
    )
    own = (await client.get(f"/desk/comments/{answer.json()['id']}")).text
    assert 'name="what"' not in own
    await makers.act(client, alice, comment, "delete")
    gone = (await client.get(f"/desk/comments/{comment}")).text
    assert 'name="what"' not in gone
    await token_for(service, "rene", Scope.READ)
    await desk.enter(service, client, "rene")
    assert 'name="what"' not in (await client.get(f"/desk/comments/{comment}")).text


@pytest.mark.parametrize("apply", [False, True])
async def test_a_ban_is_tried_out_made_undone_and_lifted(
    client: httpx2.AsyncClient, alice: dict[str, str], apply: bool
) -> None:
    comment = await makers.comment(client, comment=LINK, name="Zoé <b>")
    public = await makers.approved(client, alice, comment=LINK + " Bis.")
    what = {"what": "link_domain www.casino.example", "comment": comment}
    tried = await press(client, "try", **what)
    assert tried.status_code == 200
    said = words(tried.text)
    assert "Liens vers www.casino.example" in said
    assert "Zoé <b>" in said
    assert "2 commentaires aux indésirables" in said
    assert (await seen_by(client, alice, comment))["state"] == "pending"
    assert desk.field(tried.text, "what") == what["what"]

    made = await press(client, "apply" if apply else "ban", **what, reason="robots <i>")
    page = await after(client, made)
    assert "Banni : Liens vers www.casino.example." in words(page)
    assert ("2 commentaires sont allés aux indésirables" in words(page)) is apply
    assert "robots <i>" in words(page)
    assert "par alice" in words(page)
    state = (await seen_by(client, alice, comment))["state"]
    assert state == ("spam" if apply else "pending")
    caught = await makers.comment(client, comment=LINK + " Ter.")
    assert (await seen_by(client, alice, caught))["state"] == "spam"
    page = (await client.get("/desk/bans")).text
    assert "1 commentaire arrêté." in words(page)

    found = re.search(r'value="lift (\w+)"', page)
    assert found is not None
    assert (f'value="undo {found[1]}"' in page) is apply
    if apply:
        page = await after(client, await press(client, f"undo {found[1]}"))
        assert "2 commentaires sont rétablis" in words(page)
        assert (await seen_by(client, alice, public))["state"] == "approved"
    page = await after(client, await press(client, f"lift {found[1]}"))
    assert "Le bannissement est levé" in page
    assert "Rien ni personne n’est banni." in page


async def test_a_domain_is_banned_from_the_list(
    client: httpx2.AsyncClient, alice: dict[str, str]
) -> None:
    for typed, said in (
        ("zoe@example.com", "Le domaine seul"),
        ("casino", "Écrivez un domaine avec son point"),
        ("", "obligatoire"),
    ):
        answer = await press(client, "try", what="mail_domain", domain=typed)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert said in words(answer.text)
    tried = await press(client, "try", what="mail_domain", domain="Jetable.example")
    assert "Messagerie : jetable.example" in words(tried.text)
    assert "Aucun commentaire en attente" in tried.text
    assert 'value="apply"' not in tried.text
    await after(client, await press(client, "ban", what="mail_domain", domain="Jetable.example"))
    caught = await makers.comment(client, email="zoe@jetable.example")
    assert (await seen_by(client, alice, caught))["state"] == "spam"
    waits = await makers.comment(client, email="zoe@autre.example")
    tried = await press(client, "try", what="mail_domain", domain="autre.example")
    assert "Il n’est pas montré lesquels" in words(tried.text)
    assert "1 commentaire aux indésirables" in words(tried.text)
    assert waits not in tried.text


async def test_a_blocked_person_stands_in_the_list_with_a_link_to_their_page(
    client: httpx2.AsyncClient, alice: dict[str, str]
) -> None:
    comment = await makers.comment(client)
    page = await after(client, await press(client, "apply", what="author", comment=comment))
    author = (await seen_by(client, alice, comment))["author"]["id"]
    assert f"/desk/people/{author}" in page
    assert (await seen_by(client, alice, comment))["state"] == "spam"
    page = await after(client, await press(client, f"undo {author}"))
    assert (await seen_by(client, alice, comment))["state"] == "pending"


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-11-22", "déjà passé"),
        ("2027-11-22", "90 jours"),
        ("demain", "date"),
    ],
)
async def test_a_bad_end_is_said_beside_it_and_what_was_typed_stays(
    client: httpx2.AsyncClient, alice: dict[str, str], until: str, said: str
) -> None:
    comment = await makers.comment(client)
    fields = {"what": "network", "comment": comment, "until": until, "reason": "flotte"}
    answer = await press(client, "ban", **fields)
    assert answer.status_code == 422
    error = re.search(r'id="until-error">([^<]+)<', answer.text)
    assert error is not None
    assert said in words(error[1])
    assert 'value="flotte"' in answer.text
    assert "Rien ni personne" in (await client.get("/desk/bans")).text


@pytest.mark.parametrize(
    ("act", "fields", "status"),
    [
        ("try", {"what": "planet", "domain": "a.example"}, 422),
        ("try", {"what": "text", "comment": "nope"}, 404),
        ("try", {"what": "text", "comment": "../x"}, 404),
        ("ban", {"what": "text", "domain": "a.example"}, 422),
        ("lift nope", {}, 404),
        ("lift ../x", {}, 404),
        ("undo", {}, 404),
        ("dance x", {}, 422),
    ],
)
@pytest.mark.engine("sqlite")
async def test_what_no_form_of_ours_sends_is_refused(
    client: httpx2.AsyncClient, alice: dict[str, str], act: str, fields: dict[str, str], status: int
) -> None:
    assert (await press(client, act, **fields)).status_code == status


@pytest.mark.parametrize("act", ["try", "ban", "apply"])
async def test_a_courtesy_is_not_banned_and_the_page_says_why(
    client: httpx2.AsyncClient, alice: dict[str, str], act: str
) -> None:
    source = await makers.comment(client, comment="Merci !")
    answer = await press(client, act, what="text", comment=source)
    assert answer.status_code == 422
    assert "Ce texte est si court, et sans lien" in html.unescape(answer.text)


async def test_the_list_goes_on_page_by_page(
    client: httpx2.AsyncClient, alice: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("palabre.web.desk.bans.PAGE", 2)
    for number in range(3):
        await press(client, "ban", what="link_domain", domain=f"nr{number}.example")
    seen: list[str] = []
    path: str | None = "/desk/bans?site=blog"
    while path:
        page = (await client.get(path)).text
        seen += re.findall(r"Liens vers (nr\d\.example)</b>", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = None if following is None else html.unescape(following[1])
    assert sorted(seen) == [f"nr{number}.example" for number in range(3)]


async def test_a_sites_rules_say_whether_the_banned_are_told(
    service: Service, client: httpx2.AsyncClient, site: Site, admin: dict[str, str]
) -> None:
    await desk.enter(service, client, "ada")
    page = await client.get("/desk/rules")
    data = {"csrf": desk.field(page.text, "csrf"), "site": "blog", "tell_banned_before": ""}
    saved = await client.post("/desk/rules", data=data | {"tell_banned": "on"}, headers=desk.FORM)
    assert saved.status_code == 200
    assert '<option value="on" selected>' in saved.text
    rule = "/v1/moderation/sites/blog"
    assert (await client.get(rule, headers=admin)).json()["policy"]["tell_banned"] is True
    again = {"tell_banned": "", "tell_banned_before": "on"}
    await client.post("/desk/rules", data=data | again, headers=desk.FORM)
    assert (await client.get(rule, headers=admin)).json()["policy"]["tell_banned"] is False
    wrong = await client.post(
        "/desk/rules", data=data | {"tell_banned": "maybe"}, headers=desk.FORM
    )
    assert wrong.status_code == 422
    await rules(client, admin, tell_banned=True)
    await token_for(service, "rene", Scope.READ)
    await desk.enter(service, client, "rene")
    assert "que leur commentaire est refusé" in (await client.get("/desk/rules")).text
