"""`/v1/moderation/sites/NAME`: a site's rules, read and changed."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from conftest import token_for
from palabre.actions import sites
from palabre.model import REASONS, Scope
from palabre.service import Service
from palabre.text.policy import as_json
from palabre.text.presets import PRESETS
from web.speaking import problem

Json = dict[str, Any]
URL = "/v1/moderation/sites/blog"
DEFAULTS: Json = {
    "preset": "balanced",
    "first_state": "pending",
    "depth": 3,
    "max_links": 2,
    "comment_limit": 10_000,
    "author_limit": "10/minute",
    "network_limit": "100/minute",
    "article_limit": "20/minute",
    "site_limit": "30/minute",
    "close_after_days": None,
    "privacy_url": None,
    "stylesheet": None,
    "tell_banned": False,
    "reasons": list(REASONS),
    "reports_to_hold": 3,
    "languages": None,
    "hold_words": [],
    "reject_words": [],
    "min_seconds": 2,
    "personal_data": "hold",
    "learned_hold": 10,
    "learned_spam": 0,
    "trust_after": None,
    "proof": "attack",
    "treatment": {},
}


async def change(
    client: httpx2.AsyncClient, admin: dict[str, str], policy: object, url: str = URL
) -> httpx2.Response:
    return await client.patch(
        url,
        content=json.dumps({"policy": policy}),
        headers={**admin, "Content-Type": "application/json"},
    )


async def test_a_site_is_told_with_every_rule_in_force(
    client: httpx2.AsyncClient, reader: dict[str, str]
) -> None:
    answer = await client.get(URL, headers=reader)
    assert answer.json() == {
        "name": "blog",
        "origins": ["https://blog.example"],
        "locale": "fr",
        "policy": DEFAULTS,
        "set": [],
    }


async def test_a_preset_changes_what_is_not_set(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await change(client, admin, {"max_links": 2, "treatment": {"links": "note", "bot": "spam"}})
    answer = await change(client, admin, {"preset": "open", "treatment": {"bot": None}})
    told = answer.json()
    assert told["policy"] == as_json(PRESETS["open"]) | {
        "max_links": 2,
        "treatment": {"capitals": "note", "links": "note"},
    }
    assert told["set"] == ["max_links", "preset", "treatment.links"]
    back = await change(client, admin, {"preset": None, "max_links": None, "treatment": None})
    assert (back.json()["policy"], back.json()["set"]) == (DEFAULTS, [])


async def test_an_article_has_a_preset_of_its_own_below_what_its_site_has_set(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await change(client, admin, {"preset": "open", "max_links": 7})
    headers = {**admin, "Content-Type": "application/json"}
    put = {"article": "/a", "site": "blog"}
    made = await client.put("/v1/moderation/articles", json=put, headers=headers)
    assert made.json()["set"] == []
    url = f"/v1/moderation/articles/{made.json()['id']}"
    asked = {"policy": {"preset": "strict", "treatment": {"bot": "off"}}}
    told = (await client.patch(url, json=asked, headers=headers)).json()
    assert told["policy"]["max_links"] == 7
    assert told["policy"]["learned_hold"] == PRESETS["strict"].learned_hold
    assert told["policy"]["treatment"] == {**PRESETS["strict"].treatment, "bot": "off"}
    assert told["set"] == ["preset", "treatment.bot"]


async def test_a_treatment_that_makes_no_sense_is_refused_with_a_sentence(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    answer = await change(
        client, admin, {"treatment": {"banned": "off", "capitals": "spam", "hue": "note"}}
    )
    told = problem(answer, 422, "invalid_request")
    assert [(one["field"], one["code"]) for one in told["errors"]] == [
        ("policy.treatment.banned", "not_allowed"),
        ("policy.treatment.capitals", "not_allowed"),
        ("policy.treatment.hue", "unknown"),
    ]
    assert len({one["message"] for one in told["errors"]}) == 3


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        ("first_state", "approved"),
        ("depth", 0),
        ("depth", 10),
        ("max_links", 0),
        ("comment_limit", 1),
        ("comment_limit", 20_000),
        ("close_after_days", 1),
        ("author_limit", "1/second"),
        ("network_limit", "9999999/day"),
        ("article_limit", "off"),
        ("site_limit", "60/hour"),
        ("learned_hold", 0),
        ("learned_hold", 100),
        ("learned_spam", 1),
        ("privacy_url", "https://blog.example/vie-privee"),
        ("stylesheet", "/palabre.css"),
        ("stylesheet", "https://blog.example/palabre.css"),
        ("tell_banned", True),
        ("reasons", ["other", "abuse"]),
        ("min_seconds", 0),
        ("min_seconds", 60),
        ("personal_data", "note"),
        ("personal_data", "off"),
        ("reports_to_hold", 0),
        ("reports_to_hold", 1_000),
        ("trust_after", 1),
        ("trust_after", 50),
        ("proof", "off"),
        ("proof", "attack"),
    ],
)
async def test_a_rule_is_changed_kept_and_taken_back(
    rule: str, good: object, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    changed = await change(client, admin, {rule: good})
    assert changed.status_code == 200
    assert changed.json()["policy"] == DEFAULTS | {rule: good}
    assert (await client.get(URL, headers=admin)).json() == changed.json()
    back = await change(client, admin, {rule: None})
    assert back.json()["policy"] == DEFAULTS


async def test_a_change_leaves_the_other_rules_alone(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    await change(client, admin, {"depth": 1, "max_links": 5})
    changed = await change(client, admin, {"depth": 2})
    assert changed.json()["policy"] == DEFAULTS | {"depth": 2, "max_links": 5}
    assert (await change(client, admin, {})).json() == changed.json()


@pytest.mark.parametrize(
    ("rule", "bad", "code"),
    [
        ("first_state", "spam", "invalid"),
        ("first_state", True, "invalid"),
        ("depth", -1, "invalid"),
        ("depth", 11, "invalid"),
        ("depth", True, "invalid"),
        ("depth", "3", "invalid"),
        ("max_links", 1.5, "invalid"),
        ("comment_limit", 0, "invalid"),
        ("comment_limit", 20_001, "invalid"),
        ("close_after_days", 0, "invalid"),
        ("author_limit", "0/minute", "invalid"),
        ("network_limit", "ten/minute", "invalid"),
        ("article_limit", 10, "invalid"),
        ("site_limit", "10/week", "invalid"),
        ("site_limit", "", "invalid"),
        ("learned_hold", 101, "invalid"),
        ("learned_spam", -1, "invalid"),
        ("privacy_url", "javascript:alert(1)", "invalid"),
        ("privacy_url", "", "invalid"),
        ("privacy_url", "https://a.example/\ud800", "invalid"),
        ("stylesheet", "", "invalid"),
        ("stylesheet", "//blog.example/palabre.css", "invalid"),
        ("stylesheet", "https://evil.example/palabre.css", "not_allowed"),
        ("reasons", [], "invalid"),
        ("min_seconds", 61, "invalid"),
        ("trust_after", 0, "invalid"),
        ("trust_after", 51, "invalid"),
        ("trust_after", True, "invalid"),
        ("proof", "always", "invalid"),
        ("reasons", ["boring"], "invalid"),
        ("reasons", ["abuse", "abuse"], "invalid"),
        ("reasons", [["abuse"]], "invalid"),
        ("colour", "red", "unknown"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_a_bad_rule_is_named_and_none_is_changed(
    rule: str, bad: object, code: str, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    answer = await change(client, admin, {"depth": 1} | {rule: bad})
    told = problem(answer, 422, "invalid_request")
    named = [(error["field"], error["code"]) for error in told["errors"]]
    assert named == [(f"policy.{rule}", code)]
    assert (await client.get(URL, headers=admin)).json()["policy"] == DEFAULTS


@pytest.mark.engine("sqlite")
async def test_all_bad_rules_are_named_at_once(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    answer = await change(client, admin, {"depth": 99, "colour": 1, "reasons": 3})
    told = problem(answer, 422, "invalid_request")
    assert {error["field"] for error in told["errors"]} == {
        "policy.depth",
        "policy.colour",
        "policy.reasons",
    }


@pytest.mark.parametrize("policy", ["open", 3, [], True, {"\ud800": 1}])
@pytest.mark.engine("sqlite")
async def test_what_is_no_policy_is_refused(
    policy: object, client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    told = problem(await change(client, admin, policy), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("policy", "invalid")]


@pytest.mark.engine("sqlite")
async def test_a_treatment_by_no_name_at_all_is_refused(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    told = problem(
        await change(client, admin, {"treatment": {"\ud800": "off"}}), 422, "invalid_request"
    )
    assert [(one["field"], one["code"]) for one in told["errors"]] == [
        ("policy.treatment", "unknown")
    ]


async def test_a_change_without_a_policy_is_none(
    client: httpx2.AsyncClient, admin: dict[str, str]
) -> None:
    told = problem(await change(client, admin, None), 422, "invalid_request")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("policy", "required")]


async def test_only_an_admin_changes_the_rules(
    client: httpx2.AsyncClient, moderator: dict[str, str], reader: dict[str, str]
) -> None:
    for headers in (moderator, reader):
        problem(await change(client, headers, {"depth": 1}), 403, "scope_missing")
        assert (await client.get(URL, headers=headers)).json()["policy"] == DEFAULTS


async def test_another_site_is_not_found_even_for_its_neighbours_admin(
    client: httpx2.AsyncClient, service: Service, admin: dict[str, str]
) -> None:
    await sites.add(service, "other", origins=["https://other.example"])
    bound = await token_for(service, "otto", Scope.ADMIN, site="other")
    unknown = await client.get("/v1/moderation/sites/nowhere", headers=bound)
    problem(unknown, 404, "site_not_found")
    assert (await client.get(URL, headers=bound)).json() == unknown.json()
    problem(await change(client, bound, {"depth": 1}), 404, "site_not_found")
    own = await change(client, bound, {"depth": 1}, url="/v1/moderation/sites/other")
    assert own.json()["policy"] == DEFAULTS | {"depth": 1}
    assert (await client.get(URL, headers=admin)).json()["policy"] == DEFAULTS
