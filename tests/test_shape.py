"""The house's shape (design, section 3): imports go down, tables and files are what they claim."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

import palabre
from palabre import schema
from palabre.locale import LANGUAGES
from palabre.settings import Settings, readme_table, table
from palabre.store.migrate import migrations

PACKAGE = Path(palabre.__file__).parent
REPOSITORY = Path(__file__).parent.parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("commands", "__main__"),
    ("app",),
    ("web", "jobs", "transfer"),
    ("rendering",),
    ("actions",),
    ("service",),
    ("screening", "store"),
    ("text", "keys"),
    (
        "model",
        "errors",
        "settings",
        "locale",
        "schema",
        "ids",
        "logs",
        "access_log",
        "memory",
        "demonstration",
    ),
)
"""From the people's end down to the words; a part imports from the lines below it alone."""

NEIGHBOURS = {frozenset(LAYERS[0]), frozenset(LAYERS[-2]), frozenset(LAYERS[-1])}
"""Lines whose parts may import one another. The doors may not, nor screening and the store."""

TECHNOLOGIES = {
    "starlette": {"web", "app", "commands"},
    "uvicorn": {"commands"},
    "uvloop": {"commands"},
    "click": {"commands"},
    "rich": {"commands"},
    "jinja2": {"rendering"},
    "prometheus_client": {"web"},
    "brotli": {"web"},
    "python_multipart": {"web"},
    "aiosqlite": {"store"},
    "sqlite3": {"store", "commands"},
    "asyncpg": {"store"},
    "httpx2": {"jobs"},
    "markdown_it": {"text"},
    "nh3": {"text"},
    "email_validator": {"text", "actions"},
    "dns": {"actions"},
    "babel": {"locale"},
    "pydantic": {"settings"},
    "aiosmtplib": {"jobs"},
}
"""What is known in few places only: the middle has the words and knows no technology."""

LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The part of the house that a file is in: a folder or a module of the package."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, wherever in it: line and dotted name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            module = node.module or ""
            if module == "palabre":
                yield from ((node.lineno, f"palabre.{name.name}") for name in node.names)
            else:
                yield node.lineno, module


def may_import(part: str, other: str) -> bool:
    if part == other or LEVEL[other] > LEVEL[part]:
        return True
    return any({part, other} <= neighbours for neighbours in NEIGHBOURS)


def test_the_house_is_read() -> None:
    assert len(files()) > 80
    assert may_import("web", "actions")
    assert not may_import("actions", "web")
    assert not may_import("web", "jobs")
    assert not may_import("store", "screening")
    assert not may_import("store", "service")
    assert may_import("text", "keys")


def test_every_part_has_its_place() -> None:
    parts = {part_of(path) for path in files()} - {"__init__"}
    assert parts <= set(LEVEL), "a part that design section 3 does not place"


def test_imports_go_down() -> None:
    wrong = []
    for path in files():
        part = part_of(path)
        for line, module in imported(path):
            if not module.startswith("palabre."):
                continue
            other = module.split(".")[1]
            if part == "__init__" or (other in LEVEL and not may_import(part, other)):
                wrong.append(f"{path.relative_to(PACKAGE)}:{line} imports {module}")
    assert wrong == []


def test_technologies_stay_where_they_belong() -> None:
    seen = defaultdict(set)
    for path in files():
        for line, module in imported(path):
            if module.split(".")[0] in TECHNOLOGIES:
                place = f"{path.relative_to(PACKAGE)}:{line}"
                seen[module.split(".")[0]].add((part_of(path), place))
    assert seen["starlette"]
    assert seen["aiosqlite"]
    wrong = [
        f"{place} imports {technology}"
        for technology, places in seen.items()
        for part, place in places
        if part not in TECHNOLOGIES[technology]
    ]
    assert wrong == []


def test_nothing_catches_everything_but_where_it_must() -> None:
    found = set()
    for path in files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None
                or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
            ):
                found.add(str(path.relative_to(PACKAGE)))
    # The loops that must go on (jobs, the writer, following the log), the outermost doors, what
    # rolls a unit of work back, and a log line that must not break what it tells of.
    assert found == {
        "actions/follow.py",
        "jobs/outbox.py",
        "jobs/recurring.py",
        "web/door.py",
        "commands/__init__.py",
        "store/sqlite_thread.py",
        "store/postgres.py",
        "store/sqlite_writer.py",
        "logs.py",
    }


# What has to agree with something else.


@pytest.fixture(scope="module")
def readme() -> str:
    return (REPOSITORY / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", [row.name for row in table()])
def test_the_readme_names_every_setting(name: str, readme: str) -> None:
    assert f"`{name}`" in readme


def test_the_readmes_table_is_the_settings_own(readme: str) -> None:
    assert readme_table() in readme


def test_the_readme_names_no_setting_that_is_not(readme: str) -> None:
    named = set(re.findall(r"PALABRE_[A-Z_]*[A-Z]", readme))
    assert named <= {row.name for row in table()}


def test_the_settings_languages_are_the_catalogues() -> None:
    offered = get_args(Settings.model_fields["locale"].annotation)
    assert sorted(offered) == sorted(LANGUAGES)


def test_migrations_are_shared_or_side_by_side() -> None:
    engines = defaultdict(set)
    for path in (schema.root() / "migrations").iterdir():
        named = re.fullmatch(r"(\d{4})_[a-z_]+(?:\.(sqlite|postgres))?\.sql", path.name)
        assert named, path.name
        engines[int(named[1])].add(named[2] or "both")
    assert sorted(engines) == list(range(1, len(engines) + 1))
    is_on_two = any("postgres" in found for found in engines.values())
    whole = [{"both"}, {"sqlite", "postgres"}] if is_on_two else [{"both"}, {"sqlite"}]
    for number, found in engines.items():
        assert found in whole, number


GROWING = {
    *("article", "author", "comment", "decision", "edit", "receipt", "replay", "spent", "visit"),
}


def test_tables_are_strict_and_what_grows_carries_its_site() -> None:
    with closing(sqlite3.connect(":memory:")) as raw:
        for migration in migrations("sqlite"):
            raw.executescript(migration.text)
        ours = {
            row[1]: row[5]
            for row in raw.execute("pragma table_list")
            if row[2] == "table" and not row[1].startswith("sqlite_")
        }
        assert set(ours) >= GROWING
        assert set(ours.values()) == {1}, "a table that is not strict"
        for name in GROWING:
            columns = {row[1] for row in raw.execute(f"pragma table_info({name})")}
            assert "site_id" in columns, name
            referred = {row[2] for row in raw.execute(f"pragma foreign_key_list({name})")}
            assert referred, name
