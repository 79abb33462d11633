"""Articles: where they are, whether they are open, and their counters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from palabre.model import Article, Site
from palabre.store.tx import Row, Tx, among, held, moment, ms
from palabre.text import policy

TITLES_FROM = 50
"""How many of the first comments of a state are asked for a title."""


def outdated_by_changes_of(article: Article) -> str:
    """The name of all that readers see of an article, for `Tx.outdates`."""
    return _name(article.id) if article.id else _not_there(article.site_id, article.address)


def outdated_by_changes_on(site_id: str) -> str:
    """The same of any article of a site."""
    return f"articles of {site_id}"


def changed(outdated: Iterable[str]) -> list[str]:
    """The ids of the stored articles among the names given to `Tx.outdates`."""
    parts = (name.split(" ") for name in outdated)
    return sorted(found[1] for found in parts if found[0] == "article" and len(found) == 2)


def _name(article_id: str) -> str:
    return f"article {article_id}"


def _not_there(site_id: str, address: str) -> str:
    return f"article {site_id} {address}"


def unknown(site: Site, address: str) -> Article:
    """The article at an address that nobody has commented on yet."""
    return Article(
        id="",
        site_id=site.id,
        address=address,
        url=site.origins[0] + address,
        title=None,
        open=True,
        count=0,
        # As when its first comment has come and waits: readers must not see the difference.
        version=1,
        policy=site.policy,
        is_title_vouched=False,
        is_title_public=False,
        is_open_by_hand=True,
    )


async def at(tx: Tx, site: Site, address: str, *, now: datetime) -> Article:
    """The article at an address; one without an id when it isn't stored."""
    row = await tx.one(
        "select * from article where site_id = :site and address = :address",
        site=site.id,
        address=address,
    )
    return unknown(site, address) if row is None else article(row, site, now=now)


async def by_id(tx: Tx, site: Site, article_id: str, *, now: datetime) -> Article | None:
    """An article of this site."""
    row = await tx.one(
        "select * from article where id = :id and site_id = :site", id=article_id, site=site.id
    )
    return None if row is None else article(row, site, now=now)


async def some(tx: Tx, site: Site, ids: Iterable[str], *, now: datetime) -> dict[str, Article]:
    """Those of these articles that are of this site, by id."""
    rows = await tx.all(
        f"select * from article where id {among(tx, 'ids')} and site_id = :site",
        ids=json.dumps(sorted(set(ids))),
        site=site.id,
    )
    return {row["id"]: article(row, site, now=now) for row in rows}


async def site_of(tx: Tx, article_id: str) -> str | None:
    """The id of the site that an article belongs to."""
    row = await tx.one("select site_id from article where id = :id", id=article_id)
    return None if row is None else row["site_id"]


async def add(tx: Tx, site: Site, address: str, *, article_id: str, at: datetime) -> bool:
    """Store an article unless it is; whether it is new."""
    tx.outdates(_not_there(site_id=site.id, address=address))
    return (
        await tx.run(
            "insert into article (id, site_id, address, created_at) "
            "values (:id, :site, :address, :at) on conflict (site_id, address) do nothing",
            id=article_id,
            site=site.id,
            address=address,
            at=ms(at),
        )
        == 1
    )


async def next_place(tx: Tx, article_id: str, *, approved: bool) -> int:
    """The place of one more comment on the article, counted if approved; no two get the same."""
    row = await tx.one(
        "update article set last_place = last_place + 1, approved = approved + :n, "
        "version = version + :n where id = :id returning id, site_id, last_place",
        id=article_id,
        n=int(approved),
    )
    if row is None:
        raise LookupError(article_id)
    if approved:
        _outdate(tx, row)
    return int(row["last_place"])


async def retitle(tx: Tx, article_id: str) -> None:
    """Give the article the title that its first comment brought, unless a moderator gave one.

    Public once an approved comment brought it: text that waits or was refused is not. Looks at
    TITLES_FROM comments at most.
    """
    now = await tx.one("select * from article where id = :id", id=article_id)
    if now is None or now["is_title_vouched"]:
        return
    title: str | None = None
    is_public = False
    for state in ("approved", "pending"):
        rows = await tx.all(
            "select title from comment where article_id = :id and state = :state "
            "order by created_at, seq limit :most",
            id=article_id,
            state=state,
            most=TITLES_FROM,
        )
        title = next((row["title"] for row in rows if row["title"] is not None), None)
        if title is not None:
            is_public = state == "approved"
            break
    seen = now["title"] if now["is_title_public"] else None
    if (title, int(is_public)) != (now["title"], now["is_title_public"]):
        _outdate(tx, now)
        await tx.run(
            "update article set title = :title, is_title_public = :public, "
            "version = version + :seen_to_change where id = :id",
            id=article_id,
            title=title,
            public=int(is_public),
            seen_to_change=int(seen != (title if is_public else None)),
        )


async def change(
    tx: Tx,
    article_id: str,
    *,
    is_open: bool,
    title: str | None,
    is_title_vouched: bool,
    overridden: Mapping[str, object],
) -> None:
    """What moderators may change, all of it at once."""
    row = await tx.one(
        "update article set is_open = :open, title = :title, is_title_vouched = :vouched, "
        "is_title_public = :vouched, policy = :policy, version = version + 1 where id = :id "
        "returning id, site_id",
        id=article_id,
        open=int(is_open),
        title=title,
        vouched=int(is_title_vouched),
        policy=json.dumps(overridden),
    )
    _outdate(tx, row)


async def overrides(tx: Tx, article_id: str) -> dict[str, object]:
    """The rules of this article that differ from its site's, to be changed: held."""
    row = await tx.one(f"select policy from article where id = :id{held(tx)}", id=article_id)
    return {} if row is None else dict(json.loads(row["policy"]))


async def count(tx: Tx, article_id: str, *, approved: int = 0) -> None:
    """A change that readers see: *approved* more (or fewer) comments, or another text."""
    row = await tx.one(
        "update article set approved = approved + :n, version = version + 1 where id = :id "
        "returning id, site_id",
        id=article_id,
        n=approved,
    )
    _outdate(tx, row)


def _outdate(tx: Tx, row: Row | None) -> None:
    if row is not None:
        tx.outdates(_name(row["id"]))
        tx.outdates(outdated_by_changes_on(row["site_id"]))


async def approved(tx: Tx, site_id: str, address: str) -> tuple[int, str]:
    """How many approved comments an article has, and the name of what outdates that."""
    row = await tx.one(
        "select id, approved from article where site_id = :site and address = :address",
        site=site_id,
        address=address,
    )
    if row is None:
        return 0, _not_there(site_id, address)
    return int(row["approved"]), _name(row["id"])


async def page(
    tx: Tx, site: Site, *, after: tuple[int, str] | None, limit: int, now: datetime
) -> list[tuple[Article, tuple[int, str]]]:
    """A site's articles, newest first, each with the cursor that leads past it."""
    rows = await tx.all(
        "select * from article where site_id = :site "
        "and (created_at, id) < (:at, :id) order by created_at desc, id desc limit :limit",
        site=site.id,
        at=after[0] if after else 1 << 62,
        id=after[1] if after else "",
        limit=limit,
    )
    return [(article(row, site, now=now), (row["created_at"], row["id"])) for row in rows]


def article(row: Row, site: Site, *, now: datetime) -> Article:
    """An article as it stands at *now*: one past its days is closed."""
    rules = policy.merge(site.policy, json.loads(row["policy"]))
    is_open = bool(row["is_open"])
    closes_at = None
    if rules.close_after_days is not None:
        closes_at = moment(row["created_at"]) + timedelta(days=rules.close_after_days)
        is_open = is_open and now < closes_at
    return Article(
        id=row["id"],
        site_id=row["site_id"],
        address=row["address"],
        url=site.origins[0] + row["address"],
        title=row["title"],
        open=is_open,
        count=row["approved"],
        version=row["version"],
        policy=rules,
        is_title_vouched=bool(row["is_title_vouched"]),
        is_title_public=bool(row["is_title_public"]),
        is_open_by_hand=bool(row["is_open"]),
        closes_at=closes_at,
    )
