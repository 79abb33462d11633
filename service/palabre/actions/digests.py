"""What a moderator is to be told of by mail, and that they have been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from palabre.model import Comment, Moderator, Scope, Site
from palabre.service import Service
from palabre.store import Tx, mailboxes, moderators, queue, sites
from palabre.store.mailboxes import Mailbox, Told

SHOWN_MOST = 20
STILL_COMING = timedelta(minutes=1)
"""How long after it was created a comment may still come to be seen: what waits for the disk, or
for another process's transaction, is older than what has overtaken it."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What waits on a site and its moderator has not been told of. `comments`: oldest first.

    `more`: how many there are besides. `before` and `after`: how far they have been told without
    and with this one; `newest`: when the newest of all these was created.
    """

    moderator: Moderator
    mailbox: Mailbox
    site: Site
    comments: tuple[Comment, ...]
    more: int
    newest: datetime
    before: Told
    after: Told


async def of(service: Service, site_id: str, moderator_id: str) -> Digest | None:
    """What there is to tell a moderator of a site; None if nothing, or if they are nobody to tell.

    Only what is pending: spam never gets anybody a mail.
    """
    now = service.now()

    async def unit(tx: Tx) -> Digest | None:
        mailbox = await mailboxes.of_moderator(tx, moderator_id)
        moderator = await moderators.by_id(tx, moderator_id, now=now)
        if mailbox is None or moderator is None or not may_decide(moderator, site_id):
            return None
        before = await mailboxes.told(tx, moderator_id, site_id)
        found, count, newest = await queue.untold(tx, site_id, before, limit=SHOWN_MOST, now=now)
        if newest is None:
            return None
        to = max(before.to, min(newest, now - STILL_COMING))
        return Digest(
            moderator=moderator,
            mailbox=mailbox,
            site=await sites.by_id(tx, site_id),
            comments=tuple(found),
            more=count - len(found),
            newest=newest,
            before=before,
            after=Told(to, tuple(await queue.ids_since(tx, site_id, to))),
        )

    return await service.store.read(unit)


async def sent(service: Service, digest: Digest) -> None:
    """A digest is on its way. A crash before this means the same one again: at least once."""
    await service.store.write(
        lambda tx: mailboxes.note_told(tx, digest.mailbox, digest.site.id, digest.after)
    )


def may_decide(moderator: Moderator, site_id: str) -> bool:
    """Whether a moderator may decide on a site's comments."""
    return moderator.scope.allows(Scope.MODERATE) and moderator.site_id in (None, site_id)
