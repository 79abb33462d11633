"""The master keys and what is derived from them: the last line that sees an e-mail address.

Every derived key is HKDF-SHA-256 (RFC 5869) of a master key, one per purpose and site, so that no
tag of one site or purpose can be recognised in another. A tag that must outlive a rotation is a
chain: HMAC under the oldest key, then HMAC of that under each later one; rotating is wrapping.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from palabre.errors import Refusal

KEY_BYTES = 32
_HEADER = (
    "# Palabre's master keys, oldest first: one line a key, its id and the key in base64url.\n"
    "# Without them nobody can be recognised again. Keep a copy apart from the database's.\n"
)


def hkdf(key: bytes, *, info: bytes, salt: bytes = b"", length: int = 32) -> bytes:
    """HKDF with SHA-256 (RFC 5869), extract then expand; *length* at most 8,160 bytes."""
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    block, out = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]


def id_of(key: bytes) -> str:
    """The public name of a master key: says which key it is, nothing about it."""
    return hkdf(key, info=b"palabre/v1/id", length=4).hex()


@functools.lru_cache(maxsize=4096)
def _derived(key: bytes, purpose: str, site_id: str) -> bytes:
    return hkdf(key, info=f"palabre/v1/{purpose}/{site_id}".encode())


@dataclass(frozen=True, slots=True)
class Tag:
    """A keyed hash, all 256 bits, and the id of the newest key in its chain."""

    value: bytes
    key_id: str


class Keys:
    """The master keys, oldest first. Invariant: at least one, each of 32 bytes, all different."""

    def __init__(self, masters: tuple[bytes, ...]) -> None:
        if not masters or any(len(key) != KEY_BYTES for key in masters):
            raise ValueError("master keys are 32 bytes each, and there is at least one")
        if len(set(masters)) != len(masters):
            raise ValueError("a master key stands twice")
        self._masters = masters
        self.ids = tuple(id_of(key) for key in masters)

    @property
    def current_id(self) -> str:
        return self.ids[-1]

    def check_value(self) -> str:
        """What the store keeps to recognise these keys by; tells nothing about them."""
        return self._chain("check", "", b"palabre").hex()

    def hash_of(self, email_identity: str, site_id: str) -> Tag:
        """The keyed hash of an e-mail identity (contract section 6); the address ends here."""
        return self.tag("author", site_id, email_identity.encode())

    def tag(self, purpose: str, site_id: str, data: bytes) -> Tag:
        """A keyed hash that can be wrapped under a later key without knowing *data*."""
        return Tag(self._chain(purpose, site_id, data), self.current_id)

    def visitor(self, network: str, site_id: str, day: date) -> bytes:
        """What a visitor's network is known by for one day (UTC) on one site."""
        return self.of_day("visitor", network.encode(), site_id, day)

    def of_day(self, kind: str, data: bytes, site_id: str, day: date) -> bytes:
        """What something of this kind is known by for one day (UTC) on one site."""
        return self._now(kind, f"{site_id}/{day.isoformat()}", data)

    def reporter(self, network: str, site_id: str, day: date) -> bytes:
        """The same for those who report comments: what they do besides is not to be told."""
        return self._now("reporter", f"{site_id}/{day.isoformat()}", network.encode())

    def seal(self, purpose: str, data: bytes) -> bytes:
        """A code that proves *data* came from us; not stored, so the newest key alone serves."""
        return self._now(purpose, "", data)

    def has_sealed(self, purpose: str, data: bytes, code: bytes) -> bool:
        """Whether a code is `seal`'s, under any of the keys: what is posted outlives a rotation.

        *code* may be the beginning of one, as long as its bearer made it; 16 bytes at least.
        """
        if len(code) < 16:
            return False
        codes = [hmac.digest(_derived(key, purpose, ""), data, "sha256") for key in self._masters]
        return any(hmac.compare_digest(one[: len(code)], code) for one in codes)

    def hue(self, name: str, article_id: str) -> int:
        """0-359 from a shown name, different on every article.

        Under the oldest key, so that a name keeps its hue through rotations.
        """
        key = _derived(self._masters[0], "hue", article_id)
        return int.from_bytes(hmac.digest(key, name.encode(), "sha256")[:8]) % 360

    def webhook_secret(self, webhook_id: str, number: int) -> bytes:
        """What signs for a webhook: its *number*-th secret, which is stored nowhere.

        Of the oldest key, so that receivers need not care about rotations.
        """
        return hkdf(self._masters[0], info=f"palabre/v1/webhook/{webhook_id}/{number}".encode())

    def _chain(self, purpose: str, site_id: str, data: bytes) -> bytes:
        for key in self._masters:
            data = hmac.digest(_derived(key, purpose, site_id), data, "sha256")
        return data

    def _now(self, purpose: str, scope: str, data: bytes) -> bytes:
        return hmac.digest(_derived(self._masters[-1], purpose, scope), data, "sha256")


def digest(token: str) -> bytes:
    """What is stored of a random token of ours. At least 128 random bits need no key."""
    return hashlib.sha256(token.encode()).digest()


def parse(text: str) -> Keys:
    """Keys from a setting's value: base64url or hex, separated by white space, oldest first."""
    return _keys([_decoded(word) for word in text.split()])


def read(path: Path) -> Keys | None:
    """The keys in a key file; None when there is no such file. Refuses a damaged one."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise Refusal(f"The key file {path} cannot be read: {type(exc).__name__}.") from exc
    masters = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split()
        try:
            master = _decoded(words[-1])
        except Refusal as exc:
            raise Refusal(f"The key file {path} is damaged in line {number}.") from exc
        if len(words) != 2 or words[0] != id_of(master):
            raise Refusal(f"The key file {path} is damaged: line {number} fails its own check.")
        masters.append(master)
    if not masters:
        raise Refusal(f"The key file {path} holds no key.")
    return _keys(masters)


def make(path: Path) -> Keys:
    """A fresh key in a new file of mode 0600, on disk before this returns.

    Never overwrites: when another process was quicker, its key is the one returned. Refuses where
    no file can be made.
    """
    try:
        return _make(path)
    except OSError as exc:
        raise Refusal(f"The key file {path} cannot be made: {type(exc).__name__}.") from exc


def _make(path: Path) -> Keys:
    master = secrets.token_bytes(KEY_BYTES)
    line = f"{id_of(master)} {base64.urlsafe_b64encode(master).decode()}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".palabre-key-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(_HEADER + line)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            keys = read(path)
            if keys is None:
                raise Refusal(f"The key file {path} vanished while it was being made.") from None
            return keys
    finally:
        Path(draft).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Keys((master,))


def _keys(masters: list[bytes]) -> Keys:
    try:
        return Keys(tuple(masters))
    except ValueError as exc:
        raise Refusal(f"The master keys cannot be used: {exc}.") from exc


def _decoded(word: str) -> bytes:
    try:
        if len(word) == 2 * KEY_BYTES:
            return bytes.fromhex(word)
        raw = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as exc:
        raise Refusal("A master key is neither base64url nor hexadecimal.") from exc
    if len(raw) != KEY_BYTES:
        raise Refusal("A master key is not 32 bytes long.")
    return raw
