"""What an accepted submission is recognised by, none of which tells who or what it was."""

from __future__ import annotations

import json
from dataclasses import dataclass

from palabre.keys import Tag
from palabre.model import Site, Submission, Visitor
from palabre.service import Service
from palabre.store import comments
from palabre.text import sketch
from palabre.text.sketch import Sketch


@dataclass(frozen=True, slots=True)
class Request:
    """What a request is recognised by when it comes again: its key, and its fields."""

    key: Tag
    fields: Tag


@dataclass(frozen=True, slots=True)
class Tags:
    """What an accepted submission is known by: hashes that can be stored."""

    author: Tag
    author_today: bytes
    visitor: bytes
    network: bytes
    request: Request | None
    fingerprint: bytes
    text: bytes
    sketch: Sketch | None


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
    return Tags(
        author=author,
        author_today=of_day(service, site.id, "author-pace", author.value),
        visitor=service.keys.visitor(visitor.network, site.id, service.now().date()),
        network=of_day(service, site.id, "network", visitor.wide_network.encode()),
        request=request,
        fingerprint=comments.fingerprint(sent.name, sent.parent, sent.text),
        text=comments.text_hash(sent.text),
        sketch=sketch.of(sent.text),
    )


def of_day(service: Service, site_id: str, kind: str, data: bytes = b"") -> bytes:
    """What something of this kind is known by on a site until midnight (UTC), as a visitor is."""
    return service.keys.of_day(kind, data, site_id, service.now().date())
