"""Receipts, known by the hash of their token; and replay records, which tell a repeated request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.keys import Tag
from palabre.store.tx import Taken, Tx, ms

REPLAY_FOR = timedelta(hours=24)
RECEIPTS_MOST = 20


@dataclass(frozen=True, slots=True)
class Replay:
    """A request that was stored: for which comment, and a keyed hash of its fields."""

    comment_id: str
    fields_tag: bytes


async def add(tx: Tx, token_hash: bytes, *, site_id: str, comment_id: str, at: datetime) -> None:
    """One more receipt of a comment.

    A repeated request gets a fresh one; the newest RECEIPTS_MOST and the first stay valid, so
    that repeating doesn't grow the store without end.
    """
    await tx.run(
        "insert into receipt (token_hash, site_id, comment_id, created_at) "
        "values (:hash, :site, :comment, :at)",
        hash=token_hash,
        site=site_id,
        comment=comment_id,
        at=ms(at),
    )


async def trim(tx: Tx, comment_id: str) -> None:
    """Keep a comment's first receipt and its newest ones."""
    await tx.run(
        "delete from receipt where comment_id = :comment "
        "and token_hash not in (select token_hash from receipt where comment_id = :comment "
        "order by created_at desc, token_hash limit :most) "
        "and token_hash not in (select token_hash from receipt where comment_id = :comment "
        "order by created_at, token_hash limit 1)",
        comment=comment_id,
        most=RECEIPTS_MOST,
    )


async def comment_of(tx: Tx, token_hash: bytes) -> str | None:
    """The id of the comment that a receipt is for."""
    row = await tx.one("select comment_id from receipt where token_hash = :hash", hash=token_hash)
    return None if row is None else row["comment_id"]


async def replay(tx: Tx, site_id: str, request: Tag, *, now: datetime) -> Replay | None:
    """What an idempotency key stood for in the last 24 hours."""
    row = await tx.one(
        "select comment_id, fields_tag from replay where site_id = :site "
        "and request_tag = :request and expires_at > :now",
        site=site_id,
        request=request.value,
        now=ms(now),
    )
    return None if row is None else Replay(row["comment_id"], row["fields_tag"])


async def remember(
    tx: Tx, site_id: str, request: Tag, fields: Tag, *, comment_id: str, at: datetime
) -> None:
    """Know this request again for 24 hours; an expired record of the same key makes room.

    Raises `Taken("replay")` when another request with this key was quicker.
    """
    row = await tx.one(
        "insert into replay (site_id, request_tag, fields_tag, key_id, comment_id, expires_at) "
        "values (:site, :request, :fields, :key, :comment, :expires) "
        "on conflict (site_id, request_tag) do update set fields_tag = excluded.fields_tag, "
        "key_id = excluded.key_id, comment_id = excluded.comment_id, "
        "expires_at = excluded.expires_at where replay.expires_at <= :now returning comment_id",
        site=site_id,
        request=request.value,
        fields=fields.value,
        key=request.key_id,
        comment=comment_id,
        expires=ms(at + REPLAY_FOR),
        now=ms(at),
    )
    if row is None:
        raise Taken("replay")


async def forget_replays(tx: Tx, comment_id: str) -> None:
    """Forget the requests that brought a comment."""
    await tx.run("delete from replay where comment_id = :comment", comment=comment_id)


async def forget_expired(tx: Tx, *, now: datetime, most: int) -> int:
    """Remove replay records past their time; how many."""
    return await tx.run(
        "delete from replay where (site_id, request_tag) in (select site_id, request_tag "
        "from replay where expires_at <= :now order by expires_at limit :most)",
        now=ms(now),
        most=most,
    )
