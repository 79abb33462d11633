"""Moderators, known by the hash of their token."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.model import Moderator, Scope
from palabre.store.tx import Row, Tx, among, moment, moment_or_none, ms

NAMES_AT = {
    engine: f"(select {aggregate} from moderator where moderator.revoked_at is null "
    "and (moderator.expires_at is null or moderator.expires_at > :now) "
    "and (moderator.site_id is null or moderator.site_id = s.id))"
    for engine, aggregate in (
        ("sqlite", "json_group_array(moderator.name)"),
        ("postgres", "cast(json_agg(moderator.name) as text)"),
    )
}
"""A part of a statement: the names of the moderators of the site `s` whose token works `:now`, as a
JSON array, or null. By engine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A moderator as the operator sees them. `site`: its name, None for all."""

    id: str
    name: str
    scope: Scope
    site: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


async def add(
    tx: Tx, moderator: Moderator, token_hash: bytes, *, at: datetime, expires_at: datetime | None
) -> None:
    """A new moderator. Raises `Taken` when the name is or was somebody's: the log names them."""
    await tx.run(
        "insert into moderator (id, name, token_hash, scope, site_id, created_at, expires_at) "
        "values (:id, :name, :hash, :scope, :site, :at, :expires)",
        id=moderator.id,
        name=moderator.name,
        hash=token_hash,
        scope=moderator.scope,
        site=moderator.site_id,
        at=ms(at),
        expires=None if expires_at is None else ms(expires_at),
    )


async def by_token(tx: Tx, token_hash: bytes, *, now: datetime) -> Moderator | None:
    """Who holds a token that is neither revoked nor expired."""
    row = await tx.one(
        "select id, name, scope, site_id from moderator where token_hash = :hash "
        "and revoked_at is null and (expires_at is null or expires_at > :now)",
        hash=token_hash,
        now=ms(now),
    )
    return None if row is None else _moderator(row)


async def by_id(tx: Tx, moderator_id: str, *, now: datetime) -> Moderator | None:
    """The moderator of this id, if neither revoked nor expired."""
    row = await tx.one(
        "select id, name, scope, site_id from moderator where id = :id "
        "and revoked_at is null and (expires_at is null or expires_at > :now)",
        id=moderator_id,
        now=ms(now),
    )
    return None if row is None else _moderator(row)


async def by_name(tx: Tx, name: str, *, now: datetime) -> Moderator | None:
    """The moderator of this name, if neither revoked nor expired."""
    row = await tx.one(
        "select id, name, scope, site_id from moderator where name = :name "
        "and revoked_at is null and (expires_at is null or expires_at > :now)",
        name=name,
        now=ms(now),
    )
    return None if row is None else _moderator(row)


async def in_force(tx: Tx, ids: Collection[str], *, now: datetime) -> frozenset[str]:
    """Those of these ids whose token is neither revoked nor expired."""
    rows = await tx.all(
        f"select id from moderator where id {among(tx, 'ids')} "
        "and revoked_at is null and (expires_at is null or expires_at > :now)",
        ids=json.dumps(sorted(ids)),
        now=ms(now),
    )
    return frozenset(row["id"] for row in rows)


async def id_of(tx: Tx, name: str) -> str | None:
    """The id of the moderator of this name, revoked ones included."""
    row = await tx.one("select id from moderator where name = :name", name=name)
    return None if row is None else row["id"]


async def every(tx: Tx) -> Sequence[Entry]:
    """All moderators, revoked ones included, by name."""
    rows = await tx.all(
        "select moderator.*, site.name as site_name from moderator "
        "left join site on site.id = moderator.site_id order by moderator.name"
    )
    return [_entry(row) for row in rows]


async def revoke(tx: Tx, name: str, *, at: datetime) -> bool:
    """End a token; whether there was one to end."""
    return (
        await tx.run(
            "update moderator set revoked_at = :at where name = :name and revoked_at is null",
            name=name,
            at=ms(at),
        )
        == 1
    )


def _moderator(row: Row) -> Moderator:
    return Moderator(row["id"], row["name"], Scope(row["scope"]), row["site_id"])


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        name=row["name"],
        scope=Scope(row["scope"]),
        site=row["site_name"],
        created_at=moment(row["created_at"]),
        expires_at=moment_or_none(row["expires_at"]),
        revoked_at=moment_or_none(row["revoked_at"]),
    )
