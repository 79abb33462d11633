"""Deciding: one verb, many doors (contract sections 2 and 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from palabre.actions import learn
from palabre.errors import CommentNotFound, DecidedMeanwhile, NotAllowedFromHere
from palabre.model import ARROWS, Comment, Decider, Moderator, State
from palabre.service import Service
from palabre.store import Tx, comments, queue, reports
from palabre.store.comments import Undoing
from palabre.store.learned import Label


@dataclass(frozen=True, slots=True)
class Because:
    """Why: a reason's code, which the author sees, and a note, which they never do.

    `told`: the state that the author goes on being told instead, where the real one would show
    that they are blocked. `undoes`: a decision is taken back, and what each comment's reports had
    come to before it, by the comment's id.
    """

    reason: str | None = None
    note: str | None = None
    told: State | None = None
    undoes: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What a changed comment was, for whoever takes the change back. `version`: the one after.

    `label`: what it had taught the learned score, if anything. `reports`: what readers' reports of
    it had come to, as `reports.outcomes` gives it.
    """

    state: State
    version: int
    reason: str | None
    told: State | None
    label: Label | None = None
    reports: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one comment of many.

    `status`: 200, 404, 409, or 422 where its article doesn't give the reason. `state`: None if
    unknown. `was`: None unless it was changed.
    """

    id: str
    status: int
    state: State | None
    was: Before | None = None


async def decide(
    service: Service,
    moderator: Moderator,
    comment_id: str,
    becomes: State,
    *,
    because: Because = Because(),
    version: int | None = None,
) -> Comment:
    """Bring a comment to a state; the comment as it is afterwards.

    Asking for the state it has changes nothing, whatever *version*, but that an approval teaches
    the learned score if no decision has yet. Raises CommentNotFound, NotAllowedFromHere, and
    DecidedMeanwhile when *version* is no longer the comment's.
    """

    async def unit(tx: Tx) -> Comment:
        await change(tx, service, moderator, comment_id, becomes, because, version)
        return await present(tx, service, comment_id)

    return await service.store.write(unit)


async def decide_many(
    service: Service,
    moderator: Moderator,
    ids: Sequence[str],
    becomes: State,
    *,
    because: Because = Because(),
    versions: Mapping[str, int],
) -> list[Result]:
    """The same for many, each on its own: what can't be done to one stops no other."""

    async def unit(tx: Tx) -> list[Result]:
        return await change_many(
            tx, service, moderator, ids, becomes, because=because, versions=versions
        )

    return await service.store.write(unit, long=True)


async def change_many(
    tx: Tx,
    service: Service,
    moderator: Moderator,
    ids: Sequence[str],
    becomes: State,
    *,
    because: Because,
    versions: Mapping[str, int],
) -> list[Result]:
    """`decide_many` within a transaction."""
    results = []
    await comments.hold(tx, ids)
    for comment_id in ids:
        version = versions.get(comment_id)
        try:
            was = await change(tx, service, moderator, comment_id, becomes, because, version)
        except CommentNotFound:
            results.append(Result(comment_id, 404, None))
        except DecidedMeanwhile as exc:
            results.append(Result(comment_id, 409, exc.comment.state))
        except NotAllowedFromHere:
            results.append(Result(comment_id, 409, State.DELETED))
        else:
            results.append(Result(comment_id, 200, becomes, was))
    return results


async def change(
    tx: Tx,
    service: Service,
    moderator: Moderator,
    comment_id: str,
    becomes: State,
    because: Because,
    version: int | None,
) -> Before | None:
    """`decide` within a transaction; raises before it writes anything.

    What it was; None where nothing was to be changed.
    """
    standing = await comments.standing(tx, comment_id, site_id=moderator.site_id)
    if standing is None:
        raise CommentNotFound
    if standing.state is becomes:
        if becomes is State.APPROVED and because.undoes is None:
            await learn.confirmed(tx, service, standing, moderator)
        return None
    if version is not None and version != standing.version:
        raise DecidedMeanwhile(await present(tx, service, comment_id))
    if becomes not in ARROWS[standing.state]:
        raise NotAllowedFromHere
    outcomes = await reports.outcomes(tx, comment_id)
    await learn.hold(tx, standing)
    changed = await comments.set_state(
        tx,
        standing,
        becomes,
        by=moderator.decider,
        at=service.now(),
        reason=because.reason,
        note=because.note,
        told=because.told,
        undoes=None if because.undoes is None else Undoing(because.undoes.get(comment_id)),
    )
    if not changed:
        raise DecidedMeanwhile(await present(tx, service, comment_id))
    label = await learn.decided(tx, service, standing, becomes, moderator)
    return Before(
        state=standing.state,
        version=standing.version + 1,
        reason=standing.reason,
        told=standing.told,
        label=label,
        reports=outcomes,
    )


async def present(tx: Tx, service: Service, comment_id: str) -> Comment:
    """A comment that is there, as it is now."""
    comment = await queue.one(tx, comment_id, site_id=None, now=service.now())
    if comment is None:
        raise CommentNotFound
    return comment


async def delete(tx: Tx, service: Service, comment: comments.Standing, by: Decider) -> bool:
    """Delete and wipe a comment for somebody other than a moderator's decision."""
    if comment.state is State.DELETED:
        return False
    return await comments.set_state(tx, comment, State.DELETED, by=by, at=service.now())
