"""Domains of links, of addresses and written out, each with those that it is part of. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice

from palabre.text import address, markup, urls
from palabre.text.rules import Refused

LINKS_MOST = 200
"""Links of a text that are looked at: one with more is shown without any (`markup`)."""
DOMAINS_MOST = 20
"""Different domains among them, the first ones."""
NAMED_MOST = 10
"""Different domains of a text that only stand there, the first ones."""
PARENTS_MOST = 4
DOMAIN_LIMIT = 253
"""Characters (RFC 1035, 3.1, in the form without the dot at the end)."""

_AFTER_AUTHORITY = re.compile(r"[/?#]")
_TARGET = re.compile(r"\]\([ \t\n]*+<?([^\s<>]++)")
"""What a Markdown link leads to."""
_NAME = re.compile(
    r"(?<![^\W_])(?<![@-])(?<![^\W_]\.)"
    r"[^\W_](?:[^\W_]|-)*+(?:\.[^\W_](?:[^\W_]|-)*+)++(?!@)"
)
"""Labels with dots between them, unless they are a part of an e-mail address."""
TOP = re.compile(r"[^\W\d_]{2,63}|xn--[^\W_]+")
"""What a domain ends with; a number or a single letter is none."""
_UNSEEN = "\u200b\u200c\u200d\u2060\u00ad\ufeff"
_DOTS = "．。｡"
_AS_SHOWN = str.maketrans(dict.fromkeys(_UNSEEN) | dict.fromkeys(_DOTS, "."))
"""Nothing for what nobody sees, and a dot for what browsers take for one."""
_NOT_AS_SHOWN = frozenset(_UNSEEN + _DOTS)
_DOT_WITHIN = re.compile(r"\.[^\W_]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
"""Markdown's own way to write punctuation, there as well."""


def lineage(domain: str) -> tuple[str, ...]:
    """A domain and what it is part of, the nearest first, as far as that has a dot.

    Of many, the last `PARENTS_MOST`: what can be bought is among them. A number is nobody's part.
    """
    labels = domain.split(".")
    if domain.startswith("[") or labels[-1].isdigit():
        return (domain,)
    parents = [".".join(labels[n:]) for n in range(1, len(labels) - 1)]
    return (domain, *parents[-PARENTS_MOST:])


def linked(text: str, website: str | None) -> tuple[str, ...]:
    """The domains that a comment links to, each once: `DOMAINS_MOST` of them.

    A link that is written with entities or backslashes is one as well. Costs time linear in
    the text.
    """
    authorities: dict[str, None] = {}
    for url in _urls(text, website):
        authority = _AFTER_AUTHORITY.split(url.partition("://")[2], maxsplit=1)[0]
        # Who is said to come there makes no difference.
        authorities[authority.rpartition("@")[2]] = None
        if len(authorities) == DOMAINS_MOST:
            break
    found = (_domain_of("https://" + authority) for authority in authorities)
    return tuple(dict.fromkeys(domain for domain in found if domain is not None))


def named(text: str) -> tuple[str, ...]:
    """The domains that stand in a text outside its links, each once: `NAMED_MOST` of them.

    A reader may go there as well, so that bans have to know. Much that looks like a domain is none:
    files, or the end of one sentence and the beginning of the next without a space. Costs time
    linear in the text.
    """
    text, _ = urls.apart(text)
    if "\\" in text or "&" in text:
        text = _ESCAPED.sub(r"\1", html.unescape(text))
    if not text.isascii() and not _NOT_AS_SHOWN.isdisjoint(text):
        text = text.translate(_AS_SHOWN)
    if not _DOT_WITHIN.search(text):
        return ()
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        if len(match[0]) <= DOMAIN_LIMIT and TOP.fullmatch(match[0].rpartition(".")[2]):
            domain = _domain_of("https://" + match[0])
            if domain is not None:
                found[domain] = None
            if len(found) == NAMED_MOST:
                break
    return tuple(found)


def _urls(text: str, website: str | None) -> Iterator[str]:
    if website is not None:
        yield website
    if "://" in text:
        yield from (url for _, url in islice(urls.found_in(text), LINKS_MOST))
    if "](" in text and ("\\" in text or "&" in text) and len(text) <= markup.MARKUP_LIMIT:
        for found in islice(_TARGET.finditer(text), LINKS_MOST):
            plain = _ESCAPED.sub(r"\1", html.unescape(found[1]))
            if plain != found[1]:
                yield urls.at(plain, 0, len(plain))


def of_mail(email: str) -> str:
    """The domain of an e-mail identity."""
    return email.rpartition("@")[2]


def typed(raw: str) -> str:
    """A domain as a moderator types it, in its ASCII form; one taken from a URL as well.

    Raises Refused: for a whole e-mail address, for what is no domain, and for one without a dot.
    """
    if "@" in raw:
        raise Refused("not_allowed", "domain_is_address")
    domain = _domain_of(raw if "://" in raw else f"https://{raw}")
    if domain is None or "." not in domain or len(domain) > DOMAIN_LIMIT:
        raise Refused("invalid", "domain_invalid")
    return domain


def _domain_of(url: str) -> str | None:
    """The host of an http(s) URL in its ASCII form, without a port or the dot of the root."""
    origin = address.origin_of(url)
    if origin is None:
        return None
    return re.sub(r":\d+\Z", "", origin.partition("://")[2]).removesuffix(".")
