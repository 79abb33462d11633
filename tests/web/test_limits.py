"""How fast one visitor may send, and what happens when all send at once (contract 3.1, 6)."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx2
import pytest

import makers
from conftest import Clock
from palabre.actions import sites
from palabre.service import Service
from palabre.text import markup
from web.speaking import (
    NOTHING,
    browse,
    client_at,
    post,
    problem,
    stored,
)
from web.tree import read


@pytest.fixture
def two_a_minute(environ: dict[str, str]) -> None:
    environ["PALABRE_SUBMISSION_LIMIT"] = "2/minute"


@pytest.fixture
def one_at_a_time(environ: dict[str, str]) -> None:
    environ["PALABRE_WAITING_WRITES"] = "1"
    environ["PALABRE_JOBS"] = "false"


@pytest.fixture
def behind_nobody(environ: dict[str, str]) -> None:
    environ["PALABRE_TRUSTED_PROXIES"] = "none"


limited = pytest.mark.usefixtures("two_a_minute")


async def use_up(client: httpx2.AsyncClient, **headers: str) -> None:
    for _ in range(2):
        assert (await post(client, makers.fields(), **headers)).status_code == 201


async def is_refused(client: httpx2.AsyncClient, **headers: str) -> bool:
    answer = await post(client, makers.fields(), **headers)
    assert answer.status_code in (201, 429)
    return answer.status_code == 429


@limited
async def test_who_is_too_fast_is_told_when_to_try_again(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    await use_up(client)
    answer = await post(client, makers.fields(lang="en"))
    body = problem(answer, 429, "too_fast")
    assert answer.headers["retry-after"] == "30"
    assert body["detail"] == "You are posting too quickly. Try again in 30 seconds."
    assert await stored(client, moderator) == NOTHING | {"pending": 2}


@limited
async def test_the_allowance_comes_back_with_time(client: httpx2.AsyncClient, clock: Clock) -> None:
    await use_up(client)
    clock.advance(seconds=29)
    assert await is_refused(client)
    clock.advance(seconds=1)
    assert not await is_refused(client)
    assert await is_refused(client)
    clock.advance(seconds=60)
    await use_up(client)
    assert await is_refused(client)


@limited
async def test_to_be_refused_costs_nothing(client: httpx2.AsyncClient, clock: Clock) -> None:
    await use_up(client)
    for _ in range(5):
        assert await is_refused(client)
    clock.advance(seconds=30)
    assert not await is_refused(client)


@limited
async def test_a_mistake_costs_nothing(client: httpx2.AsyncClient) -> None:
    for _ in range(5):
        assert (await post(client, makers.fields(email="x"))).status_code == 422
    await use_up(client)


@limited
async def test_the_same_request_again_costs_nothing(client: httpx2.AsyncClient) -> None:
    fields = makers.fields(idempotency_key="the-same-key")
    for _ in range(5):
        assert (await post(client, fields)).status_code == 201
    assert not await is_refused(client)
    assert (await post(client, fields)).status_code == 201


@limited
async def test_a_browser_keeps_its_text_and_its_key(client: httpx2.AsyncClient) -> None:
    await use_up(client)
    fields = makers.fields(idempotency_key="the-same-key", comment="À ne pas perdre.")
    answer = await browse(client, fields)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "30"
    page = read(answer.text)
    assert "Trop d’envois en peu de temps" in page.text
    assert page.one("textarea").raw.strip() == "À ne pas perdre."
    assert page.one("input", name="idempotency_key")["value"] == "the-same-key"


@limited
async def test_each_site_has_its_own_limit(client: httpx2.AsyncClient, service: Service) -> None:
    await sites.add(service, "news", origins=["https://news.example"])
    for article in ("https://blog.example/a", "https://news.example/a"):
        for _ in range(2):
            assert (await post(client, makers.fields(article=article))).status_code == 201
        assert (await post(client, makers.fields(article=article))).status_code == 429


@limited
async def test_many_at_once_cannot_all_take_the_last_one(client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(post(client, makers.fields()) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 2, 429: 18}


@limited
async def test_it_does_not_matter_who_one_says_one_is(client: httpx2.AsyncClient) -> None:
    for name in ("A", "B"):
        fields = makers.fields(name=name, email=f"{name}@example.com", article=f"/{name}")
        assert (await post(client, fields)).status_code == 201
    assert await is_refused(client, user_agent="another")


# Who is one visitor.


@limited
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.5", "203.0.113.5", True),
        ("203.0.113.5", "203.0.113.6", False),
        ("203.0.113.5", "::ffff:203.0.113.5", True),
        ("203.0.113.5", "203.0.113.5:4711", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "[2001:db8:1:2::1]:443", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        # The first entry is anybody's word; the last is our own proxy's.
        ("198.51.100.1, 203.0.113.5", "198.51.100.2, 203.0.113.5", True),
        ("203.0.113.5, 198.51.100.1", "203.0.113.5, 198.51.100.2", False),
        ("203.0.113.5, 127.0.0.1", "203.0.113.5", True),
    ],
)
@pytest.mark.engine("sqlite")
async def test_behind_a_trusted_proxy_a_visitor_is_whom_it_says(
    client: httpx2.AsyncClient, one: str, other: str, same: bool
) -> None:
    await use_up(client, x_forwarded_for=one)
    assert await is_refused(client, x_forwarded_for=other) is same


@limited
async def test_the_standard_header_is_understood_too(client: httpx2.AsyncClient) -> None:
    await use_up(client, forwarded='for="[2001:db8::1]:4711";proto=https')
    assert await is_refused(client, forwarded='for="[2001:db8::2]"')
    assert not await is_refused(client, forwarded="for=192.0.2.9")


@limited
async def test_a_stranger_s_word_on_the_address_is_not_taken(
    client: httpx2.AsyncClient, service: Service
) -> None:
    async with client_at(service, "203.0.113.5") as stranger:
        await use_up(stranger, x_forwarded_for="198.51.100.1")
        assert await is_refused(stranger, x_forwarded_for="198.51.100.2")
        assert await is_refused(stranger)
    assert not await is_refused(client, x_forwarded_for="198.51.100.1")


@limited
@pytest.mark.usefixtures("behind_nobody")
async def test_without_a_trusted_proxy_nobody_s_word_is_taken(client: httpx2.AsyncClient) -> None:
    await use_up(client, x_forwarded_for="198.51.100.1")
    assert await is_refused(client, x_forwarded_for="198.51.100.2")


# Too much at once.


@pytest.mark.usefixtures("one_at_a_time")
async def test_too_much_at_once_is_told_when_to_try_again(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    answers = await asyncio.gather(*(post(client, makers.fields()) for _ in range(30)))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {201, 503}
    for answer in answers:
        if answer.status_code == 503:
            problem(answer, 503, "busy")
            assert answer.headers["retry-after"] == "1"
    assert (await stored(client, moderator))["pending"] == statuses[201]


@pytest.mark.usefixtures("one_at_a_time")
async def test_too_much_at_once_keeps_a_browser_s_text(client: httpx2.AsyncClient) -> None:
    sent = [makers.fields(comment=f"Texte {n}.") for n in range(30)]
    answers = await asyncio.gather(*(browse(client, fields) for fields in sent))
    refused = [
        (fields, answer)
        for fields, answer in zip(sent, answers, strict=True)
        if answer.status_code == 503
    ]
    assert refused
    for fields, answer in refused:
        assert read(answer.text).one("textarea").raw.strip() == fields["comment"]


@limited
async def test_what_is_over_the_limit_is_not_even_rendered(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await use_up(client)
    monkeypatch.setattr(markup, "render", None)
    assert (await post(client, makers.fields())).status_code == 429
