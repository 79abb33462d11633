"""Rules that are typed at the desk, tried on what has come before they are saved."""

from __future__ import annotations

import html
import re

import httpx2
import pytest

import makers
from conftest import START, Clock
from palabre.actions.replay import NOT_TRIED, Bounds
from palabre.model import Policy
from palabre.service import Service
from palabre.text.policy import as_json
from palabre.web.desk import replay
from web import desk
from web.speaking import rules
from web.test_desk_places import form

LINKS = "Voir https://un.example/ et https://deux.example/"
TRY = "/desk/rules/try?lang=fr"


@pytest.fixture
async def at_desk(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> dict[str, str]:
    """Ada, who may do anything, has signed in."""
    return await desk.enter(service, client, "ada")


async def tried(client: httpx2.AsyncClient, **typed: str) -> httpx2.Response:
    """Type something into the rules' form and try it out."""
    untouched = form((await client.get("/desk/rules")).text)
    return await client.post(TRY, data=untouched | typed, headers=desk.FORM)


def sent_again(page: str) -> dict[str, str]:
    """What the page's own form sends."""
    own = page[page.index('action="/desk/rules"') :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', own)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def said(page: str) -> str:
    """The page's words, a blank between any two."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


async def test_what_was_typed_is_tried_and_nothing_is_saved(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    one = await makers.approved(client, admin, comment=LINKS, name="Zoé")
    await makers.comment(client)
    answer = await tried(client, max_links="1", min_seconds="9")
    assert answer.status_code == 200
    words = said(answer.text)
    for sentence in (
        "Ces règles ne sont pas enregistrées.",
        "2 commentaires des 30 derniers jours ont été rejugés.",
        "1 de plus serait retenu",
        "Décisions des modérateurs à leur sujet : 1 publié, 0 refusé, 0 sans décision.",
        "Un modérateur l’a publié.",
        "2 liens, limite 1.",
        "0 ne serait plus retenu",
        "Ces changements ne peuvent pas s’essayer",
    ):
        assert " ".join(sentence.split()) in words
    assert f'href="/desk/comments/{one}"' in answer.text
    policy = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()["policy"]
    assert policy == as_json(Policy())


async def test_what_was_tried_can_be_saved_as_it_was_typed(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    words = 'casino\n"prêt" <immédiat>\n'
    page = await tried(client, max_links="1", hold_words=words)
    data = sent_again(page.text)
    answer = await client.post("/desk/rules", data=data, headers=desk.FORM)
    assert answer.status_code == 200
    policy = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()["policy"]
    assert (policy["max_links"], policy["depth"]) == (1, 3)
    assert policy["hold_words"] == ["casino", '"prêt" <immédiat>']


async def test_one_goes_back_to_the_form_as_it_was_typed(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    page = await tried(client, max_links="1", hold_words="casino")
    data = sent_again(page.text) | {"act": "back"}
    answer = await client.post("/desk/rules", data=data, headers=desk.FORM)
    assert answer.status_code == 200
    assert 'id="error-' not in answer.text
    assert form(answer.text)["max_links"] == "1"
    assert "\ncasino</textarea>" in answer.text
    policy = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()["policy"]
    assert policy == as_json(Policy())
    # From there it is saved, as what it is: a change.
    again = form(answer.text) | {"hold_words": "casino"}
    await client.post("/desk/rules", data=again, headers=desk.FORM)
    policy = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()["policy"]
    assert (policy["max_links"], policy["hold_words"]) == (1, ["casino"])


async def test_what_can_t_be_is_said_in_the_form(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    answer = await tried(client, max_links="abc")
    assert answer.status_code == 422
    assert 'id="error-max_links"' in answer.text
    assert form(answer.text)["max_links"] == "abc"


async def test_without_a_change_the_rules_of_today_are_tried(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    await makers.comment(client, comment=LINKS)
    await rules(client, admin, max_links=1)
    words = said((await tried(client)).text)
    assert "Vous n’avez rien changé" in words
    assert "1 de plus serait retenu" in words


async def test_the_page_says_how_far_back_it_has_come(
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        clock.advance(hours=1)
        await makers.comment(client)
    assert "les plus récents" not in said((await tried(client)).text)
    monkeypatch.setattr(replay, "IN_A_REQUEST", Bounds(comments=2))
    words = said((await tried(client)).text)
    assert "2 commentaires des 30 derniers jours" in words
    assert f"les plus récents ont été examinés, depuis le {START.day}" in words


async def test_a_browser_that_only_looks_is_led_to_the_rules(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    answer = await client.get("/desk/rules/try", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/rules")


def test_what_can_t_be_tried_are_rules() -> None:
    assert set(as_json(Policy())) > NOT_TRIED
