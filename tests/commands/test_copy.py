"""`palabre copy`."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from commands.terminal import Terminal
from palabre.store.copying import TABLES

FROM, TO = "sqlite:///data/palabre.sqlite3", "sqlite:///elsewhere/new.sqlite3"


@pytest.fixture(autouse=True)
def _demonstration(palabre: Terminal) -> None:
    palabre("demo")


def write(file: str, sql: str) -> None:
    with closing(sqlite3.connect(file)) as raw:
        raw.execute(sql)
        raw.commit()


def test_people_read_rows_and_digests_and_where_the_key_is_needed(palabre: Terminal) -> None:
    said = palabre("copy", FROM, TO)
    for table in TABLES:
        assert re.search(rf"^{table.name} +\d+ +[0-9a-f]{{64}}$", said, re.MULTILINE)
    assert re.search(r"^comment +36 ", said, re.MULTILINE)
    assert "Source and target are equal: " in said
    key = (palabre.data / "palabre.key").read_text("ascii").splitlines()[-1].split()[0]
    assert f"The key was not copied: the target needs key {key}, the same" in said


def test_programs_read_json(palabre: Terminal) -> None:
    found = palabre.json("copy", FROM, TO)
    assert found["equal"] is True
    assert [one["table"] for one in found["tables"]] == [table.name for table in TABLES]
    for one in found["tables"]:
        assert one["source"] == one["target"]


def test_the_copy_is_used_with_the_same_key_and_the_source_stays(palabre: Terminal) -> None:
    sites = palabre.json("site", "list")
    palabre("copy", FROM, TO)
    assert palabre.json("site", "list") == sites
    palabre.settings["PALABRE_DATABASE_URL"] = TO
    assert palabre.json("site", "list") == sites
    assert "nothing was changed" in palabre("demo")


def test_a_whole_copy_is_compared_again_and_what_differs_is_named(palabre: Terminal) -> None:
    first = palabre.json("copy", FROM, TO)
    assert palabre.json("copy", FROM, TO) == first
    write("elsewhere/new.sqlite3", "update comment set reports = 7 where seq = 3")
    result = palabre.run("copy", FROM, TO)
    assert result.exit_code == 1
    assert "not equal to the source in: comment." in result.stderr
    assert "are equal" not in result.stdout


def test_an_unfinished_copy_is_neither_served_nor_used(palabre: Terminal) -> None:
    palabre("copy", FROM, TO)
    write("elsewhere/new.sqlite3", "delete from store_info where name = 'copy_finished_at'")
    write("elsewhere/new.sqlite3", "delete from edit")
    palabre.settings["PALABRE_DATABASE_URL"] = TO
    before = palabre.files()
    for words in (["serve"], ["site", "list"], ["demo"], ["migrate"]):
        assert "This store is an unfinished copy" in palabre.refused(*words)
    assert "is an unfinished copy" in palabre.run("check").stdout
    assert palabre.files()["elsewhere/new.sqlite3"] == before["elsewhere/new.sqlite3"]
    palabre("copy", FROM, TO)
    assert len(palabre.json("site", "list")) == 1


def test_what_cannot_be_copied_is_refused(palabre: Terminal) -> None:
    assert "There is no store" in palabre.refused("copy", "sqlite:///absent.sqlite3", TO)
    assert "must begin with sqlite:///" in palabre.refused("copy", "mysql://a/b", TO)
    assert "same store" in palabre.refused("copy", FROM, "sqlite:///./data/palabre.sqlite3")
    palabre.settings["PALABRE_DATABASE_URL"] = TO
    palabre("site", "add", "other", "--origin", "https://other.example")
    assert "its table site holds rows already" in palabre.refused("copy", FROM, TO)
    assert [one["name"] for one in palabre.json("site", "list")] == ["other"]


def written_to(terminal: int) -> str:
    """Everything that is written to a terminal until nobody has it open any more."""
    seen = b""
    # Linux ends a terminal with an error, other systems with nothing.
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 1 << 16):
            seen += piece
    return seen.decode()


def test_a_terminal_sees_how_far_it_is(palabre: Terminal, tmp_path: Path) -> None:
    """On standard error, so that the output is the result alone."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "palabre", "copy", FROM, TO, "--json"],
            cwd=tmp_path,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            # While it runs: a terminal that nobody reads holds 4 KB and then holds the writer up.
            seen = written_to(ours)
            said, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
    assert process.returncode == 0, seen
    assert said.startswith(b"{")
    assert "%" in seen
