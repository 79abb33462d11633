"""Stamps: given out with a form, read when it comes back, and each good for one comment."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from palabre.model import Site, Stamp, Standing, Submission
from palabre.service import Service
from palabre.store import Tx, spent
from palabre.store.tx import ms
from palabre.text import stamp

KNOWN_FOR = timedelta(hours=25)
"""How long a stamp that was used is known again: an hour longer than it is good for."""


def fresh(service: Service, site: Site, article: str) -> str:
    """A stamp for a form that is shown now. *article*: its canonical address."""
    return _sealed(service, site, article, ms(service.now()))


def renewed(service: Service, site: Site, article: str, token: str) -> str | None:
    """A stamp for a form that comes again, as old as the one it came with; None unless that is
    this article's own: who then needs a second to put a mistake right has filled in nothing in it.
    """
    try:
        told = stamp.read(service.keys, token)
    except ValueError:
        return None
    if told.place != stamp.place_of(site.id, article):
        return None
    return _sealed(service, site, article, told.at_ms)


async def spend(tx: Tx, service: Service, site: Site, sent: Submission) -> Stamp:
    """Use a submission's stamp up; what there is to say of it. Only a good one is written down.

    In the transaction that stores the comment: of two that race, one is told of the other.
    """
    if sent.stamp is None:
        return Stamp(Standing.MISSING)
    try:
        told = stamp.read(service.keys, sent.stamp)
    except ValueError:
        return Stamp(Standing.FORGED)
    if told.place != stamp.place_of(site.id, sent.article):
        return Stamp(Standing.ELSEWHERE)
    now = service.now()
    found = Stamp(age_ms=ms(now) - told.at_ms)
    uses = await spent.spend(tx, site.id, told.tag, until=now + KNOWN_FOR)
    return replace(found, uses=uses)


def _sealed(service: Service, site: Site, article: str, at_ms: int) -> str:
    place, nonce = stamp.place_of(site.id, article), secrets.token_bytes(stamp.NONCE_BYTES)
    return stamp.seal(service.keys, place, at_ms=at_ms, nonce=nonce)
