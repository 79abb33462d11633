"""Comments whose texts are alike: the bands they are found by, and the groups they make.

A group is named by the id of its first comment, and every one of it has that in `comment.alike`.
What is alike is decided by `palabre.text.sketch`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.store.tx import Tx, Value, among, ms
from palabre.text import sketch
from palabre.text.sketch import Sketch

FOUND_MOST = 5
"""Comments looked at for each band, the newest: a flood may have any number."""
MERGED_MOST = 100
"""Comments that go over to another group at once; the rest do when the next one comes."""

_BANDS = range(sketch.BANDS)
_NUMBERS = " union all ".join(
    "select seq from (select seq from comment_band where site_id = :site "
    f"and band = cast(:band{number} as bigint) order by seq desc limit {FOUND_MOST}) "
    f"as part{number}"
    for number in _BANDS
)


@dataclass(frozen=True, slots=True)
class Near:
    """A comment that a text is alike to. `group`: the one that it is in so far, if any."""

    id: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A comment with the same text (`is_equal`) or one that is alike, and where it stands."""

    near: Near
    article_id: str
    name: str
    is_equal: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment's bands stand. `created_at`: ms."""

    site_id: str
    created_at: int
    seq: int


def found(tx: Tx) -> str:
    """The column `found` of a select that knows `:site`, `:since` and the values of `bands_of`.

    It holds the newest comments that share a band, `FOUND_MOST` a band, for `near_among`.
    """
    row = tx.either(
        sqlite="json_group_array(json_array(k.id, k.alike, hex(k.sketch)))",
        postgres="cast(json_agg(json_build_array(k.id, k.alike, encode(k.sketch, 'hex'))) as text)",
    )
    return (
        f"(select {row} from comment as k where {_one_of(tx, _NUMBERS)} "
        "and k.sketch is not null and k.created_at > :since) as found"
    )


def bands_of(one: Sketch | None) -> dict[str, Value]:
    """The values by which `found` looks for a text; nothing is found for None."""
    bands: list[int | None] = [*sketch.bands(one)] if one is not None else []
    bands += [None] * (len(_BANDS) - len(bands))
    return {f"band{number}": band for number, band in enumerate(bands)}


def near_among(one: Sketch | None, found: str | None) -> list[Near]:
    """Those of what was `found` that the text is alike to."""
    rows = json.loads(found) if found and one is not None else []
    if one is None or not rows:
        return []
    others = [(sketch.read(bytes.fromhex(stored)), group) for _, group, stored in rows]
    return [Near(rows[at][0], rows[at][1]) for at in sketch.alike(one, others)]


async def earlier(
    tx: Tx,
    site_id: str,
    near: Sequence[Near],
    *,
    text_hash: bytes,
    since: datetime,
    most: int,
) -> list[Earlier]:
    """Comments of the site with this text, and those in the groups of *near*, up to *most* each."""
    here = "select seq from comment where site_id = :site"
    numbers = (
        f"select seq from ({here} and body_hash = :text and created_at > :since limit :most) "
        f"as part0 union all select seq from ({here} and alike {among(tx, 'groups')} "
        "and created_at > :since limit :most) as part1 "
        f"union all select seq from comment where id {among(tx, 'ids')}"
    )
    rows = await tx.all(
        "select k.id, k.alike, k.article_id, k.name, k.body_hash from comment as k "
        f"where {_one_of(tx, numbers)} and k.body_hash is not null",
        site=site_id,
        text=text_hash,
        since=ms(since),
        most=most,
        groups=json.dumps(sorted({one.group for one in near if one.group is not None})),
        ids=json.dumps([one.id for one in near]),
    )
    return [
        Earlier(
            Near(row["id"], row["alike"]),
            row["article_id"],
            row["name"],
            row["body_hash"] == text_hash,
        )
        for row in rows
    ]


def group_of(near: Sequence[Near]) -> str | None:
    """The group of a comment that is alike to these: the oldest of theirs, ids being in order."""
    return min((one.group or one.id for one in near), default=None)


async def add(
    tx: Tx, site_id: str, comment_id: str, one: Sketch | None, near: Sequence[Near]
) -> None:
    """Let a comment that has just been stored be found, and *near* be in its group."""
    if one is None:
        return
    await _add_bands(tx, comment_id, one)
    group = group_of(near)
    if group is None:
        return
    # Whoever is being decided on at this moment is left, and comes in with the next: those who
    # wait for one another's comments would have to do so in one order.
    held = tx.either(sqlite="", postgres=" for no key update skip locked")
    joined = await tx.all(
        f"with due as materialized (select seq from comment where id {among(tx, 'ids')} "
        f"and alike is null and body_hash is not null{held}) "
        "update comment set alike = :name where seq in (select seq from due) returning id",
        name=group,
        ids=json.dumps([one.id for one in near if one.group is None]),
    )
    others = sorted({one.group for one in near if one.group is not None} - {group})
    if others:
        await tx.run(
            "with due as materialized (select seq from comment where site_id = :site "
            f"and alike {among(tx, 'others')} limit :most{held}) "
            "update comment set alike = :name where seq in (select seq from due)",
            site=site_id,
            name=group,
            others=json.dumps(others),
            most=MERGED_MOST,
        )
    # A ban on a text goes on knowing those that are alike; one that was made when nothing was alike
    # to its text yet knows them by its own comment.
    before = [*others, *(row["id"] for row in joined if row["id"] != group)]
    if before:
        await tx.run(
            f"update ban set alike = :name where site_id = :site and alike {among(tx, 'before')}",
            site=site_id,
            name=group,
            before=json.dumps(before),
        )


async def group(tx: Tx, comment_id: str) -> str | None:
    """The group that a comment is in, if any."""
    row = await tx.one("select alike from comment where id = :id", id=comment_id)
    return None if row is None else row["alike"]


async def replace(tx: Tx, place: Place, comment_id: str, one: Sketch | None) -> None:
    """Let a comment be found by what it says now."""
    await remove(tx, place)
    if one is not None:
        await _add_bands(tx, comment_id, one)


async def remove(tx: Tx, place: Place) -> None:
    """Let a comment not be found any more."""
    await tx.run(
        "delete from comment_band where site_id = :site and created_at = :at and seq = :seq",
        site=place.site_id,
        at=place.created_at,
        seq=place.seq,
    )


async def forget_expired(tx: Tx, *, site_id: str, before: datetime, most: int) -> int:
    """Remove bands of comments from before a moment, the oldest first; how many."""
    return await tx.run(
        "delete from comment_band where site_id = :site and (band, seq) in (select band, seq "
        "from comment_band where site_id = :site and created_at <= :before "
        "order by created_at, seq limit :most)",
        site=site_id,
        before=ms(before),
        most=most,
    )


async def _add_bands(tx: Tx, comment_id: str, one: Sketch) -> None:
    await tx.run(
        "insert into comment_band (site_id, band, seq, created_at) "
        "select c.site_id, cast(value as bigint), c.seq, c.created_at from comment as c, "
        + tx.either(
            sqlite="json_each(:bands) ",
            postgres="json_array_elements_text(cast(:bands as json)) as n(value) ",
        )
        + "where c.id = :id",
        bands=json.dumps(sorted(set(sketch.bands(one)))),
        id=comment_id,
    )


def _one_of(tx: Tx, numbers: str) -> str:
    """The condition that the comment `k`, of the site, is one of those that a select finds."""
    return tx.either(
        # All those found are of the site. SQLite, told so, would look through all that it has.
        sqlite=f"k.seq in ({numbers})",
        # See `tx.among`.
        postgres=f"k.seq = any(array({numbers})) and k.site_id = :site",
    )
