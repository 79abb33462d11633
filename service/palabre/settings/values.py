"""What the text of a setting means: one function a kind of value.

Each takes text as an operator writes it and raises ValueError, or an OURS error whose message ends
the sentence "PALABRE_X must …". No error repeats the text: it may be a secret in the wrong place.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

OURS = "ours"
"""Type of the errors whose message is ours to show; pydantic's own are never shown."""

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
_PERIODS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))([A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+)*")
"""A path without end slash, empty or dot segments (RFC 3986, 3.3)."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any `period_s` seconds."""

    count: int
    period_s: int


_RELAY_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_SENDER = re.compile(
    rf"(?:(?P<name>[^<>\"\\@,;:()\[\]]*) )?<(?P<named>{_ADDRESS})>|(?P<bare>{_ADDRESS})"
)


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that takes our mail. `security`: `starttls`, `tls`, or `none` on this machine."""

    host: str
    port: int
    security: str
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom our mail is from. `name` may be empty."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


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


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache to be purged. `posts`: it takes one POST an article instead of PURGE requests."""

    url: str
    posts: bool


def caches(text: str) -> tuple[Cache, ...]:
    if text.lower() in ("", "none"):
        return ()
    found = []
    for part in text.split(","):
        url = part.strip()
        posts = url.startswith("post+")
        url = url.removeprefix("post+")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError
        if not re.fullmatch(r"[!-~]+", url) or "@" in parts.netloc or re.search("[#\\\\]", url):
            raise ValueError
        if parts.query and not posts:
            raise ValueError
        found.append(Cache(url if posts else url.rstrip("/"), posts))
    return tuple(found)


def folder(text: str | None) -> str | None:
    return path(text) if text else None


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
    if text.startswith(POSTGRES):
        parts = urlsplit(text)
        # A socket's folder stands in the query, and then there is no host.
        if not parts.path.strip("/") or parts.fragment or re.search(r"[\0\s]", text):
            raise ValueError
        return text
    if not text.startswith("sqlite:"):
        raise PydanticCustomError(OURS, "begin with sqlite:/// or postgresql://")
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


def smtp_url(secret: SecretStr | None) -> SecretStr | None:
    """Only the form is checked here; `relay` says what it means."""
    if secret is not None:
        relay(secret)
    return secret


def relay(secret: SecretStr) -> Relay:
    """What the URL of a mail server means. Raises ValueError."""
    text = secret.get_secret_value()
    # Not chained: the parsers' own errors repeat what they could not read.
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError from None
    if parts.scheme not in _RELAY_PORTS or not re.fullmatch(r"[!-~]+", text):
        raise ValueError
    if not parts.hostname or parts.path not in ("", "/") or re.search(r"[?#]", text):
        raise ValueError
    name = host(parts.hostname)
    if parts.scheme == "smtp+plain" and not is_loopback(name):
        raise PydanticCustomError(
            OURS,
            "use smtp:// (which begins TLS) or smtps:// for a mail server on another machine:"
            " smtp+plain:// is for this machine's own",
        )
    user, password = _credentials(parts)
    security = {"smtp": "starttls", "smtps": "tls"}.get(parts.scheme, "none")
    return Relay(name, port or _RELAY_PORTS[parts.scheme], security, user, password)


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if parts.username is None:
        return None, None
    found = unquote(parts.username), unquote(parts.password or "")
    if not all(found):
        raise ValueError
    return found


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and no other."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def mail_from(text: str | None) -> str | None:
    """Only the form is checked here; `sender` says what it means."""
    if text is not None:
        sender(text)
    return text


def sender(text: str) -> Sender:
    """Whom `Name <address>`, or an address alone, means. Raises ValueError."""
    found = _SENDER.fullmatch(text)
    if not found or not text.isprintable() or len(text) > 254:
        raise ValueError
    return Sender((found["name"] or "").strip(), found["named"] or found["bare"])


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
