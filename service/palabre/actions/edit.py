"""Moderators' own words: correcting a comment, replying to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from palabre.actions import learn, tags, undo
from palabre.actions.decide import Because, Before, Result, change, present
from palabre.actions.sessions import SignedIn
from palabre.errors import (
    CommentNotFound,
    DecidedMeanwhile,
    DuplicateComment,
    NotAllowedFromHere,
)
from palabre.ids import new_id
from palabre.model import Comment, Moderator, State
from palabre.service import Service
from palabre.store import Taken, Tx, Unit, articles, bans, comments, sites
from palabre.text import markup, sketch, submission
from palabre.text.submission import KEPT


async def rewrite(
    service: Service,
    moderator: Moderator,
    comment_id: str,
    fields: Mapping[str, submission.Value | None],
    *,
    version: int | None = None,
) -> Comment:
    """Change a comment's text, name or website by the same rules as a submission.

    The text before is kept. Raises CommentNotFound, InvalidSubmission, NotAllowedFromHere for a
    deleted one, DecidedMeanwhile when *version* is stale, DuplicateComment when the article
    holds the very same comment already.
    """

    async def unit(tx: Tx) -> Comment:
        standing = await comments.standing(tx, comment_id, site_id=moderator.site_id)
        if standing is None:
            raise CommentNotFound
        before = await present(tx, service, comment_id)
        changes = submission.rewrite(fields, before.article.policy)
        if standing.state is State.DELETED or standing.name is None or standing.text is None:
            raise NotAllowedFromHere
        if version is not None and version != standing.version:
            raise DecidedMeanwhile(before)
        name = standing.name if changes.name is KEPT else changes.name
        text = standing.text if changes.text is KEPT else changes.text
        website = standing.website if changes.website is KEPT else changes.website
        if (name, text, website) == (standing.name, standing.text, standing.website):
            return before
        await learn.hold(tx, standing)
        changed = await comments.rewrite(
            tx,
            standing,
            name=name,
            website=website,
            hue=service.keys.hue(name, standing.article_id),
            text=text,
            html=markup.render(text),
            fingerprint=comments.fingerprint(name, standing.asked_parent, text),
            text_hash=comments.text_hash(text),
            sketch=sketch.of(text),
            by=moderator.decider,
            at=service.now(),
        )
        if not changed:
            raise DecidedMeanwhile(await present(tx, service, comment_id))
        if standing.author_id is not None:
            await bans.forget_links(tx, standing.site_id, comment_id)
            links = tags.of_links(service, standing.site_id, text, website)
            await bans.note(tx, standing.site_id, comment_id, links, at=service.now())
        rewritten = replace(standing, text=text, name=name, website=website)
        await learn.edited(tx, standing, rewritten)
        return await present(tx, service, comment_id)

    return await _write(service, unit)


async def reply(
    service: Service,
    moderator: Moderator,
    comment_id: str,
    fields: Mapping[str, submission.Value | None],
    *,
    approving: int | None = None,
    at_desk: SignedIn | None = None,
) -> Comment:
    """A moderator's reply to an approved comment: approved at once, on closed articles too.

    *approving*: the version in which a comment that waits is approved with it, or not at all.
    *at_desk*: the session that remembers it, with that approval, as its last decision. What they
    took back becomes public again there when they send the same words, instead of a duplicate.
    Raises CommentNotFound, InvalidSubmission, NotAllowedFromHere when the comment isn't public,
    DuplicateComment, and DecidedMeanwhile when it is no longer in that version.
    """

    async def unit(tx: Tx) -> Comment:
        now = service.now()
        if at_desk is not None:
            await undo.hold(tx, at_desk)
        standing = await comments.standing(tx, comment_id, site_id=moderator.site_id)
        if standing is None:
            raise CommentNotFound
        site = await sites.by_id(tx, standing.site_id)
        article = await articles.by_id(tx, site, standing.article_id, now=now)
        if article is None:
            raise LookupError(standing.article_id)
        words = submission.reply(fields, article.policy, default_name=moderator.name)
        becomes = State.APPROVED
        done = []
        if approving is not None and standing.state is not becomes:
            was = await change(tx, service, moderator, comment_id, becomes, Because(), approving)
            done.append(Result(comment_id, 200, becomes, was))
        place = await comments.under(tx, article.id, comment_id, depth=article.policy.depth)
        if place is None:
            raise NotAllowedFromHere
        new = comments.New(
            id=new_id(now),
            site_id=site.id,
            article_id=article.id,
            author_id=None,
            moderator_id=moderator.id,
            place=place,
            asked_parent=comment_id,
            state=becomes,
            told=None,
            name=words.name,
            website=None,
            title=None,
            hue=service.keys.hue(words.name, article.id),
            text=words.text,
            html=markup.render(words.text),
            fingerprint=comments.fingerprint(words.name, comment_id, words.text),
            text_hash=comments.text_hash(words.text),
            at=now,
        )
        before = again = None
        if at_desk is not None:
            again = await comments.taken_back(tx, new, by=moderator.decider)
        if again is None:
            await comments.add(tx, new, by=moderator.decider)
        else:
            before = await change(tx, service, moderator, again, becomes, Because(), None)
        added = await present(tx, service, again or new.id)
        if at_desk is not None:
            # It was nothing before. Taken back it is not public, and its words are not lost.
            before = before or Before(State.REJECTED, added.version, None, None)
            done.append(Result(added.id, 200, becomes, before))
            await undo.remember(tx, service, at_desk, becomes, done, reply=added.id)
        return added

    return await _write(service, unit)


async def _write(service: Service, unit: Unit[Comment]) -> Comment:
    try:
        return await service.store.write(unit)
    except Taken as exc:
        if exc.constraint != "comment_fingerprint":
            raise
        raise DuplicateComment from exc
