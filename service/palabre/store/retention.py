"""Comments that have been refused or held for longer than the operator keeps them."""

from __future__ import annotations

from datetime import datetime

from palabre.model import State
from palabre.store.tx import Tx, ms

_PLAIN = "(told is null or decided_by = 'rule:honeypot' or decided_by = 'rule:learned')"
"""What may go when its state's time has come. A comment whose author was told another state than
its own goes with that one's time, or its disappearance would tell; a program that filled in the
honeypot learns nothing from it, nor does anybody of an author from what the learned score, which
looks at the text, called spam. Each of the two has an index, in these very words."""


async def overdue(tx: Tx, *, site_id: str, state: State, before: datetime, limit: int) -> list[str]:
    """The ids of a site's comments that came to *state* before a moment, oldest first."""
    if state is State.PENDING:
        # By their age in the queue, which costs no further index: what was decided on and held
        # again is looked at and left.
        rows = await tx.all(
            "select id from comment where site_id = :site and state = 'pending' "
            "and created_at < :before and state_at < :before order by created_at, seq limit :limit",
            site=site_id,
            before=ms(before),
            limit=limit,
        )
    else:
        rows = await tx.all(
            "select id from comment where site_id = :site and state = :state "
            "and (state = 'rejected' or state = 'spam') and state_at < :before "
            f"and {_PLAIN} order by state_at limit :limit",
            site=site_id,
            state=state,
            before=ms(before),
            limit=limit,
        )
    return [row["id"] for row in rows]


async def overdue_in_quarantine(tx: Tx, *, site_id: str, before: datetime, limit: int) -> list[str]:
    """The ids of what came in a flood and has been in quarantine ever since, oldest first.

    It goes with spam, though its authors are told that it is pending: that it was above what the
    site takes says nothing of them.
    """
    rows = await tx.all(
        "select c.id from comment_signal as m join comment as c on c.seq = m.seq "
        "and c.site_id = m.site_id where m.site_id = :site and m.name = 'flood' "
        "and m.state = 'spam' and m.created_at < :before and c.told = 'pending' "
        "order by m.created_at limit :limit",
        site=site_id,
        before=ms(before),
        limit=limit,
    )
    return [row["id"] for row in rows]


async def overdue_as_told(
    tx: Tx, *, site_id: str, state: State, before: datetime, limit: int
) -> list[str]:
    """The ids of spam whose authors have been told since then that it is in *state*."""
    rows = await tx.all(
        "select id from comment where site_id = :site and state = 'spam' and told = :told "
        "and state_at < :before and decided_by <> 'rule:honeypot' "
        "and decided_by <> 'rule:learned' order by state_at limit :limit",
        site=site_id,
        told=state,
        before=ms(before),
        limit=limit,
    )
    return [row["id"] for row in rows]
