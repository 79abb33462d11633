"""What the public sees of an article: approved comments and tombstones, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from palabre.model import Shown, State
from palabre.store.order import Order
from palabre.store.tx import Row, Tx, moment, moment_or_none


@dataclass(frozen=True, slots=True)
class Seen:
    """The last row that a reader has seen: where it hangs."""

    root: int
    path: str


_SHOWN = (
    "select id, parent_id, depth, root, path, state, name, website, hue, moderator_id, html, "
    "created_at, edited_at from comment where article_id = :article and is_shown = 1 "
)


async def page(
    tx: Tx, article_id: str, *, order: Order, after: Seen | None, limit: int
) -> tuple[tuple[Shown, ...], Seen | None]:
    """Approved comments and tombstones of an article, in reading order; the last, if more follow.

    *after*: the cursor of the last row seen, which may have vanished since. Costs one or two
    index ranges of *limit* rows, wherever in the thread. An unknown article is an empty page.
    """
    if order == "oldest":
        rows = await tx.all(
            _SHOWN + "and path > :path order by path limit :limit",
            article=article_id,
            path=after.path if after else "",
            limit=limit + 1,
        )
    else:
        rows = await _newest(tx, article_id, after=after, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return (
        tuple([shown(row) for row in rows[:limit]]),
        None if last is None else Seen(last["root"], last["path"]),
    )


async def _newest(tx: Tx, article_id: str, *, after: Seen | None, limit: int) -> list[Row]:
    """The rest of the thread that *after* is in, then the threads begun before it."""
    rows: list[Row] = []
    if after is not None:
        rows = await tx.all(
            _SHOWN + "and root = :root and path > :path order by path limit :limit",
            article=article_id,
            root=after.root,
            path=after.path,
            limit=limit,
        )
    if len(rows) < limit:
        rows += await tx.all(
            _SHOWN + "and root < :root order by root desc, path limit :limit",
            article=article_id,
            root=after.root if after else 1 << 40,
            limit=limit - len(rows),
        )
    return rows


async def feed(tx: Tx, *, article_id: str | None, site_id: str, limit: int) -> list[Row]:
    """The newest approved comments of an article or, without one, of a site."""
    scope, value = ("article_id", article_id) if article_id is not None else ("site_id", site_id)
    return await tx.all(
        f"select * from comment where {scope} = :scope and state = 'approved' "
        "order by created_at desc, seq desc limit :limit",
        scope=value,
        limit=limit,
    )


async def parent(tx: Tx, article_id: str, comment_id: str) -> Shown | None:
    """An approved comment of the article, to reply to."""
    row = await tx.one(
        "select * from comment where id = :id and article_id = :article and state = 'approved'",
        id=comment_id,
        article=article_id,
    )
    return None if row is None else shown(row)


@dataclass(frozen=True, slots=True)
class Own:
    """A comment as its author may see it. `told`: the state to tell instead of the real one."""

    shown: Shown
    told: State | None
    article_id: str
    site_id: str
    reason: str | None
    decided_at: datetime | None


async def own(tx: Tx, comment_id: str) -> Own:
    """A comment for its author; there is one with this id."""
    found = await any_of(tx, comment_id)
    if found is None:
        raise LookupError(comment_id)
    return found


async def any_of(tx: Tx, comment_id: str) -> Own | None:
    """The same, if there is one with this id: who may see what of it is the caller's concern."""
    row = await tx.one("select * from comment where id = :id", id=comment_id)
    if row is None:
        return None
    return Own(
        shown=full(row),
        told=None if row["told"] is None else State(row["told"]),
        article_id=row["article_id"],
        site_id=row["site_id"],
        reason=row["reason"],
        decided_at=moment_or_none(row["decided_at"]),
    )


def shown(row: Row) -> Shown:
    """A comment as the public may see it."""
    if row["state"] != State.APPROVED:
        return Shown(
            id=row["id"],
            parent=row["parent_id"],
            depth=row["depth"],
            state=State.DELETED,
            name=None,
            website=None,
            hue=None,
            moderator=False,
            html=None,
            created_at=None,
            edited_at=None,
        )
    return full(row)


def full(row: Row) -> Shown:
    """A comment with its real state and nothing nulled, for its author and for moderators."""
    return Shown(
        id=row["id"],
        parent=row["parent_id"],
        depth=row["depth"],
        state=State(row["state"]),
        name=row["name"],
        website=row["website"],
        hue=row["hue"],
        moderator=row["moderator_id"] is not None,
        html=row["html"],
        created_at=moment(row["created_at"]),
        edited_at=moment_or_none(row["edited_at"]),
    )
