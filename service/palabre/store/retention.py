"""Comments that have been refused or held for longer than the operator keeps them."""

from __future__ import annotations

from datetime import datetime

from palabre.model import State
from palabre.store.tx import Tx, ms


async def overdue(tx: Tx, site_id: str, state: State, *, before: datetime, limit: int) -> list[str]:
    """The ids of a site's comments that came to *state* before a moment, oldest first."""
    rows = await tx.all(
        "select id from comment where site_id = :site and state = :state and state_at < :before "
        "and state in ('pending', 'rejected', 'spam') order by state_at limit :limit",
        site=site_id,
        state=state,
        before=ms(before),
        limit=limit,
    )
    return [row["id"] for row in rows]
