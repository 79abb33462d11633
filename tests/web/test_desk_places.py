"""Articles and rules at the desk."""

from __future__ import annotations

import html
import re

import httpx2
import pytest

import makers
from conftest import token_for
from palabre import locale
from palabre.actions import sites
from palabre.model import Policy, Scope, Site
from palabre.rendering import site_rules
from palabre.rendering.site_rules import SET_BY
from palabre.service import Service
from palabre.text.presets import TREATABLE
from web import desk


@pytest.fixture
async def at_desk(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> dict[str, str]:
    """Ada, who may do anything, has signed in."""
    return await desk.enter(service, client, "ada")


async def send(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """Fill in a form of the page at *path* that is sent there."""
    page = await client.get(path)
    assert page.status_code == 200, page.text
    data = {"csrf": desk.field(page.text, "csrf")} | fields
    return await client.post(path.partition("?")[0], data=data, headers=desk.FORM)


async def test_an_article_is_closed_and_opened_again(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    await makers.comment(client)
    page = (await client.get("/desk/articles")).text
    found = re.search(r'href="(/desk/articles/\w+)"', page)
    assert found is not None
    for act, is_open in (("close", False), ("open", True)):
        answer = await send(client, found[1], act=act)
        assert answer.headers["location"] == found[1]
        assert (await client.get("/v1/comments?article=/a")).json()["article"]["open"] is is_open


async def test_an_article_is_closed_before_anybody_has_commented(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    answer = await send(
        client, "/desk/articles", site="blog", article="https://blog.example/neuf", act="close"
    )
    assert answer.status_code == 303
    assert (await client.get("/v1/comments?article=/neuf")).json()["article"]["open"] is False


@pytest.mark.parametrize("sought", ["/vieux", " https://blog.example/vieux?utm_source=x#fin "])
async def test_an_article_is_found_by_its_address(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], sought: str
) -> None:
    await makers.comment(client, article="/vieux")
    await token_for(service, "remi", Scope.READ)
    await desk.enter(service, client, "remi")
    assert 'role="search"' in (await client.get("/desk/articles")).text
    found = await client.get("/desk/articles", params={"site": "blog", "article": sought})
    assert found.status_code == 303
    page = await client.get(found.headers["location"])
    assert "https://blog.example/vieux</a>" in page.text


async def test_an_address_where_nobody_has_written_yet_can_be_opened_or_closed(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    page = (await client.get("/desk/articles?site=blog&article=/neuf")).text
    form = re.search(r'<form method="post" action="/desk/articles".*?</form>', page, re.DOTALL)
    assert form is not None
    names = ("csrf", "site", "article")
    data = {name: desk.field(form[0], name) for name in names} | {"act": "close"}
    assert (await client.post("/desk/articles", data=data, headers=desk.FORM)).status_code == 303
    assert (await client.get("/v1/comments?article=/neuf")).json()["article"]["open"] is False
    await token_for(service, "remi", Scope.READ)
    await desk.enter(service, client, "remi")
    page = (await client.get("/desk/articles?article=/autre")).text
    assert "Personne n’a encore rien écrit" in page
    assert 'action="/desk/articles" accept' not in page


@pytest.mark.parametrize("sought", ["https://evil.example/a", "javascript:x"])
async def test_an_address_that_is_no_article_s_is_told_at_the_field_it_is_looked_for_in(
    client: httpx2.AsyncClient, at_desk: dict[str, str], sought: str
) -> None:
    page = await client.get("/desk/articles", params={"article": sought})
    assert page.status_code == 400
    assert 'id="article-error"' in page.text
    assert f'value="{sought}" aria-describedby="article-error' in page.text
    assert (await client.get("/desk/articles?article=&site=blog")).status_code == 200


@pytest.mark.parametrize("article", ["", "https://evil.example/a", "javascript:alert(1)"])
async def test_a_wrong_address_is_told_at_the_field_and_kept(
    client: httpx2.AsyncClient, at_desk: dict[str, str], article: str
) -> None:
    answer = await send(client, "/desk/articles", site="blog", article=article, act="close")
    assert answer.status_code == 422
    assert 'id="article-error"' in answer.text
    assert f'value="{article}"' in answer.text


async def test_title_and_rules_of_an_article_are_set_and_taken_back(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    answer = await send(client, "/desk/articles", site="blog", article="/a", act="open")
    path = answer.headers["location"]
    answer = await send(
        client,
        path,
        act="save",
        title="Un titre",
        title_before="",
        depth="1",
        first_state="approved",
        reasons="own",
        **{"reason-abuse": "on"},
    )
    assert answer.status_code == 200
    article = path.rpartition("/")[2]
    url = f"/v1/moderation/articles/{article}"
    found = (await client.get(url, headers=admin)).json()
    assert found["title"] == "Un titre"
    assert found["policy"]["depth"] == 1
    assert found["policy"]["first_state"] == "approved"
    assert found["policy"]["reasons"] == ["abuse"]
    await send(client, path, act="save", title="Un titre", title_before="Un titre")
    found = (await client.get(url, headers=admin)).json()
    assert found["title"] == "Un titre"
    assert found["policy"]["depth"] == 3
    assert len(found["policy"]["reasons"]) > 1


async def test_a_wrong_rule_is_told_at_its_field_and_changes_nothing(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    for fields in ({"depth": "99"}, {"depth": "deux"}, {"privacy_url": "javascript:x"}):
        answer = await send(client, "/desk/rules", site="blog", max_links="7", **fields)
        assert answer.status_code == 422
        (rule,) = fields
        assert f'id="error-{rule}"' in answer.text
        assert 'value="7"' in answer.text
    found = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()
    assert found["policy"]["max_links"] == 2


async def test_a_sites_rules_are_changed_and_hold(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    answer = await send(client, "/desk/rules", site="blog", first_state="approved")
    assert answer.status_code == 200
    assert (await makers.submit(client))["comment"]["state"] == "approved"


async def test_what_becomes_of_personal_data_is_chosen_and_taken_back(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    for choice, rule in (("note", "note"), ("off", "off"), ("", "hold")):
        page = (await client.get("/desk/rules")).text
        sent = form(page) | {"personal_data": choice}
        assert (await client.post("/desk/rules", data=sent, headers=desk.FORM)).status_code == 200
        found = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()
        assert found["policy"]["personal_data"] == rule
    wrong = await send(client, "/desk/rules", site="blog", personal_data="maybe")
    assert wrong.status_code == 422
    assert 'id="error-personal_data"' in wrong.text


async def test_whether_browsers_prove_their_work_is_chosen_and_taken_back(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    for choice, rule in (("off", "off"), ("attack", "attack"), ("off", "off"), ("", "attack")):
        sent = form((await client.get("/desk/rules")).text) | {"proof": choice}
        assert (await client.post("/desk/rules", data=sent, headers=desk.FORM)).status_code == 200
        found = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()
        assert found["policy"]["proof"] == rule
    wrong = await send(client, "/desk/rules", site="blog", proof="always")
    assert wrong.status_code == 422
    assert 'id="error-proof"' in wrong.text


BLOG = Site("s", "blog", "fr", ("https://blog.example",), Policy())


async def test_every_screening_rule_has_its_place_on_the_page_of_rules(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    page = (await client.get("/desk/rules?lang=fr")).text
    for rule in site_rules.every(BLOG, "fr"):
        assert f'<th scope="row">{locale.say("fr", f"rule.{rule.name}")}</th>' in page
        if may := TREATABLE[rule.name]:
            select = re.search(rf'<select id="treatment_{rule.name}".*?</select>', page, re.DOTALL)
            assert select is not None, rule.name
            assert re.findall(r'<option value="(\w*)"', select[0]) == ["", *may]
            assert rule.about in html.unescape(page)
    assert set(SET_BY) >= {name for name, may in TREATABLE.items() if not may}


async def test_a_preset_and_a_treatment_are_chosen_and_taken_back(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    url = "/v1/moderation/sites/blog"
    sent = form((await client.get("/desk/rules")).text)
    sent |= {"preset": "open", "treatment_links": "note", "max_links": "5"}
    saved = await client.post("/desk/rules?lang=fr", data=sent, headers=desk.FORM)
    assert saved.status_code == 200
    found = (await client.get(url, headers=admin)).json()
    assert found["set"] == ["max_links", "preset", "treatment.links"]
    assert found["policy"]["treatment"] == {"capitals": "note", "links": "note"}
    # What is set stands in its field, also where the preset says the same.
    assert 'name="max_links" inputmode="numeric" value="5"' in saved.text
    row = re.search(r'<th scope="row">Liens</th>.*?</tr>', saved.text)
    assert row is not None
    assert "signale seulement" in row[0]
    assert "fait ici" in row[0]
    assert "du jeu de règles" in saved.text
    again = form(saved.text)
    assert (again["preset"], again["treatment_links"]) == ("open", "note")
    await client.post("/desk/rules", data=again, headers=desk.FORM)
    assert (await client.get(url, headers=admin)).json() == found
    back = again | {"preset": "", "treatment_links": "", "max_links": ""}
    await client.post("/desk/rules", data=back, headers=desk.FORM)
    found = (await client.get(url, headers=admin)).json()
    assert (found["set"], found["policy"]["preset"]) == ([], "balanced")


async def test_a_treatment_that_makes_no_sense_is_told_at_its_field(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    sent = form((await client.get("/desk/rules")).text) | {"treatment_capitals": "spam"}
    answer = await client.post("/desk/rules", data=sent, headers=desk.FORM)
    assert answer.status_code == 422
    assert 'id="error-treatment_capitals"' in answer.text


async def test_an_article_has_its_own_preset_above_its_sites(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    made = (
        await client.put("/v1/moderation/articles", json={"article": "/a"}, headers=admin)
    ).json()
    path = f"/desk/articles/{made['id']}"
    sent = form((await client.get(path)).text) | {"act": "save", "preset": "strict"}
    saved = await client.post(path, data=sent | {"treatment_bot": "off"}, headers=desk.FORM)
    assert saved.status_code == 200
    found = (await client.get(f"/v1/moderation/articles/{made['id']}", headers=admin)).json()
    assert found["set"] == ["preset", "treatment.bot"]
    again = form(saved.text)
    assert (again["preset"], again["treatment_bot"], again["max_links"]) == ("strict", "off", "")
    answer = await client.post(path, data=again | {"act": "save"}, headers=desk.FORM)
    assert answer.status_code == 200
    assert (
        await client.get(f"/v1/moderation/articles/{made['id']}", headers=admin)
    ).json() == found


async def test_the_page_of_rules_says_how_often_each_has_caught_something(
    client: httpx2.AsyncClient, at_desk: dict[str, str], moderator: dict[str, str]
) -> None:
    shouted = "C’EST UNE HONTE, ON NOUS MENT DEPUIS DES ANNÉES !"
    await client.post("/desk/rules", data=await open_rules(client), headers=desk.FORM)
    one = await makers.comment(client, comment=shouted)
    await makers.act(client, moderator, one, "approve")
    await makers.comment(client, comment=f"{shouted} VRAIMENT", name="Zoé", email="z@example.com")
    page = (await client.get("/desk/rules?lang=fr")).text
    row = re.search(r'<th scope="row">Majuscules</th>.*?</tr>', page)
    assert row is not None
    assert row[0].endswith("<td>2</td><td>1</td></tr>")
    assert 'href="/desk/numbers?site=blog&amp;days=30"' in page
    assert 'href="/rules?site=blog&amp;lang=fr"' in page


async def open_rules(client: httpx2.AsyncClient) -> dict[str, str]:
    return form((await client.get("/desk/rules")).text) | {"first_state": "approved"}


def form(page: str) -> dict[str, str]:
    """What a browser would send of the rules' form if nobody touched it."""
    found = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page)
        if not name.startswith("reason-")
    }
    for name, choices in re.findall(r'<select[^>]* name="(\w+)"(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="(\w*)" selected', choices)
        found[name] = chosen[1] if chosen else ""
    return found | {"reasons": ""}


async def test_saving_one_rule_leaves_alone_what_somebody_else_has_changed_meanwhile(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    mine = form((await client.get("/desk/rules")).text)
    theirs = {"policy": {"max_links": 5, "first_state": "approved", "reasons": ["abuse"]}}
    await client.patch("/v1/moderation/sites/blog", json=theirs, headers=admin)
    saved = await client.post("/desk/rules", data=mine | {"depth": "2"}, headers=desk.FORM)
    assert saved.status_code == 200
    policy = (await client.get("/v1/moderation/sites/blog", headers=admin)).json()["policy"]
    assert (policy["depth"], policy["max_links"], policy["first_state"]) == (2, 5, "approved")
    assert policy["reasons"] == ["abuse"]


async def test_a_rule_of_an_article_that_is_the_sites_too_survives_the_saving_of_its_title(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    body = {"article": "/a"}
    made = (await client.put("/v1/moderation/articles", json=body, headers=admin)).json()
    url = f"/v1/moderation/articles/{made['id']}"
    await client.patch(url, json={"policy": {"first_state": "pending"}}, headers=admin)
    path = f"/desk/articles/{made['id']}"
    data = form((await client.get(path)).text) | {"title": "Le titre", "act": "save"}
    assert (await client.post(path, data=data, headers=desk.FORM)).status_code == 200
    theirs = {"policy": {"first_state": "approved"}}
    await client.patch("/v1/moderation/sites/blog", json=theirs, headers=admin)
    assert (await makers.submit(client))["comment"]["state"] == "pending"


@pytest.mark.parametrize(
    ("field", "typed", "right"),
    [
        ("depth", "abc", "un nombre entier de 0 à 10"),
        ("comment_limit", "999999", "un nombre entier de 1 à 20"),
        ("privacy_url", "/vie-privee", "commence par https://"),
        ("reasons", "own", "au moins un motif"),
    ],
)
async def test_what_would_be_right_is_said_beside_a_wrong_rule(
    client: httpx2.AsyncClient, at_desk: dict[str, str], field: str, typed: str, right: str
) -> None:
    data = form((await client.get("/desk/rules?lang=fr")).text) | {field: typed}
    answer = await client.post("/desk/rules?lang=fr", data=data, headers=desk.FORM)
    assert answer.status_code == 422
    assert right in answer.text


async def test_only_admins_change_rules_and_only_of_their_site(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], site: Site
) -> None:
    await sites.add(service, "autre", origins=["https://autre.example"])
    await token_for(service, "bruno", Scope.ADMIN, site="blog")
    await token_for(service, "chloe", Scope.MODERATE)
    await desk.enter(service, client, "bruno")
    assert (await client.get("/desk/rules?site=autre")).status_code == 404
    answer = await send(client, "/desk/rules", site="autre", depth="1")
    assert answer.status_code == 404
    cookie = await desk.enter(service, client, "chloe")
    assert '<form class="form panel"' not in (await client.get("/desk/rules?site=autre")).text
    data = {"csrf": await desk.csrf(client, cookie), "site": "autre", "depth": "1"}
    assert (await client.post("/desk/rules", data=data, headers=desk.FORM)).status_code == 403


@pytest.fixture
async def two_sites(service: Service, site: Site) -> None:
    await sites.add(service, "autre", origins=["https://autre.example"])


async def test_who_sees_several_sites_is_told_a_comment_s(
    service: Service,
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    admin: dict[str, str],
    two_sites: None,
) -> None:
    one = await makers.comment(client, site="blog", title="Un titre")
    named = 'Un titre</a> <span class="soft">· blog</span>'
    for path in ("/desk/", f"/desk/comments/{one}"):
        assert named in (await client.get(path)).text
    await token_for(service, "bruno", Scope.MODERATE, site="blog")
    await desk.enter(service, client, "bruno")
    assert named not in (await client.get("/desk/")).text


async def test_the_menu_leads_to_the_site_that_was_chosen(
    client: httpx2.AsyncClient, at_desk: dict[str, str], two_sites: None
) -> None:
    def menu(page: str) -> list[str]:
        found = re.search(r"<nav.*?</nav>", page, re.DOTALL)
        assert found is not None
        return re.findall(r'href="/desk/([^"]*)"', found[0])

    names = ("", "articles", "people", "bans", "rules", "numbers", "log")
    chosen = [*(f"{name}?site=blog" for name in names), "moderators"]
    for name in names:
        page = await client.get(f"/desk/{name}?site=blog")
        assert page.status_code == 200
        assert menu(page.text) == chosen
        assert menu((await client.get(f"/desk/{name}")).text) == [*names, "moderators"]
    assert menu((await send(client, "/desk/rules", site="blog", depth="2")).text) == chosen
    assert '<option value="blog" selected>' in (await client.get("/desk/people?site=blog")).text
    assert menu((await client.get("/desk/?site=nope")).text) == [*names, "moderators"]
