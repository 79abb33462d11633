"""Authors as persons, moderators and the log at the desk."""

from __future__ import annotations

import csv
import io
import re

import httpx2
import pytest

import makers
from conftest import Clock, token_for
from palabre.actions import moderators, people, sites
from palabre.model import Scope, Site
from palabre.rendering.desk_log import guarded
from palabre.service import Service
from web import desk
from web.test_desk_places import send

ADDRESS = "helene@example.com"


@pytest.fixture
async def at_desk(
    service: Service, client: httpx2.AsyncClient, admin: dict[str, str]
) -> dict[str, str]:
    """Ada, who may do anything, has signed in."""
    return await desk.enter(service, client, "ada")


async def found(client: httpx2.AsyncClient) -> str:
    """Where a look-up by the usual address leads."""
    answer = await send(client, "/desk/people", email=ADDRESS.upper())
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def test_a_person_is_found_by_address_which_stands_in_no_url_and_on_no_page(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    await makers.comment(client, email=ADDRESS)
    path = await found(client)
    assert re.fullmatch(r"/desk/people/\w+", path)
    page = await client.get(path)
    assert page.status_code == 200
    assert "example.com" not in page.text.replace("comments.example", "")
    for wrong in ("nobody@example.com", "no address", ""):
        answer = await send(client, "/desk/people", email=wrong)
        assert answer.status_code in (404, 422)
        assert 'id="email-error"' in answer.text
        assert not wrong or wrong not in answer.text


async def test_what_is_kept_of_a_person_is_exported(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    comment = await makers.comment(client, email=ADDRESS)
    path = await found(client)
    answer = await client.get(f"{path}/export")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert [one["id"] for one in answer.json()["comments"]] == [comment]
    assert ADDRESS not in answer.text


async def test_a_person_is_blocked_until_a_day_and_unblocked(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    comment = await makers.comment(client, email=ADDRESS)
    path = await found(client)
    for until in ("2026-11-22", "demain"):
        answer = await send(client, path, act="block", until=until, reason="Insultes")
        assert answer.status_code == 422
        assert 'id="until-error"' in answer.text
        assert "Insultes" in answer.text
    await send(client, path, act="block", until="2026-11-30", reason="Insultes", also="pending")
    state = (await client.get(f"/v1/moderation/comments/{comment}", headers=admin)).json()["state"]
    assert state == "spam"
    page = (await client.get(f"{path}?lang=fr")).text
    assert "Insultes" in page
    assert "1er décembre 2026" in page
    await send(client, path, act="unblock")
    assert "Insultes" not in (await client.get(path)).text


async def test_a_person_is_called_by_the_names_they_signed_with(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    for name in ("Chloé <b>", "Chloé D.", "Chloé D."):
        clock.advance(minutes=1)
        await makers.comment(client, email=ADDRESS, name=name)
    path = await found(client)
    page = (await client.get(path)).text
    assert "<title>Chloé D. – Palabre</title>" in page
    assert '<h1 dir="auto">Chloé D.</h1>' in page
    assert "<dd><bdi>Chloé D.</bdi>, <bdi>Chloé &lt;b&gt;</bdi></dd>" in page
    wrong = await send(client, path, act="block", until="demain")
    assert '<h1 dir="auto">Chloé D.</h1>' in wrong.text


async def test_what_to_call_a_person_is_told_by_some_of_very_many_comments_but_what_goes_by_all(
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(people, "NAMED_MOST", 2)
    for number in range(4):
        clock.advance(minutes=1)
        await makers.comment(client, email=ADDRESS, name=f"Zoé {number}")
    path = await found(client)
    assert (await client.get(path)).text.count("<bdi>Zoé ") == 2
    asks = await send(client, path, act="erase")
    assert all(f"<b><bdi>Zoé {number}</bdi></b>" in asks.text for number in range(4))


@pytest.mark.parametrize(
    ("language", "none", "two"),
    [
        ("fr", "0 commentaire en attente est allé", "2 commentaires en attente sont allés"),
        ("en", "0 pending comments went", "2 pending comments went"),
    ],
)
async def test_who_is_blocked_with_what_waits_leaves_it_said_how_much_went_to_spam(
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    admin: dict[str, str],
    clock: Clock,
    language: str,
    none: str,
    two: str,
) -> None:
    client.headers["Accept-Language"] = language
    for verb in ("approve", None, None):
        clock.advance(minutes=1)
        one = await makers.comment(client, email=ADDRESS)
        if verb:
            await makers.act(client, admin, one, verb)
    path = await found(client)
    for sentence in (two, none):
        answer = await send(client, path, act="block", also="pending")
        assert sentence in (await client.get(answer.headers["location"])).text
        await send(client, path, act="unblock")
        assert sentence not in (await client.get(answer.headers["location"])).text
    answer = await send(client, path, act="block")
    assert answer.headers["location"] == path
    assert 'role="status"' not in (await client.get(f"{path}?moved=x")).text


async def test_erasing_a_person_asks_first(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    comment = await makers.comment(client, email=ADDRESS)
    path = await found(client)
    asked = await send(client, path, act="erase")
    assert asked.status_code == 200
    assert (await client.get(path)).status_code == 200
    answer = await send(client, path, act="erase", sure=desk.field(asked.text, "sure"))
    assert answer.headers["location"] == "/desk/people?erased=yes"
    assert "sont effacées" in (await client.get("/desk/people?erased=yes&lang=fr")).text
    assert (await client.get(path)).status_code == 404
    state = (await client.get(f"/v1/moderation/comments/{comment}", headers=admin)).json()["state"]
    assert state == "deleted"


async def test_enter_does_not_do_for_good_what_is_only_being_asked(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    await makers.comment(client, email=ADDRESS)
    for path, act in ((await found(client), "erase"), ("/desk/moderators", "revoke ada")):
        asked = await send(client, path, act=act)
        focused = re.findall(r"<(\w+)[^>]*href=\"([^\"]*)\"[^>]* autofocus>", asked.text)
        assert focused == [("a", path)]
        assert asked.text.count("autofocus") == 1


@pytest.mark.parametrize(
    ("language", "words", "more"),
    [
        ("fr", ("14 commentaires seront supprimés", "3 commentaires"), "et 2 autres"),
        ("en", ("14 comments will be deleted", "3 comments"), "and 2 more"),
    ],
)
async def test_before_a_person_is_erased_it_is_said_what_goes(
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    admin: dict[str, str],
    clock: Clock,
    language: str,
    words: tuple[str, str],
    more: str,
) -> None:
    for number in range(12):
        clock.advance(minutes=1)
        await makers.comment(client, email=ADDRESS, name=f"Nom <{number:02}>")
    for verb in ("approve", "spam", "delete"):
        clock.advance(minutes=1)
        one = await makers.comment(client, email=ADDRESS, name="Nom <07>")
        await makers.act(client, admin, one, verb)
    clock.advance(minutes=1)
    await makers.comment(client, email="other@example.com", name="Personne")
    path = await found(client)
    client.headers["Accept-Language"] = language
    answer = await send(client, path, act="erase")
    question = re.search(r'<div role="alert">.*?</div>', answer.text, re.DOTALL)
    assert question is not None
    names = re.findall(r"<bdi>Nom &lt;(\d+)&gt;</bdi>", question[0])
    assert names == ["07", *(f"{number:02}" for number in range(10) if number != 7)]
    for sentence in (*words, more):
        assert sentence in question[0]
    assert "Personne" not in question[0]
    assert 'role="alert"' not in (await client.get(path)).text


async def test_a_person_without_a_comment_left_is_erased_too(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    comment = await makers.comment(client, email=ADDRESS)
    path = await found(client)
    await send(client, path, act="block")
    await makers.act(client, admin, comment, "delete")
    answer = await send(client, path, act="erase")
    assert "aucun commentaire" in answer.text


async def test_a_moderator_is_added_with_a_token_shown_once_and_revoked(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    answer = await send(
        client, "/desk/moderators", act="add", name="chloé", scope="read", site="blog", days="30"
    )
    token = re.search(r"palabre_[\w-]{32}", answer.text)
    link = re.search(r"https://comments\.example(/desk/link/[\w-]+)", answer.text)
    assert token is not None
    assert link is not None
    hers = {"Authorization": f"Bearer {token[0]}"}
    assert (await client.get("/v1/moderation/comments", headers=hers)).status_code == 200
    assert (await client.get(link[1])).status_code == 200
    assert token[0] not in (await client.get("/desk/moderators")).text
    asked = await send(client, "/desk/moderators", act="revoke chloé")
    assert (await client.get("/v1/moderation/comments", headers=hers)).status_code == 200
    sure = desk.field(asked.text, "sure")
    await send(client, "/desk/moderators", act="revoke chloé", sure=sure)
    assert (await client.get("/v1/moderation/comments", headers=hers)).status_code == 401
    assert (await client.get(link[1])).status_code == 410


@pytest.mark.parametrize(
    ("language", "oneself", "last"),
    [
        ("fr", "Vous révoquer vous-même ({name})", "Personne d’autre ne peut administrer"),
        ("en", "revoke yourself ({name})", "Nobody else may administer"),
    ],
)
async def test_who_revokes_themselves_is_told_so_and_whether_nobody_else_administers(
    service: Service,
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    language: str,
    oneself: str,
    last: str,
) -> None:
    client.headers["Accept-Language"] = language

    async def question(name: str) -> str:
        answer = await send(client, "/desk/moderators", act=f"revoke {name}")
        asked = re.search(r'<div class="alert" role="alert">.*?</div>', answer.text, re.DOTALL)
        assert asked is not None
        return asked[0]

    await token_for(service, "alice", Scope.MODERATE)
    await token_for(service, "bruno", Scope.ADMIN, site="blog")
    assert oneself.format(name="ada") in await question("ada")
    # Who administers one site does not administer the others.
    assert last in await question("ada")
    for other in ("alice", "bruno"):
        asked = await question(other)
        assert oneself.format(name=other) not in asked
        assert last not in asked
    await token_for(service, "chloe", Scope.ADMIN)
    assert oneself.format(name="ada") in await question("ada")
    assert last not in await question("ada")
    await moderators.revoke(service, "chloe")
    assert last in await question("ada")
    await desk.enter(service, client, "bruno")
    assert oneself.format(name="bruno") in await question("bruno")
    assert last not in await question("bruno")
    await moderators.revoke(service, "ada")
    assert last in await question("bruno")


async def test_a_wrong_name_scope_or_term_adds_nobody(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    for field, value in (("name", "ada"), ("name", "<b>"), ("name", ""), ("days", "0")):
        sent = {"name": "chloé", "scope": "read", "days": ""} | {field: value}
        answer = await send(client, "/desk/moderators", act="add", **sent)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Chloé <b>", "Un nom est fait de lettres, de chiffres"),
        ("-chloé", "commence par une lettre ou un chiffre"),
        ("n" * 65, "64 caractères au plus"),
        ("Author", "désigne autre chose"),
        ("Chloé D.", "est ou a été celui d’un modérateur"),
        ("chloé d.", "seuls diffèrent la casse"),
        ("Chloe D", "seuls diffèrent la casse"),
        ("Lea", "seuls diffèrent la casse"),
    ],
)
async def test_who_is_refused_a_name_is_told_why(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], name: str, said: str
) -> None:
    for one in ("Chloé D.", "Léa"):
        await token_for(service, one)
    await moderators.revoke(service, "Léa")
    answer = await send(client, "/desk/moderators?lang=fr", act="add", name=name, scope="read")
    assert answer.status_code == 422
    error = re.search(r'id="name-error">([^<]*)', answer.text)
    assert error is not None
    assert said in error[1]
    other = await send(client, "/desk/moderators", act="add", name="Chloé Dupont", scope="read")
    assert other.status_code == 200


async def test_an_admin_of_one_site_rules_over_its_moderators_alone(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], site: Site
) -> None:
    await token_for(service, "bruno", Scope.ADMIN, site="blog")
    await desk.enter(service, client, "bruno")
    page = (await client.get("/desk/moderators")).text
    assert 'value="revoke bruno"' in page
    assert 'value="revoke ada"' not in page
    answer = await send(client, "/desk/moderators", act="revoke ada", sure="yes")
    assert answer.status_code == 404
    await send(client, "/desk/moderators", act="add", name="chloe", scope="admin")
    await desk.enter(service, client, "chloe")
    assert (await client.get("/desk/?site=blog")).status_code == 200
    assert 'name="site"' not in (await client.get("/desk/moderators")).text


async def test_those_who_may_not_see_no_people_and_no_moderators(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    await token_for(service, "remi", Scope.READ)
    await desk.enter(service, client, "remi")
    for path in ("people", "people/x", "people/x/export", "moderators"):
        assert (await client.get(f"/desk/{path}")).status_code == 403
    await token_for(service, "chloe", Scope.MODERATE)
    await desk.enter(service, client, "chloe")
    assert (await client.get("/desk/moderators")).status_code == 403
    assert (await client.get("/desk/people")).status_code == 200


async def test_the_log_shows_each_decision_and_is_filtered(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str], clock: Clock
) -> None:
    first = await makers.approved(client, admin)
    second = await makers.comment(client, email="b@example.com")
    await makers.act(client, admin, second, "reject", reason="abuse", note="=cmd|' /C calc'!A0")

    async def lines(query: str) -> int:
        page = await client.get(f"/desk/log?{query}")
        assert page.status_code == 200
        return page.text.count("<tr><td><time")

    assert await lines("") == 4
    assert await lines("moderator=ada&comment=&site=") == 2
    assert await lines(f"comment={first}") == 2
    assert await lines("moderator=nobody") == 0
    assert (await client.get("/desk/log?site=nope")).status_code == 404


async def test_the_log_is_exported_whole_and_no_cell_is_a_formula(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    for number in range(3):
        comment = await makers.comment(client, email=f"{number}@example.com")
        note = "=cmd|' /C calc'!A0, \"x\"\nligne"
        await makers.act(client, admin, comment, "reject", reason="abuse", note=note)
    answer = await client.get("/desk/log.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    found = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(found) == 6
    decided = [one for one in found if one["by"] == "ada"]
    assert len(decided) == 3
    assert decided[0]["note"] == "'=cmd|' /C calc'!A0, \"x\"\nligne"
    assert (decided[0]["from"], decided[0]["to"]) == ("pending", "rejected")
    assert {one["article"] for one in found} == {"https://blog.example/a"}


async def test_the_log_is_filtered_by_days_and_names_nobody_of_another_site(
    service: Service,
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    admin: dict[str, str],
    clock: Clock,
) -> None:
    for number in range(4):
        await makers.comment(client, email=f"{number}@example.com", comment=f"Avis {number}")
        clock.advance(days=1)
    await desk.enter(service, client, "ada")

    async def found(query: str) -> list[str]:
        page = await client.get(f"/desk/log?{query}")
        assert page.status_code == 200
        return re.findall(r"<bdi>(Avis \d)</bdi>", page.text)

    assert await found("") == ["Avis 3", "Avis 2", "Avis 1", "Avis 0"]
    assert await found("since=2026-11-24&until=2026-11-25") == ["Avis 2", "Avis 1"]
    assert await found("site=blog&until=2026-11-23&since=") == ["Avis 0"]
    assert await found("since=2026-11-27") == []
    lines = (await client.get("/desk/log.csv?since=2026-11-25")).text.splitlines()
    assert len(lines) == 3
    for wrong in ("since=x", "until=9999-12-31"):
        assert (await client.get(f"/desk/log?{wrong}")).status_code == 400
        assert (await client.get(f"/desk/log.csv?{wrong}")).status_code == 400
    await sites.add(service, "autre", origins=["https://autre.example"])
    await token_for(service, "elsewhere", Scope.MODERATE, site="autre")
    await token_for(service, "here", Scope.READ, site="blog")
    assert "elsewhere" in (await client.get("/desk/log")).text
    await desk.enter(service, client, "here")
    page = (await client.get("/desk/log")).text
    assert "elsewhere" not in page
    assert "ada" in page


async def test_no_day_is_too_late_to_be_told(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    await makers.comment(client, email=ADDRESS)
    answer = await send(client, await found(client), act="block", until="9999-12-31")
    assert answer.status_code == 422
    assert 'id="until-error"' in answer.text


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
