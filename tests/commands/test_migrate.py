"""`palabre migrate`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from commands.terminal import Terminal
from palabre import schema

FIRST = ["0001_first", "0002_search", "0003_ranges"]


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The schema of a version to come, which has one more migration."""
    folder = tmp_path / "newer"
    shutil.copytree(schema.root() / "migrations", folder / "migrations")
    number = len({path.name[:4] for path in (folder / "migrations").glob("*.sql")}) + 1
    path = folder / "migrations" / f"{number:04d}_another.sql"
    path.write_text("create table another (id text primary key);\n")
    return folder


def test_a_store_is_made_with_its_key_and_then_left_as_it_is(palabre: Terminal) -> None:
    assert palabre.json("migrate")["applied"][:3] == FIRST
    assert (palabre.data / "palabre.key").stat().st_mode & 0o777 == 0o600
    assert (palabre.data / "palabre.sqlite3").stat().st_mode & 0o777 == 0o600
    before = palabre.files()
    assert palabre.json("migrate") == {"applied": []}
    assert palabre("migrate") == "The store is up to date; nothing was changed.\n"
    assert palabre.files() == before


def test_people_read_what_was_applied(palabre: Terminal) -> None:
    assert palabre("migrate").startswith("Applied 0001_first.\n")


def test_only_what_is_missing_is_applied(
    palabre: Terminal, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    with monkeypatch.context() as later:
        later.setattr(schema, "root", lambda: newer)
        (applied,) = palabre.json("migrate")["applied"]
        assert applied.endswith("_another")
        assert palabre.json("migrate") == {"applied": []}
        assert len(palabre.json("site", "list")) == 1
    assert "migrated by a newer version of Palabre" in palabre.refused("migrate")
