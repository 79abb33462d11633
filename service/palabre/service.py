"""What every action is handed: settings, store, keys and the clock; and how they come together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from palabre import keys as key_files
from palabre.errors import Refusal
from palabre.keys import Keys
from palabre.memory import Memory
from palabre.model import Site
from palabre.settings import Settings
from palabre.store import Store, Tx, copying, info, known_from_outside, open_store, outbox
from palabre.store.outbox import Wishes

Clock = Callable[[], datetime]
KNOWN_SITES_BYTES = 16 * 1024 * 1024


def utc_now() -> datetime:
    """The clock of a running service."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """Settings, store, keys and clock, and the sites as long as they are as they were.

    Made by `opened`.
    """

    settings: Settings
    store: Store
    keys: Keys
    now: Clock
    known_sites: Memory[Site]


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, *, serving: bool = False, now: Clock = utc_now
) -> AsyncIterator[Service]:
    """A service on a store of this version's schema, closed again behind it.

    The first one makes the key and the tables. Refuses, before anything is written, when the
    store belongs to a key that isn't here.
    """
    check_key(settings)
    store = await open_store(settings, serving=serving)
    try:
        keys = await unlock(store, settings)
        await store.migrate()
        await store.write(lambda tx: claim(tx, keys))
        known_sites: Memory[Site] = Memory(store.generation, most=KNOWN_SITES_BYTES)
        store.tell(outdated=known_sites.forget, finishing=outbox.finishing(wishes(settings), now))
        yield Service(settings, store, keys, now, known_sites)
    finally:
        await store.close()


def wishes(settings: Settings) -> Wishes:
    """What is to be done of every change, as far as the operator has switched it on."""
    return Wishes(
        digest_after=timedelta(minutes=settings.digest_minutes),
        purges=bool(settings.purge_urls),
        publishes=settings.publish_dir is not None,
    )


async def unlock(store: Store, settings: Settings, *, half_is_fine: bool = False) -> Keys:
    """The keys that the store belongs to; a fresh one for a fresh store.

    *half_is_fine*: to what copies another store into this one. Nobody else may use half a copy.
    """
    known = {} if await store.is_empty() else await store.read(info.get)
    if copying.is_half(known) and not half_is_fine:
        raise Refusal(
            "This store is an unfinished copy of another one: run `palabre copy` again, which goes "
            "on where it was. Nothing can use the store before that has finished."
        )
    return _fitting(settings, known) or key_files.make(settings.key_path)


def check_key(settings: Settings) -> None:
    """Refuse, before the store is even opened, when it belongs to a key that isn't here."""
    _fitting(settings, known_from_outside(settings))


def _fitting(settings: Settings, known: Mapping[str, str]) -> Keys | None:
    """The keys that are given, if any, which fit what the store says of itself. Refuses others."""
    keys = given_keys(settings)
    if "key_check" not in known:
        return keys
    if keys is None:
        raise Refusal(
            f"The master key is missing: this store belongs to key {known['key_id']}, and there "
            f"is no key file {settings.key_path}. Bring the key back; nothing was changed."
        )
    _verify(known, keys)
    return keys


def given_keys(settings: Settings) -> Keys | None:
    """The keys from the environment or the key file, if there are any."""
    if settings.master_key is not None:
        return key_files.parse(settings.master_key.get_secret_value())
    return key_files.read(settings.key_path)


async def claim(tx: Tx, keys: Keys) -> None:
    """Write down which key a fresh store belongs to; two that start at once must agree."""
    # The first to come says it, and whoever starts at the same moment waits for that.
    await info.claim(tx, key_check=keys.check_value())
    await info.claim(tx, key_id=keys.current_id)
    _verify(await info.get(tx), keys)


def _verify(known: Mapping[str, str], keys: Keys) -> None:
    if known["key_check"] != keys.check_value():
        raise Refusal(
            f"This is not the master key of this store: it belongs to key {known['key_id']}, and "
            f"the one given is {keys.current_id}. Bring the right key; nothing was changed."
        )
