"""Moderators: adding one with a token that is shown once, knowing them again, mail, revoking."""

from __future__ import annotations

import re
from datetime import datetime

from palabre import keys
from palabre.errors import Refusal, Unauthenticated
from palabre.ids import new_token, random_id
from palabre.model import Moderator, Scope
from palabre.service import Service
from palabre.store import Taken, Tx, mailboxes, moderators, sites
from palabre.text import email, lookalike

PREFIX = "palabre_"
_NAME = re.compile(r"[^\W_](?:[\w .'’-]{0,62}(?:[^\W_]|\.))?")
RESERVED = ("author", "rule")
_WHY = {
    "email_missing_at": ": it has no @",
    "email_several_ats": ": it has more than one @",
    "email_bad_character": ": a character in it is not allowed",
    "email_missing_domain_end": ": the end of its domain is missing",
    "email_reserved_domain": ": its domain is reserved and gets no mail",
}


class NameRefused(Refusal):
    """A name that can't be a moderator's. `hint`: the sentence `field.<hint>` of the catalogues."""

    def __init__(self, hint: str, sentence: str) -> None:
        super().__init__(sentence)
        self.hint = hint


async def add(
    service: Service,
    name: str,
    *,
    scope: Scope,
    site: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new moderator's token: 192 random bits, shown this once and stored hashed.

    Raises NameRefused, also for a name that readers would take for another moderator's.
    """
    if not _NAME.fullmatch(name):
        raise NameRefused(
            "moderator_name",
            f"“{name}” cannot be a moderator's name: one holds letters, digits, spaces, full "
            "stops, apostrophes, hyphens and underscores, 64 characters at most, and begins and "
            "ends with a letter or digit, or ends with a full stop.",
        )
    outline = lookalike.outline(name)
    if outline in map(lookalike.outline, RESERVED):
        raise NameRefused(
            "moderator_reserved",
            f"“{name}” cannot be a moderator's name: it stands for something else in the log.",
        )
    token = PREFIX + new_token()

    async def unit(tx: Tx) -> None:
        home = None
        if site is not None:
            home = await sites.by_name(tx, site)
            if home is None:
                raise Refusal(f"There is no site “{site}”.")
        known = [one.name for one in await moderators.every(tx)]
        if name not in known and outline in map(lookalike.outline, known):
            raise NameRefused(
                "moderator_alike",
                f"“{name}” reads like the name of a moderator that there is, or was: only case, "
                "accents, signs or letters that look alike differ.",
            )
        moderator = Moderator(random_id(), name, scope, home.id if home else None)
        now = service.now()
        await moderators.add(tx, moderator, keys.digest(token), at=now, expires_at=expires_at)

    try:
        await service.store.write(unit)
    except Taken as exc:
        raise NameRefused(
            "moderator_taken",
            f"There is, or was, a moderator “{name}”; the log knows them by that name.",
        ) from exc
    return token


async def known(service: Service, token: str) -> Moderator:
    """Who holds a token. Raises Unauthenticated for one that is unknown, expired or revoked."""
    moderator = await service.store.read(
        lambda tx: moderators.by_token(tx, keys.digest(token), now=service.now())
    )
    if moderator is None:
        raise Unauthenticated
    return moderator


async def revoke(service: Service, name: str) -> None:
    """End a moderator's token at once, and the mail to them."""

    async def unit(tx: Tx) -> None:
        if not await moderators.revoke(tx, name, at=service.now()):
            raise Refusal(f"There is no moderator “{name}” with a token that still works.")
        moderator_id = await moderators.id_of(tx, name)
        if moderator_id is not None:
            await mailboxes.end(tx, moderator_id)

    await service.store.write(unit)


async def tell_by_mail(service: Service, name: str, address: str, *, language: str) -> None:
    """Tell a moderator by mail of what waits, from now on. The address is in no refusal."""
    try:
        checked = email.mailbox(address)
    except email.EmailError as exc:
        raise Refusal(f"This address can't be used{_WHY.get(exc.hint or '', '')}.") from None

    async def unit(tx: Tx) -> None:
        moderator = await _working(tx, service, name)
        if not moderator.scope.allows(Scope.MODERATE):
            raise Refusal(f"The moderator {name} may only read; mail goes to those who decide.")
        mailbox = mailboxes.Mailbox(moderator.id, checked, language, service.now())
        await mailboxes.put(tx, mailbox)

    await service.store.write(unit)


async def end_mail(service: Service, name: str) -> None:
    """No more mail to a moderator, and none of its links works any more."""

    async def unit(tx: Tx) -> None:
        moderator_id = await moderators.id_of(tx, name)
        if moderator_id is None or not await mailboxes.end(tx, moderator_id):
            raise Refusal(f"There is no moderator “{name}” who gets mail.")

    await service.store.write(unit)


async def _working(tx: Tx, service: Service, name: str) -> Moderator:
    moderator = await moderators.by_name(tx, name, now=service.now())
    if moderator is None:
        raise Refusal(f"There is no moderator “{name}” with a token that still works.")
    return moderator
