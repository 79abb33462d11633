"""What several commands print, and how: JSON for programs, columns and command lines for people."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from palabre.errors import Invalid
    from palabre.service import Service

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

_WHERE = ("PALABRE_CONFIG", "PALABRE_DATA_DIR", "PALABRE_DATABASE_URL", "PALABRE_KEY_FILE")
"""Settings that choose the store, and are no secret."""


def print_json(value: object) -> None:
    """A value as JSON, readable by people too."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under their heads, each column as wide as it needs to be."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def command_line(*words: str) -> str:
    """What to type in another terminal for a subcommand on the same store."""
    given = [f"{name}={shlex.quote(os.environ[name])}" for name in _WHERE if name in os.environ]
    return " ".join([*given, *_program(sys.argv[0]), *map(shlex.quote, words)])


def _program(called: str) -> list[str]:
    """How to call this program again, which was *called* so."""
    path = Path(called)
    if path.name == "__main__.py":
        return [shlex.quote(sys.executable), "-m", "palabre"]
    in_path = shutil.which(path.name)
    if in_path is not None and Path(in_path).absolute() == path.absolute():
        return [path.name]
    return [shlex.quote(called)]


def instant(at: datetime) -> str:
    """A time in RFC 3339, UTC, to the second, as the API writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def moderator_missing(service: Service) -> list[str]:
    """Lines that say how to add a moderator, when nobody has a token that works."""
    from palabre.store import moderators

    now = service.now()
    for entry in await service.store.read(moderators.every):
        is_over = entry.expires_at is not None and entry.expires_at <= now
        if entry.revoked_at is None and not is_over:
            return []
    command = command_line("moderator", "add", "alice", "--scope", "moderate")
    return ["There is no moderator yet. This adds one and prints the token:", f"  {command}"]


def ago(given: str) -> timedelta | None:
    """A time such as 7d or 12h; None if it is none."""
    found = re.fullmatch("([0-9]{1,5})([dh])", given.strip())
    if found is None:
        return None
    unit = {"d": "days", "h": "hours"}[found[2]]
    return timedelta(**{unit: int(found[1])})


def mistakes(wrong: Invalid) -> list[str]:
    """A sentence for each rule of a policy that can't be what it was to be."""
    from palabre import locale

    return [
        f"{error.field.removeprefix('policy.')}: "
        + locale.say("en", f"field.{error.hint or error.code}", **error.values)
        for error in wrong.errors
    ]


def assignments(values: Mapping[str, object]) -> list[str]:
    """`name=value` for each, as `site set` takes them; nothing and false are `off`, true is `on`,
    lists have commas; what has values of its own is a line for each of these."""
    lines = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines += assignments({f"{name}.{part}": one for part, one in value.items()})
        else:
            lines.append(f"{name}={_written(value)}")
    return lines


def _written(value: object) -> str:
    if value is None or value is False:
        return "off"
    if value is True:
        return "on"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
