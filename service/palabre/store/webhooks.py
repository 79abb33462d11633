"""Webhooks: where a site's events go, and which of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from palabre.store.tx import Row, Tx, moment, moment_or_none, ms


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to tell of a site's events. `secret_number`: which of its secrets signs.

    The one before it signs as well until `former_until`.
    """

    id: str
    site_id: str
    site: str
    url: str
    events: Sequence[str]
    secret_number: int
    former_until: datetime | None
    created_at: datetime


_WEBHOOK = "select webhook.*, site.name as site from webhook join site on site.id = webhook.site_id"


async def add(
    tx: Tx, webhook_id: str, *, site_id: str, url: str, events: Sequence[str], at: datetime
) -> None:
    await tx.run(
        "insert into webhook (id, site_id, url, events, created_at) "
        "values (:id, :site, :url, :events, :at)",
        id=webhook_id,
        site=site_id,
        url=url,
        events=" ".join(events),
        at=ms(at),
    )


async def by_id(tx: Tx, webhook_id: str) -> Webhook | None:
    row = await tx.one(f"{_WEBHOOK} where webhook.id = :id", id=webhook_id)
    return None if row is None else _webhook(row)


async def every(tx: Tx) -> list[Webhook]:
    """All of them, by site and age."""
    rows = await tx.all(f"{_WEBHOOK} order by site.name, webhook.created_at, webhook.id")
    return [_webhook(row) for row in rows]


async def roll(tx: Tx, webhook_id: str, *, former_until: datetime) -> bool:
    """Sign with the next secret from now on, and with the present one until then."""
    return (
        await tx.run(
            "update webhook set secret_number = secret_number + 1, former_until = :until "
            "where id = :id",
            id=webhook_id,
            until=ms(former_until),
        )
        == 1
    )


async def remove(tx: Tx, webhook_id: str) -> bool:
    """Tell nobody there any more, not even of what has happened; whether there was one."""
    found = await by_id(tx, webhook_id)
    if found is None:
        return False
    await tx.run(
        "delete from job where site_id = :site and kind = 'webhook' and topic like :topic",
        site=found.site_id,
        topic=f"%.{webhook_id}",
    )
    return await tx.run("delete from webhook where id = :id", id=webhook_id) == 1


def _webhook(row: Row) -> Webhook:
    return Webhook(
        id=row["id"],
        site_id=row["site_id"],
        site=row["site"],
        url=row["url"],
        events=tuple(row["events"].split()),
        secret_number=row["secret_number"],
        former_until=moment_or_none(row["former_until"]),
        created_at=moment(row["created_at"]),
    )
