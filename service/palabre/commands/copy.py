"""`palabre copy`: a whole store moved to another database."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from palabre.commands import opening, terminal
from palabre.errors import Refusal

if TYPE_CHECKING:
    from palabre.settings import Settings
    from palabre.transfer.copy import Compared

PASSES = 3
"""Every row is copied, read again in the source, and read in the target."""


@click.command()
@click.argument("from_url")
@click.argument("to_url")
@terminal.json_option
def copy(from_url: str, to_url: str, as_json: bool) -> None:
    """Copy a whole store into an empty database: SQLite, PostgreSQL, either way.

    The URLs are like PALABRE_DATABASE_URL, which is not looked at; the key is the one that the
    other settings name. Stop every service on both first. Interrupted, it goes on where it was
    when it is run again. At the end all rows of both are compared; nothing can use the target
    before they are equal. The source stays as it is.
    """
    source = opening.chosen(database_url=from_url)
    target = opening.chosen(database_url=to_url)
    with _progress() as told:
        key_id, compared = asyncio.run(_copy(source, target, told))
    differing = [one.table for one in compared if not one.is_equal]
    if as_json:
        terminal.print_json(_as_json(key_id, compared))
    else:
        _print(key_id, compared, is_equal=not differing)
    if differing:
        raise Refusal(
            f"The target is not equal to the source in: {', '.join(differing)}. Somebody has "
            "written to one of them meanwhile: stop every service on both, and copy into an empty "
            "database again."
        )


async def _copy(source: Settings, target: Settings, told: _Told) -> tuple[str, Sequence[Compared]]:
    from palabre.service import utc_now
    from palabre.transfer.copy import copy, rows_about
    from palabre.transfer.ends import opened

    async with opened(source, target) as ends:
        told.expect(PASSES * await rows_about(ends.source))
        return ends.keys.current_id, await copy(ends, now=utc_now, told=told)


class _Told:
    """Where the command hears how far it is. `expect`: about how many rows there are to come."""

    def __init__(self, expect: Callable[[int], None], further: Callable[[str, int], None]) -> None:
        self.expect = expect
        self._further = further

    def __call__(self, what: str, rows: int) -> None:
        self._further(what, rows)


@contextlib.contextmanager
def _progress() -> Iterator[_Told]:
    """A bar on a terminal, nothing elsewhere. On standard error: the result is the output."""
    if not sys.stderr.isatty():
        yield _Told(lambda rows: None, lambda what, rows: None)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking", total=None)
        yield _Told(
            lambda rows: bar.update(task, total=rows),
            lambda what, rows: bar.update(task, description=what, advance=rows),
        )


def _print(key_id: str, compared: Sequence[Compared], *, is_equal: bool) -> None:
    rows = [[one.table, str(one.target.rows), one.target.sha256] for one in compared]
    terminal.print_columns(("table", "rows", "SHA-256 of the rows"), rows)
    if is_equal:
        click.echo(f"Source and target are equal: {sum(one.target.rows for one in compared)} rows.")
        click.echo(
            f"The key was not copied: the target needs key {key_id}, the same that the source has. "
            "Bring its file, or PALABRE_MASTER_KEY, wherever the target is used."
        )


def _as_json(key_id: str, compared: Sequence[Compared]) -> dict[str, object]:
    return {
        "equal": all(one.is_equal for one in compared),
        "key": key_id,
        "tables": [
            {
                "table": one.table,
                "equal": one.is_equal,
                "source": {"rows": one.source.rows, "sha256": one.source.sha256},
                "target": {"rows": one.target.rows, "sha256": one.target.sha256},
            }
            for one in compared
        ],
    }
