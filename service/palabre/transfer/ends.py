"""The two stores of a copy: opened, and looked at before anything is written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from palabre.errors import Refusal
from palabre.keys import Keys
from palabre.service import check_key, claim, unlock
from palabre.settings import Settings
from palabre.store import Store, info, open_store


@dataclass(frozen=True, slots=True)
class Ends:
    """Where rows come from and where they go; both belong to the same keys."""

    source: Store
    target: Store
    keys: Keys


@contextlib.asynccontextmanager
async def opened(source: Settings, target: Settings) -> AsyncIterator[Ends]:
    """Both stores, the target migrated. Refuses, before anything is written, what can't be copied.

    On SQLite nobody may serve either of them: the copy takes the place of who does.
    """
    if _is_same(source, target):
        raise Refusal("Source and target are the same store.")
    if not (source.is_shared or source.database_path.exists()):
        raise Refusal(f"There is no store {source.database_path} to copy from.")
    check_key(source)
    check_key(target)
    async with contextlib.AsyncExitStack() as stack:
        from_store = await open_store(source, serving=True)
        stack.push_async_callback(from_store.close)
        keys = await _source_keys(from_store, source)
        to_store = await open_store(target, serving=True)
        stack.push_async_callback(to_store.close)
        await unlock(to_store, target, half_is_fine=True)
        await to_store.migrate()
        await to_store.write(partial(claim, keys=keys))
        yield Ends(from_store, to_store, keys)


async def _source_keys(store: Store, settings: Settings) -> Keys:
    missing = await store.pending_migrations()
    if await store.is_empty() or "key_check" not in await store.read(info.get):
        raise Refusal("The source is not a store of Palabre's, or nobody has used it yet.")
    if missing:
        raise Refusal(
            f"The source lacks {', '.join(missing)}: run `palabre migrate` on it first, after a "
            "backup. Nothing was changed."
        )
    return await unlock(store, settings)


def _is_same(one: Settings, other: Settings) -> bool:
    if one.is_shared or other.is_shared:
        return one.database_url == other.database_url
    paths = one.database_path, other.database_path
    return os.path.realpath(paths[0]) == os.path.realpath(paths[1])
