"""Sites and their origins."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from palabre.model import Policy, Site
from palabre.store.tx import Row, Tx, held, ms
from palabre.text import policy

OUTDATED_BY_CHANGES = "sites"
"""The name of all that depends on what sites there are, and on their rules, for `Tx.outdates`."""

_SITE = "select id, name, locale, policy from site"


async def add(
    tx: Tx,
    site_id: str,
    name: str,
    *,
    origins: Sequence[str],
    locale: str,
    at: datetime,
) -> None:
    """A new site. Raises `Taken` when the name or an origin belongs to another one."""
    tx.outdates(OUTDATED_BY_CHANGES)
    await tx.run(
        "insert into site (id, name, locale, policy, created_at) "
        "values (:id, :name, :locale, '{}', :at)",
        id=site_id,
        name=name,
        locale=locale,
        at=ms(at),
    )
    for state in ("approved", "pending", "rejected", "spam"):
        await tx.run(
            "insert into site_tally (site_id, state, comments) values (:site, :state, 0)",
            site=site_id,
            state=state,
        )
    for origin in origins:
        await add_origin(tx, site_id, origin)


async def add_origin(tx: Tx, site_id: str, origin: str) -> None:
    """One more origin, behind the others. Raises `Taken` when it belongs to a site already."""
    tx.outdates(OUTDATED_BY_CHANGES)
    await tx.run(
        "insert into site_origin (origin, site_id, position) select :origin, :site, count(*) "
        "from site_origin where site_id = :site",
        origin=origin,
        site=site_id,
    )


async def put_first(tx: Tx, site_id: str, origin: str) -> None:
    """Put an origin of the site before its others: a bare path's URL is there from now on."""
    tx.outdates(OUTDATED_BY_CHANGES)
    await tx.run(
        "update site_origin set position = "
        "(select min(position) from site_origin where site_id = :site) - 1 "
        "where site_id = :site and origin = :origin and exists (select 1 from site_origin as other "
        "where other.site_id = :site and other.position < site_origin.position)",
        site=site_id,
        origin=origin,
    )


async def by_name(tx: Tx, name: str) -> Site | None:
    row = await tx.one(f"{_SITE} where name = :name", name=name)
    return None if row is None else await _site(tx, row)


async def by_id(tx: Tx, site_id: str) -> Site:
    """The site with an id that the store gave; there always is one."""
    row = await tx.one(f"{_SITE} where id = :id", id=site_id)
    if row is None:
        raise LookupError(site_id)
    return await _site(tx, row)


async def by_origin(tx: Tx, origin: str) -> Site | None:
    """The site that an origin belongs to."""
    row = await tx.one("select site_id from site_origin where origin = :origin", origin=origin)
    return None if row is None else await by_id(tx, row["site_id"])


async def only(tx: Tx) -> Site | None:
    """The site, when there is exactly one."""
    rows = await tx.all(f"{_SITE} order by name limit 2")
    return await _site(tx, rows[0]) if len(rows) == 1 else None


async def every(tx: Tx) -> list[Site]:
    """All sites, by name."""
    return [await _site(tx, row) for row in await tx.all(f"{_SITE} order by name")]


async def ids(tx: Tx) -> list[str]:
    """The ids of all sites."""
    return [row["id"] for row in await tx.all("select id from site order by id")]


async def names(tx: Tx) -> list[str]:
    """All sites' names, sorted."""
    return [row["name"] for row in await tx.all("select name from site order by name")]


async def overrides(tx: Tx, site_id: str, *, to_change: bool = True) -> dict[str, object]:
    """The rules that differ from the defaults; held, where they are to be changed."""
    end = held(tx) if to_change else ""
    row = await tx.one(f"select policy from site where id = :id{end}", id=site_id)
    return {} if row is None else dict(json.loads(row["policy"]))


async def set_policy(tx: Tx, site_id: str, overridden: Mapping[str, object]) -> None:
    """The rules that differ from the defaults. Every listing of the site may look different."""
    tx.outdates(OUTDATED_BY_CHANGES)
    await tx.run(
        "update site set policy = :policy where id = :id", id=site_id, policy=json.dumps(overridden)
    )


def with_policy(site: Site, overridden: Mapping[str, object]) -> Site:
    """A site with these rules in place of its own."""
    return replace(site, policy=_policy(json.dumps(overridden)))


async def tally(tx: Tx, site_id: str | None) -> dict[str, int]:
    """How many comments are in each state, on one site or on all (None)."""
    rows = await tx.all(
        "select state, sum(comments) as n from site_tally "
        "where cast(:site as text) is null or site_id = :site group by state",
        site=site_id,
    )
    counts = dict.fromkeys(("pending", "approved", "rejected", "spam"), 0)
    return counts | {row["state"]: int(row["n"]) for row in rows}


async def _site(tx: Tx, row: Row) -> Site:
    origins = await tx.all(
        "select origin from site_origin where site_id = :site order by position", site=row["id"]
    )
    return Site(
        id=row["id"],
        name=row["name"],
        locale=row["locale"],
        origins=tuple(origin["origin"] for origin in origins),
        policy=policy_of(row),
    )


def policy_of(row: Row) -> Policy:
    """The rules in a row of a site."""
    return _policy(row["policy"])


@functools.lru_cache(maxsize=16)
def _policy(overridden: str) -> Policy:
    """The rules of a site, read once: they may hold 20,000 words, which are ready to be looked for
    as long as they are the same object."""
    return policy.merge(Policy(), json.loads(overridden))
