"""Browsers that their readers let remember them: whose they are, and what they have earned.

A browser is known by its token's digest, and only as long as there is a comment that it brought.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from palabre.store.tx import Tx, moment, moment_or_none, ms
from palabre.text import browser as own

EARNED_MOST = 50
"""Approved comments that a site may ask for at most (the rule `trust_after`)."""

NAMED_MOST = 200
"""Comments that tell which name is a reader's; its first ones do."""

_BY_MODERATOR = "case when substr(k.decided_by, 1, 5) = 'rule:' then 1 else 0 end = 0"
"""That a moderator approved the comment `k`: what a rule publishes, nobody may have read."""

_REFUSED = (
    "(select coalesce(max(r.state_at), 0) from comment as r where r.site_id = b.site_id "
    "and r.browser = b.token_hash and r.told is null "
    "and r.state <> 'approved' and r.state <> 'pending')"
)
"""When a comment that the browser `b` brought was last refused, or spam, as its reader is told:
what they are not told may not show in what becomes of their next one either.

Read from the comments as they stand, so that a refusal which is taken back has taken nothing.
Compared with a plus before the other side, lest SQLite choose an index of fewer columns.
"""

# A block that is past counts as the loss that it was. While it stands it must not show in what its
# reader is told; one that is taken back leaves no trace here, and is a loss by itself.
EARNED = (
    "(select count(*) from (select 1 from browser as b join comment as k "
    "on k.site_id = b.site_id and k.browser = b.token_hash and k.state = 'approved' "
    f"and {_BY_MODERATOR} and k.state_at > b.lost_at and +k.state_at > {_REFUSED} "
    "where b.site_id = :site and b.token_hash = :browser and b.author_id = w.id "
    "and k.state_at > case when w.blocked_until <= :now then w.blocked_until else 0 end "
    "limit :earned_most) as got)"
)
"""How many comments of the author `w` that a moderator approved count for the browser :browser, up
to a number."""

NAMED = (
    "(select count(*) from (select k.name from browser as b join comment as k "
    "on k.site_id = b.site_id and k.browser = b.token_hash and k.state = 'approved' "
    f"and {_BY_MODERATOR} and k.state_at > b.lost_at and +k.state_at > {_REFUSED} "
    "where b.site_id = :site and b.token_hash = :browser "
    "order by k.state_at desc limit :earned_most) as own where own.name = :name)"
)
"""How many of the last comments of the browser :browser that count for it have the name :name."""

OWNERS = (
    "(select count(*) from (select distinct author_id from browser "
    "where site_id = :site and outline = :outline limit 2) as own)"
)
"""How many authors own the name that looks like :outline: none, one, or more."""

OWN = "(select outline from browser where site_id = :site and token_hash = :browser)"
"""The name that is the browser's own."""


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that an author let remember them. `approved`: comments that count for it now, each
    by a moderator's approval, none of them from before `lost`, when it lost what it had earned."""

    since: datetime
    approved: int
    lost: datetime | None


async def came(tx: Tx, site_id: str, token_hash: bytes, author_id: str, *, at: datetime) -> bool:
    """Whether a browser that brings a comment of an author's is theirs; it is from now on if it
    was nobody's."""
    added = await tx.run(
        "insert into browser (site_id, token_hash, author_id, since_at) "
        "values (:site, :browser, :author, :at) on conflict (site_id, token_hash) do nothing",
        site=site_id,
        browser=token_hash,
        author=author_id,
        at=ms(at),
    )
    if added:
        return True
    # Not held: who comes with another one's token has nothing to wait for.
    row = await tx.one(
        "select author_id from browser where site_id = :site and token_hash = :browser",
        site=site_id,
        browser=token_hash,
    )
    return row is not None and row["author_id"] == author_id


async def settle(tx: Tx, site_id: str, token_hash: bytes) -> None:
    """Make the name that is a browser's own what its approved comments now say.

    Where all is published at once they stand for themselves, as long as none is refused: then those
    before it count only that a moderator approved.
    """
    rows = await tx.all(
        "select name, count(*) as n from (select k.name from browser as b join comment as k "
        "on k.site_id = b.site_id and k.browser = b.token_hash and k.state = 'approved' "
        f"and ({_BY_MODERATOR} or k.state_at > b.lost_at and k.state_at > {_REFUSED}) "
        "where b.site_id = :site "
        "and b.token_hash = :browser order by k.state_at limit :most) as same group by name",
        site=site_id,
        browser=token_hash,
        most=NAMED_MOST,
    )
    await tx.run(
        "update browser set outline = :outline where site_id = :site and token_hash = :browser",
        site=site_id,
        browser=token_hash,
        outline=own.owned((row["name"], row["n"]) for row in rows),
    )


async def lose(tx: Tx, site_id: str, author_id: str, *, at: datetime) -> None:
    """Take from an author's browsers what they have earned up to now."""
    rows = await tx.all(
        "update browser set lost_at = :at where site_id = :site and author_id = :author "
        "returning token_hash, outline",
        site=site_id,
        author=author_id,
        at=ms(at),
    )
    for row in rows:
        if row["outline"] is not None:
            await settle(tx, site_id, row["token_hash"])


async def refused(tx: Tx, site_id: str, token_hash: bytes, *, at: datetime) -> None:
    """A refused comment that a browser brought, *at* a time, goes: what that took stays taken."""
    await tx.run(
        "update browser set lost_at = :at "
        "where site_id = :site and token_hash = :browser and lost_at < :at",
        site=site_id,
        browser=token_hash,
        at=ms(at),
    )


async def forget_if_gone(tx: Tx, site_id: str, token_hash: bytes) -> None:
    """Forget a browser of which no comment is left."""
    await tx.run(
        "delete from browser where site_id = :site and token_hash = :browser and not exists "
        "(select 1 from comment where site_id = :site and browser = :browser)",
        site=site_id,
        browser=token_hash,
    )


async def of_author(tx: Tx, site_id: str, author_id: str, *, now: datetime) -> list[Browser]:
    """An author's browsers, the first one first."""
    rows = await tx.all(
        f"select b.since_at, b.lost_at, {_REFUSED} as refused_at, "
        "(select count(*) from comment as k "
        "where k.site_id = b.site_id and k.browser = b.token_hash and k.state = 'approved' "
        f"and {_BY_MODERATOR} and k.state_at > b.lost_at and +k.state_at > {_REFUSED} "
        "and k.state_at > case when w.blocked_until <= :now then w.blocked_until else 0 end) "
        "as approved from browser as b join author as w on w.id = b.author_id "
        "where b.site_id = :site and b.author_id = :author order by b.since_at, b.token_hash",
        site=site_id,
        author=author_id,
        now=ms(now),
    )
    return [
        Browser(
            since=moment(row["since_at"]),
            approved=row["approved"],
            lost=moment_or_none(max(row["lost_at"], row["refused_at"]) or None),
        )
        for row in rows
    ]
