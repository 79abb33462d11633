"""What tells that two stores hold the same: each table's rows, counted and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from palabre.store import Store, copying
from palabre.store.copying import Key, Table
from palabre.store.tx import Row, Value

PAGE = 1000
"""Rows read at a time, and stored in a transaction. Of the longest comments they are 100 MB, of
ordinary ones 2."""


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows a table has, and SHA-256 over all of them in the order of their key."""

    rows: int
    sha256: str


async def columns_of(store: Store, table: Table) -> tuple[str, ...]:
    """The columns of a table that are copied, by name."""
    return await store.read(partial(copying.columns, table=table))


async def pages(
    store: Store, table: Table, columns: Sequence[str], *, after: Key | None = None
) -> AsyncIterator[list[Row]]:
    """A table's rows in the order of its key, from behind *after* on."""
    while rows := await store.read(
        partial(copying.page, table=table, columns=columns, after=after, limit=PAGE)
    ):
        yield rows
        if len(rows) < PAGE:
            return
        after = copying.key_of(table, rows[-1])


async def digest(store: Store, table: Table, *, told: Callable[[int], None]) -> Digest:
    """A table's digest, the same on both engines. *told*: the number of rows of each step."""
    columns = await columns_of(store, table)
    number, found = 0, hashlib.sha256()
    async for rows in pages(store, table, columns):
        found.update("".join([canonical(row, columns) for row in rows]).encode())
        number += len(rows)
        told(len(rows))
    return Digest(number, found.hexdigest())


def canonical(row: Row, columns: Sequence[str]) -> str:
    """A row as one line of JSON: its values by their columns' names, bytes in hexadecimal.

    Unambiguous: a column holds texts, numbers or bytes, never a mixture.
    """
    values = [_plain(row[column]) for column in columns]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(value: Value) -> Value:
    return value.hex() if isinstance(value, bytes) else value
