"""What an author may see and do with the receipt of their comment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from palabre import keys
from palabre.actions import decide, learn
from palabre.actions.submit import may_post_from
from palabre.errors import OriginNotAllowed, ReceiptNotFound
from palabre.model import AUTHOR, Article, Shown, Site, State, Visitor
from palabre.service import Service
from palabre.store import Tx, articles, comments, receipts, sites, threads


@dataclass(frozen=True, slots=True)
class Receipt:
    """A comment as its author is told of it.

    `reason`: why it was refused, a code. `decided_at`: when, None while it waits.
    """

    comment: Shown
    article: Article
    site: Site
    reason: str | None
    decided_at: datetime | None


async def show(service: Service, token: str) -> Receipt:
    """The receipt with this token. Raises ReceiptNotFound."""
    return await service.store.read(lambda tx: _show(tx, service, token))


async def withdraw(service: Service, token: str, visitor: Visitor) -> Receipt:
    """The author deletes their comment, and what it taught as an honest one; once it is, nothing
    more happens.

    Raises ReceiptNotFound, and OriginNotAllowed for a page that is neither the site's nor ours.
    """

    async def unit(tx: Tx) -> Receipt:
        comment_id = await receipts.comment_of(tx, keys.digest(token))
        if comment_id is None:
            raise ReceiptNotFound
        standing = await comments.standing(tx, comment_id, site_id=None)
        if standing is None:
            raise ReceiptNotFound
        if not may_post_from(await sites.by_id(tx, standing.site_id), visitor):
            raise OriginNotAllowed
        await learn.withdrawn(tx, standing)
        await decide.delete(tx, service, standing, AUTHOR)
        return await _show(tx, service, token)

    return await service.store.write(unit)


async def _show(tx: Tx, service: Service, token: str) -> Receipt:
    comment_id = await receipts.comment_of(tx, keys.digest(token))
    if comment_id is None:
        raise ReceiptNotFound
    own = await threads.own(tx, comment_id)
    site = await sites.by_id(tx, own.site_id)
    article = await articles.by_id(tx, site, own.article_id, now=service.now())
    if article is None:
        raise ReceiptNotFound
    if own.told is None:
        is_refused = own.shown.state not in (State.PENDING, State.APPROVED)
        reason = own.reason if is_refused else None
        return Receipt(own.shown, article, site, reason, own.decided_at)
    # As if the state it is told had been its first: what moderators know stays with them.
    told_at = None if own.told is State.PENDING else own.shown.created_at
    return Receipt(replace(own.shown, state=own.told), article, site, None, told_at)
