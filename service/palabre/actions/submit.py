"""Taking a comment: check, screen, store (contract 3.1)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace

from palabre import keys
from palabre.actions import allowance, deliverability, screen, stamps
from palabre.actions.sites import as_now
from palabre.actions.tags import Tags, tags_of
from palabre.errors import (
    ArticleClosed,
    DuplicateComment,
    FieldError,
    IdempotencyMismatch,
    InvalidSubmission,
    OriginNotAllowed,
)
from palabre.ids import new_id, new_token, random_id
from palabre.model import (
    Article,
    Decider,
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
    bans,
    browsers,
    comments,
    facts,
    receipts,
    threads,
)
from palabre.text import address, markup, submission


@dataclass(frozen=True, slots=True)
class Stored:
    """A comment on disk, as its author is told of it, and the token of its receipt."""

    comment: Shown
    article: Article
    token: str


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A request to store a comment on *site*. `token`: of the receipt that it will get."""

    service: Service
    site: Site
    fields: submission.Fields
    visitor: Visitor
    header_key: str | None
    token: str

    def checked(self, policy: Policy) -> submission.Checked:
        return submission.check(self.fields, policy, self.site.origins, header_key=self.header_key)

    def tags(self, sent: Submission) -> Tags:
        return tags_of(self.service, self.site, sent, self.visitor)


@dataclass(frozen=True, slots=True)
class _Look:
    """A submission that may be stored, as far as reading tells.

    `place`: where it would hang. `replayed`: the id of the comment that this very request brought
    before, if it did.
    """

    site: Site
    sent: Submission
    tags: Tags
    known: facts.Known
    place: comments.Place
    replayed: str | None


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
    arrival = _Arrival(service, site, fields, visitor, header_key, new_token())
    checked = arrival.checked(site.policy)
    await screen.ready(site.policy)
    if checked.submission is None or service.settings.email_dns_check:
        # What is to be refused need not wait for anybody who writes, nor ask a name server.
        look = await service.store.glance(lambda tx: _first_look(tx, arrival, checked))
        if service.settings.email_dns_check:
            await _check_domain(look.sent)

    async def unit(tx: Tx) -> Stored:
        look = await _look(tx, arrival, checked, to_store=True)
        if look.replayed is not None:
            return await _again(tx, arrival, look.site, look.replayed)
        return await _add(tx, arrival, look)

    try:
        return await service.store.write(unit)
    except Taken as exc:
        if exc.constraint not in ("comment_fingerprint", "replay"):
            raise
        if checked.submission is None or checked.submission.idempotency_key is None:
            raise DuplicateComment from exc
    # Perhaps the very same request was quicker: what it stored is the answer to this one too.
    try:
        return await service.store.write(unit)
    except Taken as exc:
        if exc.constraint != "comment_fingerprint":
            raise
        raise DuplicateComment from exc


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


async def _first_look(tx: Tx, arrival: _Arrival, checked: submission.Checked) -> _Look:
    """All that can be refused before anything is written. Raises TooFast, too."""
    look = await _look(tx, arrival, checked)
    if look.replayed is None:
        await allowance.check(tx, arrival.service, look.site, look.tags.visitor)
    return look


async def _look(
    tx: Tx, arrival: _Arrival, checked: submission.Checked, *, to_store: bool = False
) -> _Look:
    """Judge the fields by the rules as they are now, the text unseen. Writes nothing.

    *checked*: by the rules of the site as it was known before. *to_store*: what is good is going to
    be stored in this transaction. Raises InvalidSubmission,
    IdempotencyMismatch, ArticleClosed.
    """
    service = arrival.service
    now = service.now()
    site = await as_now(tx, service, arrival.site)
    known = article = tags = None
    if checked.submission is not None:
        tags = arrival.tags(checked.submission)
        known = await screen.known(tx, site, checked.submission, tags, now=now, to_store=to_store)
        article = known.article
    elif checked.article is not None:
        article = await articles.at(tx, site, checked.article, now=now)
    if article is not None and article.policy != arrival.site.policy:
        checked = arrival.checked(article.policy)
        if known is None and checked.submission is not None:
            tags = arrival.tags(checked.submission)
            known = await screen.known(
                tx, site, checked.submission, tags, now=now, to_store=to_store
            )
    replay = None
    if tags is not None and tags.request is not None:
        replay = await receipts.replay(tx, site.id, tags.request.key, now=now)
    errors = list(checked.errors)
    place = comments.TOP
    if checked.parent is not None and replay is None:
        under = None  # as on an article that there can't be
        if article is not None:
            depth = article.policy.depth
            under = await comments.under(tx, article.id, checked.parent, depth=depth)
        if under is None:
            errors.append(FieldError("parent", "unknown", hint="parent_unknown"))
        else:
            place = under
    if errors or checked.submission is None or tags is None or known is None:
        raise InvalidSubmission(errors)
    if replay is not None and tags.request is not None:
        if not hmac.compare_digest(replay.fields_tag, tags.request.fields.value):
            raise IdempotencyMismatch
    elif not known.article.open:
        raise ArticleClosed
    replayed = None if replay is None else replay.comment_id
    return _Look(site, checked.submission, tags, known, place, replayed)


async def _again(tx: Tx, arrival: _Arrival, site: Site, comment_id: str) -> Stored:
    """The comment that this very request brought before, with a fresh receipt."""
    service, token = arrival.service, arrival.token
    await receipts.add(
        tx, keys.digest(token), site_id=site.id, comment_id=comment_id, at=service.now()
    )
    await receipts.trim(tx, comment_id)
    return await _stored(tx, service, site, comment_id, token)


async def _add(tx: Tx, arrival: _Arrival, look: _Look) -> Stored:
    """Screen and store a new comment. Raises `Taken` when the article holds the same one already.

    Screened here, on what the store says within the transaction that stores the result: of two
    that race, the later one is judged knowing the first. Rendered here as well, once nothing
    else can refuse it: what is over the limit costs little.
    """
    service, site, sent, tags = arrival.service, look.site, look.sent, look.tags
    now = service.now()
    article = look.known.article
    if not article.id:
        await articles.add(tx, site, sent.article, article_id=new_id(now), at=now)
        article = await articles.at(tx, site, sent.article, now=now)
    taken = await allowance.take(tx, service, article, tags)
    verdict = await screen.judge(
        tx,
        service,
        site,
        sent,
        look.known,
        article,
        network=tags.network,
        taken=taken,
        stamp=await stamps.spend(tx, service, site, sent),
        manner=arrival.visitor.manner,
    )
    author_id = await authors.came(
        tx,
        site.id,
        tags.author,
        verdict.state,
        author_id=random_id(),
        at=now,
    )
    await allowance.note_crowd(tx, service, article, taken)
    browser = tags.browser
    if browser is not None and not await browsers.came(tx, site.id, browser, author_id, at=now):
        browser = None
    new = comments.New(
        id=new_id(now),
        site_id=site.id,
        article_id=article.id,
        author_id=author_id,
        moderator_id=None,
        place=look.place,
        asked_parent=sent.parent,
        state=verdict.state,
        told=verdict.told if verdict.told is not verdict.state else None,
        name=sent.name,
        website=sent.website,
        title=sent.title,
        hue=service.keys.hue(sent.name, article.id),
        text=sent.text,
        html=markup.render(sent.text),
        fingerprint=tags.fingerprint,
        text_hash=tags.text,
        at=now,
        signals=verdict.signals,
        sketch=tags.sketch,
        near=[one.near for one in look.known.earlier] if tags.sketch else (),
        ban_id=look.known.banned[0].id if look.known.banned else None,
        browser=browser,
    )
    await comments.add(tx, new, by=Decider(verdict.by))
    await bans.note(tx, site.id, new.id, tags.bannable, at=now)
    await receipts.add(tx, keys.digest(arrival.token), site_id=site.id, comment_id=new.id, at=now)
    if tags.request is not None:
        await receipts.remember(
            tx, site.id, tags.request.key, tags.request.fields, comment_id=new.id, at=now
        )
    return Stored(_as_told(new, verdict.told), article, arrival.token)


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


async def _stored(tx: Tx, service: Service, site: Site, comment_id: str, token: str) -> Stored:
    """A stored comment as its author is told of it."""
    row = await threads.own(tx, comment_id)
    article = await articles.by_id(tx, site, row.article_id, now=service.now())
    if article is None:
        raise LookupError(row.article_id)
    told = row.told or row.shown.state
    return Stored(replace(row.shown, state=told), article, token)


async def _check_domain(sent: Submission) -> None:
    """Ask the domain name system whether the address can get mail; only if switched on."""
    if not await deliverability.asked(sent.email):
        raise InvalidSubmission([FieldError("email", "invalid", hint="email_no_mail_there")])
