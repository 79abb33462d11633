"""Both engines have the same tables, and texts, numbers and times are the same to both."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx2
import pytest

import makers
import postgres
from naughty import NAUGHTY
from palabre.service import Service
from palabre.store import Tx, info
from palabre.store.copying import NUMBERED, TABLES
from palabre.store.migrate import migrations
from palabre.store.tx import Value, among, moment, ms

OWN = {
    "sqlite": {"turn", "word_index"},
    "postgres": {"outdated"},
}
"""Tables that one engine alone has, each for a reason told in its migration."""

OWN_INDEXES = {
    "sqlite": set[str](),
    # The number of a comment is SQLite's row; words are SQLite's word_index.
    "postgres": {"comment_by_seq", "comment_words_by_word", "outdated_by_age", "outdated_by_xact"},
}

TYPES = {"integer": "bigint", "text": "text", "blob": "bytea"}


@dataclass(frozen=True)
class Column:
    """A column as both engines can tell of it, in PostgreSQL's words."""

    type: str
    is_required: bool
    default: str | None


@dataclass
class Schema:
    """Tables with their columns, the columns that are unique together, and indexes by name."""

    columns: dict[str, dict[str, Column]]
    unique: dict[str, set[frozenset[str]]]
    indexes: dict[str, str]


def of_sqlite() -> Schema:
    with closing(sqlite3.connect(":memory:")) as raw:
        for migration in migrations("sqlite"):
            raw.executescript(migration.text)
        listed = raw.execute("pragma table_list").fetchall()
        # The word index is a table in five tables of its own.
        tables = [
            row[1] for row in listed if row[2] == "table" and not row[1].startswith("sqlite_")
        ]
        virtual = [row[1] for row in listed if row[2] == "virtual"]
        found = Schema({name: {} for name in virtual}, defaultdict(set), {})
        for table in tables:
            rows = raw.execute(f"pragma table_info({table})").fetchall()
            found.columns[table] = {
                name: Column(TYPES[kind.lower()], bool(required or key), default)
                for _, name, kind, required, default, key in rows
            }
            found.unique[table].add(frozenset(row[1] for row in rows if row[5]))
            for _, index, is_unique, origin, _ in raw.execute(f"pragma index_list({table})"):
                columns = [row[2] for row in raw.execute(f"pragma index_info({index})")]
                if is_unique:
                    found.unique[table].add(frozenset(columns))
                if origin == "c":
                    (sql,) = raw.execute(
                        "select sql from sqlite_schema where name = ?", (index,)
                    ).fetchone()
                    found.indexes[index] = comparable(sql)
    return found


@pytest.fixture(scope="module")
def of_postgres(postgres_server: str) -> Iterator[Schema]:
    with postgres.database(postgres_server, f"palabre_engines_{os.getpid()}") as url:
        postgres.execute(url, *(migration.text for migration in migrations("postgres")))
        yield postgres.within(url, read)


async def read(connection: asyncpg.Connection) -> Schema:
    found = Schema(defaultdict(dict), defaultdict(set), {})
    for row in await connection.fetch(
        "select table_name, column_name, data_type, is_nullable, column_default "
        "from information_schema.columns where table_schema = 'public'"
    ):
        default = row["column_default"]
        found.columns[row["table_name"]][row["column_name"]] = Column(
            row["data_type"],
            row["is_nullable"] == "NO",
            None if default is None else re.sub(r"::\w+$", "", default),
        )
    for row in await connection.fetch(
        "select tablename, indexname, indexdef, indisunique, array(select attname from "
        "pg_attribute where attrelid = indexrelid order by attnum)::text[] as columns "
        "from pg_indexes join pg_index on indexrelid = indexname::regclass "
        "where schemaname = 'public'"
    ):
        if row["indisunique"]:
            found.unique[row["tablename"]].add(frozenset(row["columns"]))
        else:
            found.indexes[row["indexname"]] = comparable(row["indexdef"])
    return found


def comparable(sql: str) -> str:
    """What an index is on, and which rows it holds: without the engines' own ways to write it."""
    sql = sql.lower()
    for theirs in ("public.", "using btree ", "::text", '"'):
        sql = sql.replace(theirs, "")
    columns, _, where = " ".join(sql.split()).partition(" where ")
    # PostgreSQL writes parentheses wherever there might be some.
    return re.sub("[() ]", "", columns.partition(" on ")[2]) + "|" + re.sub("[()]", "", where)


def test_both_have_the_same_tables_but_their_own(of_postgres: Schema) -> None:
    sqlite = of_sqlite()
    assert OWN["sqlite"] <= set(sqlite.columns)
    assert OWN["postgres"] <= set(of_postgres.columns)
    shared = set(sqlite.columns) - OWN["sqlite"]
    assert shared == set(of_postgres.columns) - OWN["postgres"]
    assert {table.name for table in TABLES} == shared, "a table that `palabre copy` forgets"


def test_their_columns_are_alike_but_what_numbers_rows(of_postgres: Schema) -> None:
    sqlite = of_sqlite()
    for table in set(sqlite.columns) - OWN["sqlite"]:
        theirs = dict(of_postgres.columns[table])
        if table in NUMBERED:
            number = theirs.pop("seq")
            assert number == Column("bigint", True, f"nextval('{table}_seq'::regclass)")
            assert sqlite.columns[table].pop("seq") == Column("bigint", True, None)
        if table == "comment_words":
            assert theirs.pop("site_id") == Column("text", True, None)
        assert sqlite.columns[table] == theirs, table


def test_every_sequence_is_known_to_the_copy(of_postgres: Schema) -> None:
    counted = {
        table
        for table, columns in of_postgres.columns.items()
        for column in columns.values()
        if "nextval" in (column.default or "")
    }
    assert counted == set(NUMBERED)


def test_what_is_unique_is_so_on_both_the_site_aside(of_postgres: Schema) -> None:
    sqlite = of_sqlite()
    site = frozenset({"site_id"})

    def aside(keys: set[frozenset[str]]) -> set[frozenset[str]]:
        return {key - site for key in keys if key}

    for table in set(sqlite.columns) - OWN["sqlite"]:
        ours = aside(sqlite.unique[table])
        if table == "comment":
            # By which it is found on SQLite; given out by a sequence on PostgreSQL.
            ours.remove(frozenset({"seq"}))
        assert ours == aside(of_postgres.unique[table]), table


def test_their_indexes_are_alike_by_name_columns_and_rows(of_postgres: Schema) -> None:
    ours, theirs = of_sqlite().indexes, of_postgres.indexes
    assert set(ours) - OWN_INDEXES["sqlite"] == set(theirs) - OWN_INDEXES["postgres"]
    differing = {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}
    assert differing == {}


def test_a_copy_goes_by_a_key_that_is_unique_on_both(of_postgres: Schema) -> None:
    sqlite = of_sqlite()
    for table in TABLES:
        # A comment's number is given out by PostgreSQL, and may not be unique across sites.
        unique = [sqlite.unique[table.name]]
        unique += [of_postgres.unique[table.name]] if table.name != "comment" else []
        for keys in unique:
            assert any(key and key - {"site_id"} <= set(table.key) for key in keys), table.name


# Values.

_ACCENTED = (
    "a A b B z Z _ é e\u0301 É E\u0301 è ê ä ß ss ẞ ſ ı I i İ œ oe Œ ﬁ fi Ω \u2126 Å \u212b A\u030a"
)
_BEYOND = (
    "😀 👩\u200d👩\u200d👧 a\u200db \U0010fffd \ufffd \uffff \ue000 \U00010000 \U0010ffff "
    "한글 عربي 日本"
)
_PLAIN = "a-b a.b 1 10 2 ² ' \" % %% \\ \\\\ :name $1 {} null NULL"

TEXTS = sorted(
    {
        *_ACCENTED.split(" "),
        *_BEYOND.split(" "),
        *_PLAIN.split(" "),
        *("", " ", "  ", "a b", "a\u00a0b", "a\tb", "a\nb", unicodedata.normalize("NFD", "한글")),
        *(text for text in NAUGHTY if text.isprintable()),
    }
)
"""In the order of their code points, which is that of their bytes in UTF-8."""

NUMBERS = [-(2**63), -1, 0, 1, 2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1]


async def test_texts_are_kept_compared_and_sorted_by_their_bytes(service: Service) -> None:
    async def unit(tx: Tx) -> None:
        for text in reversed(TEXTS):
            await tx.run(
                "insert into recurring (name, due_at) values (:name, :due)",
                name=text,
                due=TEXTS.index(text),
            )
        rows = await tx.all("select name, due_at from recurring order by name")
        assert [row["name"] for row in rows] == TEXTS
        assert [row["due_at"] for row in rows] == list(range(len(TEXTS)))
        for number, text in enumerate(TEXTS):
            same = await tx.all("select due_at from recurring where name = :name", name=text)
            assert [row["due_at"] for row in same] == [number]
            below = await tx.one("select count(*) as n from recurring where name < :x", x=text)
            assert below is not None
            assert below["n"] == number
        last = await tx.one("select max(name) as last, min(name) as first from recurring")
        assert last is not None
        assert (last["last"], last["first"]) == (TEXTS[-1], TEXTS[0])

    await service.store.write(unit)


async def test_texts_in_a_json_parameter_are_the_same(service: Service) -> None:
    async def unit(tx: Tx) -> None:
        for text in TEXTS:
            await info.put(tx, **{f"t{TEXTS.index(text)}": text})
        for encoded in (json.dumps(TEXTS), json.dumps(TEXTS, ensure_ascii=False)):
            rows = await tx.all(
                f"select value from store_info where name like 't%' and value {among(tx, 'all')}",
                all=encoded,
            )
            assert {row["value"] for row in rows} == set(TEXTS)

    await service.store.write(unit)


async def test_whole_numbers_are_exact(service: Service) -> None:
    async def unit(tx: Tx) -> None:
        rows: list[dict[str, Value]] = [{"name": str(n), "due": n} for n in NUMBERS]
        await tx.each("insert into recurring (name, due_at) values (:name, :due)", rows)
        found = await tx.all("select name, due_at from recurring order by due_at desc")
        assert [row["due_at"] for row in found] == NUMBERS[::-1]
        assert [int(row["name"]) for row in found] == NUMBERS[::-1]
        next_one = await tx.one(
            "select due_at from recurring where due_at > :n order by due_at limit 1", n=2**53
        )
        assert next_one is not None
        assert next_one["due_at"] == 2**53 + 1

    await service.store.write(unit)


async def test_times_are_kept_to_the_millisecond(service: Service) -> None:
    begin = datetime(2026, 11, 24, 23, 59, 59, 999_000, tzinfo=UTC)
    times = [begin + timedelta(milliseconds=number) for number in range(3)]

    async def unit(tx: Tx) -> None:
        rows: list[dict[str, Value]] = [{"name": str(ms(at)), "due": ms(at)} for at in times]
        await tx.each("insert into recurring (name, due_at) values (:name, :due)", rows)
        found = await tx.all("select due_at from recurring order by due_at")
        assert [moment(row["due_at"]) for row in found] == times

    await service.store.write(unit)


@pytest.mark.parametrize(
    ("written", "asked", "is_found"),
    [
        ("L’École d’été", "ecole", True),
        ("L'E\u0301COLE", "école", True),
        ("STRASSE", "straße", True),
        ("Straße", "strasse", True),
        ("cœur", "COEUR", True),
        ("ﬁn", "fin", True),
        ("İstanbul", "istanbul", True),
        ("ＡＢＣ１２", "abc12", True),
        ("日本語", "日本語", True),
        ("écoles", "école", False),
        ("c’est-à-dire", "c est a dire", True),
        ("déjà vu 😀", "vu deja", True),
    ],
)
async def test_words_are_folded_alike(
    client: httpx2.AsyncClient,
    moderator: dict[str, str],
    written: str,
    asked: str,
    is_found: bool,
) -> None:
    comment_id = await makers.comment(client, comment=f"Un mot : {written}.")
    answer = await client.get("/v1/moderation/comments", params={"q": asked}, headers=moderator)
    found = [one["id"] for one in answer.json()["comments"]]
    assert found == ([comment_id] if is_found else [])
