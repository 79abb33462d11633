"""`GET /v1/rules` and `/rules`: a site's rules in plain words, for anyone."""

from __future__ import annotations

import dataclasses
import html
import json
import re

import httpx2
import pytest

import makers
from conftest import PUBLIC_URL
from palabre import locale, screening
from palabre.actions import sites
from palabre.model import Policy, Site
from palabre.rendering import site_rules
from palabre.service import Service
from palabre.settings import load
from palabre.text.policy import merge
from palabre.text.presets import PRESETS, TREATABLE
from web.speaking import BROWSER, field_codes, problem

BLOG = Site("s", "blog", "fr", ("https://blog.example",), Policy())


async def rules(client: httpx2.AsyncClient, query: str = "") -> dict[str, dict[str, object]]:
    answer = await client.get(f"/v1/rules?{query}")
    assert answer.status_code == 200, answer.text
    return {rule["name"]: rule for rule in answer.json()["rules"]}


def with_policy(**changes: object) -> Site:
    return dataclasses.replace(BLOG, policy=merge(Policy(), changes))


@pytest.mark.parametrize("language", locale.LANGUAGES)
def test_every_rule_is_told_in_every_language(language: str) -> None:
    told = site_rules.every(BLOG, language)
    assert [rule.name for rule in told] == [rule.name for rule in screening.RULES]
    assert len({rule.about for rule in told}) == len({rule.title for rule in told}) == len(told)
    assert all(rule.follows for rule in told if rule.treatment != "off")


@pytest.mark.parametrize(
    ("name", "changes", "treatment"),
    [
        ("links", {}, "hold"),
        ("links", {"treatment": {"links": "spam"}}, "spam"),
        ("links", {"treatment": {"links": "off"}}, "off"),
        ("honeypot", {}, "spam"),
        ("honeypot", {"treatment": {"honeypot": "note"}}, "note"),
        ("blocked", {}, "spam"),
        ("banned", {"tell_banned": True}, "refuse"),
        ("words", {}, "off"),
        ("words", {"treatment": {"words": "hold"}}, "off"),
        ("words", {"hold_words": ["casino"]}, "hold"),
        ("words", {"reject_words": ["casino"]}, "refuse"),
        ("words", {"reject_words": ["casino"], "treatment": {"words": "note"}}, "note"),
        ("personal", {"personal_data": "note"}, "note"),
        ("personal", {"personal_data": "off"}, "off"),
        ("language", {}, "note"),
        ("language", {"languages": ["fr"]}, "hold"),
        ("language", {"preset": "strict"}, "hold"),
        ("throwaway", {}, "note"),
        ("throwaway", {"treatment": {"throwaway": "hold"}}, "hold"),
        ("proof", {}, "hold"),
        ("proof", {"proof": "off"}, "off"),
        ("author_pace", {"author_limit": "off"}, "off"),
        ("learned", {}, "hold"),
        ("learned", {"learned_spam": 1}, "spam"),
        ("learned", {"learned_hold": 0}, "note"),
        # A score that minds nothing has nothing held.
        ("learned", {"learned_hold": 0, "treatment": {"learned": "spam"}}, "note"),
        ("learned", {"treatment": {"learned": "spam"}}, "spam"),
        ("capitals", {"preset": "open"}, "note"),
    ],
)
def test_what_a_rule_does_is_told_as_it_is(
    name: str, changes: dict[str, object], treatment: str
) -> None:
    (told,) = [rule for rule in site_rules.every(with_policy(**changes), "fr") if rule.name == name]
    assert told.treatment == treatment


def test_the_share_of_mistakes_is_told_of_what_the_score_does() -> None:
    def text(**changes: object) -> str:
        told = site_rules.every(with_policy(**changes), "en")
        return next(rule.text for rule in told if rule.name == "learned")

    assert "at most 10 in 1,000 honest comments wait" in text()
    assert "set aside at most 2 in 1,000" in text(learned_spam=2)
    treated = text(learned_spam=2, treatment={"learned": "hold"})
    assert "10 in 1,000 honest comments wait" in treated
    assert "set aside" not in treated
    assert "1,000" not in text(treatment={"learned": "note"})


async def test_the_rules_in_force_are_told_with_their_thresholds(
    client: httpx2.AsyncClient, service: Service
) -> None:
    assert (await rules(client))["links"]["thresholds"] == {"max_links": 2}
    await sites.change_policy(
        service,
        "blog",
        {"preset": "open", "languages": ["fr", "br"], "treatment": {"links": "off"}},
    )
    answer = (await client.get("/v1/rules?site=blog&lang=en")).json()
    assert (answer["site"], answer["preset"], answer["language"]) == ("blog", "open", "en")
    assert answer["first_state"]["value"] == "approved"
    assert answer["retention"]["rejected_days"] == 30
    told = await rules(client, "lang=en")
    assert "links" not in told
    assert told["language"]["thresholds"] == {"languages": ["fr", "br"]}
    assert "French, Breton" in str(told["language"]["text"])
    assert told["capitals"]["treatment"] == "note"


async def test_nothing_is_told_that_helps_to_get_round_a_rule(
    client: httpx2.AsyncClient, service: Service, moderator: dict[str, str]
) -> None:
    figures = {
        "network_limit": "4321/hour",
        "article_limit": "4322/hour",
        "site_limit": "4323/hour",
    }
    changes = {"hold_words": ["zanzibar"], "reject_words": ["samarcande"], **figures}
    more = {"min_seconds": 59, "reports_to_hold": 987, "author_limit": "4324/hour"}
    await sites.change_policy(service, "blog", changes | more)
    for path in ("/v1/rules", "/rules"):
        for language in locale.LANGUAGES:
            text = (await client.get(f"{path}?lang={language}")).text
            for secret in ("zanzibar", "samarcande", "432", "59", "987", "alice"):
                assert secret not in text


async def test_any_page_may_read_it_and_keep_it_as_long_as_it_is_true(
    client: httpx2.AsyncClient, service: Service
) -> None:
    for path in ("/v1/rules", "/rules"):
        first = await client.get(path, headers={"Origin": "https://x.example"})
        assert first.headers["access-control-allow-origin"] == "*"
        assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
        assert first.headers["content-language"] == "fr"
        known = {"If-None-Match": first.headers["etag"], "Origin": "https://x.example"}
        assert (await client.get(path, headers=known)).status_code == 304
        await sites.change_policy(service, "blog", {"max_links": 40 + len(path)})
        again = await client.get(path, headers=known)
        assert again.status_code == 200
        assert f"Plus de {40 + len(path)} liens" in again.text
    assert (await client.options("/v1/rules")).headers["access-control-allow-origin"] == "*"


async def test_of_several_sites_one_has_to_be_named(
    client: httpx2.AsyncClient, service: Service
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    assert field_codes(await client.get("/v1/rules"), 400) == {"site": "required"}
    problem(await client.get("/v1/rules?site=nowhere"), 404, "site_not_found")
    assert (await client.get("/rules?site=nowhere", headers=BROWSER)).status_code == 404
    assert (await client.get("/v1/rules?site=other")).json()["site"] == "other"


@pytest.mark.parametrize("language", locale.LANGUAGES)
async def test_the_page_says_what_programs_are_told(
    language: str, client: httpx2.AsyncClient
) -> None:
    told = (await client.get(f"/v1/rules?lang={language}")).json()
    answer = await client.get(f"/rules?lang={language}", headers=BROWSER)
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", answer.text)))
    for rule in told["rules"]:
        assert re.sub(r"\s+", " ", rule["text"]) in text
        assert f'<dt id="{rule["name"]}">' in answer.text
    for part in ("first_state", "automation", "reports"):
        assert re.sub(r"\s+", " ", told[part]["text"]) in text
    assert told["url"] == f"{PUBLIC_URL}/rules?site=blog&lang={language}"


async def test_the_form_and_the_receipt_of_what_waits_lead_to_the_rules(
    client: httpx2.AsyncClient, moderator: dict[str, str]
) -> None:
    link = 'href="/rules?site=blog&amp;lang=fr"'
    assert link in (await client.get("/v1/form?article=/a", headers=BROWSER)).text
    sent = await makers.submit(client)
    receipt = sent["receipt"]["url"]
    assert link in (await client.get(receipt, headers=BROWSER)).text
    await makers.act(client, moderator, sent["comment"]["id"], "reject")
    assert link in (await client.get(receipt, headers=BROWSER)).text
    await makers.act(client, moderator, sent["comment"]["id"], "approve")
    assert link not in (await client.get(receipt, headers=BROWSER)).text


async def test_whom_the_site_trusts_is_told_without_the_figure(
    client: httpx2.AsyncClient, service: Service
) -> None:
    async def publication() -> str:
        return str((await client.get("/v1/rules?lang=en")).json()["first_state"]["text"])

    trusting = "need not wait, unless a rule below minds"
    assert trusting not in await publication()
    await sites.change_policy(service, "blog", {"trust_after": 47})
    assert trusting in await publication()
    assert "47" not in await publication()
    await sites.change_policy(service, "blog", {"first_state": "approved"})
    assert trusting not in await publication()


def test_rules_of_limits_are_not_told_where_the_operator_has_none() -> None:
    def names(limit: str) -> set[str]:
        told = site_rules.told(BLOG, load({"PALABRE_SUBMISSION_LIMIT": limit}), "en")
        return {rule.name for rule in told.rules}

    assert names("10/minute") - names("off") == {"author_pace", "proof"}


def test_what_the_presets_say_can_be_told() -> None:
    for name in PRESETS:
        told = site_rules.every(with_policy(preset=name), "fr")
        assert json.dumps([dict(rule.thresholds) for rule in told])
        assert {rule.name for rule in told} == set(TREATABLE)
