"""`palabre screen`: what would become of comments that nobody has sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.terminal import Terminal


@pytest.fixture
def blog(palabre: Terminal) -> Terminal:
    palabre("site", "add", "blog", "--origin", "https://blog.example", "--locale", "fr")
    return palabre


def _file(folder: Path, *lines: str) -> str:
    path = folder / "lines.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def _lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_each_line_is_answered_with_the_state_and_every_signal(
    blog: Terminal, tmp_path: Path
) -> None:
    links = " ".join(f"https://a{n}.example/" for n in range(4))
    file = _file(tmp_path, json.dumps({"comment": f"Voir {links}"}), "", '{"comment": "Merci !"}')
    first, second = _lines(blog("screen", "--explain", file, "--lang", "en"))
    assert first["line"] == 1
    assert (first["state"], first["by"]) == ("pending", "rule:links")
    assert first["signals"] == [{"name": "links", "score": 0.6, "why": "4 links, limit 2."}]
    assert (second["line"], second["by"], second["signals"]) == (3, "rule:policy", [])
    assert second["learned"] == {"labels": 0, "honest": 0, "spam": 0, "features": []}


def test_the_rules_of_the_site_and_its_language_are_meant(blog: Terminal, tmp_path: Path) -> None:
    blog("site", "add", "other", "--origin", "https://other.example", "--locale", "en")
    blog("site", "set", "other", "first_state=approved", "max_links=0")
    line = {"comment": "Voir https://a.example/ pour la suite"}
    by_name = {"site": "other", **line, "article": "https://other.example/a"}
    file = _file(tmp_path, json.dumps(by_name))
    (found,) = _lines(blog("screen", "--explain", file))
    assert found["signals"][0]["why"] == "1 link, limit 0."
    file = _file(tmp_path, json.dumps(line))
    (found,) = _lines(blog("screen", "--explain", file, "--site", "blog"))
    assert found["signals"] == []
    result = blog.run("screen", "--explain", file)
    assert result.exit_code == 1
    assert _lines(result.stdout)[0]["errors"][0]["field"] == "site"


def test_what_is_wrong_with_a_line_is_said_and_the_others_are_screened(
    blog: Terminal, tmp_path: Path
) -> None:
    file = _file(
        tmp_path,
        "[]",
        "{",
        '{"comment": " "}',
        '{"comment": 7, "website": "ftp://a.example"}',
        '{"comment": "Merci !", "website": null}',
    )
    result = blog.run("screen", "--explain", file)
    assert result.exit_code == 1
    answers = _lines(result.stdout)
    found = [[one["field"] for one in answer.get("errors", ())] for answer in answers]
    assert found == [["line"], ["line"], ["comment"], ["comment", "website"], []]
    assert answers[4]["state"] == "pending"


def test_json_is_what_is_printed_anyway(blog: Terminal, tmp_path: Path) -> None:
    lines = ['{"comment": "Merci !"}', '{"comment": "Voir https://a.example"}']
    file = _file(tmp_path, *lines)
    printed = blog("screen", "--explain", file, "--json")
    assert printed == blog("screen", "--explain", file)
    found = _lines(printed)
    assert [one["line"] for one in found] == [1, 2]
    for one in found:
        assert set(one) == {"line", "state", "by", "signals", "learned"}
        assert set(one["learned"]) == {"labels", "honest", "spam", "features"}
        assert all(set(signal) == {"name", "score", "why"} for signal in one["signals"])


def test_nothing_is_stored(blog: Terminal, tmp_path: Path) -> None:
    file = _file(tmp_path, '{"comment": "Un mot que personne ne retrouvera : zyxwvut"}')
    blog("screen", "--explain", file)
    assert all(b"zyxwvut" not in text for name, text in blog.files().items() if "data" in name)


def test_a_site_that_there_is_not_is_refused(blog: Terminal, tmp_path: Path) -> None:
    file = _file(tmp_path, '{"comment": "Merci !"}')
    assert blog.refused("screen", "--explain", file, "--site", "no") == "There is no site “no”.\n"


def test_unlearning_somebody_who_is_unknown_is_refused_and_a_bad_time_is_misuse(
    blog: Terminal,
) -> None:
    assert "nobody" in blog.refused("moderator", "unlearn", "nobody")
    blog("moderator", "add", "alice")
    assert blog.json("moderator", "unlearn", "alice", "--since", "7d") == {
        "name": "alice",
        "forgotten": 0,
    }
    assert "neither" in blog.misused("moderator", "unlearn", "alice", "--since", "soon")
