"""The command line on a PostgreSQL database, whose name is all that an operator has to know."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import postgres
from commands.terminal import Terminal

PASSWORD = "s3cr3t-of-the-database"


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    """A fresh database, without a table."""
    with postgres.database(postgres_server, f"palabre_commands_{os.getpid()}") as found:
        yield found


@pytest.fixture
def terminal(palabre: Terminal, url: str) -> Terminal:
    palabre.settings["PALABRE_DATABASE_URL"] = url
    return palabre


def test_a_fresh_database_is_well_and_stays_as_it_is(terminal: Terminal, url: str) -> None:
    said = terminal("check")
    assert "There is no store yet" in said
    assert "There is no key yet" in said
    assert terminal.files() == {}
    tables = postgres.within(
        url, lambda c: c.fetch("select 1 from pg_class where relname = 'migration'")
    )
    assert tables == []


def test_migrating_makes_the_store_and_the_key_once(terminal: Terminal) -> None:
    applied = terminal.json("migrate")["applied"]
    assert applied[0] == "0001_first"
    assert terminal.json("migrate")["applied"] == []
    assert [name for name in terminal.files() if name.endswith(".key")] == ["data/palabre.key"]
    assert "The store in PostgreSQL can be read, and is up to date." in terminal("check")


def test_a_store_without_its_key_is_refused_and_left_alone(terminal: Terminal) -> None:
    terminal("migrate")
    (terminal.data / "palabre.key").unlink()
    assert "master key is missing" in terminal.refused("site", "list")
    assert "master key is missing" in terminal.run("check").stdout
    assert terminal.files() == {}


def test_another_key_is_refused(terminal: Terminal) -> None:
    terminal("migrate")
    terminal.settings["PALABRE_MASTER_KEY"] = "a1" * 32
    assert "not the master key of this store" in terminal.refused("site", "list")


def test_the_demonstration_may_be_repeated(terminal: Terminal) -> None:
    assert "Added" in terminal("demo")
    assert "nothing was changed" in terminal("demo")


def test_sites_and_moderators_are_added_changed_and_listed(terminal: Terminal) -> None:
    terminal("site", "add", "blog", "--origin", "https://blog.example")
    assert "already" in terminal.refused("site", "add", "blog", "--origin", "https://b.example")
    assert "max_links=5" in terminal("site", "set", "blog", "max_links=5")
    assert [site["name"] for site in terminal.json("site", "list")] == ["blog"]
    token = terminal.json("moderator", "add", "alice", "--site", "blog")["token"]
    assert token not in terminal("moderator", "list")
    terminal("moderator", "revoke", "alice")
    (entry,) = terminal.json("moderator", "list")
    assert entry["revoked_at"] is not None


def test_a_database_of_somebody_elses_is_refused(terminal: Terminal, url: str) -> None:
    postgres.execute(url, "create table theirs (id int)")
    assert "not a store of Palabre's" in terminal.run("check").stdout


@pytest.mark.parametrize("words", [("check",), ("site", "list"), ("serve",)])
def test_a_server_that_is_not_there_is_named_without_its_password(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    terminal.settings["PALABRE_DATABASE_URL"] = f"postgresql://u:{PASSWORD}@127.0.0.1:1/palabre"
    result = terminal.run(*words)
    assert result.exit_code == 1
    assert "cannot be" in result.output
    assert PASSWORD not in result.output
    assert "Traceback" not in result.output


def test_a_database_that_is_not_utf8_is_refused(terminal: Terminal, postgres_server: str) -> None:
    name = f"palabre_latin_{os.getpid()}"
    postgres.execute(
        postgres_server,
        f"create database {name} encoding 'LATIN1' template template0 locale 'C'",
    )
    try:
        terminal.settings["PALABRE_DATABASE_URL"] = postgres.in_database(postgres_server, name)
        assert "encoding is LATIN1" in terminal.refused("migrate")
    finally:
        postgres.execute(postgres_server, f"drop database {name} with (force)")
