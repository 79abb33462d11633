"""Deciding at the desk, where the last decision of a session can be taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from palabre import keys
from palabre.actions.decide import Because, Result, change_many
from palabre.actions.sessions import SignedIn
from palabre.model import State
from palabre.service import Service
from palabre.store import Tx, sessions
from palabre.store.tx import ms


@dataclass(frozen=True, slots=True)
class Last:
    """What a session did last.

    `done`: of each comment that was changed its id, the state before and the version after.
    `failed`: of each that was not, its id and the status of its `Result`. `is_undone`: this took
    back what was done before.
    """

    becomes: State
    at: datetime
    done: tuple[tuple[str, State, int], ...]
    failed: tuple[tuple[str, int], ...]
    is_undone: bool = False

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
    """`decide_many` by whoever is signed in, kept as their last decision."""

    async def unit(tx: Tx) -> list[Result]:
        results = await change_many(
            tx, service, signed_in.moderator, ids, becomes, because=because, versions=versions
        )
        await _remember(tx, service, signed_in, becomes, results)
        return results

    return await service.store.write(unit, long=len(ids) > 1)


async def undo(service: Service, signed_in: SignedIn) -> list[Result]:
    """Bring what the last decision changed back to the states before, as decisions of their own.

    What somebody else has changed since stays as they left it. Twice is once.
    """

    async def unit(tx: Tx) -> list[Result]:
        last = read(await sessions.last_of(tx, keys.digest(signed_in.token)))
        if last is None or not last.can_be_undone:
            return []
        results: list[Result] = []
        for before in dict.fromkeys(was for _, was, _ in last.done):
            versions = {one: version for one, was, version in last.done if was is before}
            results += await change_many(
                tx,
                service,
                signed_in.moderator,
                list(versions),
                before,
                because=Because(),
                versions=versions,
            )
        becomes = last.done[0][1]
        await _remember(tx, service, signed_in, becomes, results, is_undone=True)
        return results

    return await service.store.write(unit, long=True)


def read(text: str | None) -> Last | None:
    """What a session remembers, if anything."""
    if text is None:
        return None
    found = json.loads(text)
    return Last(
        becomes=State(found["becomes"]),
        at=datetime.fromtimestamp(found["at"] / 1000, UTC),
        done=tuple((one, State(was), version) for one, was, version in found["done"]),
        failed=tuple((one, status) for one, status in found["failed"]),
        is_undone=found["is_undone"],
    )


async def _remember(
    tx: Tx,
    service: Service,
    signed_in: SignedIn,
    becomes: State,
    results: Sequence[Result],
    *,
    is_undone: bool = False,
) -> None:
    last = {
        "becomes": becomes,
        "at": ms(service.now()),
        "done": [[one.id, *one.was] for one in results if one.was is not None],
        "failed": [[one.id, one.status] for one in results if one.status != 200],
        "is_undone": is_undone,
    }
    await sessions.remember(tx, keys.digest(signed_in.token), json.dumps(last))
