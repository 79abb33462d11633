"""What every command has in common: help, exit codes, and how it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from commands.terminal import Terminal
from palabre import __version__
from palabre.commands import COMMANDS
from palabre.errors import StoreUnavailable


def _lines() -> list[tuple[str, ...]]:
    """Every command and subcommand, as typed."""
    found: list[tuple[str, ...]] = [()]
    for command in COMMANDS:
        assert command.name
        found.append((command.name,))
        if isinstance(command, click.Group):
            found += [(command.name, name) for name in command.commands]
    return found


@pytest.mark.parametrize("words", _lines(), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_and_touches_nothing(
    palabre: Terminal, words: tuple[str, ...], option: str
) -> None:
    assert palabre(*words, option).startswith(" ".join(["Usage: palabre", *words]))
    assert palabre.files() == {}


def test_the_commands_are_those_of_the_contract() -> None:
    assert {" ".join(words) for words in _lines()} == {
        "",
        "serve",
        "demo",
        "check",
        "migrate",
        "site",
        "site add",
        "site list",
        "site set",
        "moderator",
        "moderator add",
        "moderator link",
        "moderator list",
        "moderator mail",
        "moderator revoke",
        "moderator unlearn",
        "publish",
        "screen",
        "webhook",
        "webhook add",
        "webhook list",
        "webhook remove",
        "webhook roll",
        "webhook test",
        "work",
        "jobs",
        "jobs list",
        "jobs retry",
        "jobs drop",
        "copy",
        "openapi",
    }


def test_the_version_is_the_package_s(palabre: Terminal) -> None:
    assert palabre("--version") == f"palabre {__version__}\n"


def test_help_loads_nothing_heavy() -> None:
    """So that it is there at once; nothing of pydantic, Starlette or SQLite is needed for it."""
    loaded = "import sys, palabre.commands; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    heavy = {"pydantic", "starlette", "aiosqlite", "babel", "jinja2", "uvicorn", "nh3"}
    assert heavy.isdisjoint(modules.stdout.split())
    assert "palabre.commands.serve" in modules.stdout.split()


def test_the_package_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "palabre", "nonsense"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'nonsense'" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("demo", "extra"),
        ("serve", "--port", "many"),
        ("serve", "--port", "65536"),
        ("site", "add", "blog"),
        ("site", "add", "--origin", "https://blog.example"),
        ("site", "set", "blog"),
        ("site", "set", "blog", "depth"),
        ("moderator", "add"),
        ("moderator", "add", "alice", "--scope", "owner"),
        ("check", "--yaml"),
    ],
    ids=" ".join,
)
def test_a_line_that_makes_no_sense_is_exit_code_2(
    palabre: Terminal, words: tuple[str, ...]
) -> None:
    assert "Usage: palabre" in palabre.misused(*words)
    assert palabre.files() == {}


@pytest.mark.parametrize(
    "words",
    [
        ("serve",),
        ("demo",),
        ("migrate",),
        ("site", "list"),
        ("moderator", "revoke", "alice"),
        ("openapi",),
    ],
    ids=" ".join,
)
def test_every_bad_setting_is_named_at_once_and_nothing_is_touched(
    palabre: Terminal, words: tuple[str, ...]
) -> None:
    palabre.settings = {
        "PALABRE_DATABSE_URL": "sqlite:///x",
        "PALABRE_LOCALE": "de",
        "PALABRE_BODY_TIMEOUT_S": "soon",
    }
    said = palabre.refused(*words)
    assert "PALABRE_DATABSE_URL is not a setting. Did you mean PALABRE_DATABASE_URL?" in said
    assert "PALABRE_LOCALE must be fr or en." in said
    assert "PALABRE_BODY_TIMEOUT_S must be" in said
    assert palabre.files() == {}


def test_a_store_whose_key_is_gone_is_refused_and_left_alone(palabre: Terminal) -> None:
    palabre("migrate")
    key = palabre.data / "palabre.key"
    kept = key.read_bytes()
    key.unlink()
    before = palabre.files()
    for words in (("migrate",), ("demo",), ("site", "list"), ("serve",)):
        assert "The master key is missing" in palabre.refused(*words)
    assert palabre.files() == before
    key.write_bytes(kept)
    assert palabre("site", "list") == "There is no site yet.\n"


def test_a_store_of_another_key_is_refused_and_left_alone(palabre: Terminal) -> None:
    palabre("migrate")
    before = palabre.files()
    palabre.settings["PALABRE_MASTER_KEY"] = "a1" * 32
    for words in (("migrate",), ("demo",), ("site", "list"), ("serve",)):
        assert "This is not the master key of this store" in palabre.refused(*words)
    assert palabre.files() == before


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that can't be opened, for a reason that nobody foresaw."""

    def fail(*args: object, **options: object) -> None:
        raise ValueError("the address zoe@example.com, of all things")

    monkeypatch.setattr("palabre.service.opened", fail)


@pytest.mark.usefixtures("broken")
def test_what_nobody_foresaw_is_a_sentence_without_a_stack_or_an_address(
    palabre: Terminal,
) -> None:
    assert palabre.refused("site", "list") == ("ValueError: the address [e-mail], of all things\n")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("way", ["--debug", "PALABRE_LOG_LEVEL"])
def test_debugging_shows_the_stack_still_without_an_address(palabre: Terminal, way: str) -> None:
    if way == "--debug":
        result = palabre.run("--debug", "site", "list")
    else:
        palabre.settings[way] = "debug"
        result = palabre.run("site", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert "with_service" in result.stderr
    assert "zoe" not in result.stderr


def test_a_problem_is_told_in_words(palabre: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise StoreUnavailable(retry_after_s=5)

    monkeypatch.setattr("palabre.service.opened", fail)
    said = palabre.refused("site", "list")
    assert said.count("\n") == 1
    assert "StoreUnavailable" not in said
    assert said.strip().endswith(".")


def test_a_reader_that_has_seen_enough_is_no_failure_worth_words(tmp_path: Path) -> None:
    """As in `palabre site list | head -1`: no stack, no complaint."""
    program = [sys.executable, "-m", "palabre", "check", "--json"]
    process = subprocess.Popen(
        program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=20) == 1
    assert said == ""
