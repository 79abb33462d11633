"""A PostgreSQL store looked at from outside: nothing is made, locked or changed.

What opens a store to work with it is `postgres`.
"""

from __future__ import annotations

import asyncpg

from palabre.errors import Refusal
from palabre.store.looks import Look
from palabre.store.postgres import fits
from palabre.store.postgres_pool import CONNECT_S
from palabre.store.postgres_tx import FAILURES

_TABLES = (
    "select relname from pg_class where relkind in ('r', 'p') "
    "and relnamespace = to_regnamespace(current_schema())"
)


async def look(url: str) -> Look:
    """Look at the store in this database. Refuses what can't be reached or read."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_S, statement_cache_size=0)
        try:
            fits(connection)
            async with connection.transaction(readonly=True):
                return await _look(connection)
        finally:
            await connection.close(timeout=CONNECT_S)
    except (asyncpg.PostgresError, *FAILURES, ValueError) as exc:
        why = str(exc) or type(exc).__name__
        raise Refusal(f"The PostgreSQL store cannot be read: {why}.") from exc


async def _look(connection: asyncpg.Connection) -> Look:
    tables = {row["relname"] for row in await connection.fetch(_TABLES)}
    applied, known = {}, {}
    if "migration" in tables:
        rows = await connection.fetch("select number, checksum from migration")
        applied = {row["number"]: row["checksum"] for row in rows}
    if "store_info" in tables:
        rows = await connection.fetch("select name, value from store_info")
        known = {row["name"]: row["value"] for row in rows}
    return Look(is_ours=bool(applied) or not tables, known=known, applied=applied, damages=())
