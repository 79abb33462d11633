"""Coming in at the desk and going out: by a one-time link, or with the moderator's own token."""

from __future__ import annotations

import contextlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from palabre import keys
from palabre.actions import moderators
from palabre.errors import (
    Busy,
    LoginLinkExpired,
    Refusal,
    StoreUnavailable,
    TooFast,
    Unauthenticated,
)
from palabre.ids import new_token, random_id
from palabre.model import Moderator
from palabre.service import Service
from palabre.store import Tx, attempts, sessions
from palabre.store import moderators as stored
from palabre.store.sessions import Session

LINK_LASTS = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=5)
"""How exactly the last use of a session is known; a write at every look would be a sync each."""

CSRF_PURPOSE = b"csrf"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the token of its cookie."""

    token: str = field(repr=False)
    session: Session

    @property
    def moderator(self) -> Moderator:
        return self.session.moderator


async def link(service: Service, name: str) -> str:
    """A link that signs a moderator in once, within 15 minutes. Refuses an unknown one."""
    token = new_token()
    now = service.now()

    async def unit(tx: Tx) -> None:
        moderator = await stored.by_name(tx, name, now=now)
        if moderator is None:
            raise Refusal(f"There is no moderator “{name}” with a token that still works.")
        await sessions.add_link(tx, keys.digest(token), moderator.id, expires_at=now + LINK_LASTS)

    await service.store.write(unit)
    return f"{service.settings.public_url}/desk/link/{token}"


async def linked(service: Service, token: str) -> Moderator:
    """Whom a link would sign in; uses nothing up. Raises LoginLinkExpired."""
    moderator = await service.store.read(
        lambda tx: sessions.linked(tx, keys.digest(token), now=service.now())
    )
    if moderator is None:
        raise LoginLinkExpired
    return moderator


async def enter_by_link(service: Service, token: str, *, language: str | None) -> str:
    """Use a link up; the new session's token. Raises LoginLinkExpired."""

    async def unit(tx: Tx) -> str:
        hashed = keys.digest(token)
        moderator = await sessions.linked(tx, hashed, now=service.now())
        # Of two that use it at once, the second finds nothing to delete.
        if moderator is None or not await sessions.use_link(tx, hashed):
            raise LoginLinkExpired
        return await _begin(tx, service, moderator, language)

    return await service.store.write(unit)


async def enter(service: Service, token: str, *, network: str, language: str | None) -> str:
    """The token of a new session of whoever holds a moderator's *token*.

    Raises Unauthenticated for a wrong one, and TooFast after too many from that network: then no
    token is looked at, so that going on guessing tells nothing.
    """
    now = service.now()
    tag = service.keys.visitor(network, "desk", now.date())
    wait_s = await service.store.write(lambda tx: attempts.take(tx, tag, now=now))
    if wait_s:
        raise TooFast(retry_after_s=wait_s, n=wait_s)
    moderator = await moderators.known(service, token)

    async def unit(tx: Tx) -> str:
        await attempts.give_back(tx, tag)
        return await _begin(tx, service, moderator, language)

    return await service.store.write(unit)


async def known(service: Service, token: str) -> SignedIn:
    """Who is signed in with a cookie's token. Raises Unauthenticated when nobody is, any more."""
    now, hashed = service.now(), keys.digest(token)
    born, seen = _limits(service, now)
    session = await service.store.read(
        lambda tx: sessions.by_token(tx, hashed, now=now, born=born, seen=seen)
    )
    if session is None:
        raise Unauthenticated
    if now - session.seen_at >= SEEN_EVERY:
        # A store that can't be written can still be read.
        with contextlib.suppress(Busy, StoreUnavailable):
            await service.store.write(lambda tx: sessions.touch(tx, hashed, at=now))
    return SignedIn(token, session)


async def still(service: Service, token: str) -> None:
    """Raises Unauthenticated once a session is over. Looking on is no use that keeps it alive."""
    now, hashed = service.now(), keys.digest(token)
    born, seen = _limits(service, now)
    if not await service.store.read(
        lambda tx: sessions.by_token(tx, hashed, now=now, born=born, seen=seen)
    ):
        raise Unauthenticated


async def every(service: Service, moderator: Moderator) -> Sequence[Session]:
    """A moderator's sessions, newest first."""
    now = service.now()
    born, seen = _limits(service, now)
    return await service.store.read(
        lambda tx: sessions.of_moderator(tx, moderator.id, now=now, born=born, seen=seen)
    )


async def end(service: Service, moderator: Moderator, session_id: str | None) -> None:
    """End one of a moderator's sessions, or with None all of them and the links that wait."""
    await service.store.write(lambda tx: sessions.end(tx, moderator.id, session_id))


async def choose(
    service: Service,
    signed_in: SignedIn,
    *,
    language: str | None = None,
    has_keys: bool | None = None,
) -> None:
    """What a moderator prefers, for this session."""
    hashed = keys.digest(signed_in.token)
    await service.store.write(
        lambda tx: sessions.choose(tx, hashed, language=language, has_keys=has_keys)
    )


def csrf(token: str) -> str:
    """What a form of this session carries to prove that it is ours.

    Of the session's token, which no page holds and no foreign page can read: nothing to store, and
    it ends with the session. Masked anew in each page, since pages are compressed together with
    what others wrote (the BREACH attack).
    """
    mask = secrets.token_bytes(16)
    return (mask + _xor(mask, _csrf(token))).hex()


def is_csrf(token: str, given: str) -> bool:
    """Whether `csrf` made it for this session."""
    try:
        raw = bytes.fromhex(given)
    except ValueError:
        return False
    return len(raw) == 32 and hmac.compare_digest(_xor(raw[:16], raw[16:]), _csrf(token))


def _csrf(token: str) -> bytes:
    return hmac.digest(token.encode(), CSRF_PURPOSE, "sha256")[:16]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(left, right, strict=True))


def _limits(service: Service, now: datetime) -> tuple[datetime, datetime]:
    """A session must have begun after the one, and have been in use after the other."""
    settings = service.settings
    return (
        now - timedelta(days=settings.desk_session_days),
        now - timedelta(hours=settings.desk_idle_hours),
    )


async def _begin(tx: Tx, service: Service, moderator: Moderator, language: str | None) -> str:
    token = new_token()
    await sessions.add(
        tx,
        keys.digest(token),
        id=random_id(),
        moderator_id=moderator.id,
        language=language,
        at=service.now(),
    )
    return token
