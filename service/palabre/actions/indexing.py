"""Keeping the word index up with the comments, some at a time (see `palabre.store.words`)."""

from __future__ import annotations

from functools import partial

from palabre.service import Service
from palabre.store import words

AT_ONCE = 200


async def is_behind(service: Service) -> bool:
    """Whether there are comments that are not in the index."""
    last = await service.store.glance(words.last)
    return not await service.store.glance(partial(words.reaches, seq=last))


async def catch_up(service: Service) -> None:
    """Index every comment that is there by now. Raises Busy, StoreUnavailable as writing does."""
    last = await service.store.glance(words.last)
    while not await service.store.glance(partial(words.reaches, seq=last)):
        await service.store.write(partial(words.add_new, most=AT_ONCE), long=True)
