"""Bans, what comments could be banned by, and what a ban has made of earlier comments.

Tags are keyed hashes in hexadecimal, so that a list of them can be looked up in one statement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from palabre.keys import Tag
from palabre.model import Ban, BanKind, Banned, State
from palabre.store.tx import Row, Tx, Value, among, moment, moment_or_none, ms

NETWORK_FOR = timedelta(hours=24)
"""How long a comment's networks are known (contract 6)."""
KEPT_FOR = timedelta(days=30)
"""How long the rest of what it could be banned by is: a ban applies to as much."""
STANDING_MOST = 20
"""Bans that a submission is told to be hit by, of which one is named."""
HITS_MOST = 10_000
UNSEEN = -1
"""The place of a comment's mail domain as a ban knows it that is made from the comment."""
NETWORKS = (BanKind.ADDRESS, BanKind.NETWORK)
_ORDER = list(BanKind)
_SUREST = " ".join(
    ["case b.kind", *(f"when '{kind}' then {n}" for n, kind in enumerate(_ORDER)), "end"]
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A keyed hash by which a ban knows something.

    `place`: 0 of the thing itself, more of what it is part of; of a mail domain that no moderator
    sees `UNSEEN`, and less.
    """

    kind: BanKind
    place: int
    tag: Tag

    @property
    def hex(self) -> str:
        """As it is stored."""
        return self.tag.value.hex()


@dataclass(frozen=True, slots=True)
class Aim:
    """What a ban hits of what a site holds: an author, a tag, or a text and those like it."""

    site_id: str
    author_id: str | None = None
    tag: str | None = None
    text_hash: bytes | None = None
    alike: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A comment that a ban is made from. `author_id`, `text_hash`, `text`: None of one that is
    wiped, the first also of a moderator's. `alike`: the group of its text, which is named by the
    first in it and may be this one."""

    id: str
    site_id: str
    author_id: str | None
    text_hash: bytes | None
    alike: str
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What a comment had been before a ban was applied to it; `version`: the one since.

    `reports`: what readers' reports of it had come to, as `reports.outcomes` gives it.
    """

    comment_id: str
    state: State
    version: int
    reason: str | None
    told: State | None
    reports: str | None


def standing(tx: Tx) -> str:
    """Of `facts.about`: the bans of the site `:site` on one of `:tags` at `:now`, as JSON."""
    listed = tx.either(
        sqlite="json_group_array(json_array(hit.id, hit.kind, hit.label, hit.reason, hit.made))",
        postgres="cast(json_agg(json_build_array(hit.id, hit.kind, hit.label, hit.reason, "
        "hit.made)) as text)",
    )
    return (
        f"(select {listed} from (select b.id, b.kind, b.label, b.reason, "
        f"b.created_at as made from ban as b where b.site_id = :site and b.tag {among(tx, 'tags')} "
        "and (b.until_at is null or b.until_at > :now) "
        f"order by {_SUREST}, b.created_at desc, b.id desc limit {STANDING_MOST}) as hit)"
    )


def banned(found: str | None) -> tuple[Banned, ...]:
    """What `standing` found, the surest first, of a kind the newest."""
    hits = sorted(json.loads(found or "[]"), key=lambda hit: (hit[4], hit[0]), reverse=True)
    bans = [Banned(id, BanKind(kind), label, reason) for id, kind, label, reason, _ in hits]
    return tuple(sorted(bans, key=lambda one: _ORDER.index(one.kind)))


async def on_groups(
    tx: Tx, site_id: str, groups: Sequence[str], *, now: datetime
) -> tuple[Banned, ...]:
    """Bans that stand on a text of one of these groups of texts that are alike, newest first."""
    rows = await tx.all(
        f"select id, kind, label, reason from ban where site_id = :site "
        f"and alike {among(tx, 'groups')} and (until_at is null or until_at > :now) "
        "order by created_at desc, id desc limit :most",
        site=site_id,
        groups=json.dumps(list(groups)),
        now=ms(now),
        most=STANDING_MOST,
    )
    return tuple(Banned(r["id"], BanKind(r["kind"]), r["label"], r["reason"]) for r in rows)


async def note(
    tx: Tx, site_id: str, comment_id: str, marks: Sequence[Mark], *, at: datetime
) -> None:
    """Keep what a comment could be banned by. Its text is known by the comment's own hash."""
    await tx.each(
        "insert into comment_tag (site_id, comment_id, kind, place, tag, key_id, expires_at) "
        "values (:site, :comment, :kind, :place, :tag, :key, :expires)",
        [
            {
                "site": site_id,
                "comment": comment_id,
                "kind": mark.kind,
                "place": mark.place,
                "tag": mark.hex,
                "key": mark.tag.key_id,
                "expires": ms(at + (NETWORK_FOR if mark.kind in NETWORKS else KEPT_FOR)),
            }
            for mark in marks
            if mark.kind is not BanKind.TEXT
        ],
    )


async def forget_links(tx: Tx, site_id: str, comment_id: str) -> None:
    """Forget the links of a comment that is rewritten."""
    await tx.run(
        "delete from comment_tag where site_id = :site and comment_id = :comment and kind = :kind",
        site=site_id,
        comment=comment_id,
        kind=BanKind.LINK_DOMAIN,
    )


async def forget_comment(tx: Tx, site_id: str, comment_id: str) -> None:
    """Forget what a comment could be banned by; bans made from it stand, and say so no longer."""
    await tx.run(
        "delete from comment_tag where site_id = :site and comment_id = :comment",
        site=site_id,
        comment=comment_id,
    )
    await tx.run("delete from ban_change where comment_id = :comment", comment=comment_id)
    await tx.run("update ban set comment_id = null where comment_id = :comment", comment=comment_id)


async def source(tx: Tx, comment_id: str, *, site_id: str | None) -> Source | None:
    """A comment to make a ban from, on one site or on any (None)."""
    row = await tx.one(
        "select id, site_id, author_id, body_hash, alike, body from comment where id = :id "
        "and (cast(:site as text) is null or site_id = :site)",
        id=comment_id,
        site=site_id,
    )
    if row is None:
        return None
    return Source(
        id=row["id"],
        site_id=row["site_id"],
        author_id=row["author_id"],
        text_hash=row["body_hash"],
        alike=row["alike"] or row["id"],
        text=row["body"],
    )


async def mark_of(
    tx: Tx, site_id: str, comment_id: str, kind: BanKind, *, now: datetime
) -> Mark | None:
    """What a comment itself is known by to a ban that is made from it, if that is still kept."""
    row = await tx.one(
        "select tag, key_id from comment_tag where site_id = :site and comment_id = :comment "
        "and kind = :kind and place = :place and expires_at > :now",
        site=site_id,
        comment=comment_id,
        kind=kind,
        place=UNSEEN if kind is BanKind.MAIL_DOMAIN else 0,
        now=ms(now),
    )
    return None if row is None else Mark(kind, 0, Tag(bytes.fromhex(row["tag"]), row["key_id"]))


async def kinds_of(tx: Tx, site_id: str, comment_id: str, *, now: datetime) -> frozenset[BanKind]:
    """What of a comment is still known well enough to be banned, its text and author aside."""
    rows = await tx.all(
        "select kind from comment_tag where site_id = :site and comment_id = :comment "
        "and place = 0 and expires_at > :now",
        site=site_id,
        comment=comment_id,
        now=ms(now),
    )
    return frozenset(BanKind(row["kind"]) for row in rows)


async def put(tx: Tx, ban: Ban, mark: Mark, *, alike: str | None) -> tuple[str, bool]:
    """Store a ban, or renew the one that stands on the same; its id, and whether it is new."""
    await _end(
        tx, "tag = :tag and site_id = :site", now=ban.created_at, tag=mark.hex, site=ban.site_id
    )
    row = await tx.one(
        "insert into ban (id, site_id, kind, tag, key_id, label, comment_id, alike, reason, "
        "until_at, created_at, created_by) values (:id, :site, :kind, :tag, :key, :label, "
        ":comment, :alike, :reason, :until, :at, :by) on conflict (site_id, tag) do update set "
        "key_id = excluded.key_id, label = coalesce(excluded.label, ban.label), "
        "comment_id = coalesce(excluded.comment_id, ban.comment_id), "
        "alike = coalesce(excluded.alike, ban.alike), reason = excluded.reason, "
        "until_at = excluded.until_at, created_at = excluded.created_at, "
        "created_by = excluded.created_by returning id",
        id=ban.id,
        site=ban.site_id,
        kind=ban.kind,
        tag=mark.hex,
        key=mark.tag.key_id,
        label=ban.label,
        comment=ban.comment,
        alike=alike,
        reason=ban.reason,
        until=None if ban.until is None else ms(ban.until),
        at=ms(ban.created_at),
        by=ban.created_by,
    )
    if row is None:
        raise LookupError(ban.id)
    return row["id"], row["id"] == ban.id


async def by_id(tx: Tx, ban_id: str, *, now: datetime) -> Ban | None:
    """A ban that stands, the block of an author by that one's id."""
    row = await tx.one("select * from ban where id = :id", id=ban_id)
    if row is None:
        row = await tx.one(f"select {_BLOCK} from author where id = :id", id=ban_id)
    if row is None or row["created_at"] is None:
        return None
    return (
        None
        if row["until_at"] is not None and row["until_at"] <= ms(now)
        else await _counted(tx, row)
    )


_BLOCK = (
    "id, site_id, 'author' as kind, null as label, null as comment_id, "
    "blocked_reason as reason, blocked_until as until_at, blocked_at as created_at, "
    "blocked_by as created_by"
)
"""An author as the ban that a block of theirs is."""


async def page(
    tx: Tx, site_ids: Sequence[str], *, before: tuple[int, str] | None, limit: int, now: datetime
) -> list[Ban]:
    """Bans and blocks that stand on these sites, the newest first. *before*: the last one seen.

    Costs two index ranges of *limit* a site, and what each has caught, counted up to `HITS_MOST`.
    """
    at, ban_id = (1 << 62, "") if before is None else before
    values: dict[str, Value] = {"at": at, "id": ban_id, "now": ms(now), "limit": limit}
    rows: list[Row] = []
    for site_id in site_ids:
        rows += await tx.all(
            "select * from ban where site_id = :site and (created_at, id) < (:at, :id) "
            "and (until_at is null or until_at > :now) "
            "order by created_at desc, id desc limit :limit",
            site=site_id,
            **values,
        )
        rows += await tx.all(
            f"select {_BLOCK} from author where site_id = :site and blocked_at is not null "
            "and (blocked_at, id) < (:at, :id) "
            "and (blocked_until is null or blocked_until > :now) "
            "order by blocked_at desc, id desc limit :limit",
            site=site_id,
            **values,
        )
    rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
    return [await _counted(tx, row) for row in rows[:limit]]


async def lift(tx: Tx, ban_id: str) -> None:
    """Remove a ban. What it did to comments stays decided."""
    await tx.run("delete from ban where id = :id", id=ban_id)


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove what comments could be banned by, past its time; how many."""
    return await tx.run(
        "delete from comment_tag where (site_id, comment_id, tag) in (select site_id, comment_id, "
        "tag from comment_tag where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )


async def forget_ended(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove bans past their end; how many."""
    some = "(site_id, id) in (select site_id, id from ban where until_at <= :now "
    return await _end(tx, f"{some}order by until_at limit :most)", now=now, most=most)


async def forget_changes_of_ended_blocks(tx: Tx, *, site_id: str, now: datetime, most: int) -> int:
    """Remove what blocks past their end had changed, which can't be undone any longer; of how many
    comments. One that somebody makes anew meanwhile has changes of its own."""
    return await tx.run(
        "delete from ban_change where site_id = :site and (ban_id, comment_id) in "
        "(select c.ban_id, c.comment_id from author as a join ban_change as c "
        "on c.site_id = a.site_id and c.ban_id = a.id where a.site_id = :site "
        "and a.blocked_at is not null and a.blocked_until <= :now limit :most)",
        site=site_id,
        now=ms(now),
        most=most,
    )


async def _end(tx: Tx, which: str, *, now: datetime, **values: Value) -> int:
    """Remove those of these bans that are past their end, and what they changed can't be undone any
    longer; how many. One that somebody renews meanwhile is not past it."""
    rows = await tx.all(
        f"delete from ban where {which} and until_at <= :now returning site_id, id",
        now=ms(now),
        **values,
    )
    for row in rows:
        await forget_changes(tx, row["site_id"], row["id"])
    return len(rows)


async def count(
    tx: Tx, aim: Aim, state: State, *, since: datetime, now: datetime, most: int
) -> int:
    """How many comments in a state a ban hits; of more than *most* no more are counted."""
    found = 0
    for where, values in _sources(aim, since, now):
        row = await tx.one(
            f"select count(*) as n from (select 1 {where} and c.state = :state limit :most) "
            "as same",
            state=state,
            most=most - found,
            **values,
        )
        found += 0 if row is None else row["n"]
    return found


async def hit(
    tx: Tx, aim: Aim, state: State, *, since: datetime, now: datetime, limit: int
) -> list[str]:
    """The ids of some comments in a state that a ban hits."""
    found: list[str] = []
    for where, values in _sources(aim, since, now):
        rows = await tx.all(
            f"select c.id {where} and c.state = :state limit :limit",
            state=state,
            limit=limit - len(found),
            **values,
        )
        found += [row["id"] for row in rows]
    return found


async def hit_after(
    tx: Tx,
    aim: Aim,
    states: Sequence[State],
    after: int,
    *,
    since: datetime,
    now: datetime,
    limit: int,
) -> list[tuple[int, str]]:
    """The numbers and ids of the next comments in some states that a ban hits, behind the number
    *after*, in order: whatever becomes of them meanwhile, none comes twice."""
    found: list[tuple[int, str]] = []
    for where, values in _sources(aim, since, now):
        rows = await tx.all(
            # The sum, so that no engine walks through all comments in their order instead.
            f"select c.seq, c.id {where} and c.state {among(tx, 'states')} and c.seq > :after "
            "order by c.seq + 0 limit :limit",
            states=json.dumps(list(states)),
            after=after,
            limit=limit,
            **values,
        )
        found += [(row["seq"], row["id"]) for row in rows]
    return sorted(found)[:limit]


def _sources(aim: Aim, since: datetime, now: datetime) -> list[tuple[str, dict[str, Value]]]:
    """Where what a ban hits is found, each of it once, and the values that say so.

    By what comments could be banned by at *now*: what is past its time is no longer known.
    """
    values: dict[str, Value] = {"site": aim.site_id, "since": ms(since)}
    found: list[tuple[str, dict[str, Value]]] = []
    if aim.author_id is not None:
        where = "from comment as c where c.site_id = :site and c.author_id = :author"
        found.append((where, values | {"author": aim.author_id}))
    if aim.tag is not None:
        where = (
            "from comment_tag as t join comment as c on c.id = t.comment_id "
            "where t.site_id = :site and t.tag = :tag and t.expires_at > :now"
        )
        found.append((where, values | {"tag": aim.tag, "now": ms(now)}))
    if aim.text_hash is not None:
        where = "from comment as c where c.site_id = :site and c.body_hash = :text"
        found.append((where, values | {"text": aim.text_hash}))
    if aim.text_hash is not None and aim.alike is not None:
        where = "from comment as c where c.site_id = :site and c.alike = :alike"
        where += " and c.body_hash <> :text"
        found.append((where, values | {"alike": aim.alike, "text": aim.text_hash}))
    # Moderators' own words are nobody's to ban.
    rest = "and c.created_at > :since and c.moderator_id is null"
    return [(f"{where} {rest}", values) for where, values in found]


async def changed(tx: Tx, site_id: str, ban_id: str, was: Change) -> None:
    """Keep what a comment was before a ban was applied to it; the latest time counts."""
    await tx.run(
        "insert into ban_change (site_id, ban_id, comment_id, state, version, reason, told, "
        "reports) values (:site, :ban, :comment, :state, :version, :reason, :told, :reports) "
        "on conflict (site_id, ban_id, comment_id) do update set state = excluded.state, "
        "version = excluded.version, reason = excluded.reason, told = excluded.told, "
        "reports = excluded.reports",
        site=site_id,
        ban=ban_id,
        comment=was.comment_id,
        state=was.state,
        version=was.version,
        reason=was.reason,
        told=was.told,
        reports=was.reports,
    )


async def changes(tx: Tx, site_id: str, ban_id: str, *, limit: int) -> list[Change]:
    """Some of what comments were before a ban was applied to them."""
    rows = await tx.all(
        "select * from ban_change where site_id = :site and ban_id = :ban limit :limit",
        site=site_id,
        ban=ban_id,
        limit=limit,
    )
    return [
        Change(
            comment_id=row["comment_id"],
            state=State(row["state"]),
            version=row["version"],
            reason=row["reason"],
            told=None if row["told"] is None else State(row["told"]),
            reports=row["reports"],
        )
        for row in rows
    ]


async def forget_changes(
    tx: Tx, site_id: str, ban_id: str, comment_ids: Sequence[str] | None = None
) -> None:
    """Forget what these comments were, or all of them (None): it can't be undone any longer."""
    only = "" if comment_ids is None else f" and comment_id {among(tx, 'ids')}"
    ids = {} if comment_ids is None else {"ids": json.dumps(list(comment_ids))}
    await tx.run(
        f"delete from ban_change where site_id = :site and ban_id = :ban{only}",
        site=site_id,
        ban=ban_id,
        **ids,
    )


async def _counted(tx: Tx, row: Row) -> Ban:
    """A ban with what it has caught."""
    if row["kind"] == BanKind.AUTHOR:
        # As far as it is still spam: nothing else tells.
        where, values = (
            "author_id = :ban and state = 'spam' and created_at >= :since",
            {"since": row["created_at"]},
        )
    else:
        where, values = "site_id = :site and ban_id = :ban", {"site": row["site_id"]}
    hits = await tx.one(
        f"select count(*) as n from (select 1 from comment where {where} limit :most) as same",
        ban=row["id"],
        most=HITS_MOST,
        **values,
    )
    moved = await tx.one(
        "select count(*) as n from (select 1 from ban_change where site_id = :site "
        "and ban_id = :ban limit :most) as same",
        site=row["site_id"],
        ban=row["id"],
        most=HITS_MOST,
    )
    return Ban(
        id=row["id"],
        site_id=row["site_id"],
        kind=BanKind(row["kind"]),
        label=row["label"],
        comment=row["comment_id"],
        reason=row["reason"],
        until=moment_or_none(row["until_at"]),
        created_at=moment(row["created_at"]),
        created_by=row["created_by"],
        hits=0 if hits is None else hits["n"],
        moved=0 if moved is None else moved["n"],
    )
