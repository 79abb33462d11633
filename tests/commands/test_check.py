"""`palabre check`: every problem at once, and nothing is changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from commands.terminal import Terminal
from palabre import schema, settings
from palabre.service import opened
from palabre.store import sqlite_look

KEY = "a1" * 32


@pytest.fixture(autouse=True)
def _of_any_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is linked to Python here is not what these tests are about."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", sqlite_look.SAFE)


def _findings(palabre: Terminal, level: str) -> list[str]:
    """The messages of a level; the exit code must agree with them."""
    result = palabre.run("check")
    lines = [line.partition(":") for line in result.stdout.splitlines()]
    assert {name for name, _, _ in lines} <= {"ok", "warning", "error"}
    assert result.exit_code == any(name == "error" for name, _, _ in lines), result.output
    return [message.strip() for name, _, message in lines if name == level]


def test_a_fresh_machine_is_well_and_stays_as_it_is(palabre: Terminal) -> None:
    said = palabre("check")
    assert "There is no store yet" in said
    assert "There is no key yet" in said
    assert palabre.files() == {}
    assert list(palabre.folder.iterdir()) == []


def test_a_good_store_is_well_and_stays_as_it_is(palabre: Terminal) -> None:
    palabre("demo")
    before = palabre.files()
    found = palabre.json("check")
    assert found["ok"] is True
    assert {finding["level"] for finding in found["findings"]} == {"ok"}
    assert palabre.files() == before


async def test_a_store_in_use_is_looked_at_without_being_touched(palabre: Terminal) -> None:
    chosen = settings.load({"PALABRE_DATA_DIR": str(palabre.data)})
    async with opened(chosen, serving=True):
        names = set(palabre.files())
        assert any(name.endswith("-wal") for name in names)
        assert _findings(palabre, "error") == []
        assert "is up to date" in " ".join(_findings(palabre, "ok"))
        assert set(palabre.files()) == names


def test_every_problem_is_named_at_once(palabre: Terminal) -> None:
    palabre("migrate")
    (palabre.data / "palabre.key").chmod(0o644)
    (palabre.data / "palabre.sqlite3").chmod(0o644)
    palabre.settings = {
        "PALABRE_HOST": "0.0.0.0",
        "PALABRE_PUBLIC_URL": "http://comments.example",
        "PALABRE_TRUSTED_PROXIES": "8.0.0.0/7",
    }
    errors, warnings = _findings(palabre, "error"), _findings(palabre, "warning")
    assert len(errors) == 1
    assert "palabre.key can be used by others (mode 0644): chmod 600 " in errors[0]
    assert len(warnings) == 3
    assert "without TLS" in warnings[0]
    assert "8.0.0.0/7, a large public network" in warnings[1]
    assert "palabre.sqlite3 can be used by everybody (mode 0644)" in warnings[2]


def test_bad_settings_are_named_and_the_rest_is_not_guessed_at(palabre: Terminal) -> None:
    palabre.settings = {"PALABRE_LOCALE": "de", "PALABRE_COLOUR": "red"}
    assert _findings(palabre, "error") == [
        "PALABRE_COLOUR is not a setting.",
        "PALABRE_LOCALE must be fr or en.",
    ]
    assert "were looked at" in _findings(palabre, "warning")[0]


def test_a_key_that_is_gone_or_another_is_an_error(palabre: Terminal) -> None:
    palabre("migrate")
    key = palabre.data / "palabre.key"
    palabre.settings["PALABRE_MASTER_KEY"] = KEY
    assert "This is not the master key of the store" in _findings(palabre, "error")[0]
    del palabre.settings["PALABRE_MASTER_KEY"]
    key.unlink()
    assert "The master key is missing" in _findings(palabre, "error")[0]
    key.write_text("nonsense\n")
    key.chmod(0o600)
    assert "is damaged in line 1" in _findings(palabre, "error")[0]


def test_a_key_that_only_the_group_can_read_is_a_warning(palabre: Terminal) -> None:
    """As some platforms hand out secrets."""
    palabre("migrate")
    (palabre.data / "palabre.key").chmod(0o640)
    assert "mode 0640" in _findings(palabre, "warning")[0]


def test_a_key_from_the_environment_is_never_printed(palabre: Terminal) -> None:
    palabre.settings["PALABRE_MASTER_KEY"] = KEY
    palabre("migrate")
    said = palabre("check")
    assert "in PALABRE_MASTER_KEY, is the store's." in said
    assert KEY not in said


def test_a_store_that_lacks_a_migration_is_a_warning(
    palabre: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    palabre("migrate")
    folder = tmp_path / "newer" / "migrations"
    folder.mkdir(parents=True)
    for path in (schema.root() / "migrations").glob("*.sql"):
        (folder / path.name).write_bytes(path.read_bytes())
    number = len({path.name[:4] for path in folder.iterdir()}) + 1
    (folder / f"{number:04d}_another.sql").write_text("select 1;\n")
    with monkeypatch.context() as later:
        later.setattr(schema, "root", lambda: folder.parent)
        assert "lacks " in _findings(palabre, "warning")[0]
        palabre("migrate")
    assert "a newer version of Palabre" in _findings(palabre, "error")[0]


def test_a_damaged_store_is_an_error(palabre: Terminal) -> None:
    palabre("demo")
    path = palabre.data / "palabre.sqlite3"
    content = bytearray(path.read_bytes())
    for page in range(8, 24):
        content[page * 4096 + 200 : page * 4096 + 3000] = b"\xa5" * 2800
    path.write_bytes(content)
    assert _findings(palabre, "error") != []


def test_what_is_no_store_is_an_error(palabre: Terminal) -> None:
    path = palabre.folder / "other.sqlite3"
    palabre.settings["PALABRE_DATABASE_URL"] = f"sqlite:///{path}"
    path.write_text("This is a letter, not a database. " * 100)
    path.chmod(0o600)
    assert "cannot be read" in _findings(palabre, "error")[0]
    path.unlink()
    raw = sqlite3.connect(path)
    raw.execute("create table recipe (name text)")
    raw.close()
    path.chmod(0o600)
    assert "is a database, but not a store of Palabre's" in _findings(palabre, "error")[0]


def test_a_folder_that_can_not_be_is_an_error(palabre: Terminal) -> None:
    (palabre.folder / "file").write_text("")
    palabre.settings["PALABRE_DATA_DIR"] = str(palabre.folder / "file" / "data")
    assert any("is not a folder" in finding for finding in _findings(palabre, "error"))


@pytest.mark.parametrize(
    ("chosen", "warns_of"),
    [
        ({}, None),
        ({"HOST": "::1"}, None),
        ({"HOST": "0.0.0.0"}, "PALABRE_PUBLIC_URL is not set"),
        ({"HOST": "0.0.0.0", "PUBLIC_URL": "http://192.168.1.5:8000"}, None),
        ({"PUBLIC_URL": "http://comments.example"}, "without TLS"),
        ({"PUBLIC_URL": "http://8.8.8.8"}, "without TLS"),
        ({"PUBLIC_URL": "https://comments.example"}, None),
        ({"PUBLIC_URL": "https://comments.example", "HOST": "0.0.0.0"}, "no network beyond"),
        (
            {
                "PUBLIC_URL": "https://comments.example",
                "HOST": "0.0.0.0",
                "TRUSTED_PROXIES": "172.16.0.0/12",
            },
            None,
        ),
        ({"TRUSTED_PROXIES": "2000::/3"}, "a large public network"),
        ({"TRUSTED_PROXIES": "173.245.48.0/20,2400:cb00::/32"}, None),
    ],
)
def test_what_others_can_reach_is_looked_at(
    palabre: Terminal, chosen: dict[str, str], warns_of: str | None
) -> None:
    palabre.settings = {f"PALABRE_{name}": value for name, value in chosen.items()}
    warnings = _findings(palabre, "warning")
    if warns_of is None:
        assert warnings == []
    else:
        (warning,) = warnings
        assert warns_of in warning


@pytest.mark.parametrize(
    ("version", "level"),
    [((3, 36, 0), "error"), ((3, 40, 1), "warning"), ((3, 51, 2), "warning"), ((3, 51, 3), "ok")],
)
def test_the_linked_sqlite_is_named_and_judged(
    palabre: Terminal, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], level: str
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(sqlite3, "sqlite_version", ".".join(map(str, version)))
    named = f"SQLite {'.'.join(map(str, version))} is linked to Python"
    assert named in _findings(palabre, level)[0]


def test_a_sqlite_without_word_search_is_an_error(
    palabre: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_look, "has_word_search", lambda: False)
    assert "without FTS5" in _findings(palabre, "error")[0]


def test_word_search_is_there_where_the_tests_run() -> None:
    assert sqlite_look.has_word_search()


def test_half_of_the_mail_s_settings_is_named(palabre: Terminal) -> None:
    palabre.settings = {"PALABRE_SMTP_URL": "smtp://alice:hunter2@mail.example"}
    result = palabre.run("check")
    assert result.exit_code == 1
    assert "PALABRE_MAIL_FROM is not" in result.stdout
    assert "hunter2" not in result.output
    assert "mail.example" not in result.output
    palabre.settings = {"PALABRE_MAIL_FROM": "c@mail.example"}
    assert "PALABRE_SMTP_URL is not" in palabre("check")
