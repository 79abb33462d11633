"""Stamps: given out with a form, read when it comes back, and each good for one comment."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from palabre.model import Article, Proof, Site, Stamp, Standing, Submission
from palabre.service import Service
from palabre.store import Tx, floods, spent
from palabre.store.tx import ms
from palabre.text import stamp
from palabre.text.policy import OFF
from palabre.text.stamp import Puzzle

KNOWN_FOR = timedelta(hours=25)
"""How long a stamp that was used is known again: an hour longer than it is good for."""


SOLVED_WITHIN = timedelta(minutes=10)
"""How long the solution of a puzzle is taken: it is of use in this attack, and not in the next."""


@dataclass(frozen=True, slots=True)
class Given:
    """A stamp as it is given out, and the puzzle that it poses."""

    token: str
    puzzle: Puzzle | None


async def fresh(service: Service, article: Article) -> Given:
    """A stamp for a form that is shown now, with a puzzle if its article is under attack."""
    return await _sealed(service, article, ms(service.now()))


async def renewed(service: Service, article: Article, token: str) -> Given | None:
    """A stamp for a form that comes again, as old as the one it came with; None unless that is
    this article's own: who then needs a second to put a mistake right has filled in nothing in it.
    """
    try:
        told = stamp.read(service.keys, token)
    except ValueError:
        return None
    if told.place != stamp.place_of(article.site_id, article.address):
        return None
    return await _sealed(service, article, told.at_ms)


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


def proof_of(service: Service, sent: Submission, found: Stamp) -> Proof:
    """What a submission's proof of work is, which came with the stamp that has been spent.

    It stands and falls with the stamp: good for its article, once, and soon.
    """
    if sent.proof is None or sent.stamp is None:
        return Proof.MISSING
    if found.standing is not Standing.GOOD:
        return Proof(found.standing)
    puzzle = stamp.read(service.keys, sent.stamp).puzzle
    if puzzle is None:
        return Proof.UNASKED
    if ms(service.now()) >= puzzle.until_ms:
        return Proof.EXPIRED
    if found.uses:
        return Proof.SPENT
    return Proof.GOOD if stamp.is_solved(sent.stamp, puzzle, sent.proof) else Proof.WRONG


def are_asked_for(service: Service, article: Article) -> bool:
    """Whether proofs are asked for there, under attack."""
    return service.settings.submission_limit is not None and article.policy.proof != OFF


async def _posed(service: Service, article: Article) -> Puzzle | None:
    if not are_asked_for(service, article):
        return None
    now, rules = service.now(), article.policy
    flooded, crowded = await service.store.glance(
        lambda tx: floods.ongoing(tx, article.site_id, article.address, now=now)
    )
    if (flooded and rules.site_limit != OFF) or (crowded and rules.article_limit != OFF):
        return Puzzle(until_ms=ms(now + SOLVED_WITHIN))
    return None


async def _sealed(service: Service, article: Article, at_ms: int) -> Given:
    puzzle = await _posed(service, article)
    place = stamp.place_of(article.site_id, article.address)
    nonce = secrets.token_bytes(stamp.NONCE_BYTES)
    token = stamp.seal(service.keys, place, at_ms=at_ms, nonce=nonce, puzzle=puzzle)
    return Given(token, puzzle)
