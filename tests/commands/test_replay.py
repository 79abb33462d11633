"""`palabre screen --replay`: what changed rules would have done to what has come."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import makers
from commands.terminal import Terminal
from conftest import client_of, token_for
from palabre import settings
from palabre.model import Scope
from palabre.service import opened

LINKS = "Voir https://un.example/ et https://deux.example/"


@pytest.fixture
def blog(palabre: Terminal) -> Terminal:
    """A site with a comment that a moderator refused, and one that waits."""
    palabre("site", "add", "blog", "--origin", "https://blog.example", "--locale", "fr")

    async def come() -> None:
        environ = {name: value for name, value in palabre.settings.items() if value is not None}
        async with opened(settings.load(environ)) as service, client_of(service) as client:
            admin = await token_for(service, "ada", Scope.ADMIN)
            refused = await makers.comment(client, site="blog", comment=LINKS)
            await makers.act(client, admin, refused, "reject")
            await makers.comment(client, site="blog", article="/b", comment="Merci à vous !")

    asyncio.run(come())
    return palabre


def _file(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_changed_rules_are_tried_and_nothing_is_written(blog: Terminal, tmp_path: Path) -> None:
    files = {
        _file(tmp_path, "changes.json", '{"max_links": 1, "min_seconds": 9}'),
        _file(tmp_path, "changes.toml", "max_links = 1\nmin_seconds = 9\n"),
    }
    policy = blog.json("site", "list")[0]["policy"]
    for file in files:
        (found,) = blog.json("screen", "--replay", "30d", "--with", file, "--lang", "en")
        assert (found["site"], found["comments"], found["complete"]) == ("blog", 2, True)
        assert found["caught"] == {
            "comments": 1,
            "approved": 0,
            "refused": 1,
            "waiting": 0,
            "precision": 1.0,
        }
        assert found["not_tried"] == ["min_seconds"]
        (example,) = found["examples"]["caught"]
        assert "2 links, limit 1." in [one["why"] for one in example["signals"]]
    assert blog.json("site", "list")[0]["policy"] == policy


def test_it_is_told_in_words(blog: Terminal, tmp_path: Path) -> None:
    file = _file(tmp_path, "changes.json", '{"max_links": 1, "min_seconds": 9}')
    said = blog("screen", "--replay", "12h", "--with", file, "--lang", "en")
    for one in (
        "blog: 2 comments",
        "Not to be tried on what has come: min_seconds.",
        "Would be caught: 1. Moderators approved 0 of them, refused 1, and have not decided about",
        "Would be let go: 0.",
        "rule:links",
        "2 links, limit 1.",
        "a moderator decided: rejected",
        "/desk/comments/",
    ):
        assert one in said


def test_without_changes_the_rules_of_today_are_tried(blog: Terminal) -> None:
    (found,) = blog.json("screen", "--replay", "1d")
    assert (found["caught"]["comments"], found["freed"]["comments"]) == (0, 0)
    blog("site", "set", "blog", "max_links=0")
    (found,) = blog.json("screen", "--replay", "1d")
    assert found["caught"]["comments"] == 1


def test_each_site_is_told_of_or_the_one_that_is_named(blog: Terminal) -> None:
    blog("site", "add", "other", "--origin", "https://other.example")
    found = blog.json("screen", "--replay", "30d")
    assert [one["site"] for one in found] == ["blog", "other"]
    (found,) = blog.json("screen", "--replay", "30d", "--site", "other")
    assert (found["site"], found["comments"]) == ("other", 0)
    assert blog.refused("screen", "--replay", "30d", "--site", "no") == "There is no site “no”.\n"


def test_every_mistake_in_the_changes_is_named_at_once(blog: Terminal, tmp_path: Path) -> None:
    wrong = _file(tmp_path, "wrong.json", json.dumps({"max_links": -1, "nonsense": 1}))
    said = blog.misused("screen", "--replay", "30d", "--with", wrong)
    assert "max_links: " in said
    assert "nonsense: " in said
    for name, text in (("a.json", "{"), ("b.json", "[]"), ("c.toml", "="), ("d.json", "\xff")):
        file = _file(tmp_path, name, text)
        assert name in blog.misused("screen", "--replay", "30d", "--with", file)


def test_what_can_t_be_meant_is_misuse(blog: Terminal, tmp_path: Path) -> None:
    file = _file(tmp_path, "lines.jsonl", '{"comment": "Merci !"}')
    for words in (
        (),
        ("--explain", file, "--replay", "30d"),
        ("--explain", file, "--with", file),
        ("--replay", "soon"),
        ("--replay", "0d"),
    ):
        blog.misused("screen", *words)
