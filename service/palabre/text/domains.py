"""Domains of links and of addresses, each with those that it is part of. Pure."""

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
PARENTS_MOST = 4
DOMAIN_LIMIT = 253
"""Characters (RFC 1035, 3.1, in the form without the dot at the end)."""

_AFTER_AUTHORITY = re.compile(r"[/?#]")
_TARGET = re.compile(r"\]\([ \t\n]*+<?([^\s<>]++)")
"""What a Markdown link leads to."""
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
        authorities[_AFTER_AUTHORITY.split(url.partition("://")[2], maxsplit=1)[0]] = None
        if len(authorities) == DOMAINS_MOST:
            break
    found = (_domain_of("https://" + authority) for authority in authorities)
    return tuple(dict.fromkeys(domain for domain in found if domain is not None))


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
