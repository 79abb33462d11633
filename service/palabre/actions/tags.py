"""What an accepted submission is recognised by, none of which tells who or what it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from palabre import keys
from palabre.keys import Tag
from palabre.model import BanKind, Site, Submission, Visitor
from palabre.service import Service
from palabre.store import bans, comments
from palabre.text import browser, domains, sketch
from palabre.text.sketch import Sketch


@dataclass(frozen=True, slots=True)
class Request:
    """What a request is recognised by when it comes again: its key, and its fields."""

    key: Tag
    fields: Tag


@dataclass(frozen=True, slots=True)
class Tags:
    """What an accepted submission is known by: hashes that can be stored.

    `bannable`: what of it bans may be about. `browser`: of a token of ours for the
    site, if it came with one.
    """

    author: Tag
    author_today: bytes
    visitor: bytes
    network: bytes
    request: Request | None
    fingerprint: bytes
    text: bytes
    sketch: Sketch | None
    bannable: tuple[bans.Mark, ...]
    browser: bytes | None


def tags_of(service: Service, site: Site, sent: Submission, visitor: Visitor) -> Tags:
    """The tags of a submission to *site*."""
    request = None
    if sent.idempotency_key is not None:
        # The address and not its tag, which changes with the keys: it only goes into a hash here.
        fields = [sent.article, sent.name, sent.website, sent.text, sent.parent, sent.title]
        exact = json.dumps([*fields, sent.email]).encode()
        request = Request(
            key=service.keys.tag("request", site.id, sent.idempotency_key.encode()),
            fields=service.keys.tag("fields", site.id, exact),
        )
    author = service.keys.hash_of(sent.email, site.id)
    text = comments.text_hash(sent.text)
    return Tags(
        author=author,
        author_today=of_day(service, site.id, "author-pace", author.value),
        visitor=service.keys.visitor(visitor.network, site.id, service.now().date()),
        network=of_day(service, site.id, "network", visitor.wide_network.encode()),
        request=request,
        fingerprint=comments.fingerprint(sent.name, sent.parent, sent.text),
        text=text,
        sketch=sketch.of(sent.text),
        bannable=(
            *_networks(service, site, visitor),
            *_mail_domain(service, site.id, domains.of_mail(sent.email)),
            *of_links(service, site.id, sent.text, sent.website),
            of_text(service, site.id, text),
        ),
        browser=_browser(service, site, sent),
    )


def of_day(service: Service, site_id: str, kind: str, data: bytes = b"") -> bytes:
    """What something of this kind is known by on a site until midnight (UTC), as a visitor is."""
    return service.keys.of_day(kind, data, site_id, service.now().date())


def _browser(service: Service, site: Site, sent: Submission) -> bytes | None:
    if sent.token is None or not browser.is_ours(service.keys, site.id, sent.token):
        return None
    return keys.digest(sent.token)


def mark(service: Service, site_id: str, kind: BanKind, what: bytes, place: int = 0) -> bans.Mark:
    """What a ban of a kind knows something by on a site: of each kind and site another hash."""
    return bans.Mark(kind, place, service.keys.tag(f"ban/{kind}", site_id, what))


def of_text(service: Service, site_id: str, text_hash: bytes) -> bans.Mark:
    """The mark of a text."""
    return mark(service, site_id, BanKind.TEXT, text_hash)


def of_domain(service: Service, site_id: str, kind: BanKind, domain: str) -> Iterator[bans.Mark]:
    """The marks of a domain and of those that it is part of."""
    for place, one in enumerate(domains.lineage(domain)):
        yield mark(service, site_id, kind, one.encode(), place)


def _mail_domain(service: Service, site_id: str, domain: str) -> Iterator[bans.Mark]:
    """The marks of an address's domain by which a ban knows it that was typed, and others by which
    one does that was made from a comment. So the two never meet, and no moderator learns from one
    what the other is about."""
    yield from of_domain(service, site_id, BanKind.MAIL_DOMAIN, domain)
    for place, one in enumerate(domains.lineage(domain)):
        unseen = bans.UNSEEN - place
        # No domain holds a NUL.
        yield mark(service, site_id, BanKind.MAIL_DOMAIN, b"\0" + one.encode(), unseen)


def of_links(
    service: Service, site_id: str, text: str, website: str | None
) -> tuple[bans.Mark, ...]:
    """The marks of the domains that a comment links to, or names, each once."""
    found: dict[bytes, bans.Mark] = {}
    for domain in (*domains.linked(text, website), *domains.named(text)):
        for one in of_domain(service, site_id, BanKind.LINK_DOMAIN, domain):
            found.setdefault(one.tag.value, one)
    return tuple(found.values())


def _networks(service: Service, site: Site, visitor: Visitor) -> Iterator[bans.Mark]:
    """The marks of a visitor's network, if it is known: of one household, and of its neighbours."""
    if visitor.network == visitor.wide_network:
        return
    # As a network in both families: "192.0.2.1/32", "2001:db8::/64".
    near = visitor.network if "/" in visitor.network else f"{visitor.network}/32"
    yield mark(service, site.id, BanKind.ADDRESS, near.encode())
    yield mark(service, site.id, BanKind.NETWORK, visitor.wide_network.encode())
