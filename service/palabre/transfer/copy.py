"""A whole store moved to another database, whatever the engines: rows as they are, then compared.

What is stored is behind what is still to come in the order of each table's key, so that a copy
which was broken off goes on behind the last row that it finds.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from palabre.errors import Refusal
from palabre.ids import random_id
from palabre.service import Clock
from palabre.store import Store, Tx, copying, info, words
from palabre.store.copying import TABLES, Table
from palabre.store.tx import Row, ms
from palabre.transfer.digests import Digest, columns_of, digest, pages
from palabre.transfer.ends import Ends

INDEXED_AT_ONCE = 200
KNOWN_AFTER_PAGES = (1, 10, 100)

Told = Callable[[str, int], None]
"""Is told what is being done, and how many rows further it is."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a table holds on either side."""

    table: str
    source: Digest
    target: Digest

    @property
    def is_equal(self) -> bool:
        return self.source == self.target


async def copy(ends: Ends, *, now: Clock, told: Told) -> list[Compared]:
    """Bring the target to what the source holds, and compare all of it.

    The target is whole, and marked so, if every table is equal. One that is already is compared
    and left alone. Raises Refusal when it holds anything else, and what the stores raise.
    """
    run = random_id()
    begin = partial(copying.begin, source=await _mark(ends.source), run=run, at=ms(now()))
    if await ends.target.write(begin):
        await _index(ends.source)
        for table in TABLES:
            await _copy(ends, table, run=run, told=partial(told, f"copying {table.name}"))
        await ends.target.write(partial(_number_on, run=run), long=True)
        compared = await _compare(ends, told)
        if all(one.is_equal for one in compared):
            await ends.target.write(partial(copying.finish, run=run, at=ms(now())))
        return compared
    return await _compare(ends, told)


async def rows_about(source: Store) -> int:
    """How many rows a copy is about, by the engine's own estimate."""
    found = [await source.read(partial(copying.estimate, table=table)) for table in TABLES]
    return sum(found)


async def _mark(source: Store) -> str:
    """What a source is recognised by when a copy goes on: its key, and its sites as they are."""
    known = await source.read(info.get)
    sites = await digest(source, TABLES[0], told=lambda rows: None)
    return hashlib.sha256(f"{known['key_check']}/{sites.sha256}".encode()).hexdigest()


async def _index(source: Store) -> None:
    """Words that are still to be found (`store/words.py`) are found before they are copied."""
    last = await source.read(words.last)
    while not await source.read(partial(words.reaches, seq=last)):
        await source.write(partial(words.add_new, most=INDEXED_AT_ONCE), long=True)


async def _copy(ends: Ends, table: Table, *, run: str, told: Callable[[int], None]) -> None:
    columns = await columns_of(ends.source, table)
    if columns != await columns_of(ends.target, table):
        raise Refusal(f"The table {table.name} is not the same in the source and in the target.")
    after = await ends.target.read(partial(copying.last, table=table))
    number = 0
    async for rows in pages(ends.source, table, columns, after=after):
        unit = partial(_add, run=run, table=table, columns=columns, rows=rows)
        await ends.target.write(unit, long=True)
        number += 1
        if number in KNOWN_AFTER_PAGES:
            await ends.target.write(partial(copying.get_to_know, table=table), long=True)
        told(len(rows))


async def _add(
    tx: Tx, *, run: str, table: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    await copying.go_on(tx, run)
    await copying.add(tx, table, columns, rows)


async def _number_on(tx: Tx, *, run: str) -> None:
    await copying.go_on(tx, run)
    await copying.number_on(tx)


async def _compare(ends: Ends, told: Told) -> list[Compared]:
    compared = []
    for table in TABLES:
        counted = partial(told, f"comparing {table.name}")
        source, target = await asyncio.gather(
            digest(ends.source, table, told=counted), digest(ends.target, table, told=counted)
        )
        compared.append(Compared(table.name, source, target))
    return compared
