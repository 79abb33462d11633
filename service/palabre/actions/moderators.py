"""Moderators: adding one with a token that is shown once, knowing them again, revoking."""

from __future__ import annotations

import re
from datetime import datetime

from palabre import keys
from palabre.errors import Refusal, Unauthenticated
from palabre.ids import new_token, random_id
from palabre.model import Moderator, Scope
from palabre.service import Service
from palabre.store import Taken, Tx, moderators, sites

PREFIX = "palabre_"
_NAME = re.compile(r"[^\W_](?:[\w .'’-]{0,62}[\w.])?")
RESERVED = ("author", "rule")


async def add(
    service: Service,
    name: str,
    *,
    scope: Scope,
    site: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new moderator's token: 192 random bits, shown this once and stored hashed."""
    if not _NAME.fullmatch(name) or name.casefold() in RESERVED:
        raise Refusal(f"“{name}” cannot be a moderator's name; one looks like alice.")
    token = PREFIX + new_token()

    async def unit(tx: Tx) -> None:
        home = None
        if site is not None:
            home = await sites.by_name(tx, site)
            if home is None:
                raise Refusal(f"There is no site “{site}”.")
        moderator = Moderator(random_id(), name, scope, home.id if home else None)
        now = service.now()
        await moderators.add(tx, moderator, keys.digest(token), at=now, expires_at=expires_at)

    try:
        await service.store.write(unit)
    except Taken as exc:
        raise Refusal(
            f"There is, or was, a moderator “{name}”; the log knows them by that name."
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
    """End a moderator's token at once."""
    ended = await service.store.write(lambda tx: moderators.revoke(tx, name, at=service.now()))
    if not ended:
        raise Refusal(f"There is no moderator “{name}” with a token that still works.")
