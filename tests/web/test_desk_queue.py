"""The desk's queue: what it shows, and deciding in it without JavaScript."""

from __future__ import annotations

import html
import itertools
import re
from urllib.parse import urlencode

import httpx2
import pytest

import makers
from conftest import Clock, token_for
from palabre.actions import sites
from palabre.model import REASONS, Scope, Site
from palabre.rendering import desk_queue
from palabre.service import Service
from web import desk

JSON = {"Accept": "application/json"}


@pytest.fixture
async def at_desk(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> dict[str, str]:
    """Alice has signed in; the client sends her cookie."""
    return await desk.enter(service, client, "alice")


async def some(client: httpx2.AsyncClient, clock: Clock, n: int) -> list[str]:
    """The ids of *n* comments that wait, a minute apart, of as many authors."""
    found = []
    for number in range(n):
        clock.advance(minutes=1)
        found.append(
            await makers.comment(
                client,
                name=f"Lectrice {number}",
                email=f"l{number}@example.com",
                comment=f"Un avis bien à moi, le numéro {number}.",
            )
        )
    return found


async def test_what_waits_is_shown_oldest_first_with_all_that_helps_to_decide(
    client: httpx2.AsyncClient, at_desk: dict[str, str], moderator: dict[str, str], clock: Clock
) -> None:
    first, second = await some(client, clock, 2)
    await client.post(f"/v1/moderation/comments/{first}/approve", headers=moderator)
    reply = await makers.comment(
        client,
        parent=first,
        name="Lectrice 1",
        email="l1@example.com",
        comment="Voir https://a.example https://b.example https://c.example <b>gras</b>",
    )
    page = (await client.get("/desk/?lang=fr")).text
    assert desk.cases(page) == [second, reply]
    assert "En réponse à Lectrice 0" in page
    assert "Un avis bien à moi, le numéro 0." in page
    assert "3 liens" in page
    assert "&lt;b&gt;gras" in page
    assert re.search(r"En attente <b[^>]*>2</b>", page)
    assert re.search(r"Publiés <b[^>]*>1</b>", page)


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "approved"), ("spam", "spam"), ("reject", "rejected")]
)
async def test_one_button_decides_and_the_next_comment_is_in_sight(
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    moderator: dict[str, str],
    clock: Clock,
    verb: str,
    state: str,
) -> None:
    first, second, third = await some(client, clock, 3)
    answer = await desk.act(client, f"{verb} {second}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/#c-{third}")
    found = (await client.get(f"/v1/moderation/comments/{second}", headers=moderator)).json()
    assert found["state"] == state
    assert found["decided_by"] == "alice"
    page = (await client.get("/desk/")).text
    assert desk.cases(page) == [first, third]
    assert "numéro 1" in desk.told(page)


async def test_the_last_decision_can_be_undone_once_by_one_in_the_log(
    client: httpx2.AsyncClient, at_desk: dict[str, str], moderator: dict[str, str], clock: Clock
) -> None:
    (only,) = await some(client, clock, 1)
    await desk.act(client, f"spam {only}")
    page = (await client.get("/desk/")).text
    data = {"csrf": desk.field(page, "csrf"), "back": ""}
    answer = await client.post("/desk/undo", data=data, headers=desk.FORM)
    assert answer.headers["location"] == f"/desk/#c-{only}"
    page = (await client.get("/desk/")).text
    assert desk.cases(page) == [only]
    assert "formaction" not in page
    await client.post("/desk/undo", data=data, headers=desk.FORM)
    found = (await client.get(f"/v1/moderation/comments/{only}", headers=moderator)).json()
    assert [one["to"] for one in found["decisions"]] == ["pending", "spam", "pending"]
    assert found["decisions"][-1]["by"] == "alice"


async def test_undo_leaves_alone_what_somebody_else_changed_since(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str], clock: Clock
) -> None:
    first, second = await some(client, clock, 2)
    await desk.act(client, "approve", which="shown")
    await client.post(f"/v1/moderation/comments/{first}/spam", headers=admin)
    page = (await client.get("/desk/")).text
    data = {"csrf": desk.field(page, "csrf"), "back": ""}
    await client.post("/desk/undo", data=data, headers=desk.FORM)
    page = (await client.get("/desk/")).text
    assert desk.cases(page) == [second]
    assert "ada" in desk.told(page)


async def test_a_decision_made_meanwhile_is_shown_and_stays(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str], clock: Clock
) -> None:
    (only,) = await some(client, clock, 1)
    page = (await client.get("/desk/")).text
    await client.post(f"/v1/moderation/comments/{only}/reject", headers=admin)
    data = {name: desk.field(page, name) for name in ("csrf", "back", "shown")}
    await client.post("/desk/decide", data=data | {"act": f"approve {only}"}, headers=desk.FORM)
    page = (await client.get("/desk/?lang=fr")).text
    assert "refusé par ada" in desk.told(page)
    found = (await client.get(f"/v1/moderation/comments/{only}", headers=admin)).json()
    assert found["state"] == "rejected"


async def test_those_that_are_picked_are_decided_together_with_a_reason(
    client: httpx2.AsyncClient, at_desk: dict[str, str], moderator: dict[str, str], clock: Clock
) -> None:
    first, second, third = await some(client, clock, 3)
    picked = {f"c-{first}": "on", f"c-{third}": "on"}
    await desk.act(client, "reject", which="picked", reason="advertising", **picked)
    page = (await client.get("/desk/")).text
    assert desk.cases(page) == [second]
    found = (await client.get(f"/v1/moderation/comments/{third}", headers=moderator)).json()
    assert (found["state"], found["reason"]) == ("rejected", "advertising")


async def test_for_several_at_once_only_reasons_are_offered_that_all_sites_share(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    await some(client, clock, 1)
    await sites.add(service, "autre", origins=["https://autre.example"])
    reasons = {"reasons": ["other", "illegal", "off_topic"]}
    await sites.change_policy(service, "autre", reasons)
    await makers.comment(client, site="autre", article="/b", email="b@example.com")
    page = (await client.get("/desk/")).text
    assert offered(page) == ["off_topic", "illegal", "other"]
    page = (await client.get("/desk/?site=blog")).text
    assert offered(page) == list(REASONS)


def offered(page: str) -> list[str]:
    """The reasons that may be given for several at once."""
    found = re.search(r'<select name="reason">.*?</select>', page, re.DOTALL)
    assert found is not None
    return re.findall(r'<option value="(\w+)"', found[0])


async def test_nothing_picked_changes_nothing(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    await some(client, clock, 2)
    answer = await desk.act(client, "approve", which="picked")
    assert answer.headers["location"] == "/desk/#none"
    assert len(desk.cases((await client.get("/desk/")).text)) == 2


async def test_deleting_asks_first(
    client: httpx2.AsyncClient, at_desk: dict[str, str], moderator: dict[str, str], clock: Clock
) -> None:
    first, second = await some(client, clock, 2)
    asked = await desk.act(client, f"delete {first}")
    assert asked.status_code == 200
    assert len(desk.cases((await client.get("/desk/")).text)) == 2
    names = ("csrf", "act", "back", "sure", "shown", "ids", "reason")
    data = {name: desk.field(asked.text, name) for name in names}
    await client.post("/desk/decide", data=data, headers=desk.FORM)
    assert desk.cases((await client.get("/desk/")).text) == [second]
    found = (await client.get(f"/v1/moderation/comments/{first}", headers=moderator)).json()
    assert found["state"] == "deleted"


async def test_all_of_one_person_and_all_equal_texts_go_at_once(
    client: httpx2.AsyncClient, at_desk: dict[str, str], moderator: dict[str, str], clock: Clock
) -> None:
    for number in range(3):
        clock.advance(minutes=1)
        await makers.comment(
            client, article=f"/a{number}", comment="Achetez  ceci", email="bot@example.com"
        )
        await makers.comment(
            client, article=f"/b{number}", comment="achetez ceci", email=f"{number}@example.com"
        )
    honest = await makers.comment(client, comment="Merci.", email="other@example.com")
    clock.advance(minutes=1)
    page = (await client.get("/desk/")).text
    # From the first of them on, which no rule had anything to say of.
    like = re.findall(r"/desk/\?same=(\w+)", page)
    assert len(like) == 6
    assert honest not in like
    assert "Rien de suspect." not in page
    one = like[0]
    author = re.search(r"author=(\w+)", page)
    assert author is not None
    narrow = (await client.get(f"/desk/?author={author[1]}")).text
    assert len(desk.cases(narrow)) == 3
    same = (await client.get(f"/desk/?same={one}")).text
    assert len(desk.cases(same)) == 6
    late = await makers.comment(
        client, article="/late", comment="Achetez ceci", email="late@example.com"
    )
    data = {name: desk.field(same, name) for name in ("csrf", "back", "shown", "at")}
    await client.post(
        "/desk/decide", data=data | {"act": "spam", "which": "all"}, headers=desk.FORM
    )
    # What came after the page was made was not seen.
    assert desk.cases((await client.get("/desk/")).text) == [honest, late]


@pytest.mark.parametrize("list_of", ["?site=gone", "?article=https://elsewhere.example/x"])
async def test_what_is_decided_in_a_list_that_is_no_more_is_answered_as_decided(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock, list_of: str
) -> None:
    [one] = await some(client, clock, 1)
    page = (await client.get("/desk/?lang=fr")).text
    data = {name: desk.field(page, name) for name in ("csrf", "shown", "at")}
    data |= {"act": f"approve {one}", "back": list_of}
    answer = await client.post("/desk/decide?lang=fr", data=data, headers=desk.FORM | JSON)
    assert answer.status_code == 200
    assert (answer.json()["done"], answer.json()["counts"]) == ([one], {})


async def test_how_many_a_list_holds_stands_on_the_choice_of_all_of_them(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    await some(client, clock, 52)
    clock.advance(minutes=1)
    for at, n in (("q=avis", 52), ("article=/a", 52), ("state=all&q=num%C3%A9ro+51", 1)):
        page = (await client.get(f"/desk/?lang=fr&{at}")).text
        assert every(page) == f"Tous ceux de cette liste\u00a0: {n}", at
    page = (await client.get("/desk/?lang=fr&q=avis")).text
    await makers.comment(client, email="late@example.com", comment="Un avis de plus.")
    data = {name: desk.field(page, name) for name in ("csrf", "back", "shown", "at")}
    data |= {"act": "approve", "which": "shown"}
    answer = await client.post("/desk/decide?lang=fr", data=data, headers=desk.FORM | JSON)
    # What came after the page was made is not meant.
    assert answer.json()["every"] == "Tous ceux de cette liste\u00a0: 2"
    assert every((await client.get("/desk/?state=all")).text) is None


def every(page: str) -> str | None:
    """The choice of all that the list holds."""
    found = re.search(r'<option value="all">([^<]*)<', page[page.index("<form id") :])
    return None if found is None else found[1]


def test_a_list_of_more_than_are_decided_on_at_once_is_counted_no_further() -> None:
    assert desk_queue.every(500, 500, "en") == "All of this list: 500"
    assert desk_queue.every(501, 500, "en") == "The first 500 of this list, which holds more"


async def test_all_of_a_whole_site_is_more_than_one_button_takes(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    await some(client, clock, 2)
    await desk.act(client, "spam", which="all")
    assert len(desk.cases((await client.get("/desk/")).text)) == 2


async def test_filters_stand_in_the_url_and_narrow_the_list(
    service: Service,
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    moderator: dict[str, str],
    clock: Clock,
) -> None:
    first, second = await some(client, clock, 2)
    clock.advance(days=1)
    await desk.enter(service, client, "alice")
    linked = await makers.comment(
        client,
        article="/autre",
        email="l@example.com",
        comment="https://a.example https://b.example https://c.example",
    )
    third = await makers.comment(
        client, email="x@example.com", comment="Une hirondelle ne fait pas le printemps."
    )
    await client.post(f"/v1/moderation/comments/{second}/approve", headers=moderator)

    async def found(**filters: str) -> list[str]:
        page = await client.get(f"/desk/?{urlencode(filters)}")
        assert page.status_code == 200, page.text
        return desk.cases(page.text)

    assert await found(state="approved") == [second]
    assert await found(state="all") == [first, second, linked, third]
    assert await found(order="newest") == [third, linked, first]
    assert await found(order="urgent") == [linked, first, third]
    assert await found(article="/autre") == [linked]
    assert await found(signal="links") == [linked]
    assert await found(signal="links", state="all") == [linked]
    assert await found(signal="links", article="/autre", until="2026-11-23") == []
    assert await found(q="HIRONDELLE") == [third]
    assert await found(q="hirondelle", until="2026-11-23") == []
    assert await found(q="hirondelle", order="urgent", since="2026-11-24") == [third]
    assert await found(since="2026-11-24") == [linked, third]
    assert await found(until="2026-11-23", state="all") == [first, second]
    assert await found(site="blog") == [first, linked, third]
    # A form sends every field; the URL to be passed on holds what was filled in.
    sent = await client.get("/desk/?site=blog&since=&q=&order=&signal=+")
    assert (sent.status_code, sent.headers["location"]) == (303, "/desk/?site=blog")
    for wrong in ("since=23/11", "until=9999-12-31", "state=x", "state=deleted", "order=y"):
        assert (await client.get(f"/desk/?{wrong}")).status_code == 400
    for wrong in ("site=nope", "after=zzz"):
        assert (await client.get(f"/desk/?{wrong}")).status_code in (400, 404)


async def test_what_is_wrong_with_a_filter_is_told_beside_it_and_the_others_stay(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    await some(client, clock, 1)
    page = await client.get("/desk/?since=23/11&q=avis&lang=fr")
    assert page.status_code == 400
    assert desk.cases(page.text) == []
    assert re.search(
        r'name="since"[^>]* aria-invalid="true" aria-describedby="error-since"', page.text
    )
    assert "Ce n’est pas une date comme" in page.text
    assert 'name="q" value="avis"' in page.text
    assert "Rien ne correspond" not in page.text
    await sites.add(service, "autre", origins=["https://autre.example"])
    page = await client.get("/desk/?article=/a&lang=fr")
    assert page.status_code == 400
    assert "choisissez celui de l’article" in page.text
    assert 'name="article" value="/a"' in page.text


async def test_an_articles_address_tells_its_site_and_no_site_is_told_at_the_field(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    (here,) = await some(client, clock, 1)
    await sites.add(service, "autre", origins=["https://autre.example"])
    there = await makers.comment(client, article="https://autre.example/a")
    for origin, expected in (("autre", there), ("blog", here)):
        page = await client.get(f"/desk/?article=https://{origin}.example/a")
        assert desk.cases(page.text) == [expected]
    page = await client.get("/desk/?article=https://nowhere.example/a&q=avis&lang=fr")
    assert page.status_code == 400
    assert "n’est pas celle d’un site" in error(page.text, "article")
    assert "choisissez celui" not in page.text
    assert 'name="q" value="avis"' in page.text
    page = await client.get("/desk/?site=zzz&q=avis&since=2026-11-23&lang=en")
    assert page.status_code == 400
    assert "Nothing here goes by this value" in error(page.text, "site")
    assert 'name="q" value="avis"' in page.text
    assert 'name="since" value="2026-11-23"' in page.text


async def test_who_is_of_one_site_hears_of_anothers_article_as_of_none(
    service: Service, client: httpx2.AsyncClient, site: Site
) -> None:
    await sites.add(service, "autre", origins=["https://autre.example"])
    await token_for(service, "otto", Scope.READ, site="blog")
    await desk.enter(service, client, "otto")
    for origin in ("autre", "nowhere"):
        page = await client.get(f"/desk/?article=https://{origin}.example/a&lang=fr")
        assert page.status_code == 400
        assert "n’est pas celle d’un site" in error(page.text, "article")
    # There is no field beside which it could be said.
    for name in ("autre", "zzz"):
        assert (await client.get(f"/desk/?site={name}")).status_code == 404


def error(page: str, name: str) -> str:
    """What is said beside a filter."""
    found = re.search(rf'<span class="error" id="error-{name}">([^<]*)</span>', page)
    assert found is not None
    return html.unescape(found[1])


async def test_filters_that_are_set_are_said_and_only_counts_that_are_known(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    await some(client, clock, 2)
    await sites.add(service, "autre", origins=["https://autre.example"])
    page = (await client.get("/desk/?lang=fr")).text
    assert re.search(r'data-count="pending">2<', page)
    page = (await client.get("/desk/?site=autre&lang=fr")).text
    assert re.search(r'data-count="pending">0<', page)
    assert "Rien n’attend." in page
    page = (await client.get("/desk/?article=/vide&site=autre&lang=fr")).text
    assert "Rien ne correspond à ces filtres." in page
    page = (await client.get("/desk/?signal=links&q=avis&lang=fr")).text
    assert "data-count" not in page
    assert "Mots\u00a0: «\u00a0avis\u00a0»" in page
    assert "Signal\u00a0: Liens" in page
    assert "data-live" not in page


async def test_days_are_written_as_the_language_does_and_stand_in_their_order(
    client: httpx2.AsyncClient, at_desk: dict[str, str]
) -> None:
    page = await client.get("/desk/?since=2026-11-02&until=2026-12-10&lang=fr")
    assert page.status_code == 200
    assert ">Du 2 nov. 2026<" in page.text
    assert ">Au 10 déc. 2026<" in page.text
    assert 'name="since" value="2026-11-02"' in page.text
    page = await client.get("/desk/?since=2026-11-02&until=2026-11-02&lang=en")
    assert page.status_code == 200
    assert ">From 2 Nov 2026<" in page.text
    for language, words in (
        ("fr", "Le 1 nov. 2026 précède le début"),
        ("en", "1 Nov 2026 is before the period begins"),
    ):
        page = await client.get(f"/desk/?since=2026-11-02&until=2026-11-01&lang={language}")
        assert page.status_code == 400
        assert words in error(page.text, "until")
        assert 'name="since" value="2026-11-02"' in page.text
    page = await client.get("/desk/?since=<b>&lang=fr")
    assert ">Du &lt;b&gt;<" in page.text


async def test_undo_takes_back_the_decision_it_names_or_none(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    first, second, third = await some(client, clock, 3)
    await desk.act(client, f"approve {first}")
    seen = (await client.get("/desk/?lang=fr")).text
    await desk.act(client, f"approve {second}")
    data = {name: desk.field(seen, name) for name in ("csrf", "back", "undo")}
    answer = await client.post("/desk/undo", data=data, headers=desk.FORM)
    assert answer.status_code == 409
    assert desk.cases(answer.text) == [third]
    assert "rien n’est annulé" in desk.told(answer.text)
    assert "Lectrice 1" in desk.told(answer.text)
    data["undo"] = desk.field(answer.text, "undo")
    await client.post("/desk/undo", data=data, headers=desk.FORM)
    assert desk.cases((await client.get("/desk/")).text) == [second, third]


async def test_what_comes_of_a_form_is_in_the_language_of_its_page(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    first, second = await some(client, clock, 2)
    csrf = desk.field((await client.get("/desk/sessions")).text, "csrf")
    chosen = {"csrf": csrf, "act": "choose", "language": "en"}
    await client.post("/desk/sessions", data=chosen, headers=desk.FORM)
    for address, language in (("/desk/?lang=fr", "fr"), ("/desk/", "en")):
        await desk.act(client, f"approve {first}")
        page = (await client.get(address)).text
        assert f'<html lang="{language}">' in page
        data = {name: desk.field(page, name) for name in ("csrf", "back", "undo")}
        await desk.act(client, f"approve {second}")
        on_page = desk.FORM | {"Referer": f"https://comments.example{address}"}
        answer = await client.post("/desk/undo", data=data, headers=on_page)
        assert answer.status_code == 409
        assert f'<html lang="{language}">' in answer.text
        assert ("rien n’est annulé" in desk.told(answer.text)) == (language == "fr")
        for one in (first, second):
            await desk.act(client, f"hold {one}", at="/desk/?state=approved")


async def test_a_decision_twice_leaves_the_first_to_be_undone(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    (only,) = await some(client, clock, 1)
    page = (await client.get("/desk/")).text
    data = {name: desk.field(page, name) for name in ("csrf", "back", "shown")}
    for _ in range(2):
        await client.post("/desk/decide", data=data | {"act": f"spam {only}"}, headers=desk.FORM)
    page = (await client.get("/desk/")).text
    data["undo"] = desk.field(page, "undo")
    await client.post("/desk/undo", data=data, headers=desk.FORM)
    assert desk.cases((await client.get("/desk/")).text) == [only]


@pytest.mark.parametrize(
    "written",
    ['{"becomes": "spam", "at": 1, "done": [["a", "pending", 2]], "failed": []}', "[]", "null"],
)
async def test_what_another_version_remembers_of_the_last_decision_is_passed_over(
    service: Service,
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    clock: Clock,
    written: str,
) -> None:
    (only,) = await some(client, clock, 1)
    await service.store.write(lambda tx: tx.run("update session set last = :last", last=written))
    page = await client.get("/desk/")
    assert page.status_code == 200
    data = {"csrf": desk.field(page.text, "csrf"), "back": "", "undo": "x"}
    answer = await client.post("/desk/undo", data=data, headers=desk.FORM)
    assert answer.status_code == 303
    await desk.act(client, f"spam {only}")
    assert "formaction" in (await client.get("/desk/")).text


async def test_undo_brings_back_the_reason_and_what_a_blocked_author_is_told(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str]
) -> None:
    async def undone(comment: str, verb: str) -> None:
        await desk.act(client, f"{verb} {comment}", at="/desk/?state=all")
        page = (await client.get("/desk/?state=all")).text
        data = {name: desk.field(page, name) for name in ("csrf", "back", "undo")}
        await client.post("/desk/undo", data=data, headers=desk.FORM)

    refused = await makers.submit(client, email="r@example.com")
    url = f"/v1/moderation/comments/{refused['comment']['id']}"
    await client.post(f"{url}/reject", json={"reason": "abuse"}, headers=admin)
    await undone(refused["comment"]["id"], "approve")
    receipt = (await client.get(refused["receipt"]["url"])).json()
    assert (receipt["comment"]["state"], receipt["reason"]) == ("rejected", "abuse")

    found = (await client.get(url, headers=admin)).json()
    author = f"/v1/moderation/authors/{found['author']['id']}/block"
    assert (await client.post(author, json={}, headers=admin)).status_code == 200
    blocked = await makers.submit(client, email="r@example.com")
    await undone(blocked["comment"]["id"], "hold")
    found = await client.get(f"/v1/moderation/comments/{blocked['comment']['id']}", headers=admin)
    assert found.json()["state"] == "spam"
    receipt = (await client.get(blocked["receipt"]["url"])).json()
    assert receipt["comment"]["state"] == "pending"


async def test_all_of_a_list_leaves_alone_what_was_changed_since_it_was_shown(
    client: httpx2.AsyncClient, at_desk: dict[str, str], admin: dict[str, str], clock: Clock
) -> None:
    ids = [await makers.comment(client, comment=f"Avis {number}") for number in range(3)]
    found = (await client.get(f"/v1/moderation/comments/{ids[0]}", headers=admin)).json()
    path = f"/desk/?state=all&author={found['author']['id']}"
    clock.advance(minutes=1)
    page = (await client.get(path)).text
    clock.advance(minutes=1)
    await makers.act(client, admin, ids[0], "approve")
    edited = {"text": "Un autre avis"}
    await client.patch(f"/v1/moderation/comments/{ids[1]}", json=edited, headers=admin)
    data = {name: desk.field(page, name) for name in ("csrf", "back", "shown", "at")}
    data |= {"act": "spam", "which": "all"}
    await client.post("/desk/decide", data=data, headers=desk.FORM)
    states = [
        (await client.get(f"/v1/moderation/comments/{one}", headers=admin)).json()["state"]
        for one in ids
    ]
    assert states == ["approved", "pending", "spam"]
    assert "ada" in desk.told((await client.get(path)).text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "2026-11-23", "which": "all"},
        {"at": "0001-01-01T00:00:00+23:59", "which": "all"},
        {"shown": "é.1 ../x.1"},
        {"act": "approve é"},
        {"act": "reply ../é"},
        {"ids": "\u2028 %0d%0a"},
    ],
)
async def test_what_no_page_of_ours_sends_is_no_fault(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock, wrong: dict[str, str]
) -> None:
    ids = await some(client, clock, 2)
    page = (await client.get("/desk/?q=avis")).text
    data = {name: desk.field(page, name) for name in ("csrf", "back", "shown")}
    sent = {"act": f"approve {ids[0]}", **data, **wrong}
    answer = await client.post("/desk/decide", data=sent, headers=desk.FORM)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/")


async def test_deleting_shows_what_goes(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    ids = await some(client, clock, 12)
    page = (await desk.act(client, f"delete {ids[3]}")).text
    assert "Un avis bien à moi, le numéro 3." in page
    page = (await desk.act(client, "delete", which="shown")).text
    assert "le numéro 9." in page
    assert "et 2 autres" in page


async def test_who_was_signed_out_comes_back_to_where_they_were(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    (only,) = await some(client, clock, 1)
    page = (await client.get("/desk/?q=avis&order=newest")).text
    data = {name: desk.field(page, name) for name in ("csrf", "back", "shown")}
    client.headers["Cookie"] = ""
    sent = data | {"act": f"approve {only}"}
    answer = await client.post("/desk/decide", data=sent, headers=desk.FORM)
    assert answer.status_code == 401
    assert desk.field(answer.text, "to") == "?q=avis&order=newest"
    # An EventSource that is told so does not ask again.
    gone = await client.get("/desk/events", headers={"Accept": "text/event-stream"})
    assert gone.status_code == 204


ORDERS = ("oldest", "newest", "urgent")
FILTERS = ("", "&signal=links", "&q=avis", "&since=2026-11-23")


async def test_pages_of_a_long_queue_hold_each_comment_once(
    service: Service,
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    clock: Clock,
    subtests: pytest.Subtests,
) -> None:
    sent = []
    for number in range(60):
        clock.advance(seconds=1)
        links = " https://a.example" * (number % 4 + 1)
        sent.append(
            await makers.comment(
                client, email=f"{number}@example.com", comment=f"avis {number}{links}"
            )
        )
    with_links = {one for one in sent if await has_links(service, one)}
    assert 0 < len(with_links) < 60
    for order, filters in itertools.product(ORDERS, FILTERS):
        with subtests.test(order=order, filters=filters):
            seen = await walked(client, f"/desk/?order={order}{filters}")
            expected = with_links if "signal" in filters else set(sent)
            assert len(seen) == len(expected)
            assert set(seen) == expected
            if order == "oldest":
                assert seen == [one for one in sent if one in expected]


@pytest.mark.parametrize(
    ("filters", "language", "words"),
    [
        ("", "fr", "Il n’y a plus rien sur cette page."),
        ("&q=avis", "en", "Nothing is left on this page."),
    ],
)
async def test_a_later_page_that_was_emptied_leads_to_the_beginning(
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    clock: Clock,
    filters: str,
    language: str,
    words: str,
) -> None:
    await some(client, clock, 51)
    page = (await client.get(f"/desk/?order=newest&lang={language}{filters}")).text
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    later = html.unescape(following[1])
    await desk.act(client, "approve", at=later, which="shown")
    page = (await client.get(later)).text
    empty = re.search(r'<div id="cases">\s*<p class="empty">(.*?)</p>', page)
    assert empty is not None
    assert words in empty[1]
    assert len(re.findall(">(?:Revenir au début|Back to the beginning)", page)) == 1
    back = re.search(r'href="([^"]+)"', empty[1])
    assert back is not None
    assert len(desk.cases((await client.get(html.unescape(back[1]))).text)) == 50


async def walked(client: httpx2.AsyncClient, path: str) -> list[str]:
    """The comments on a page of the queue and on all that follow it."""
    seen: list[str] = []
    while True:
        page = (await client.get(path)).text
        seen += desk.cases(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            return seen
        path = following[1].replace("&amp;", "&")


async def has_links(service: Service, comment: str) -> bool:
    row = await service.store.read(
        lambda tx: tx.one("select signals from comment where id = :id", id=comment)
    )
    return row is not None and '"links"' in row["signals"]


async def test_a_moderator_of_one_site_sees_nothing_of_another(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], site: Site
) -> None:
    other = await sites.add(service, "autre", origins=["https://autre.example"])
    theirs = await makers.comment(client, site="autre", article="https://autre.example/a")
    ours = await makers.comment(client, site="blog")
    await token_for(service, "bruno", Scope.MODERATE, site="blog")
    await desk.enter(service, client, "bruno")
    page = (await client.get("/desk/?state=all")).text
    assert desk.cases(page) == [ours]
    assert (await client.get(f"/desk/comments/{theirs}")).status_code == 404
    assert (await client.get(f"/desk/?site={other.name}")).status_code == 404
    assert (await client.get(f"/desk/?same={theirs}")).status_code == 200
    assert desk.cases((await client.get(f"/desk/?same={theirs}&state=all")).text) == []
    await desk.act(client, f"spam {theirs}")
    found = (await client.get(f"/v1/moderation/comments/{theirs}", headers=moderator)).json()
    assert found["state"] == "pending"


async def test_signals_follow_a_comment_through_its_states_and_go_with_its_words(
    service: Service, client: httpx2.AsyncClient, at_desk: dict[str, str], moderator: dict[str, str]
) -> None:
    linked = await makers.comment(
        client, comment="https://a.example https://b.example https://c.example"
    )
    for verb, state in (("spam", "spam"), ("hold", "pending"), ("approve", "approved")):
        await client.post(f"/v1/moderation/comments/{linked}/{verb}", headers=moderator)
        page = (await client.get(f"/desk/?signal=links&state={state}")).text
        assert desk.cases(page) == [linked]
    await client.post(f"/v1/moderation/comments/{linked}/delete", headers=moderator)
    rows = await service.store.read(lambda tx: tx.all("select * from comment_signal"))
    assert list(rows) == []


async def test_a_note_for_several_is_not_put_to_one_beside_it(
    client: httpx2.AsyncClient, moderator: dict[str, str], at_desk: dict[str, str]
) -> None:
    one, two = [await makers.comment(client, email=f"{n}@example.com") for n in range(2)]
    meant = {"reason": "abuse", "note": "Pour plusieurs", "which": "picked"}
    await desk.act(client, f"spam {one}", **meant)
    await desk.act(client, "spam", **meant, **{f"c-{two}": "on"})
    found = []
    for comment in (one, two):
        path = f"/v1/moderation/comments/{comment}"
        shown = (await client.get(path, headers=moderator)).json()
        found.append((shown["decisions"][-1]["reason"], shown["decisions"][-1]["note"]))
    assert found == [(None, None), ("abuse", "Pour plusieurs")]


async def test_all_of_a_list_is_decided_on_only_where_the_reason_is_given(
    service: Service,
    client: httpx2.AsyncClient,
    at_desk: dict[str, str],
    admin: dict[str, str],
    clock: Clock,
) -> None:
    first, second = await some(client, clock, 2)
    await sites.add(service, "autre", origins=["https://autre.example"])
    await sites.change_policy(service, "autre", {"reasons": ["off_topic"]})
    sent = {"site": "autre", "name": "Bo", "email": "b@example.com"}
    other = await makers.comment(client, article="/b", comment="Un avis, ailleurs.", **sent)
    clock.advance(minutes=1)
    await desk.act(client, "reject", at="/desk/?q=avis", which="all", reason="abuse", note="Oh")
    page = (await client.get("/desk/?lang=fr")).text
    assert desk.cases(page) == [other]
    assert "2 commentaires" in desk.told(page)
    assert (
        "Le commentaire de Bo se trouve là où ce motif n’est pas proposé\u00a0: "
        "rien n’a été décidé à son sujet." in desk.told(page)
    )
    for comment in (first, second):
        found = (await client.get(f"/v1/moderation/comments/{comment}", headers=admin)).json()
        assert (found["state"], found["reason"]) == ("rejected", "abuse")
    # By the API as the contract says.
    path = f"/v1/moderation/comments/{other}"
    answer = await client.post(f"{path}/reject", json={"reason": "abuse"}, headers=admin)
    assert answer.status_code == 200
    # What it is already it need not become.
    given = {"which": "picked", "reason": "abuse", f"c-{first}": "on", f"c-{other}": "on"}
    answer = await desk.act(client, "reject", at="/desk/?state=rejected", **given)
    assert "ailleurs" not in desk.told((await client.get("/desk/?lang=fr")).text)
    # What its site gives is given to both.
    given["reason"] = "off_topic"
    await desk.act(client, "spam", at="/desk/?state=rejected", **given)
    found = (await client.get(path, headers=admin)).json()
    assert (found["state"], found["reason"]) == ("spam", "off_topic")
