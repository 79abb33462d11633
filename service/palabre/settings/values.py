"""What the text of a setting means: one function a kind of value.

Each takes text as an operator writes it and raises ValueError, or an OURS error whose message ends
the sentence "PALABRE_X must …". No error repeats the text: it may be a secret in the wrong place.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

OURS = "ours"
"""Type of the errors whose message is ours to show; pydantic's own are never shown."""

SQLITE = "sqlite:///"
_PERIODS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))([A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+)*")
"""A path without end slash, empty or dot segments (RFC 3986, 3.3)."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any `period_s` seconds."""

    count: int
    period_s: int


def rate(text: str) -> Rate | None:
    if text.lower() == "off":
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,6}) ?/ ?(second|minute|hour|day)", text.lower())
    if not found:
        raise ValueError
    return Rate(int(found[1]), _PERIODS_S[found[2]])


def days(text: str) -> int | None:
    if text.lower() == "off":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,4}", text):
        raise ValueError
    return int(text)


def networks(text: str) -> tuple[Network, ...]:
    if text.lower() in ("", "none"):
        return ()
    found = tuple(ip_network(part.strip()) for part in text.split(","))
    if any(network.prefixlen == 0 for network in found):
        raise PydanticCustomError(
            OURS, "not trust everybody: any visitor could then claim any address"
        )
    return found


def path(text: str) -> str:
    # Nobody expands ~ in a unit file or in TOML: a folder called "~" would come as a surprise.
    # And the default DATABASE_URL is made of DATA_DIR, where ? and # would mean something else.
    if not text or re.search(r"[?#\0]", text) or text.startswith("~"):
        raise ValueError
    return text


def host(text: str) -> str:
    if ":" in text:
        ip_address(text)
    elif not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise ValueError
    return text


def database_url(text: str) -> str:
    if not text.startswith("sqlite:"):
        raise PydanticCustomError(
            OURS, "begin with sqlite:/// (this version stores comments in SQLite only)"
        )
    file = text.removeprefix(SQLITE)
    if file in (text, "", ":memory:") or re.search(r"[?#\0]", file):
        raise ValueError
    return text


def public_url(text: str) -> str:
    """The URL in the form browsers give an origin: lower case, no default port, no end slash."""
    if not re.fullmatch(r"[!-~]+", text) or re.search(r"[?#@\\]", text):
        raise ValueError
    parts = urlsplit(text)
    prefix = parts.path.rstrip("/")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    if not _PREFIX.fullmatch(prefix):
        raise ValueError
    return f"{parts.scheme}://{_netloc(parts.scheme, host(parts.hostname), parts.port)}{prefix}"


def _netloc(scheme: str, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port in (None, {"http": 80, "https": 443}[scheme]) else f"{name}:{port}"


def default_public_url(host: str, port: int) -> str:
    """Where a browser on this machine finds a service that listens on *host* and *port*.

    Of use again once it is known which free port a *port* of 0 has become.
    """
    reachable = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    return f"http://{_netloc('http', reachable, port)}"


def master_key(secret: SecretStr | None) -> SecretStr | None:
    """Only the form is checked here, so that it is named with all other mistakes."""
    if secret is not None:
        keys = [_key(word) for word in secret.get_secret_value().split()]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError
    return secret


def _key(word: str) -> bytes:
    if re.fullmatch(r"[0-9A-Fa-f]{64}", word):
        return bytes.fromhex(word)
    if re.fullmatch(r"[A-Za-z0-9_-]{43}=?", word):
        return base64.urlsafe_b64decode(word[:43] + "=")
    raise ValueError
