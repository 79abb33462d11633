"""`/v1/moderation/bans`: made, tried out, applied to what is there, taken back, lifted."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

import makers
import postgres
from conftest import START, Clock, client_of, token_for
from counting import assert_counters_are_true
from palabre import keys as key_files
from palabre.actions import bans as bans_made
from palabre.actions import sites
from palabre.actions.tidy import tidy
from palabre.keys import Keys
from palabre.model import Site
from palabre.service import Service
from palabre.store import Tx
from palabre.store import bans as bans_kept
from web import test_reports as reports
from web.speaking import browse, problem, rules, seen_by, signal_of, stored

Json = dict[str, Any]
URL = "/v1/moderation/bans"
GAIN = "Gagnez donc mille euros par jour, sans rien faire !"
LINK = "Tout est dit ici : https://www.casino.example/bonus, allez voir."


async def ask(
    client: httpx2.AsyncClient, moderator: dict[str, str], **body: object
) -> httpx2.Response:
    return await client.post(
        URL, content=json.dumps(body), headers={**moderator, "Content-Type": "application/json"}
    )


async def ban(client: httpx2.AsyncClient, moderator: dict[str, str], **body: object) -> Json:
    """Make a new ban."""
    answer = await ask(client, moderator, **body)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


@pytest.mark.engine("sqlite")
async def test_nobody_bans_links_to_the_site_itself(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    told = problem(
        await ask(client, moderator, kind="link_domain", domain="blog.example"),
        422,
        "invalid_request",
    )
    assert [(one["field"], one["code"]) for one in told["errors"]] == [("domain", "not_allowed")]
    # Some sites have a neighbour beneath them that is not theirs; mail is no link.
    await ban(client, moderator, kind="link_domain", domain="shop.blog.example")
    await ban(client, moderator, kind="mail_domain", domain="blog.example")


async def listed(client: httpx2.AsyncClient, moderator: dict[str, str], query: str = "") -> Json:
    answer = await client.get(URL + query, headers=moderator)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def undo(client: httpx2.AsyncClient, moderator: dict[str, str], ban_id: str) -> Json:
    answer = await client.post(f"{URL}/{ban_id}/undo", headers=moderator)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def state_of(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment_id: str
) -> tuple[str, str | None]:
    """A comment's state and who decided on it."""
    found = await seen_by(client, moderator, comment_id)
    return found["state"], found["decided_by"]


SPAM = ("spam", "rule:banned")
WAITS = ("pending", None)


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return environ | {"PALABRE_TRUSTED_PROXIES": "127.0.0.0/8"}


async def from_address(client: httpx2.AsyncClient, address: str, **overrides: str) -> str:
    """Submit a good comment from an address; its id."""
    answer = await client.post(
        "/v1/comments", json=makers.fields(**overrides), headers={"X-Forwarded-For": address}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["comment"]["id"])


@pytest.fixture
async def other(service: Service, site: Site) -> Site:
    """A second site."""
    return await sites.add(service, "other", origins=["https://other.example"])


@pytest.fixture
async def both(service: Service, other: Site) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service with both sites."""
    async with client_of(service) as found:
        yield found


# What each kind hits.


@pytest.mark.parametrize(
    ("prefix", "source", "hit", "missed"),
    [
        ("address", "198.51.100.7", ["198.51.100.7", "::ffff:198.51.100.7"], ["198.51.100.8"]),
        ("network", "198.51.100.7", ["198.51.100.200"], ["198.51.101.7"]),
        ("address", "2001:db8:1:2::9", ["2001:db8:1:2:ffff::1"], ["2001:db8:1:3::9"]),
        ("network", "2001:db8:1:2::9", ["2001:db8:1:ffff::1"], ["2001:db8:2:2::9"]),
    ],
)
async def test_a_network_is_banned_as_one_connection_or_with_its_neighbours(
    prefix: str,
    source: str,
    hit: list[str],
    missed: list[str],
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
) -> None:
    first = await from_address(client, source)
    made = await ban(client, moderator, kind="network", prefix=prefix, comment=first)
    assert made["ban"]["kind"] == "network"
    assert made["ban"]["prefix"] == prefix
    assert made["ban"]["until"] == "2026-11-30T09:00:00Z"
    for address in hit:
        assert await state_of(client, moderator, await from_address(client, address)) == SPAM
    for address in missed:
        assert await state_of(client, moderator, await from_address(client, address)) == WAITS
    assert await state_of(client, moderator, first) == WAITS


@pytest.mark.parametrize("typed", ["Casino.Example", "https://casino.example/x"])
async def test_a_link_domain_is_banned_with_all_below_it_in_text_and_website(
    typed: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    made = await ban(client, moderator, kind="link_domain", domain=typed, reason="robots")
    assert made["ban"]["domain"] == "casino.example"
    for bad in (
        {"comment": LINK},
        {"comment": "Là : [ici](https&colon;//casino.example)"},
        {"website": "http://moi.casino.example"},
        {"comment": "Allez sur casino.example, c’est gratuit."},
        {"comment": "Allez sur WWW.Casino.Example/bonus"},
        {"comment": "Là : http://blog.example@casino.example/"},
    ):
        comment_id = await makers.comment(client, **bad)
        assert await state_of(client, moderator, comment_id) == SPAM
        signal = signal_of(await seen_by(client, moderator, comment_id), "banned")
        assert signal["score"] == 1.0
        assert "casino.example" in signal["why"]
        assert "robots" in signal["why"]
    for good in ("Voir https://notcasino.example/, sans casino.", "Écrivez à a@casino.example."):
        comment_id = await makers.comment(client, comment=good)
        assert await state_of(client, moderator, comment_id) == WAITS


async def test_a_mail_domain_is_banned_by_its_name_and_never_shown_beside_a_comment(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    earlier = await makers.comment(client, email="max@jetable.example")
    body = {"kind": "mail_domain", "domain": "jetable.example", "apply": "last_30_days"}
    made = await ban(client, moderator, **body)
    assert (made["ban"]["domain"], made["moved"]) == ("jetable.example", 1)
    assert "jetable" not in json.dumps(await seen_by(client, moderator, earlier))
    hit = await makers.comment(client, email="zoe@mx.jetable.example")
    assert await state_of(client, moderator, hit) == SPAM
    assert "jetable" not in json.dumps(await seen_by(client, moderator, hit))
    missed = await makers.comment(client, email="zoe@jetable.example.org")
    assert await state_of(client, moderator, missed) == WAITS


async def test_a_comments_mail_domain_is_banned_unseen(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await makers.comment(client, email="zoe@a.jetable.example")
    made = await ban(client, moderator, kind="mail_domain", comment=source)
    assert made["ban"]["domain"] is None
    assert "jetable" not in json.dumps(made)
    hit = await makers.comment(client, email="max@a.jetable.example")
    assert await state_of(client, moderator, hit) == SPAM
    # The domain that they use, not the one that it is part of.
    missed = await makers.comment(client, email="max@b.jetable.example")
    assert await state_of(client, moderator, missed) == WAITS


async def test_no_moderator_learns_the_mail_domain_of_a_comment_from_bans_of_both_kinds(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await makers.comment(client, email="zoe@jetable.example")
    typed = {"kind": "mail_domain", "domain": "jetable.example"}
    # Whichever is made first, the other one is new, and says nothing of the first.
    named = await ban(client, moderator, **typed)
    unseen = await ban(client, moderator, kind="mail_domain", comment=source)
    assert unseen["ban"]["id"] != named["ban"]["id"]
    assert (unseen["ban"]["domain"], unseen["ban"]["comment"]) == (None, source)
    await client.delete(f"{URL}/{named['ban']['id']}", headers=moderator)
    named = await ban(client, moderator, **typed, comment=source)
    assert (named["ban"]["domain"], named["ban"]["comment"]) == ("jetable.example", None)
    assert unseen["ban"] in (await listed(client, moderator))["bans"]
    await client.delete(f"{URL}/{named['ban']['id']}", headers=moderator)
    hit = await makers.comment(client, email="max@mx.jetable.example")
    assert await state_of(client, moderator, hit) == SPAM


@pytest.mark.parametrize("by", ["domain", "comment"])
async def test_what_a_mail_domain_s_ban_would_hit_is_only_counted(
    by: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await makers.comment(client, email="zoe@jetable.example")
    await makers.approved(client, moderator, email="max@jetable.example")
    body = {"domain": "jetable.example"} if by == "domain" else {"comment": source}
    tried = await ask(client, moderator, kind="mail_domain", **body, apply="preview")
    assert tried.json()["preview"] == {"pending": 1, "approved": 1, "examples": []}


async def test_a_text_is_banned_whoever_sends_it_however_it_is_spaced(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await makers.comment(client, comment="Gagnez de l’argent sans jamais rien faire.")
    await ban(client, moderator, kind="text", comment=source)
    again = await makers.comment(
        client, comment="GAGNEZ  de l’argent\nsans jamais rien faire.", email="autre@example.org"
    )
    found = await seen_by(client, moderator, again)
    assert (found["state"], found["decided_by"]) == SPAM
    assert found["signals"][0]["name"] == "banned"


@pytest.mark.parametrize(
    "text", ["Merci !", "Merci" + " !" * 40, "👍", "Bravo, et merci pour l’article."]
)
async def test_a_courtesy_is_not_banned(
    client: httpx2.AsyncClient, moderator: dict[str, str], text: str
) -> None:
    source = await makers.comment(client, comment=text)
    for more in ({}, {"apply": "preview"}):
        answer = await ask(client, moderator, kind="text", comment=source, **more)
        found = problem(answer, 422, "invalid_request")
        assert [(one["field"], one["code"]) for one in found["errors"]] == [
            ("comment", "not_allowed")
        ]
        assert "lecteurs honnêtes" in found["errors"][0]["message"]
    again = await makers.comment(client, comment=text, name="Max", email="max@b.example")
    assert (await state_of(client, moderator, again))[0] == "pending"


@pytest.mark.parametrize("text", ["Merci ! https://a.example", "👍" * 40])
async def test_a_short_text_with_a_link_is_banned_and_so_is_a_long_one_without_words(
    client: httpx2.AsyncClient, moderator: dict[str, str], text: str
) -> None:
    source = await makers.comment(client, comment=text)
    await ban(client, moderator, kind="text", comment=source)
    again = await makers.comment(client, comment=text, name="Max", email="max@b.example")
    assert await state_of(client, moderator, again) == SPAM


async def test_a_banned_text_is_known_again_when_some_words_are_others(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    text = (
        "Un conseiller m’a aidé à doubler mes économies en trois semaines depuis mon salon, sans "
        "aucun risque et sans rien vendre à personne : écrivez-lui, il répond à tout le monde {}."
    )
    source = await makers.comment(client, comment=text.format("très vite"))
    await ban(client, moderator, kind="text", comment=source)
    spun = await makers.comment(
        client, comment=text.format("aussitôt"), email="max@b.example", name="Max"
    )
    assert await state_of(client, moderator, spun) == SPAM
    assert await state_of(client, moderator, await makers.comment(client)) == WAITS


@pytest.mark.parametrize("has_likes", [True, False])
async def test_a_banned_text_is_known_when_its_likes_turn_out_to_be_those_of_others(
    has_likes: bool, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    one = "Notre lessive merveilleuse, garantie naturelle, livrée gratuitement partout{}"
    two = "Vendons aussi aspirateurs silencieux, balais télescopiques, éponges increvables{}"

    async def post(text: str, end: str) -> str:
        clock.advance(minutes=20)
        text = text.format(end) + " : http://menage.example/"
        number = int(clock().timestamp())
        return await makers.comment(
            client, comment=text, name=f"Nom {number}", email=f"nr{number}@example.com"
        )

    for end in ("", " !"):
        await post(one, end)
    source = await post(two, "")
    if has_likes:
        await post(two, " !")
    await ban(client, moderator, kind="text", comment=source)
    assert await state_of(client, moderator, await post(one, " ?")) == WAITS
    both_ = await post(f"{one}, {two}".replace("{}, ", ", "), "")
    assert await state_of(client, moderator, both_) == SPAM
    # From now on all of them are one group.
    for text in (one, two):
        assert await state_of(client, moderator, await post(text, " ?!")) == SPAM


async def test_an_author_is_banned_as_by_a_block_and_listed_with_the_others(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await makers.comment(client, email="zoe@example.com")
    made = await ban(client, moderator, kind="author", comment=source, reason="insultes")
    author = (await seen_by(client, moderator, source))["author"]
    assert made["ban"]["id"] == author["id"]
    assert author["blocked"] is True
    again = await makers.comment(client, email="zoe@example.com")
    assert await state_of(client, moderator, again) == ("spam", "rule:blocked")
    (found,) = (await listed(client, moderator))["bans"]
    assert found == made["ban"] | {"hits": 1}
    renewed = await ask(client, moderator, kind="author", comment=source)
    assert renewed.status_code == 200
    lifted = await client.delete(f"{URL}/{author['id']}", headers=moderator)
    assert lifted.json() == {"id": author["id"], "lifted": True}
    assert (await seen_by(client, moderator, source))["author"]["blocked"] is False


# What is refused.


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "kind", "required"),
        ({"kind": "planet"}, "kind", "unknown"),
        ({"kind": "address", "comment": "x"}, "kind", "unknown"),
        ({"kind": "link_domain"}, "domain", "required"),
        ({"kind": "link_domain", "domain": "com"}, "domain", "invalid"),
        ({"kind": "mail_domain", "domain": "zoe@example.com"}, "domain", "not_allowed"),
        ({"kind": "text"}, "comment", "required"),
        ({"kind": "text", "domain": "example.com"}, "comment", "required"),
        ({"kind": "network", "prefix": "planet"}, "prefix", "unknown"),
        ({"kind": "link_domain", "domain": "a.example", "apply": "all"}, "apply", "unknown"),
        ({"kind": "link_domain", "domain": "a.example", "reason": "x" * 201}, "reason", "too_long"),
        (
            {"kind": "link_domain", "domain": "a.example", "until": "2026-11-23"},
            "until",
            "not_allowed",
        ),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_bad_ban_is_refused(
    body: Json,
    field: str,
    code: str,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
) -> None:
    told = problem(await ask(client, moderator, **body), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert (await listed(client, moderator))["bans"] == []


async def test_a_network_is_banned_for_90_days_at_most(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await from_address(client, "198.51.100.7")
    longer = START + timedelta(days=90, minutes=1)
    body = {"kind": "network", "comment": source, "until": longer.isoformat()}
    told = problem(await ask(client, moderator, **body), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [
        ("until", "not_allowed")
    ]
    until = (START + timedelta(days=90)).isoformat()
    made = await ban(client, moderator, kind="network", comment=source, until=until)
    assert made["ban"]["until"] == "2027-02-21T09:00:00Z"


async def test_a_comments_network_is_known_for_a_day_and_its_mail_domain_for_thirty(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    source = await from_address(client, "198.51.100.7")
    clock.advance(hours=24)
    told = problem(
        await ask(client, moderator, kind="network", comment=source), 422, "invalid_request"
    )
    assert told["errors"][0]["field"] == "comment"
    assert (await ask(client, moderator, kind="mail_domain", comment=source)).status_code == 201
    clock.advance(days=29)
    problem(
        await ask(client, moderator, kind="mail_domain", comment=source), 422, "invalid_request"
    )
    # Its text is known as long as the comment is there.
    assert (await ask(client, moderator, kind="text", comment=source)).status_code == 201


async def test_who_has_nothing_to_do_with_it_makes_lists_and_lifts_none(
    both: httpx2.AsyncClient,
    service: Service,
    moderator: dict[str, str],
    reader: dict[str, str],
) -> None:
    otto = await token_for(service, "otto", site="other")
    source = await makers.comment(both, site="blog", comment=LINK)
    problem(await ask(both, otto, kind="text", comment=source), 404, "comment_not_found")
    problem(
        await ask(both, otto, kind="link_domain", domain="a.example", site="blog"),
        404,
        "site_not_found",
    )
    made = (await ban(both, moderator, kind="text", comment=source))["ban"]
    author = (await ban(both, moderator, kind="author", comment=source))["ban"]
    for ban_id in (made["id"], author["id"], "unknown"):
        lifted = await both.delete(f"{URL}/{ban_id}", headers=otto)
        problem(lifted, 404, "ban_not_found")
        problem(await both.post(f"{URL}/{ban_id}/undo", headers=otto), 404, "ban_not_found")
    assert (await listed(both, otto))["bans"] == []
    problem(await both.get(f"{URL}?site=blog", headers=otto), 404, "site_not_found")
    assert len((await listed(both, moderator))["bans"]) == 2
    problem(await both.get(URL, headers=reader), 403, "scope_missing")
    told = problem(
        await ask(both, moderator, kind="link_domain", domain="a.example"), 422, "invalid_request"
    )
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("site", "required")]


async def test_another_site_is_untouched(
    both: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    there = await makers.comment(both, site="other", comment=LINK, email="zoe@example.com")
    here = await makers.comment(both, site="blog", comment=LINK, email="zoe@example.com")
    for kind in ("author", "network", "mail_domain", "text"):
        made = await ban(both, moderator, kind=kind, comment=here, apply="last_30_days")
        assert made["ban"]["site"] == "blog"
    await ban(
        both,
        moderator,
        kind="link_domain",
        domain="casino.example",
        site="blog",
        apply="last_30_days",
    )
    assert (await seen_by(both, moderator, here))["state"] == "spam"
    assert await state_of(both, moderator, there) == WAITS
    again = await makers.comment(
        both, site="other", comment=LINK + "!", email="zoe@example.com", name="Zoé"
    )
    assert await state_of(both, moderator, again) == WAITS


# Nothing different.


@pytest.mark.parametrize("first_state", ["pending", "approved"])
async def test_who_is_banned_sees_nothing_different(
    first_state: str,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    admin: dict[str, str],
) -> None:
    """Byte for byte but for ids and tokens: JSON, page, receipt; and the same statements, but for
    the signal that a moderator reads, which costs what it costs of anybody."""
    await rules(client, admin, first_state=first_state)
    await ban(client, moderator, kind="mail_domain", domain="jetable.example")
    answers: list[list[str]] = []
    for email in ("zoe@lavande.example", "zoe@jetable.example"):
        number = len(answers)
        article = f"/page-{number}"
        sent = makers.fields(article=article, email=email, comment="Merci pour tout.", name="Zoé")
        stored = await client.post("/v1/comments", json=sent)
        page = await browse(client, sent | {"comment": "Merci bien."})
        token, comment_id = stored.json()["receipt"]["token"], stored.json()["comment"]["id"]
        receipt = await client.get(f"/v1/receipts/{token}")
        shown = await client.get(f"/v1/receipts/{token}", headers={"Accept": "text/html"})
        hue = stored.json()["comment"]["author"]["hue"]
        seen = []
        for answer in (stored, page, receipt, shown):
            headers = sorted(
                (name, value)
                for name, value in answer.headers.items()
                if name not in ("x-request-id", "location", "etag", "content-length")
            )
            said = f"{answer.status_code} {headers} {answer.text}"
            for own in (token, comment_id, article, f'"hue":{hue}'):
                said = said.replace(own, "OWN")
            seen.append(said)
        answers.append(seen)
    assert answers[0] == answers[1]
    assert (await stored_states(client, moderator))["spam"] == 2


async def stored_states(client: httpx2.AsyncClient, moderator: dict[str, str]) -> Json:
    return await stored(client, moderator)


async def test_a_ban_costs_its_author_no_statement_that_a_held_one_does_not_have(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await ban(client, moderator, kind="mail_domain", domain="jetable.example")
    counted: dict[str, list[str]] = {}
    plain = type(service.store).write

    async def counting(self: Any, unit: Any, /, *, long: bool = False) -> Any:
        async def counted_unit(tx: Tx) -> Any:
            noted: list[str] = []
            result = await unit(Counting(tx, noted))
            if any("insert into comment (" in sql for sql in noted):  # no job beside it
                counted[current] = noted
            return result

        return await plain(self, counted_unit, long=long)

    links = "{} https://a.example https://b.example https://c.example"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(service.store), "write", counting)
        for current, email, text in (
            ("held", "zoe@lavande.example", links.format("Voir par exemple")),
            ("banned", "zoe@jetable.example", links.format("Mes sources :")),
        ):
            await makers.comment(client, article=f"/{current}", email=email, comment=text)
    assert counted["held"] == counted["banned"]
    assert any("comment_tag" in sql for sql in counted["held"])


class Counting:
    """A transaction that notes what it is asked to carry out."""

    def __init__(self, tx: Tx, noted: list[str]) -> None:
        self._tx = tx
        self._noted = noted

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._tx, name)
        if name not in ("run", "one", "all", "each"):
            return found

        def noting(sql: str, /, *rows: Any, **values: Any) -> Any:
            self._noted.append(sql)
            return found(sql, *rows, **values)

        return noting


async def test_a_site_may_tell_those_whom_it_bans(
    client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    await rules(client, admin, tell_banned=True)
    await ban(client, moderator, kind="link_domain", domain="casino.example")
    told = await makers.submit(client, comment=LINK)
    assert told["comment"]["state"] == "rejected"
    receipt = (await client.get(f"/v1/receipts/{told['receipt']['token']}")).json()
    assert receipt["comment"]["state"] == "rejected"
    assert receipt["decided_at"] == "2026-11-23T09:00:00Z"
    found = await seen_by(client, moderator, told["comment"]["id"])
    assert (found["state"], found["decided_by"]) == ("rejected", "rule:banned")
    source = await makers.comment(client, email="zoe@example.com")
    await ban(client, moderator, kind="author", comment=source)
    blocked = await makers.submit(client, email="zoe@example.com")
    assert blocked["comment"]["state"] == "rejected"


# Ends.


async def test_a_ban_ends_when_it_said_so_and_is_forgotten(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    until = "2026-11-24T09:00:00Z"
    await ban(client, moderator, kind="link_domain", domain="casino.example", until=until)
    clock.advance(hours=23, minutes=59)
    assert await state_of(client, moderator, await makers.comment(client, comment=LINK)) == SPAM
    (found,) = (await listed(client, moderator))["bans"]
    assert (found["hits"], found["until"]) == (1, until)
    clock.advance(minutes=1)
    after = await makers.comment(client, comment=LINK + " Bis.")
    assert await state_of(client, moderator, after) == WAITS
    assert (await listed(client, moderator))["bans"] == []
    problem(await client.delete(f"{URL}/{found['id']}", headers=moderator), 404, "ban_not_found")
    await tidy(service)
    assert await rows(service, "ban") == 0


@pytest.mark.parametrize("kind", ["author", "text"])
@pytest.mark.parametrize("tidied", [True, False])
async def test_one_that_has_ended_is_made_anew_with_changes_of_its_own(
    kind: str,
    tidied: bool,
    service: Service,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
) -> None:
    zoe = {"email": "zoe@a.example", "comment": "Gagnez donc de l’argent sans jamais rien faire."}
    source = await makers.comment(client, **zoe)
    body = {"kind": kind, "comment": source}
    first = await ban(client, moderator, **body, until="2026-11-24T09:00:00Z", apply="last_30_days")
    assert (first["moved"], first["ban"]["moved"]) == (1, 1)
    clock.advance(days=1)
    if tidied:
        await tidy(service)
        assert await rows(service, "ban_change") == 0
    later = await makers.comment(client, **zoe, article="/b")
    assert await state_of(client, moderator, later) == WAITS
    again = await ban(client, moderator, **body)
    assert (again["ban"]["hits"], again["ban"]["moved"]) == (0, 0)
    assert (await undo(client, moderator, again["ban"]["id"]))["restored"] == 0
    assert (await state_of(client, moderator, source))[0] == "spam"
    renewed = await ask(client, moderator, **body, apply="last_30_days")
    assert (renewed.status_code, renewed.json()["moved"]) == (200, 1)
    assert (await undo(client, moderator, again["ban"]["id"]))["restored"] == 1
    assert (await state_of(client, moderator, later))[0] == "pending"
    assert (await state_of(client, moderator, source))[0] == "spam"


@pytest.mark.engine("postgres")
async def test_a_ban_that_is_renewed_just_when_it_would_be_forgotten_stands(
    service: Service,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    clock: Clock,
    environ: dict[str, str],
) -> None:
    source = await makers.comment(client, comment=LINK)
    made = await ban(
        client,
        moderator,
        kind="link_domain",
        domain="casino.example",
        until="2026-11-23T09:10:00Z",
        apply="last_30_days",
    )
    clock.advance(minutes=10)
    renewal = "update ban set until_at = null"
    await postgres.meanwhile(environ["PALABRE_DATABASE_URL"], renewal, tidy(service))
    (found,) = (await listed(client, moderator))["bans"]
    assert (found["id"], found["moved"]) == (made["ban"]["id"], 1)
    assert (await undo(client, moderator, found["id"]))["restored"] == 1
    assert (await state_of(client, moderator, source))[0] == "pending"


async def test_of_several_bans_the_surest_and_newest_is_named(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    named = [f"d{n}.example" for n in range(bans_kept.STANDING_MOST)]
    text = "Là : " + " ".join(f"https://{one}" for one in named)
    source = await from_address(client, "198.51.100.7")
    network = await ban(client, moderator, kind="network", comment=source)
    await ban(client, moderator, kind="link_domain", domain=named[0])
    for one in named[1:]:
        clock.advance(seconds=1)
        await ban(client, moderator, kind="link_domain", domain=one, reason=f"{one} !")
    by_network = await from_address(client, "198.51.100.7", comment=text)
    by_link = await from_address(client, "198.51.100.8", comment=text + " Bis.")
    hits = {one["id"]: one["hits"] for one in (await listed(client, moderator))["bans"]}
    assert hits[network["ban"]["id"]] == 1
    assert sum(hits.values()) == 2
    why = signal_of(await seen_by(client, moderator, by_link), "banned")["why"]
    assert f"{named[-1]} !" in why
    assert "https" not in signal_of(await seen_by(client, moderator, by_network), "banned")["why"]


async def test_hashes_past_their_time_hit_nothing_even_before_they_are_removed(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    await from_address(client, "198.51.100.7")
    clock.advance(hours=24)
    source = await from_address(client, "198.51.100.7")
    tried = await ask(client, moderator, kind="network", comment=source, apply="preview")
    assert tried.json()["preview"]["pending"] == 1
    made = await ban(client, moderator, kind="network", comment=source, apply="last_30_days")
    assert made["moved"] == 1


async def rows(service: Service, table: str) -> int:
    found = await service.store.read(lambda tx: tx.one(f"select count(*) as n from {table}"))
    assert found is not None
    return int(found["n"])


async def test_a_lifted_ban_hits_no_longer_and_what_it_did_stays(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    made = await ban(client, moderator, kind="link_domain", domain="casino.example")
    caught = await makers.comment(client, comment=LINK)
    await client.delete(f"{URL}/{made['ban']['id']}", headers=moderator)
    assert await state_of(client, moderator, caught) == SPAM
    after = await makers.comment(client, comment=LINK + " Bis.")
    assert await state_of(client, moderator, after) == WAITS


async def test_the_same_again_renews_the_ban(
    client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    body = {"kind": "link_domain", "domain": "casino.example"}
    made = await ban(client, moderator, **body, reason="une fois", until="2026-12-01")
    clock.advance(days=1)
    again = await ask(client, moderator, **body, reason="deux fois")
    assert again.status_code == 200
    assert again.json()["ban"] == made["ban"] | {
        "reason": "deux fois",
        "until": None,
        "created_at": "2026-11-24T09:00:00Z",
    }
    assert len((await listed(client, moderator))["bans"]) == 1


async def test_several_at_once_make_one_ban(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    body = {"kind": "link_domain", "domain": "casino.example"}
    answers = await asyncio.gather(*(ask(client, moderator, **body) for _ in range(8)))
    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert len({one.json()["ban"]["id"] for one in answers}) == 1


# Looking through them.


async def test_all_of_them_are_listed_page_by_page_the_newest_first(
    both: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    made = []
    for number, site in enumerate(("blog", "other", "blog", "other")):
        clock.advance(minutes=1)
        source = await makers.comment(both, site=site, email=f"nr{number}@example.com")
        made.append((await ban(both, moderator, kind="author", comment=source))["ban"]["id"])
        made.append((await ban(both, moderator, kind="text", comment=source))["ban"]["id"])
    seen: list[str] = []
    url: str | None = f"{URL}?limit=3"
    while url:
        page = (await both.get(url, headers=moderator)).json()
        seen += [one["id"] for one in page["bans"]]
        url = page["next"]
    assert sorted(seen) == sorted(made)
    assert len(seen) == len(made)
    for n in range(0, len(seen), 2):
        assert set(seen[n : n + 2]) == set(made[len(made) - n - 2 : len(made) - n])
    assert {one["site"] for one in (await listed(both, moderator, "?site=blog"))["bans"]} == {
        "blog"
    }
    assert (await both.get(f"{URL}?after=x", headers=moderator)).status_code == 400


# The last 30 days.


async def test_what_is_tried_out_is_what_is_done_and_can_be_undone(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    old = await makers.comment(client, comment=LINK + " Vieux.")
    clock.advance(days=30)
    waits = await makers.comment(client, comment=LINK)
    public = await makers.approved(client, moderator, comment=LINK + " Publié.")
    refused = await makers.comment(client, comment=LINK + " Refusé.")
    await makers.act(client, moderator, refused, "reject", reason="off_topic")
    fine = await makers.approved(client, moderator)
    body = {"kind": "link_domain", "domain": "casino.example", "reason": "robots"}

    tried = await ask(client, moderator, **body, apply="preview")
    assert tried.status_code == 200
    preview = tried.json()["preview"]
    assert (preview["pending"], preview["approved"]) == (1, 1)
    assert {one["id"] for one in preview["examples"]} == {waits, public}
    assert (await listed(client, moderator))["bans"] == []
    assert (await state_of(client, moderator, waits)) == WAITS

    made = await ban(client, moderator, **body, apply="last_30_days")
    assert made["moved"] == 2
    assert made["ban"]["moved"] == 2
    for comment_id in (waits, public):
        assert await state_of(client, moderator, comment_id) == ("spam", "alice")
        decision = (await seen_by(client, moderator, comment_id))["decisions"][-1]
        assert "casino.example" in decision["note"]
        assert "robots" in decision["note"]
    assert [one["id"] for one in (await makers.listing(client))["comments"]] == [fine]
    assert (await state_of(client, moderator, old))[0] == "pending"
    assert (await state_of(client, moderator, refused))[0] == "rejected"
    await assert_counters_are_true(service)

    assert await undo(client, moderator, made["ban"]["id"]) == {
        "id": made["ban"]["id"],
        "restored": 2,
        "left": 0,
    }
    assert (await state_of(client, moderator, waits)) == ("pending", "alice")
    assert (await state_of(client, moderator, public)) == ("approved", "alice")
    assert len((await makers.listing(client))["comments"]) == 2
    assert (await undo(client, moderator, made["ban"]["id"]))["restored"] == 0
    # The ban stands.
    assert (
        await state_of(client, moderator, await makers.comment(client, comment=LINK + "!")) == SPAM
    )
    await assert_counters_are_true(service)


async def test_what_somebody_changed_since_stays_when_it_is_undone(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    one, two, three = [await makers.comment(client, comment=f"{LINK} {n}") for n in range(3)]
    made = await ban(
        client, moderator, kind="link_domain", domain="casino.example", apply="last_30_days"
    )
    await makers.act(client, moderator, one, "reject", reason="advertising")
    await makers.act(client, moderator, two, "delete")
    found = await undo(client, moderator, made["ban"]["id"])
    assert (found["restored"], found["left"]) == (1, 1)
    assert (await state_of(client, moderator, one))[0] == "rejected"
    assert (await state_of(client, moderator, two))[0] == "deleted"
    assert (await state_of(client, moderator, three))[0] == "pending"


@pytest.mark.parametrize("kind", ["author", "network", "mail_domain", "text"])
async def test_every_kind_applies_to_what_is_there(
    kind: str, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await from_address(client, "198.51.100.7", email="zoe@a.example", comment=GAIN)
    again = await from_address(
        client, "198.51.100.7", email="zoe@a.example", comment=GAIN.upper(), article="/b"
    )
    fine = await from_address(client, "198.51.100.8", email="max@b.example")
    tried = (await ask(client, moderator, kind=kind, comment=source, apply="preview")).json()
    assert tried["preview"]["pending"] == 2
    made = await ban(client, moderator, kind=kind, comment=source, apply="last_30_days")
    assert made["moved"] == 2
    for comment_id in (source, again):
        assert (await state_of(client, moderator, comment_id))[0] == "spam"
    assert await state_of(client, moderator, fine) == WAITS
    assert (await undo(client, moderator, made["ban"]["id"]))["restored"] == 2


async def test_those_whom_it_is_applied_to_are_told_nothing(
    client: httpx2.AsyncClient, moderator: dict[str, str], admin: dict[str, str]
) -> None:
    waits = await makers.submit(client, comment=LINK)
    token = waits["receipt"]["token"]
    before = await client.get(f"/v1/receipts/{token}")
    made = await ban(
        client, moderator, kind="link_domain", domain="casino.example", apply="last_30_days"
    )
    assert made["moved"] == 1
    after = await client.get(f"/v1/receipts/{token}")
    assert after.content == before.content
    await undo(client, moderator, made["ban"]["id"])
    await rules(client, admin, tell_banned=True)
    again = await ask(
        client, moderator, kind="link_domain", domain="casino.example", apply="last_30_days"
    )
    assert again.json()["moved"] == 1
    told = (await client.get(f"/v1/receipts/{token}")).json()
    assert told["comment"]["state"] == "rejected"


async def test_reports_are_after_an_undo_what_they_were_before_the_ban(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], clock: Clock
) -> None:
    ids = [await makers.approved(client, moderator, comment=f"{LINK} {n}") for n in range(3)]
    dismissed, both_, settled_since = ids
    for one in ids:
        await reports.report(client, one, 1)
    for one in (dismissed, both_):
        await reports.dismiss(client, moderator, one)
    clock.advance(minutes=5)
    await reports.report(client, both_, 2)
    before = [await seen_by(client, moderator, one) for one in ids]
    assert [one["reports"] for one in before] == [0, 1, 1]

    made = await ban(
        client, moderator, kind="link_domain", domain="casino.example", apply="last_30_days"
    )
    assert made["moved"] == 3
    for one in ids:
        assert set(await reports.outcomes(client, moderator, one)) == {"upheld"}
    clock.advance(minutes=5)
    await reports.dismiss(client, moderator, settled_since)
    assert (await undo(client, moderator, made["ban"]["id"]))["restored"] == 3
    after = [await seen_by(client, moderator, one) for one in ids]
    assert [one["report_list"] for one in after[:2]] == [one["report_list"] for one in before[:2]]
    assert await reports.outcomes(client, moderator, settled_since) == ["dismissed"]
    assert [one["reports"] for one in after] == [0, 1, 0]
    listed = await client.get(
        "/v1/moderation/comments?reported=1&state=approved", headers=moderator
    )
    assert [one["id"] for one in listed.json()["comments"]] == [both_]
    await assert_counters_are_true(service)


async def test_more_than_one_transaction_takes_are_moved_and_brought_back(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    for number in range(7):
        await makers.comment(client, comment=f"{LINK} {number}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bans_made, "AT_ONCE", 3)
        patch.setattr(bans_made, "FOUND_AT_ONCE", 4)
        made = await ban(
            client, moderator, kind="link_domain", domain="casino.example", apply="last_30_days"
        )
        assert made["moved"] == 7
        found = await undo(client, moderator, made["ban"]["id"])
    assert (found["restored"], found["left"]) == (7, 0)
    assert (await stored(client, moderator))["pending"] == 7
    await assert_counters_are_true(service)


@pytest.mark.engine("postgres")
async def test_what_others_decide_on_at_that_moment_keeps_nothing_else_from_being_moved(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bans_made, "AT_ONCE", 1)
    ids = [await makers.comment(client, comment=f"{LINK} {n}", article=f"/{n}") for n in range(4)]
    decided = f"update comment set state = 'rejected', version = 2 where id = '{ids[0]}'"
    body = {"kind": "link_domain", "domain": "casino.example", "apply": "last_30_days"}
    answer = await postgres.meanwhile(
        environ["PALABRE_DATABASE_URL"], decided, ask(client, moderator, **body)
    )
    assert answer.json()["moved"] == 3
    states = [(await state_of(client, moderator, one))[0] for one in ids]
    assert states == ["rejected", "spam", "spam", "spam"]


async def test_a_ban_applied_while_others_decide_loses_nothing(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    ids = [await makers.comment(client, comment=f"{LINK} {number}") for number in range(12)]

    async def approve(comment_id: str) -> None:
        url = f"/v1/moderation/comments/{comment_id}/approve"
        await client.post(url, json={"version": 1}, headers=moderator)

    body = {"kind": "link_domain", "domain": "casino.example", "apply": "last_30_days"}
    await asyncio.gather(
        *(approve(one) for one in ids), *(ask(client, moderator, **body) for _ in range(2))
    )
    await assert_counters_are_true(service)
    await ask(client, moderator, **body)
    counts = await stored(client, moderator)
    assert counts["spam"] == 12


# What is kept.


async def test_what_a_comment_could_be_banned_by_goes_with_it(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    source = await makers.comment(client, comment=LINK, email="zoe@a.example")
    made = await ban(client, moderator, kind="text", comment=source, apply="last_30_days")
    assert made["ban"]["comment"] == source
    assert await rows(service, "comment_tag") > 0
    assert await rows(service, "ban_change") == 1
    author = (await seen_by(client, moderator, source))["author"]["id"]
    erased = await client.post(f"/v1/moderation/authors/{author}/erase", headers=moderator)
    assert erased.json()["erased"] == 1
    assert await rows(service, "comment_tag") == 0
    assert await rows(service, "ban_change") == 0
    (found,) = (await listed(client, moderator))["bans"]
    assert found["comment"] is None
    # The text is still unwanted.
    again = await makers.comment(client, comment=LINK, email="max@b.example")
    assert (await state_of(client, moderator, again)) == SPAM


async def test_hashes_that_are_past_their_time_are_removed(
    service: Service, client: httpx2.AsyncClient, clock: Clock
) -> None:
    await from_address(client, "198.51.100.7", comment=LINK)
    kinds = "select kind, count(*) as n from comment_tag group by kind"

    async def kept() -> dict[str, int]:
        found = await service.store.read(lambda tx: tx.all(kinds))
        return {row["kind"]: row["n"] for row in found}

    assert await kept() == {"address": 1, "network": 1, "mail_domain": 2, "link_domain": 2}
    clock.advance(hours=24)
    await tidy(service)
    assert await kept() == {"mail_domain": 2, "link_domain": 2}
    clock.advance(days=29)
    await tidy(service)
    assert await kept() == {}


async def test_a_moderators_edit_takes_a_links_domain_away(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    comment_id = await makers.comment(client, comment=LINK)
    edited = await client.patch(
        f"/v1/moderation/comments/{comment_id}",
        json={"text": "Voir https://gare.example."},
        headers=moderator,
    )
    assert edited.status_code == 200
    for domain, pending in (("casino.example", 0), ("gare.example", 1)):
        tried = await ask(client, moderator, kind="link_domain", domain=domain, apply="preview")
        assert tried.json()["preview"]["pending"] == pending


async def test_bans_survive_a_rotation_of_the_keys(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str], site: Site
) -> None:
    """What is stored is wrapped by the later key, without knowing what it is about."""
    source = await from_address(client, "198.51.100.7", email="zoe@a.example", comment=GAIN)
    for kind in ("network", "mail_domain", "text"):
        await ban(client, moderator, kind=kind, comment=source)
    await ban(client, moderator, kind="link_domain", domain="casino.example")
    later = bytes(range(32))
    rotated = Keys((*service.keys._masters, later))

    async def wrap(tx: Tx) -> None:
        for table, key in (("ban", "id"), ("comment_tag", "comment_id")):
            for row in await tx.all(f"select {key}, kind, tag, key_id from {table}"):
                assert row["key_id"] == service.keys.current_id
                under = key_files._derived(later, f"ban/{row['kind']}", site.id)
                tag = hmac.digest(under, bytes.fromhex(row["tag"]), "sha256").hex()
                await tx.run(
                    f"update {table} set tag = :new, key_id = :key where {key} = :id "
                    "and tag = :tag",
                    new=tag,
                    key=rotated.current_id,
                    id=row[key],
                    tag=row["tag"],
                )

    await service.store.write(wrap)
    async with client_of(replace(service, keys=rotated)) as after:
        for address, email, text in (
            ("198.51.100.7", "max@b.example", "Un."),
            ("192.0.2.9", "max@a.example", "Deux."),
            ("192.0.2.9", "max@b.example", GAIN.upper()),
            ("192.0.2.9", "max@b.example", LINK),
        ):
            comment_id = await from_address(after, address, email=email, comment=text)
            assert await state_of(after, moderator, comment_id) == SPAM
        # And what a ban can be made from, and is applied to.
        tried = await ask(after, moderator, kind="network", comment=source, apply="preview")
        assert tried.json()["preview"]["pending"] == 1
