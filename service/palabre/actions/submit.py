"""Taking a comment: check, screen, store (contract 3.1)."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, replace
from datetime import timedelta

from palabre import keys, screening
from palabre.actions import deliverability
from palabre.errors import (
    ArticleClosed,
    DuplicateComment,
    FieldError,
    IdempotencyMismatch,
    InvalidSubmission,
    OriginNotAllowed,
    TooFast,
)
from palabre.ids import new_id, new_token, random_id
from palabre.keys import Tag
from palabre.model import (
    Article,
    Decider,
    Facts,
    Policy,
    Shown,
    Site,
    State,
    Submission,
    Visitor,
)
from palabre.service import Service
from palabre.store import (
    Taken,
    Tx,
    articles,
    authors,
    comments,
    receipts,
    sites,
    threads,
    visits,
)
from palabre.text import address, markup, submission

REPEATS_WITHIN = timedelta(days=30)
REPEATS_MOST = 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A comment on disk, as its author is told of it, and the token of its receipt."""

    comment: Shown
    article: Article
    token: str


@dataclass(frozen=True, slots=True)
class _Request:
    """What a request is recognised by when it comes again: its key, and its fields."""

    key: Tag
    fields: Tag


@dataclass(frozen=True, slots=True)
class _Tags:
    """What an accepted submission is known by: hashes that can be stored."""

    author: Tag
    visitor: bytes
    request: _Request | None
    fingerprint: bytes
    text: bytes


@dataclass(frozen=True, slots=True)
class _Look:
    """A submission that may be stored, as far as can be told before anything is written."""

    submission: Submission
    tags: _Tags


async def submit(
    service: Service,
    site: Site | None,
    fields: submission.Fields,
    visitor: Visitor,
    *,
    header_key: str | None = None,
) -> Stored:
    """Store a comment, or say everything that is wrong with it.

    Returns once it is on disk. *site*: None when none could be told. *header_key*: the
    Idempotency-Key header. Raises, in the contract's order: OriginNotAllowed, InvalidSubmission,
    IdempotencyMismatch, ArticleClosed, TooFast, DuplicateComment; Busy and StoreUnavailable.
    """
    if site is None:
        raise InvalidSubmission(_errors_without_site(fields, header_key))
    if not may_post_from(site, visitor):
        raise OriginNotAllowed
    look = await service.store.glance(
        lambda tx: _look(tx, service, site, fields, visitor, header_key)
    )
    if service.settings.email_dns_check:
        await _check_domain(look.submission)
    html = markup.render(look.submission.text)
    token = new_token()

    async def unit(tx: Tx) -> Stored:
        # Its rules as they are now: they may have been changed while this one waited.
        here = await sites.by_id(tx, site.id)
        replayed = await _replayed(tx, service, here, look.tags, token)
        return replayed or await _add(tx, service, here, look, html, token)

    try:
        return await service.store.write(unit)
    except Taken as exc:
        if exc.constraint == "comment_fingerprint":
            raise DuplicateComment from exc
        if exc.constraint != "replay":
            raise
    # The very same request was quicker: what it stored is the answer to this one too.
    return await service.store.write(unit)


def _errors_without_site(fields: submission.Fields, header_key: str | None) -> list[FieldError]:
    """What is wrong when no site could be told: that, and all that no site would make good.

    A path may be good on some site; a URL that belongs to none is not allowed on any.
    """
    errors = submission.check(fields, Policy(), (), header_key=header_key).errors
    found = [
        error
        for error in errors
        if (error.field, error.code) != ("article", "not_allowed")
        or not address.is_path(fields.get("article"))
    ]
    if not any(error.field == "site" for error in found):
        found.insert(0, FieldError("site", "required"))
    return found


def may_post_from(site: Site, visitor: Visitor) -> bool:
    """Whether the page that the form stands on is the site's or our own (contract 3.1)."""
    return visitor.origin is None or visitor.same_origin or visitor.origin in site.origins


async def _look(
    tx: Tx,
    service: Service,
    site: Site,
    fields: submission.Fields,
    visitor: Visitor,
    header_key: str | None,
) -> _Look:
    """Check the fields by the article's rules, and what else can be refused early.

    Before the text is rendered: what is over the limit costs little. The write unit judges again.
    Writes nothing.
    """
    now = service.now()
    checked = submission.check(fields, site.policy, site.origins, header_key=header_key)
    errors = list(checked.errors)
    article = None
    if checked.article is not None:
        article = await articles.at(tx, site, checked.article, now=now)
        if article.policy != site.policy:
            checked = submission.check(fields, article.policy, site.origins, header_key=header_key)
            errors = list(checked.errors)
    tags = None if checked.submission is None else _tags(service, site, checked.submission, visitor)
    is_replay = (
        tags is not None
        and tags.request is not None
        and await receipts.replay(tx, site.id, tags.request.key, now=now) is not None
    )
    if article is not None and checked.parent is not None and not is_replay:
        parent = await threads.parent(tx, article.id, checked.parent)
        if parent is None:
            errors.append(FieldError("parent", "unknown", hint="parent_unknown"))
    if errors or checked.submission is None or tags is None or article is None:
        raise InvalidSubmission(errors)
    if not is_replay:
        if not article.open:
            raise ArticleClosed
        await _check_allowance(tx, service, site, tags.visitor)
    return _Look(checked.submission, tags)


async def _replayed(tx: Tx, service: Service, site: Site, tags: _Tags, token: str) -> Stored | None:
    """The comment that this very request brought before, with a fresh receipt."""
    if tags.request is None:
        return None
    known = await receipts.replay(tx, site.id, tags.request.key, now=service.now())
    if known is None:
        return None
    if not hmac.compare_digest(known.fields_tag, tags.request.fields.value):
        raise IdempotencyMismatch
    await receipts.add(
        tx, keys.digest(token), site_id=site.id, comment_id=known.comment_id, at=service.now()
    )
    await receipts.trim(tx, known.comment_id)
    return await _stored(tx, service, site, known.comment_id, token)


async def _add(
    tx: Tx,
    service: Service,
    site: Site,
    look: _Look,
    html: str,
    token: str,
) -> Stored:
    """Screen and store a new comment. Raises `Taken` when the article holds the same one already.

    Screened here, on what the store says within the transaction that stores the result: of two
    that race, the later one is judged knowing the first.
    """
    sent, tags, now = look.submission, look.tags, service.now()
    article = await articles.at(tx, site, sent.article, now=now)
    if not article.id:
        await articles.add(tx, site, sent.article, article_id=new_id(now), at=now)
        article = await articles.at(tx, site, sent.article, now=now)
    if not article.open:
        raise ArticleClosed
    recent = await _take_allowance(tx, service, site, tags.visitor)
    place = comments.TOP
    if sent.parent is not None:
        under = await comments.under(tx, article.id, sent.parent, depth=article.policy.depth)
        if under is None:
            raise InvalidSubmission([FieldError("parent", "unknown", hint="parent_unknown")])
        place = under
    author = await authors.seen(tx, site.id, tags.author, author_id=random_id(), at=now)
    facts = Facts(
        policy=article.policy,
        same_text=await comments.same_text(
            tx, site.id, tags.text, since=now - REPEATS_WITHIN, most=REPEATS_MOST
        ),
        recent=recent,
        blocked=author.blocked,
    )
    verdict = screening.screen(sent, facts)
    new = comments.New(
        id=new_id(now),
        site_id=site.id,
        article_id=article.id,
        author_id=author.id,
        moderator_id=None,
        place=place,
        asked_parent=sent.parent,
        state=verdict.state,
        told=verdict.told if verdict.told is not verdict.state else None,
        name=sent.name,
        website=sent.website,
        title=sent.title,
        hue=service.keys.hue(sent.name, article.id),
        text=sent.text,
        html=html,
        fingerprint=tags.fingerprint,
        text_hash=tags.text,
        at=now,
        signals=verdict.signals,
    )
    await comments.add(tx, new, by=Decider(verdict.by))
    await receipts.add(tx, keys.digest(token), site_id=site.id, comment_id=new.id, at=now)
    if tags.request is not None:
        await receipts.remember(
            tx, site.id, tags.request.key, tags.request.fields, comment_id=new.id, at=now
        )
    return Stored(_as_told(new, verdict.told), article, token)


def _as_told(new: comments.New, told: State) -> Shown:
    """A comment that has just been stored, as its author is told of it."""
    return Shown(
        id=new.id,
        parent=new.place.parent_id,
        depth=new.place.depth,
        state=told,
        name=new.name,
        website=new.website,
        hue=new.hue,
        moderator=False,
        html=new.html,
        created_at=new.at,
        edited_at=None,
    )


async def _check_allowance(tx: Tx, service: Service, site: Site, visitor_tag: bytes) -> None:
    limit = service.settings.submission_limit
    if limit is None:
        return
    wait_s = await visits.wait(
        tx,
        site.id,
        visitor_tag,
        count=limit.count,
        period_s=limit.period_s,
        now=service.now(),
    )
    if wait_s:
        raise TooFast(retry_after_s=wait_s, n=wait_s)


async def _take_allowance(tx: Tx, service: Service, site: Site, visitor_tag: bytes) -> int:
    """Take one from the visitor's allowance; how many comments they have sent recently."""
    limit = service.settings.submission_limit
    found = await visits.take(
        tx,
        site.id,
        visitor_tag,
        count=limit.count if limit else 0,
        period_s=limit.period_s if limit else 0,
        now=service.now(),
    )
    if found.wait_s:
        raise TooFast(retry_after_s=found.wait_s, n=found.wait_s)
    return found.recent


async def _stored(tx: Tx, service: Service, site: Site, comment_id: str, token: str) -> Stored:
    """A stored comment as its author is told of it."""
    row = await threads.own(tx, comment_id)
    article = await articles.by_id(tx, site, row.article_id, now=service.now())
    if article is None:
        raise LookupError(row.article_id)
    told = row.told or row.shown.state
    return Stored(replace(row.shown, state=told), article, token)


def _tags(service: Service, site: Site, sent: Submission, visitor: Visitor) -> _Tags:
    request = None
    if sent.idempotency_key is not None:
        # The address and not its tag, which changes with the keys: it only goes into a hash here.
        fields = [sent.article, sent.name, sent.website, sent.text, sent.parent, sent.title]
        exact = json.dumps([*fields, sent.email]).encode()
        request = _Request(
            key=service.keys.tag("request", site.id, sent.idempotency_key.encode()),
            fields=service.keys.tag("fields", site.id, exact),
        )
    return _Tags(
        author=service.keys.hash_of(sent.email, site.id),
        visitor=service.keys.visitor(visitor.network, site.id, service.now().date()),
        request=request,
        fingerprint=comments.fingerprint(sent.name, sent.parent, sent.text),
        text=comments.text_hash(sent.text),
    )


async def _check_domain(sent: Submission) -> None:
    """Ask the domain name system whether the address can get mail; only if switched on."""
    if not await deliverability.asked(sent.email):
        raise InvalidSubmission([FieldError("email", "invalid", hint="email_no_mail_there")])
