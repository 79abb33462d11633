"""What moderators see around comments: what they answer, and who else looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from palabre.actions import queue as queue_actions
from palabre.errors import BadParameter, CommentNotFound, SiteNotFound
from palabre.model import Comment, Moderator
from palabre.service import Service
from palabre.store import Tx, comments, leases, queue
from palabre.store.leases import Look
from palabre.store.order import QueueOrder


@dataclass(frozen=True, slots=True)
class Around:
    """`parents`: the comments that these answer, by id. `lookers`: who else looks, by comment.
    `repeated`: those whose text waits in another, too, or nearly."""

    parents: Mapping[str, Comment]
    lookers: Mapping[str, str]
    repeated: frozenset[str]


async def around(service: Service, moderator: Moderator, shown: Sequence[Comment]) -> Around:
    """What stands around comments that a moderator sees."""
    wanted = sorted({one.shown.parent for one in shown if one.shown.parent is not None})

    async def unit(tx: Tx) -> Around:
        parents = await queue.some(tx, wanted, site_id=moderator.site_id, now=service.now())
        looks = await leases.in_force(tx, now=service.now())
        repeated = await queue.repeated(tx, [one.id for one in shown])
        return Around({one.id: one for one in parents}, others(looks, moderator), repeated)

    return await service.store.read(unit)


def others(looks: Sequence[Look], moderator: Moderator) -> dict[str, str]:
    """Who else looks at what the moderator may see, by comment; of several the first of *looks*."""
    found: dict[str, str] = {}
    for one in looks:
        if one.moderator_id != moderator.id and moderator.site_id in (None, one.site_id):
            found.setdefault(one.comment_id, one.name)
    return found


async def some(service: Service, moderator: Moderator, ids: Sequence[str]) -> Mapping[str, Comment]:
    """Those of these comments that the moderator may see, by id."""
    if not ids:
        return {}
    found = await service.store.read(
        lambda tx: queue.some(tx, ids, site_id=moderator.site_id, now=service.now())
    )
    return {one.id: one for one in found}


async def following(
    service: Service,
    moderator: Moderator,
    comment_id: str,
    wanted: queue_actions.Wanted,
    order: QueueOrder,
) -> str | None:
    """The id of the comment that stands behind this one in a list, if there is any.

    In a list of what the moderator may not see, or that names what can't be, nothing is.
    """
    site_id = moderator.site_id
    place = await service.store.read(
        lambda tx: comments.place(tx, comment_id, site_id=site_id, order=order)
    )
    if place is None:
        return None
    try:
        found = await queue_actions.page(
            service, moderator, wanted, order=order, after=place, limit=1
        )
    except (BadParameter, SiteNotFound):
        return None
    return found.comments[0].id if found.comments else None


async def take(service: Service, moderator: Moderator, comment_id: str) -> None:
    """Let others see for two minutes that this moderator looks at a comment.

    Raises CommentNotFound.
    """

    async def unit(tx: Tx) -> None:
        standing = await comments.standing(tx, comment_id, site_id=moderator.site_id)
        if standing is None:
            raise CommentNotFound
        await leases.take(
            tx,
            comment_id,
            site_id=standing.site_id,
            moderator_id=moderator.id,
            now=service.now(),
        )

    await service.store.write(unit)


async def leave(service: Service, moderator: Moderator, comment_id: str) -> None:
    """Let others see no longer that this moderator looks at a comment.

    Raises CommentNotFound.
    """

    async def unit(tx: Tx) -> None:
        if await comments.standing(tx, comment_id, site_id=moderator.site_id) is None:
            raise CommentNotFound
        await leases.end(tx, [comment_id], moderator_id=moderator.id)

    await service.store.write(unit)
