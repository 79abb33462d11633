"""The links in mail to moderators: looking changes nothing, acting decides once, and unsubscribing.

A link is its bearer's authority, so there is nothing else to prove: no cookie that a foreign page
could use, no session. It acts on one version of the comment alone; after that it only tells.
"""

from __future__ import annotations

from dataclasses import dataclass

from palabre.actions import decide
from palabre.actions.digests import may_decide
from palabre.errors import (
    CommentNotFound,
    MailLinkExpired,
    MailLinkNotAllowed,
    MailLinkNotFound,
)
from palabre.model import ACTIONS, Comment, Moderator, Scope
from palabre.service import Service
from palabre.store import Tx, mailboxes, moderators, queue
from palabre.text import mail_link
from palabre.text.mail_link import Link


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that was sent to somebody who may still decide, and the comment as it is now."""

    link: Link
    moderator: Moderator
    comment: Comment
    language: str

    @property
    def is_open(self) -> bool:
        """Whether it can still act: the comment is as it was when the mail was sent."""
        return self.comment.version == self.link.version


async def look(service: Service, token: str) -> Opened:
    """What a link is about. Raises MailLinkNotFound, MailLinkExpired, MailLinkNotAllowed."""
    try:
        link = mail_link.read(service.keys, token)
    except ValueError:
        raise MailLinkNotFound from None
    now = service.now()
    if link.has_expired(now):
        raise MailLinkExpired

    async def unit(tx: Tx) -> Opened:
        mailbox = await mailboxes.of_moderator(tx, link.to.moderator_id)
        moderator = await moderators.by_id(tx, link.to.moderator_id, now=now)
        if mailbox is None or moderator is None or _other(mailbox, link.to):
            raise MailLinkNotAllowed
        if not moderator.scope.allows(Scope.MODERATE):
            raise MailLinkNotAllowed
        comment = await queue.one(tx, link.comment_id, site_id=moderator.site_id, now=now)
        if comment is None or not may_decide(moderator, comment.article.site_id):
            raise CommentNotFound
        return Opened(link, moderator, comment, mailbox.language)

    return await service.store.read(unit)


async def act(service: Service, token: str, *, reason: str | None = None) -> Comment:
    """Decide what a link says; the comment afterwards. *reason*: for a refusal.

    Raises what `look` raises, and DecidedMeanwhile when the link has been used or the comment has
    changed otherwise.
    """
    opened = await look(service, token)
    link = opened.link
    return await decide.decide(
        service,
        opened.moderator,
        link.comment_id,
        ACTIONS[link.action],
        because=decide.Because(reason if link.action == "reject" else None),
        version=link.version,
    )


async def subscribed(service: Service, token: str) -> str | None:
    """The language of the mailbox that a link would end; None if it has ended. MailLinkNotFound."""
    to = _mailbox_of(service, token)
    mailbox = await service.store.read(lambda tx: mailboxes.of_moderator(tx, to.moderator_id))
    return None if mailbox is None or _other(mailbox, to) else mailbox.language


async def unsubscribe(service: Service, token: str) -> None:
    """End the mailbox that the link was sent to, if it hasn't ended. Raises MailLinkNotFound."""
    to = _mailbox_of(service, token)
    await service.store.write(lambda tx: mailboxes.end(tx, to.moderator_id, set_up_ms=to.set_up_ms))


def sealed_for(mailbox: mailboxes.Mailbox) -> mail_link.Mailbox:
    """A mailbox as a link names it."""
    return mail_link.Mailbox(mailbox.moderator_id, mailboxes.set_up_ms(mailbox))


def _other(mailbox: mailboxes.Mailbox, to: mail_link.Mailbox) -> bool:
    """Whether the moderator's mailbox is another one by now than the link was sent to."""
    return sealed_for(mailbox) != to


def _mailbox_of(service: Service, token: str) -> mail_link.Mailbox:
    try:
        return mail_link.read_unsubscribe(service.keys, token)
    except ValueError:
        raise MailLinkNotFound from None
