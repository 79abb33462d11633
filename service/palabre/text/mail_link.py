"""What stands in the links of our mail to moderators, sealed so that only our own come back.

A link is its own authority and is kept nowhere. It is bound to the mailbox that it was sent to by
when that was set up: what went to an address that is no longer the moderator's is worth nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime

from palabre.keys import Keys

ACTIONS = ("approve", "reject", "spam")
_CODE_BYTES = 16
_ACT, _END = "mail link", "mail end"
_ID = "[0-9a-v]{26}"
_NUMBER = "[0-9]{1,15}"
_LINK = re.compile(
    rf"(?P<said>(?P<action>{'|'.join(ACTIONS)})\.(?P<comment>{_ID})\.(?P<version>{_NUMBER})"
    rf"\.(?P<moderator>{_ID})\.(?P<mailbox>{_NUMBER})\.(?P<expires>{_NUMBER}))\.(?P<code>\S{{22}})"
)
_UNSUBSCRIBE = re.compile(
    rf"(?P<said>(?P<moderator>{_ID})\.(?P<mailbox>{_NUMBER}))\.(?P<code>\S{{22}})"
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whose mailbox, and which: `set_up_ms` is when it was set up."""

    moderator_id: str
    set_up_ms: int


@dataclass(frozen=True, slots=True)
class Link:
    """One action on one version of a comment, until `expires_s` (seconds since 1970)."""

    action: str
    comment_id: str
    version: int
    to: Mailbox
    expires_s: int

    def has_expired(self, now: datetime) -> bool:
        return now.timestamp() >= self.expires_s


def seal(keys: Keys, link: Link) -> str:
    """The token of a link that acts."""
    to = link.to
    said = (
        f"{link.action}.{link.comment_id}.{link.version}"
        f".{to.moderator_id}.{to.set_up_ms}.{link.expires_s}"
    )
    return _sealed(keys, _ACT, said)


def read(keys: Keys, token: str) -> Link:
    """What a token of `seal` says. Raises ValueError for any other."""
    found = _opened(keys, _ACT, _LINK.fullmatch(token))
    to = Mailbox(found["moderator"], int(found["mailbox"]))
    return Link(found["action"], found["comment"], int(found["version"]), to, int(found["expires"]))


def seal_unsubscribe(keys: Keys, to: Mailbox) -> str:
    """The token of the link that ends a mailbox. It never expires."""
    return _sealed(keys, _END, f"{to.moderator_id}.{to.set_up_ms}")


def read_unsubscribe(keys: Keys, token: str) -> Mailbox:
    """What a token of `seal_unsubscribe` says. Raises ValueError for any other."""
    found = _opened(keys, _END, _UNSUBSCRIBE.fullmatch(token))
    return Mailbox(found["moderator"], int(found["mailbox"]))


def _sealed(keys: Keys, purpose: str, said: str) -> str:
    return f"{said}.{_text(keys.seal(purpose, said.encode())[:_CODE_BYTES])}"


def _opened(keys: Keys, purpose: str, found: re.Match[str] | None) -> re.Match[str]:
    if found is None:
        raise ValueError("not a link of ours")
    try:
        code = base64.b64decode(f"{found['code']}==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("not a link of ours") from exc
    # Only the canonical spelling: a last character has spare bits that decoding ignores.
    is_ours = keys.has_sealed(purpose, found["said"].encode(), code)
    if not is_ours or _text(code) != found["code"]:
        raise ValueError("not a link of ours")
    return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
