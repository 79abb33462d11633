"""Texts that are nearly the same, as those who moderate hear of them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

import makers
import postgres
from conftest import Clock, token_for
from palabre.actions import screen, sites, tidy
from palabre.model import Scope, Site
from palabre.service import Service
from palabre.store import comments
from palabre.text import sketch
from text import honest, spinner
from web import desk

pytestmark = pytest.mark.usefixtures("site")

SPUN = spinner.variants(spinner.TEMPLATES["medium"], 6)
MANY = spinner.variants(spinner.TEMPLATES["medium, French"], 30)


@pytest.fixture
async def at_desk(
    service: Service, client: httpx2.AsyncClient, moderator: dict[str, str]
) -> dict[str, str]:
    """Alice has signed in; the client sends her cookie."""
    return await desk.enter(service, client, "alice")


async def heard(
    client: httpx2.AsyncClient, moderator: dict[str, str], comment_id: str
) -> dict[str, Any] | None:
    """The signal about repeats on a comment, if there is one."""
    found = await client.get(f"/v1/moderation/comments/{comment_id}", headers=moderator)
    signals = [one for one in found.json()["signals"] if one["name"] == "repeat"]
    return signals[0] if signals else None


async def groups(service: Service) -> dict[str, str | None]:
    """Which comment is in which group, in the order in which they came."""
    rows = await service.store.read(lambda tx: tx.all("select id, alike from comment order by seq"))
    return {row["id"]: row["alike"] for row in rows}


async def bands(service: Service) -> int:
    """How many bands are stored."""
    rows = await service.store.read(lambda tx: tx.all("select band from comment_band"))
    return len(rows)


@pytest.mark.engine("postgres")
async def test_looking_at_a_text_waits_for_nobody_who_stores_its_like(
    service: Service, site: Site, client: httpx2.AsyncClient, environ: dict[str, str]
) -> None:
    text = SPUN[0]
    key = int.from_bytes(comments.text_hash(text)[:8], signed=True)
    lock = f"select pg_advisory_xact_lock({key})"
    url = environ["PALABRE_DATABASE_URL"]
    _, waited = await postgres.watched(
        url, lock, screen.looked_at(service, site, {"comment": text})
    )
    assert not waited
    # Whoever is to store it waits, so as to know the one that came before.
    _, waited = await postgres.watched(url, lock, makers.comment(client, comment=text))
    assert waited


async def test_a_variant_of_a_text_is_told_from_anything_else(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    first = await makers.comment(client, comment=SPUN[0])
    honest_one = await makers.comment(client, comment=honest.COMMENTS[-1])
    second = await makers.comment(client, comment=SPUN[1], name="Bob", article="/b")
    third = await makers.comment(client, comment=SPUN[2], name="Carl")
    assert await heard(client, moderator, first) is None
    assert await heard(client, moderator, honest_one) is None
    said = [await heard(client, moderator, one) for one in (second, third)]
    assert [one and one["score"] for one in said] == [0.45, 0.55]
    assert [one and one["why"] for one in said] == [
        (
            "1 texte presque identique, reçu en 30 jours "
            "(autres articles\u00a0: 1, autres noms\u00a0: 1)."
        ),
        (
            "2 textes presque identiques, reçus en 30 jours "
            "(autres articles\u00a0: 1, autres noms\u00a0: 2)."
        ),
    ]
    assert await groups(service) == {
        first: first,
        second: first,
        third: first,
        honest_one: None,
    }


async def test_short_variants_of_a_text_are_told_too_but_no_courtesies(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    texts = [f"Gagnez de l'argent facilement avec le code {n} dès ce soir chez nous" for n in "123"]
    texts += [f"Mon cousin gagne trois mille euros chaque semaine grâce au {w}" for w in ("a", "b")]
    found = [
        await heard(client, moderator, await makers.comment(client, comment=text))
        for text in (*texts, *(f"{texts[-1]} {word}" for word in ("marabout", "voyant")))
    ]
    assert [one and one["score"] for one in found] == [None, 0.45, 0.55, None, 0.45, 0.55, 0.65]
    for text in ("Merci pour cet article très intéressant et complet !", "Je suis de cet avis."):
        for thanks in (text, f"Bravo. {text}", f"{text} Bonne journée à tous."):
            comment = await makers.comment(client, comment=thanks, name=thanks[:9])
            assert await heard(client, moderator, comment) is None


async def test_equal_and_like_texts_are_counted_apart(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, comment=SPUN[0])
    await makers.comment(client, comment=SPUN[1])
    again = await makers.comment(client, comment=SPUN[0], article="/b")
    said = await heard(client, moderator, again)
    assert said is not None
    assert said["score"] == 0.6
    assert said["why"] == (
        "Déjà reçu en 30 jours (même texte\u00a0: 1, presque le même\u00a0: 1, "
        "autres articles\u00a0: 1, autres noms\u00a0: 0)."
    )


@pytest.mark.parametrize("gone", ["edited", "deleted", "withdrawn", "late", "elsewhere"])
async def test_only_what_stands_on_the_site_and_is_recent_counts(
    gone: str,
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    service: Service,
    clock: Clock,
) -> None:
    sent = await makers.submit(client, comment=SPUN[0], site="blog")
    first = sent["comment"]["id"]
    assert await bands(service) > 0
    more = {}
    if gone == "edited":
        answer = await client.patch(
            f"/v1/moderation/comments/{first}", json={"text": "Merci."}, headers=moderator
        )
        assert answer.status_code == 200
    elif gone == "deleted":
        await makers.act(client, moderator, first, "delete")
    elif gone == "withdrawn":
        assert (await client.post(f"{sent['receipt']['url']}/withdraw")).status_code == 200
    elif gone == "late":
        clock.advance(days=31)
    else:
        await sites.add(service, "other", origins=["https://other.example"])
        more = {"site": "other"}
    if gone in ("edited", "deleted", "withdrawn"):
        assert await bands(service) == 0
    second = await makers.comment(client, comment=SPUN[1], **{"site": "blog"} | more)
    if gone == "elsewhere":
        moderator = await token_for(service, "otto", Scope.ADMIN, site="other")
    assert await heard(client, moderator, second) is None
    assert set((await groups(service)).values()) == {None}


async def test_an_edited_text_is_found_by_what_it_says_now_and_leaves_its_group(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    first, second = [await makers.comment(client, comment=text) for text in SPUN[:2]]
    answer = await client.patch(
        f"/v1/moderation/comments/{second}", json={"name": "Autre"}, headers=moderator
    )
    assert answer.status_code == 200
    assert (await groups(service))[second] == first
    said = honest.COMMENTS[-1]
    await client.patch(f"/v1/moderation/comments/{second}", json={"text": said}, headers=moderator)
    assert (await groups(service))[second] is None
    third = await makers.comment(client, comment=f"{said} Bien à vous.")
    assert await groups(service) == {first: first, second: second, third: second}


async def test_thirty_spun_texts_are_one_group_and_no_honest_one_is_in_it(
    client: httpx2.AsyncClient, service: Service, clock: Clock
) -> None:
    spam = set()
    for number, text in enumerate(MANY):
        clock.advance(minutes=1)
        spam.add(await makers.comment(client, comment=text))
        said = honest.COMMENTS[-1 - 7 * number]
        await makers.comment(client, comment=f"{said} https://fr.wikipedia.org/wiki/{number}")
    found = await groups(service)
    assert {found[one] for one in spam} == {min(spam)}
    assert {group for one, group in found.items() if one not in spam} == {None}


async def test_groups_that_turn_out_to_be_one_become_one(
    client: httpx2.AsyncClient, service: Service, clock: Clock
) -> None:
    one = "Notre lessive merveilleuse, garantie naturelle, livrée gratuitement partout"
    two = "Vendons aussi aspirateurs silencieux, balais télescopiques, éponges increvables"
    found: list[str] = []
    for text in (one, f"{one} !", two, f"{two} !", f"{one}, {two}"):
        clock.advance(minutes=1)
        text += " : http://menage.example/"
        if len(found) == 4:
            assert list((await groups(service)).values()) == [found[0]] * 2 + [found[2]] * 2
        found.append(await makers.comment(client, comment=text))
    assert set((await groups(service)).values()) == {found[0]}


async def test_of_two_that_race_the_later_one_knows_the_first(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    sent = await asyncio.gather(
        *(makers.comment(client, comment=text, name=text[:5]) for text in SPUN)
    )
    said = [await heard(client, moderator, one) for one in sent]
    assert sum(one is None for one in said) == 1
    assert sorted(one["score"] for one in said if one) == [0.45, 0.55, 0.65, 0.75, 0.85]
    assert len(set((await groups(service)).values())) == 1


async def test_the_desk_shows_all_that_are_alike_and_decides_on_them_at_once(
    client: httpx2.AsyncClient, at_desk: dict[str, str], clock: Clock
) -> None:
    spam: list[str] = []
    for text in (*SPUN[:3], SPUN[0]):
        clock.advance(minutes=1)
        spam.append(await makers.comment(client, comment=text, article=f"/{len(spam)}"))
    honest_one = await makers.comment(client, comment="Merci.")
    clock.advance(minutes=1)
    page = (await client.get("/desk/?lang=fr")).text
    assert page.count("?same=") == 4
    assert f"?same={honest_one}" not in page
    for order in ("oldest", "newest", "urgent"):
        same = (await client.get(f"/desk/?same={spam[0]}&order={order}")).text
        assert sorted(desk.cases(same)) == sorted(spam)
    narrow = (await client.get(f"/desk/?same={spam[2]}&article=/3&site=blog")).text
    assert desk.cases(narrow) == [spam[3]]
    asked = (await client.get(f"/desk/?same={spam[2]}&q=http&since=2026-11-01&site=blog")).text
    assert sorted(desk.cases(asked)) == sorted(spam)
    same = (await client.get(f"/desk/?same={spam[0]}")).text
    data = {name: desk.field(same, name) for name in ("csrf", "back", "shown", "at")}
    await client.post(
        "/desk/decide", data=data | {"act": "spam", "which": "all"}, headers=desk.FORM
    )
    assert desk.cases((await client.get("/desk/")).text) == [honest_one]


async def test_equal_texts_from_before_there_were_groups_are_shown_with_them(
    client: httpx2.AsyncClient, at_desk: dict[str, str], service: Service, clock: Clock
) -> None:
    old = await makers.comment(client, comment=SPUN[0], article="/old")
    await service.store.write(lambda tx: tx.run("delete from comment_band"))
    await service.store.write(lambda tx: tx.run("update comment set sketch = null"))
    new = [await makers.comment(client, comment=text) for text in SPUN[:2]]
    await service.store.write(
        lambda tx: tx.run("update comment set alike = null where id = :id", id=old)
    )
    clock.advance(minutes=1)
    same = (await client.get(f"/desk/?same={new[1]}")).text
    assert sorted(desk.cases(same)) == sorted(new)
    same = (await client.get(f"/desk/?same={new[0]}")).text
    assert sorted(desk.cases(same)) == sorted([old, *new])


async def test_a_moderators_reply_is_nobodys_model(
    client: httpx2.AsyncClient, moderator: dict[str, str], service: Service
) -> None:
    top = await makers.approved(client, moderator, comment="Merci.")
    answer = await client.post(
        f"/v1/moderation/comments/{top}/reply", json={"text": SPUN[0]}, headers=moderator
    )
    assert answer.status_code == 201
    assert await bands(service) == 0


async def test_bands_are_removed_after_thirty_days(
    client: httpx2.AsyncClient, service: Service, clock: Clock, site: Site
) -> None:
    for number in range(22):
        await makers.comment(client, comment=f"{SPUN[0]} {number}", article=f"/{number}")
    clock.advance(days=20)
    await makers.comment(client, comment=SPUN[1])
    clock.advance(days=10)
    assert await bands(service) == 23 * sketch.BANDS > tidy.BANDS_AT_ONCE
    await tidy.tidy(service)
    assert await bands(service) == sketch.BANDS
    late = await makers.comment(client, comment=SPUN[2])
    assert (await groups(service))[late] is not None


async def test_a_short_text_in_disguise_is_the_same_text(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await makers.comment(client, comment="Montres de luxe à moitié prix chez Montreluxe")
    for number, text in enumerate(
        (
            "Mon\u200btres de luxe à moitié prix chez Montreluxe",
            "MONTRES de luxe, à moitie prix, chez Montreluxe !",
            "Mоntres de luxe à moitié prix chez Mоntreluxe",
            "**Mon**tres de luxe à moitié prix chez Montreluxe",
        )
    ):
        comment = await makers.comment(client, comment=text, article=f"/{number}")
        assert await heard(client, moderator, comment) is not None, text
