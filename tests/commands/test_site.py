"""`palabre site …`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from commands.terminal import Terminal
from palabre import settings
from palabre.actions import sites
from palabre.commands.site import WORDS
from palabre.model import Policy
from palabre.rendering import shapes
from palabre.service import opened
from palabre.text import policy
from palabre.text.presets import PRESETS

DEFAULTS = policy.as_json(Policy())
SOME = {"preset": "balanced", "treatment": {}, "first_state": "pending", "hold_words": []}
assert DEFAULTS | SOME == DEFAULTS, "what the tests expect is as people know it"


def test_a_site_is_printed_as_it_was_added(palabre: Terminal) -> None:
    found = palabre.json(
        "site",
        "add",
        "blog",
        "--origin",
        "https://Blog.example:443/",
        "--origin",
        "http://b.example",
    )
    assert found == {
        "name": "blog",
        "origins": ["https://blog.example", "http://b.example"],
        "locale": "fr",
        "policy": DEFAULTS,
        "set": [],
    }
    assert palabre.json("site", "list") == [found]


def test_a_site_is_printed_as_the_interface_answers_it(palabre: Terminal) -> None:
    printed = palabre.json("site", "add", "blog", "--origin", "https://blog.example")

    async def answered() -> object:
        chosen = settings.load({"PALABRE_DATA_DIR": str(palabre.data)})
        async with opened(chosen) as service:
            return shapes.site(await sites.get(service, "blog"))

    assert asyncio.run(answered()) == printed


def test_a_site_speaks_the_language_that_it_is_given(palabre: Terminal) -> None:
    palabre.settings["PALABRE_LOCALE"] = "en"
    first = palabre.json("site", "add", "a", "--origin", "https://a.example")
    second = palabre.json("site", "add", "b", "--origin", "https://b.example", "--locale", "fr")
    assert (first["locale"], second["locale"]) == ("en", "fr")


def test_people_read_sites_in_columns(palabre: Terminal) -> None:
    assert palabre("site", "list") == "There is no site yet.\n"
    said = palabre("site", "add", "blog", "--origin", "https://blog.example")
    assert said == "Added the site blog at https://blog.example.\n"
    palabre("site", "add", "a", "--origin", "https://a.example", "--origin", "https://b.example")
    assert palabre("site", "list").splitlines() == [
        "NAME  LOCALE  ORIGINS",
        "a     fr      https://a.example https://b.example",
        "blog  fr      https://blog.example",
    ]


def test_everything_wrong_with_a_new_site_is_named_at_once(palabre: Terminal) -> None:
    said = palabre.refused(
        "site", "add", "no/name", "--origin", "ftp://a", "--origin", "/b", "--locale", "de"
    )
    assert len(said.splitlines()) == 4
    for word in ("“no/name”", "“ftp://a”", "“/b”", "“de”"):
        assert word in said
    assert palabre.json("site", "list") == []


def test_a_name_and_an_origin_belong_to_one_site(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    again = palabre.refused("site", "add", "blog", "--origin", "https://other.example")
    assert again == "There is a site “blog” already.\n"
    shared = palabre.refused("site", "add", "other", "--origin", "https://blog.example")
    assert "belongs to another site already" in shared
    assert [site["name"] for site in palabre.json("site", "list")] == ["blog"]


def test_rules_are_changed_one_by_one_and_taken_back_to_their_defaults(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    changed = palabre.json("site", "set", "blog", "first_state=approved", "close_after_days=90")
    assert changed["policy"] == DEFAULTS | {"first_state": "approved", "close_after_days": 90}
    changed = palabre.json("site", "set", "blog", "first_state=", "reasons=abuse,other")
    assert changed["policy"] == DEFAULTS | {"close_after_days": 90, "reasons": ["abuse", "other"]}
    assert palabre.json("site", "list") == [changed]


def test_a_limit_is_set_switched_off_and_taken_back(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    changed = palabre.json("site", "set", "blog", "site_limit=60 / hour", "author_limit=off")
    assert changed["policy"] == DEFAULTS | {"site_limit": "60/hour", "author_limit": "off"}
    changed = palabre.json("site", "set", "blog", "site_limit=", "author_limit=")
    assert changed["policy"] == DEFAULTS
    said = palabre.refused("site", "set", "blog", "site_limit=many")
    assert said == (
        "site_limit: Give a number per second, minute, hour or day, such as 30/minute, or off.\n"
    )


def test_people_read_rules_as_they_type_them(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    printed = palabre(
        "site", "set", "blog", "privacy_url=https://blog.example/a?b=c", "depth=0", "tell_banned=on"
    )
    assert printed.splitlines() == [
        "preset=balanced",
        "first_state=pending",
        "depth=0",
        "max_links=2",
        "comment_limit=10000",
        "author_limit=10/minute",
        "network_limit=100/minute",
        "article_limit=20/minute",
        "site_limit=30/minute",
        "close_after_days=off",
        "privacy_url=https://blog.example/a?b=c",
        "stylesheet=off",
        "tell_banned=on",
        "reasons=off_topic,abuse,illegal,personal_data,advertising,duplicate,other",
        "reports_to_hold=3",
        "languages=off",
        "min_seconds=2",
        "personal_data=hold",
        "learned_hold=10",
        "learned_spam=0",
        "trust_after=off",
        "proof=attack",
        "hold_words=",
        "reject_words=",
    ]
    assert palabre("site", "set", "blog", *printed.splitlines()) == printed


def test_a_preset_and_treatments_are_set_and_taken_back(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    lines = palabre("site", "set", "blog", "preset=open", "treatment.links=note").splitlines()
    assert lines[:4] == [
        *("preset=open", "treatment.capitals=note", "treatment.links=note"),
        "first_state=approved",
    ]
    changed = palabre.json("site", "set", "blog", "preset=strict", "treatment.bot=off")
    assert changed["policy"]["reports_to_hold"] == PRESETS["strict"].reports_to_hold
    assert changed["set"] == ["preset", "treatment.bot", "treatment.links"]
    back = palabre.json("site", "set", "blog", "preset=off", "treatment.bot=", "treatment.links=")
    assert (back["policy"], back["set"]) == (DEFAULTS, [])
    said = palabre.refused("site", "set", "blog", "treatment.banned=off", "preset=easy")
    first, second = said.splitlines()
    assert first == "preset: Choose strict, balanced or open."
    assert second.startswith("treatment.banned: A ban is a moderator’s own decision: lift it")


def test_a_list_of_words_comes_from_a_file_with_one_a_line(
    palabre: Terminal, tmp_path: Path
) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    listed = tmp_path / "mots.txt"
    listed.write_text("\ufeffprêt immédiat\r\nun, deux\r\n\r\n*casino*", encoding="utf-8")
    changed = palabre.json(
        "site", "set", "blog", f"hold_words=@{listed}", "reject_words=viagr*,casino"
    )
    assert changed["policy"] == DEFAULTS | {
        "hold_words": ["prêt immédiat", "un, deux", "*casino*"],
        "reject_words": ["viagr*", "casino"],
    }
    listed.write_text("off", encoding="utf-8")
    changed = palabre.json("site", "set", "blog", f"hold_words=@{listed}", "reject_words=off")
    assert changed["policy"] == DEFAULTS | {"hold_words": ["off"]}


def test_a_bad_entry_or_file_of_a_list_is_named(palabre: Terminal, tmp_path: Path) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    said = palabre.refused("site", "set", "blog", "hold_words=bon,a*")
    assert said.startswith("hold_words: “a*” stands for too much")
    missing = tmp_path / "nulle-part.txt"
    assert str(missing) in palabre.misused("site", "set", "blog", f"hold_words=@{missing}")


def test_the_rules_that_may_come_from_a_file_are_the_lists_of_words() -> None:
    assert WORDS == policy.WORDS


def test_off_switches_off_what_is_on_by_default_and_nothing_is_the_default(
    palabre: Terminal,
) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    for given, holds in (("off", 0), ("7", 7), ("OFF", 0), ("", 2)):
        printed = palabre("site", "set", "blog", f"min_seconds={given}")
        assert f"min_seconds={holds}" in printed.splitlines(), given


@pytest.mark.parametrize(("rule", "default"), [("personal_data", "hold"), ("proof", "attack")])
def test_a_rule_that_is_a_word_is_switched_off_and_nothing_is_its_default(
    palabre: Terminal, rule: str, default: str
) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    printed = palabre("site", "set", "blog", f"{rule}=Off")
    assert f"{rule}=off" in printed.splitlines()
    assert palabre("site", "set", "blog", *printed.splitlines()) == printed
    assert f"{rule}={default}" in palabre("site", "set", "blog", f"{rule}=").splitlines()
    assert palabre.refused("site", "set", "blog", f"{rule}=maybe").startswith(f"{rule}: ")


def test_every_bad_rule_is_named_and_none_of_the_good_is_taken(palabre: Terminal) -> None:
    before = palabre.json("site", "add", "blog", "--origin", "https://blog.example")
    said = palabre.refused(
        "site", "set", "blog", "depth=2", "max_links=many", "colour=red", "privacy_url=/here"
    ).splitlines()
    assert [line.partition(": ")[0] for line in said] == ["max_links", "colour", "privacy_url"]
    assert said[0].endswith("Give a whole number from 0 to 100.")
    assert said[2].endswith("as in https://example.com.")
    assert palabre.json("site", "list") == [before]


@pytest.mark.parametrize("rules", [("depth=2",), ("depth=2", "max_links=1")])
def test_a_site_that_is_not_there_has_no_rules(palabre: Terminal, rules: tuple[str, ...]) -> None:
    assert palabre.refused("site", "set", "blog", *rules) == "There is no site “blog”.\n"
