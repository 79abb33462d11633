"""Web addresses: the one way to write an article's address, a site's origin, a link to show. Pure.

Whatever can be read in two ways is refused, for what one reader takes for a path another takes for
a host: backslashes, control characters, user names, `//host`.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Sequence

ADDRESS_LIMIT = 2000
"""Characters of an article's address, as given and in its canonical form."""

_TRACKING = re.compile(
    "(?:utm_.*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|mc_cid|mc_eid|igshid|replytocom)",
    re.IGNORECASE | re.ASCII,
)
"""Query parameters that say how a reader came, not what they read (contract 3.1)."""

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-]++)++")
"""A path that is its own canonical form already, as nearly all are."""

_BARE_PATH = re.compile(r"/(?![/\\])")

_PORTS = {"http": 80, "https": 443}
_URL = re.compile(
    # Letters are spelt out: to IGNORECASE, U+017F is an "s".
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://(?P<authority>[^/?#]*)(?P<rest>.*)",
    re.DOTALL,
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::(?P<port>[0-9]{0,5}))?")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_HOST_LIMIT = 254
"""Characters (RFC 1035 3.1, and the dot at the end); idna's effort grows faster than the length."""

_BROKEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and lone surrogates."""
_UNSHOWABLE = re.compile(r"[\s\"<>\\\u202a-\u202e\u2066-\u2069]")
"""What a link may not hold: it would end there, or read differently from where it leads."""

_HALF_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UNRESERVED = r"A-Za-z0-9._~\-"
_NOT_IN_PATH = re.compile(rf"[^{_UNRESERVED}!$&'()*+,;=:@/]")
_NOT_IN_QUERY = re.compile(rf"[^{_UNRESERVED}!$&'()*+,;=:@/?]")

# An octet that stays escaped is set aside as a lone surrogate (as Python's `surrogateescape` does
# for those that are no UTF-8), so that NFC cannot join its last hexadecimal digit to a mark.
_ASIDE = 0xDC00
_SET_ASIDE = {
    code: _ASIDE + code for code in range(128) if not re.match(f"[{_UNRESERVED}]", chr(code))
}


class AddressError(ValueError):
    """An address that is refused. `code`: `too_long`, `invalid` or `not_allowed`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def canonical(raw: str, origins: Sequence[str]) -> str:
    """The canonical path and query of an article's address (contract 3.1), beginning with one `/`.

    *raw*: a path, or an absolute URL on one of *origins* (as `origin` gives them). The result is
    ASCII, at most ADDRESS_LIMIT characters, and its own canonical form. Escaped octets that are no
    UTF-8 stay as they are: old servers have such addresses. Raises AddressError: `invalid` for
    what is broken (control characters, half escapes), `not_allowed` for what leads elsewhere.
    """
    if len(raw) > ADDRESS_LIMIT:
        raise AddressError("too_long")
    if _PLAIN.fullmatch(raw):
        return raw
    located, _, query = raw.partition("#")[0].partition("?")
    if _BROKEN.search(raw) or _HALF_ESCAPE.search(located) or _HALF_ESCAPE.search(query):
        raise AddressError("invalid")
    path = _path_on(located, origins)
    normal = unicodedata.normalize("NFC", _set_aside(path, _NOT_IN_PATH))
    address = _without_dots(_escaped(normal, _NOT_IN_PATH)) + _query(query)
    if len(address) > ADDRESS_LIMIT:
        raise AddressError("too_long")
    return address


def is_path(raw: object) -> bool:
    """Whether an address is a bare path, which may be one on any site; a URL is one's or none's."""
    return isinstance(raw, str) and _BARE_PATH.match(raw.strip()) is not None


def origin_of(url: str) -> str | None:
    """The origin of an absolute http(s) URL as `scheme://host[:port]`, or None if it has none.

    Lower case, host in its ASCII form, without the default port. A URL with a user name has none.
    """
    match = _URL.match(url)
    if match is None or _BROKEN.search(url):
        return None
    return _origin(match["scheme"].lower(), match["authority"])


def origin(raw: str) -> str:
    """The normalised form of an origin that an operator gives for a site.

    Raises AddressError("invalid") if it is no http(s) origin, or has more than a closing slash.
    """
    match = _URL.fullmatch(raw.strip())
    found = _origin(match["scheme"].lower(), match["authority"]) if match else None
    if match is None or found is None or match["rest"] not in ("", "/"):
        raise AddressError("invalid")
    return found


def link(raw: str) -> str:
    """An absolute http(s) URL that may be shown as a link: origin normalised, the rest as typed.

    Raises AddressError("invalid") for anything else, white space and quotes included.
    """
    match = _URL.fullmatch(raw)
    found = origin_of(raw)
    if match is None or found is None or _UNSHOWABLE.search(raw):
        raise AddressError("invalid")
    return found + match["rest"]


def _path_on(located: str, origins: Sequence[str]) -> str:
    """The path in *located*, which has no query; AddressError if that is not on *origins*."""
    if "\\" in located or located.startswith("//"):
        raise AddressError("not_allowed")
    if located.startswith("/"):
        return located
    match = _URL.fullmatch(located)
    if match is None or origin_of(located) not in origins:
        raise AddressError("not_allowed")
    return match["rest"] or "/"


def _origin(scheme: str, authority: str) -> str | None:
    match = _AUTHORITY.fullmatch(authority)
    host = _host(match["host"]) if match else None
    if match is None or host is None:
        return None
    port = int(match["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        return None
    return f"{scheme}://{host}" if port == _PORTS[scheme] else f"{scheme}://{host}:{port}"


def _host(raw: str) -> str | None:
    if raw.startswith("["):
        return _ipv6_host(raw[1:-1])
    name = raw.lower()
    if len(raw) > _HOST_LIMIT:
        return None
    if not raw.isascii():
        # Imported here for the idle process's sake: its tables are large.
        import idna

        try:
            name = idna.encode(raw, uts46=True).decode("ascii")
        except UnicodeError:
            return None
    return name if _HOST.fullmatch(name) else None


def _ipv6_host(raw: str) -> str | None:
    try:
        number = ipaddress.IPv6Address(raw)
    except ValueError:
        return None
    if number.ipv4_mapped is not None:
        # Written as browsers do; Python's own form of these differs between versions.
        low = int(number.ipv4_mapped)
        return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]"
    return f"[{number.compressed}]"


def _set_aside(component: str, forbidden: re.Pattern[str]) -> str:
    """*component* decoded, but for octets that must stay escaped or become so: those aside."""

    def decoded(match: re.Match[str]) -> str:
        octets = bytes.fromhex(match[0].replace("%", ""))
        return octets.decode("utf-8", "surrogateescape").translate(_SET_ASIDE)

    # ASCII that is not allowed here first, so that `<` and `%3C` are the same in all that follows.
    literal = forbidden.sub(
        lambda match: match[0].translate(_SET_ASIDE) if match[0] != "%" else "%", component
    )
    return _ESCAPES.sub(decoded, literal)


def _escaped(component: str, forbidden: re.Pattern[str]) -> str:
    """*component* as `_set_aside` gave it, in ASCII with upper-case escapes."""

    def escape(match: re.Match[str]) -> str:
        code = ord(match[0])
        aside = _ASIDE <= code < _ASIDE + 256
        octets = bytes([code - _ASIDE]) if aside else match[0].encode()
        return "".join(f"%{octet:02X}" for octet in octets)

    return forbidden.sub(escape, component)


def _without_dots(path: str) -> str:
    """*path* without dot segments (RFC 3986 5.2.4) and without slashes at either end but one."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept).strip("/")


def _query(raw: str) -> str:
    """The query with its question mark, or nothing; empty and tracking parameters dropped."""
    parts = (_escaped(_set_aside(part, _NOT_IN_QUERY), _NOT_IN_QUERY) for part in raw.split("&"))
    kept = [part for part in parts if part and not _TRACKING.fullmatch(part.partition("=")[0])]
    return "?" + "&".join(kept) if kept else ""
