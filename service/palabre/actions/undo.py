"""Deciding at the desk, where the last decision of a session can be taken back."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from palabre import keys
from palabre.actions import learn
from palabre.actions.decide import Because, Before, Result, change_many
from palabre.actions.sessions import SignedIn
from palabre.ids import random_id
from palabre.model import Comment, State
from palabre.service import Service
from palabre.store import Tx, leases, queue, sessions
from palabre.store.learned import Label
from palabre.store.tx import moment, ms


@dataclass(frozen=True, slots=True)
class Last:
    """What a session did last.

    `id` names it. `done`: what each comment that was changed had been, by id. `failed`: of each
    that was not, its id and the status of its `Result`. `is_undone`: this took back what was done
    before. `reply`: the id of the moderator's own words that came with it.
    """

    id: str
    becomes: State
    at: datetime
    done: Mapping[str, Before]
    failed: tuple[tuple[str, int], ...]
    is_undone: bool = False
    reply: str | None = None

    @property
    def can_be_undone(self) -> bool:
        """Not what is deleted, which is gone, nor what was taken back."""
        return bool(self.done) and not self.is_undone and self.becomes is not State.DELETED


async def decide(
    service: Service,
    signed_in: SignedIn,
    ids: Sequence[str],
    becomes: State,
    *,
    because: Because,
    versions: Mapping[str, int],
) -> list[Result]:
    """`decide_many` by whoever is signed in, kept as their last decision.

    Of several, none is decided on for a reason that its article doesn't give: 422.
    Others see no longer that they look at what they have done with.
    """

    async def unit(tx: Tx) -> list[Result]:
        await hold(tx, signed_in)
        moderator = signed_in.moderator
        left: list[Result] = []
        if because.reason is not None and len(ids) > 1:
            found = await queue.some(tx, ids, site_id=moderator.site_id, now=service.now())
            left = _not_for(because.reason, found, becomes)
        named = {one.id for one in left}
        rest = [one for one in ids if one not in named]
        results = left + await change_many(
            tx, service, moderator, rest, becomes, because=because, versions=versions
        )
        await leases.end(tx, ids, moderator_id=signed_in.moderator.id)
        await remember(tx, service, signed_in, becomes, results)
        return results

    return await service.store.write(unit, long=len(ids) > 1)


def _not_for(reason: str, found: Sequence[Comment], becomes: State) -> list[Result]:
    """Those of these comments that are to become something else, but not for this reason, which
    their article doesn't give."""
    return [
        Result(one.id, 422, one.state)
        for one in found
        if one.state is not becomes and reason not in one.article.policy.reasons
    ]


async def undo(service: Service, signed_in: SignedIn, last_id: str | None) -> list[Result] | None:
    """Bring what the last decision changed back to what it was, as decisions of their own.

    None, and nothing done, if that is not the one that is called *last_id* (None: whichever it
    is). What somebody else has changed since stays as they left it. Twice is once.
    """

    async def unit(tx: Tx) -> list[Result] | None:
        last = read(await hold(tx, signed_in))
        if last is not None and last_id not in (None, last.id):
            return None
        if last is None or not last.can_be_undone:
            return []
        results: list[Result] = []
        for was in dict.fromkeys((one.state, one.reason, one.told) for one in last.done.values()):
            state, reason, told = was
            versions = {
                comment: one.version
                for comment, one in last.done.items()
                if (one.state, one.reason, one.told) == was
            }
            results += await change_many(
                tx,
                service,
                signed_in.moderator,
                list(versions),
                state,
                because=Because(
                    reason,
                    told=told,
                    undoes={comment: last.done[comment].reports for comment in versions},
                ),
                versions=versions,
            )
        for one in results:
            if one.was is not None:
                await learn.restore(tx, one.id, last.done[one.id].label)
        becomes = next(iter(last.done.values())).state
        await remember(tx, service, signed_in, becomes, results, is_undone=True, reply=last.reply)
        return results

    return await service.store.write(unit, long=True)


def read(text: str | None) -> Last | None:
    """What a session remembers, if anything; what another version has written is nothing."""
    if text is None:
        return None
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return _read(json.loads(text))
    return None


def _read(found: dict[str, Any]) -> Last:
    return Last(
        id=found["id"],
        becomes=State(found["becomes"]),
        at=datetime.fromtimestamp(found["at"] / 1000, UTC),
        done={
            comment: Before(
                State(was),
                version,
                reason,
                None if told is None else State(told),
                _label(label),
                reports,
            )
            for comment, was, version, reason, told, label, reports in found["done"]
        },
        failed=tuple((comment, status) for comment, status in found["failed"]),
        is_undone=found["is_undone"],
        reply=found.get("reply"),
    )


def _label(found: list[Any] | None) -> Label | None:
    if found is None:
        return None
    is_spam, moderator_id, at, score = found
    return Label(is_spam, moderator_id, moment(at), score)


def _as_json(label: Label | None) -> list[Any] | None:
    if label is None:
        return None
    return [label.is_spam, label.moderator_id, ms(label.at), label.score]


async def hold(tx: Tx, signed_in: SignedIn) -> str | None:
    """What the session remembers; before any comment is held, so that nobody waits in a circle."""
    return await sessions.last_of(tx, keys.digest(signed_in.token))


async def remember(
    tx: Tx,
    service: Service,
    signed_in: SignedIn,
    becomes: State,
    results: Sequence[Result],
    *,
    is_undone: bool = False,
    reply: str | None = None,
) -> None:
    """Keep a decision as the session's last. One that changed nothing leaves the one before."""
    done = {one.id: one.was for one in results if one.was is not None}
    failed = [[one.id, one.status] for one in results if one.status != 200]
    if not done and not failed:
        return
    last = {
        "id": random_id(),
        "becomes": becomes,
        "at": ms(service.now()),
        "done": [
            [one, was.state, was.version, was.reason, was.told, _as_json(was.label), was.reports]
            for one, was in done.items()
        ],
        "failed": failed,
        "is_undone": is_undone,
        "reply": reply,
    }
    await sessions.remember(tx, keys.digest(signed_in.token), json.dumps(last))
