"""Changes to a policy: what is taken, what is refused, how they combine, how they are typed."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palabre.errors import FIELD_CODES
from palabre.model import REASONS, Policy, State
from palabre.text.policy import (
    WORDS,
    as_json,
    as_json_of_article,
    changed,
    check,
    merge,
    parse,
    stylesheet_url,
)
from palabre.text.presets import PRESETS

CHANGED: dict[str, object] = {
    "preset": "open",
    "first_state": "approved",
    "depth": 0,
    "max_links": 5,
    "comment_limit": 20_000,
    "author_limit": "5/minute",
    "network_limit": "off",
    "article_limit": "1/second",
    "site_limit": "9999999/day",
    "learned_hold": 0,
    "learned_spam": 100,
    "close_after_days": 30,
    "privacy_url": "https://exemple.fr/vie-privee",
    "stylesheet": "/palabre.css",
    "tell_banned": True,
    "reasons": ["other", "abuse"],
    "reports_to_hold": 5,
    "languages": ["fr", "br"],
    "min_seconds": 7,
    "personal_data": "off",
    "trust_after": 4,
    "proof": "off",
    "hold_words": ["prêt immédiat", "*casino*"],
    "reject_words": ["viagr*"],
    "treatment": {"capitals": "note", "links": "spam"},
}


BAD_FOR_ALL: tuple[object, ...] = (
    *({}, [], "", " ", "?", "1", b"1", True, False),
    *(-1, 1.5, 1e400, 2**63, [[]], [None]),
)


def test_every_rule_can_be_changed_and_is_shown() -> None:
    names = {field.name for field in fields(Policy)} - {"own"}
    assert set(CHANGED) == names
    assert check(CHANGED) == (CHANGED, [])
    assert set(as_json(Policy())) == names
    assert as_json(merge(Policy(), CHANGED)) == CHANGED


def test_an_article_neither_has_lists_of_words_nor_is_answered_with_the_sites() -> None:
    good, errors = check(CHANGED, of_article=True)
    assert set(good) == set(CHANGED) - set(WORDS)
    assert [(error.field, error.code) for error in errors] == [
        (f"policy.{rule}", "not_allowed") for rule in WORDS
    ]
    assert as_json_of_article(merge(Policy(), CHANGED)) == good


def test_merging_makes_values_of_the_model() -> None:
    policy = merge(Policy(), CHANGED)
    assert policy.first_state is State.APPROVED
    assert policy.reasons == ("other", "abuse")
    assert policy.depth == 0


def test_what_is_not_changed_stays() -> None:
    base = merge(Policy(), CHANGED)
    assert merge(base, {}) == base
    assert as_json(merge(base, {"depth": 7})) == CHANGED | {"depth": 7}


@pytest.mark.parametrize("rule", CHANGED)
def test_null_sets_a_rule_back_to_its_default(rule: str) -> None:
    assert check({rule: None}) == ({rule: None}, [])
    policy = merge(merge(Policy(), CHANGED), {rule: None})
    default = Policy() if rule == "preset" else PRESETS["open"]
    assert getattr(policy, rule) == getattr(default, rule)
    assert as_json(policy) == CHANGED | {rule: as_json(default)[rule]}


def test_a_preset_is_what_holds_where_nothing_is_set() -> None:
    for name, preset in PRESETS.items():
        assert preset.preset == name
        assert merge(Policy(), {"preset": name}) == preset
        assert check(as_json(preset)) == (as_json(preset), [])
    assert PRESETS["balanced"] == Policy()
    assert PRESETS["strict"].max_links < Policy().max_links < PRESETS["open"].max_links
    assert merge(Policy(), {"preset": "newer", "depth": 1}) == Policy(depth=1)


def test_an_article_stands_above_its_site_and_the_site_above_the_preset() -> None:
    site = merge(
        Policy(), {"preset": "open", "max_links": 7, "treatment": {"bot": "off", "links": "spam"}}
    )
    assert (site.max_links, site.reports_to_hold) == (7, PRESETS["open"].reports_to_hold)
    assert site.treatment == {"capitals": "note", "bot": "off", "links": "spam"}
    assert site.own == {"preset", "max_links", "treatment.bot", "treatment.links"}
    article = merge(site, {"preset": "strict", "min_seconds": 9, "treatment": {"links": "note"}})
    strict = PRESETS["strict"]
    assert (article.max_links, article.min_seconds) == (7, 9)
    assert (article.first_state, article.learned_hold) == (strict.first_state, strict.learned_hold)
    assert article.treatment == {**strict.treatment, "bot": "off", "links": "note"}
    assert article.own == {"preset", "min_seconds", "treatment.links"}


def test_changes_of_treatments_are_made_rule_by_rule() -> None:
    stored = changed({}, {"depth": 1, "treatment": {"links": "note", "bot": "off"}})
    assert stored == {"depth": 1, "treatment": {"links": "note", "bot": "off"}}
    stored = changed(stored, {"depth": None, "treatment": {"links": None, "noise": "spam"}})
    assert stored == {"treatment": {"bot": "off", "noise": "spam"}}
    assert changed(stored, {"treatment": {"bot": None, "noise": None}}) == {}
    assert changed(stored, {"treatment": None}) == {}


@pytest.mark.parametrize(
    ("rule", "value", "code", "hint"),
    [
        ("hue", "off", "unknown", None),
        ("links", "delete", "invalid", "treatment_invalid"),
        ("links", ["off"], "invalid", "treatment_invalid"),
        ("capitals", "spam", "not_allowed", "treatment_not_spam"),
        ("words", "spam", "not_allowed", "treatment_not_spam"),
        ("blocked", "off", "not_allowed", "treatment_of_ban"),
        ("banned", "spam", "not_allowed", "treatment_of_ban"),
        ("personal", "note", "not_allowed", "treatment_of_personal"),
        ("proof", "off", "not_allowed", "treatment_of_proof"),
    ],
)
def test_a_treatment_that_makes_no_sense_is_refused_by_name(
    rule: str, value: object, code: str, hint: str | None
) -> None:
    good, (error,) = check({"treatment": {rule: value, "bot": "off"}, "depth": 1})
    assert good == {"depth": 1}
    assert (error.field, error.code, error.hint) == (f"policy.treatment.{rule}", code, hint)


def test_a_rule_that_only_a_newer_version_knows_is_passed_over_in_the_store() -> None:
    assert merge(Policy(), {"hue": 7, "depth": 1}) == Policy(depth=1)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("first_state", "pending"),
        ("first_state", State.APPROVED),
        ("depth", 0),
        ("depth", 10),
        ("max_links", 0),
        ("max_links", 100),
        ("comment_limit", 1),
        ("comment_limit", 20_000),
        ("close_after_days", 1),
        ("close_after_days", 36_500),
        ("reports_to_hold", 0),
        ("reports_to_hold", 1_000),
        ("privacy_url", "http://a"),
        ("privacy_url", "https://a.fr/" + "a" * 487),
        ("stylesheet", "/"),
        ("stylesheet", "/style.css?v=1"),
        ("stylesheet", "/" + "a" * 499),
        ("tell_banned", True),
        ("tell_banned", False),
        ("reasons", ["abuse"]),
        ("reasons", list(REASONS)),
        ("reasons", list(reversed(REASONS))),
    ],
)
def test_a_good_value_is_taken_as_it_is(rule: str, value: object) -> None:
    good, errors = check({rule: value})
    assert (good, errors) == ({rule: value}, [])
    assert json.loads(json.dumps(good)) == good
    assert as_json(merge(Policy(), good))[rule] == value


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        *(
            (rule, value)
            for rule in CHANGED
            for value in BAD_FOR_ALL
            # A list of words may be empty.
            if not (rule in WORDS and value == [])
            and not (rule == "treatment" and value == {})
            and not (isinstance(value, bool) and rule == "tell_banned")
        ),
        ("tell_banned", "on"),
        ("tell_banned", 1),
        ("languages", []),
        ("languages", ["fr-CA"]),
        ("languages", ["français"]),
        ("languages", ["fr"] * 21),
        ("hold_words", ["a*"]),
        ("reject_words", ["!?"]),
        ("first_state", "rejected"),
        ("first_state", "Approved"),
        ("depth", 11),
        ("depth", 3.0),
        ("max_links", 101),
        ("comment_limit", 0),
        ("comment_limit", 20_001),
        ("close_after_days", 0),
        ("close_after_days", 36_501),
        ("author_limit", "0/minute"),
        ("author_limit", "10/minutes"),
        ("network_limit", "10"),
        ("article_limit", "10000000/day"),
        ("site_limit", "-1/day"),
        ("reports_to_hold", -1),
        ("reports_to_hold", 1_001),
        ("reports_to_hold", True),
        ("privacy_url", "/vie-privee"),
        ("privacy_url", "javascript:alert(1)"),
        ("privacy_url", "https://a.fr/\x00"),
        ("privacy_url", "https://a.fr/\ud800"),
        ("stylesheet", "style.css"),
        ("stylesheet", "//evil.example/style.css"),
        ("stylesheet", "/\\evil.example/style.css"),
        ("stylesheet", "https:evil.example"),
        ("stylesheet", "javascript:alert(1)"),
        ("stylesheet", "data:text/css,*{}"),
        ("stylesheet", '/style.css" onload="x'),
        ("stylesheet", "/sty le.css"),
        ("stylesheet", "/\ud800"),
        ("reasons", "abuse"),
        ("reasons", ["abuse", "abuse"]),
        ("reasons", ["abuse", "rude"]),
        ("reasons", ["abuse", {}]),
        ("reasons", {"abuse": True}),
    ],
)
def test_a_bad_value_is_invalid_and_left_out(rule: str, value: object) -> None:
    good, errors = check({rule: value, "depth" if rule != "depth" else "max_links": 1})
    assert rule not in good
    assert len(good) == 1
    assert [(error.field, error.code) for error in errors] == [(f"policy.{rule}", "invalid")]


def test_a_limit_is_kept_as_short_as_it_can_be_written() -> None:
    assert check({"site_limit": "60 / hour"}) == ({"site_limit": "60/hour"}, [])


def test_a_privacy_page_that_is_too_long_is_told_the_limit() -> None:
    good, (error,) = check({"privacy_url": "https://a.fr/" + "a" * 488})
    assert good == {}
    assert (error.code, error.values) == ("too_long", {"limit": 500, "length": 501})


ORIGINS = ("https://exemple.fr", "https://www.exemple.fr:8443")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://exemple.fr/style.css", "https://exemple.fr/style.css"),
        ("HTTPS://Exemple.FR:443/Style.css", "https://exemple.fr/Style.css"),
        ("https://www.exemple.fr:8443/s.css", "https://www.exemple.fr:8443/s.css"),
        (" /style.css ", "/style.css"),
    ],
)
def test_a_stylesheet_is_on_the_site(given: str, kept: str) -> None:
    assert check({"stylesheet": given}, origins=ORIGINS) == ({"stylesheet": kept}, [])


@pytest.mark.parametrize(
    "given",
    [
        "http://exemple.fr/style.css",
        "https://exemple.fr.evil.example/style.css",
        "https://www.exemple.fr/style.css",
        "https://evil.example/https://exemple.fr/style.css",
    ],
)
def test_a_stylesheet_elsewhere_is_not_allowed(given: str) -> None:
    good, (error,) = check({"stylesheet": given}, origins=ORIGINS)
    assert good == {}
    assert (error.field, error.code) == ("policy.stylesheet", "not_allowed")


def test_a_stylesheet_has_a_url_as_long_as_it_is_on_the_site() -> None:
    assert stylesheet_url(Policy(), ORIGINS) is None
    path, url = Policy(stylesheet="/s.css"), Policy(stylesheet="https://www.exemple.fr:8443/s.css")
    assert stylesheet_url(path, ORIGINS) == "https://exemple.fr/s.css"
    assert stylesheet_url(url, ORIGINS) == url.stylesheet
    assert stylesheet_url(url, ORIGINS[:1]) is None


def test_every_bad_value_is_named_at_once() -> None:
    good, errors = check({"hue": 1, "depth": "deep", "max_links": 4, "reasons": []})
    assert good == {"max_links": 4}
    assert [(error.field, error.code) for error in errors] == [
        ("policy.hue", "unknown"),
        ("policy.depth", "invalid"),
        ("policy.reasons", "invalid"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("depth", "4", 4),
        ("depth", " 4 ", 4),
        ("depth", "-1", -1),
        ("close_after_days", "30", 30),
        ("close_after_days", "off", None),
        ("close_after_days", "OFF", None),
        ("reports_to_hold", "Off", 0),
        ("reports_to_hold", "", None),
        ("reports_to_hold", "4", 4),
        ("privacy_url", "", None),
        ("privacy_url", "https://a.fr/?a=b", "https://a.fr/?a=b"),
        ("first_state", "approved", "approved"),
        ("tell_banned", "on", True),
        ("tell_banned", "ON", True),
        ("tell_banned", "off", None),
        ("reasons", "abuse, other", ["abuse", "other"]),
        ("reasons", "abuse", ["abuse"]),
        ("reasons", "off", None),
        ("languages", "fr, br", ["fr", "br"]),
        ("hold_words", "casino, prêt immédiat", ["casino", "prêt immédiat"]),
        ("hold_words", "un, deux\n\ntrois\n", ["un, deux", "", "trois"]),
        ("reject_words", "off", None),
        ("site_limit", "OFF", "off"),
        ("site_limit", "30/Minute", "30/minute"),
        ("site_limit", "", None),
        ("hue", "7", 7),
        ("preset", "open", "open"),
        ("preset", "off", None),
        ("treatment", "off", None),
    ],
)
def test_assignments_are_read_as_changes(name: str, text: str, value: object) -> None:
    assert parse([(name, text)]) == {name: value}


@pytest.mark.parametrize("name", ["", "\ud800", "Links", "a" * 41, "a.b"])
def test_what_can_be_no_rules_name_is_not_said_again(name: str) -> None:
    good, (error,) = check({"treatment": {name: "off"}})
    assert good == {}
    assert (error.field, error.code) == ("policy.treatment", "unknown")


@pytest.mark.parametrize("text", ["four", "1_000", "٤", "1e3", "0x10", "9" * 5000, "4 4", "1.0"])
def test_a_number_that_is_none_is_refused_by_the_check(text: str) -> None:
    assert check(parse([("depth", text)]))[1][0].code == "invalid"


def test_treatments_are_assigned_one_by_one() -> None:
    typed = [("treatment.links", " Note"), ("depth", "1"), (" treatment.bot", "off")]
    assert parse([*typed, ("treatment.noise", "")]) == {
        "depth": 1,
        "treatment": {"links": "note", "bot": "off", "noise": None},
    }


def test_the_last_assignment_of_a_rule_counts() -> None:
    assert parse([("depth", "1"), ("max_links", "2"), ("depth", "3")]) == {
        "depth": 3,
        "max_links": 2,
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*CHANGED, "hue", ""]), JSON))
@settings(max_examples=200, deadline=None)
def test_no_value_makes_the_check_fail_otherwise(changes: dict[str, object]) -> None:
    good, errors = check(changes)
    wrong = {error.field.split(".")[1] for error in errors}
    assert {*good, *wrong} == set(changes)
    assert len(good) + len(wrong) == len(changes)
    assert all(error.code in FIELD_CODES for error in errors)
    assert check(good) == (good, [])
    assert check(as_json(merge(Policy(), good)))[1] == []
