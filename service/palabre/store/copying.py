"""Whole tables in the order of their keys, a page at a time: what `palabre copy` reads and writes.

Here is also what a copy says of itself in `store_info`, so that nobody uses half of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from palabre.errors import Refusal
from palabre.store import info, words
from palabre.store.tx import Row, Tx, Value

Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that both engines have. `key`: its columns are unique together, and indexed so.

    `derived`: columns that one engine has and the other can do without. `kept`: of `store_info`,
    names that say something of one store's own files and rows.
    """

    name: str
    key: tuple[str, ...]
    derived: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def _rows(self) -> str:
        """Where of the table to read, the end of it open for another condition."""
        names = ", ".join(f"'{name}'" for name in self.kept)
        return f"{self.name} where " + (f"name not in ({names})" if names else "true")


_FROM, _BY, _BEGUN, _FINISHED = "copy_from", "copy_by", "copy_begun_at", "copy_finished_at"

WORDS = Table("comment_words", ("seq",), derived=("site_id",))

INFO = Table(
    "store_info",
    ("name",),
    kept=("indexed_to", "probed_at", "to_scrub", "scrubbed_at", _FROM, _BY, _BEGUN, _FINISHED),
)

TABLES = (
    # Whoever is referred to stands above. A comment's parent has the smaller number: it has to be
    # there before its reply, and numbers grow.
    Table("site", ("id",)),
    Table("site_origin", ("origin",)),
    Table("site_tally", ("site_id", "state")),
    Table("moderator", ("id",)),
    Table("article", ("id",)),
    Table("author", ("id",)),
    Table("browser", ("site_id", "token_hash")),
    Table("comment", ("seq",)),
    WORDS,
    Table("decision", ("seq",)),
    Table("edit", ("seq",)),
    Table("receipt", ("token_hash",)),
    Table("replay", ("site_id", "request_tag")),
    Table("visit", ("site_id", "visitor_tag")),
    Table("spent", ("site_id", "tag")),
    Table("report", ("site_id", "id")),
    Table("report_receipt", ("token_hash",)),
    Table("job", ("id",)),
    Table("recurring", ("name",)),
    Table("webhook", ("id",)),
    Table("mailbox", ("moderator_id",)),
    Table("digest", ("moderator_id", "site_id")),
    Table("session", ("token_hash",)),
    Table("login_link", ("token_hash",)),
    Table("login_attempt", ("network_tag",)),
    Table("lease", ("site_id", "comment_id", "moderator_id")),
    Table("ban", ("id",)),
    Table("comment_tag", ("site_id", "comment_id", "tag")),
    Table("ban_change", ("site_id", "ban_id", "comment_id")),
    Table("comment_signal", ("site_id", "name", "state", "created_at", "seq")),
    Table("comment_band", ("site_id", "band", "seq")),
    Table("learned_site", ("site_id",)),
    Table("learned_feature", ("site_id", "bucket")),
    Table("learned_label", ("site_id", "comment_id")),
    INFO,
)

NUMBERED = ("comment", "decision", "edit")
"""Tables whose `seq` is the database's to give: on PostgreSQL each has a sequence."""


async def columns(tx: Tx, table: Table) -> tuple[str, ...]:
    """The columns of a table that are copied, by name."""
    rows = await tx.all(
        tx.either(
            sqlite="select name from pragma_table_info(:name)",
            postgres="select cast(attname as text) as name from pg_attribute "
            "where attrelid = to_regclass(cast(:name as text)) and attnum > 0 "
            "and not attisdropped",
        ),
        name=table.name,
    )
    return tuple(sorted({row["name"] for row in rows} - set(table.derived)))


async def estimate(tx: Tx, table: Table) -> int:
    """About how many rows a table has, to show how far one has come."""
    row = await tx.one(
        tx.either(
            sqlite=f"select count(*) as n from {table.name}",
            # Counting reads all of it; -1 when nobody has looked yet.
            postgres="select cast(reltuples as bigint) as n from pg_class "
            f"where oid = cast('{table.name}' as regclass)",
        )
    )
    return max(0, row["n"]) if row is not None else 0


async def page(
    tx: Tx, table: Table, columns: Sequence[str], *, after: Key | None, limit: int
) -> list[Row]:
    """The next rows of a table in the order of its key. Costs one range of an index."""
    key = ", ".join(table.key)
    further, values = "", {}
    if after is not None:
        values = {f"after_{column}": value for column, value in zip(table.key, after, strict=True)}
        further = f" and ({key}) > ({', '.join(f':{name}' for name in values)})"
    return await tx.all(
        f"select {', '.join(columns)} from {table._rows}{further} order by {key} limit :most",
        most=limit,
        **values,
    )


def key_of(table: Table, row: Row) -> Key:
    """A row's place in the order of its table."""
    return tuple(row[column] for column in table.key)


async def last(tx: Tx, table: Table) -> Key | None:
    """The place of the last row that a copy holds: it goes on behind that.

    None also for the table whose rows are few, and some of them the copy's own.
    """
    if table is INFO:
        return None
    down = ", ".join(f"{column} desc" for column in table.key)
    row = await tx.one(f"select {', '.join(table.key)} from {table.name} order by {down} limit 1")
    return None if row is None else key_of(table, row)


async def add(tx: Tx, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Store rows of another store, those that aren't there yet."""
    values = [{column: row[column] for column in columns} for row in rows]
    if table is WORDS:
        await words.restore(tx, values)
        return
    await tx.each(
        f"insert into {table.name} ({', '.join(columns)}) "
        f"values ({', '.join(f':{column}' for column in columns)}) on conflict do nothing",
        values,
    )


async def get_to_know(tx: Tx, table: Table) -> None:
    """Let PostgreSQL plan anew for a table that has grown.

    What it planned when there was nothing in it, foreign keys' checks above all, may look through
    all rows of a site for each new one: 48,000 comments took two minutes, and each more than the
    one before.
    """
    if tx.engine == "postgres":
        await tx.run(f"analyze {table.name}")


async def held(tx: Tx) -> str | None:
    """The name of a table that holds something already, if any."""
    for table in TABLES:
        if table is not INFO and await tx.one(f"select 1 from {table.name} limit 1"):
            return table.name
    return None


async def begin(tx: Tx, *, source: str, run: str, at: int) -> bool:
    """Mark a store as the copy of *source*, with *run* at work from now on; False if it is whole.

    Refuses a store that holds anything else.
    """
    if _FROM not in await info.get(tx):
        table = await held(tx)
        if table is not None:
            raise Refusal(
                f"The target is in use: its table {table} holds rows already. Copy into an empty "
                "database; nothing was changed."
            )
        # Of two that begin at once the second waits here for the first.
        await info.claim(tx, **{_FROM: source, _BEGUN: str(at)})
    known = await info.get(tx)
    if known[_FROM] != source:
        raise Refusal(
            "The target is a copy of another store, or the source's sites have been changed since "
            "it was begun. Copy into an empty database; nothing was changed."
        )
    if not is_half(known):
        return False
    await info.put(tx, **{_BY: run})
    return True


async def go_on(tx: Tx, run: str) -> None:
    """Hold the copy until the transaction ends. Refuses when another run has taken over."""
    changed = await tx.run(
        f"update store_info set value = value where name = '{_BY}' and value = :run", run=run
    )
    if not changed:
        raise Refusal("Another `palabre copy` into the same target has taken over.")


async def number_on(tx: Tx) -> None:
    """What comes next is numbered behind all that was copied, and all is searched."""
    await words.restored(tx)
    if tx.engine == "postgres":
        for table in NUMBERED:
            await tx.one(
                f"select setval('{table}_seq', "
                f"(select coalesce(max(seq), 0) + 1 from {table}), false)"
            )


async def finish(tx: Tx, run: str, *, at: int) -> None:
    """Mark the copy as whole: from now on it is a store like any other."""
    await go_on(tx, run)
    await info.put(tx, **{_FINISHED: str(at)})
    await info.forget(tx, _BY, value=run)


def is_half(known: Mapping[str, str]) -> bool:
    """Whether a store, by what it says of itself, is a copy that hasn't been finished."""
    return _FROM in known and _FINISHED not in known
