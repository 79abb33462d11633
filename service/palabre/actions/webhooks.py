"""Webhooks: who is told of a site's events, and the secrets that sign what they are told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from palabre.errors import Refusal
from palabre.ids import random_id
from palabre.service import Service
from palabre.store import Tx, sites, webhooks
from palabre.store.outbox import EVENTS
from palabre.store.webhooks import Webhook
from palabre.text.public_address import may_reach

URL_MOST = 2000
FORMER_FOR = timedelta(hours=24)
"""How long the secret before goes on signing: time to give the receiver the new one."""


async def add(service: Service, site: str, url: str, *, events: Sequence[str] = ()) -> Webhook:
    """Tell *url* of a site's events from now on, of all of them if none is named.

    Refuses, with every mistake, what can't be a webhook.
    """
    wrong = [
        f"“{event}” is no event: {', '.join(EVENTS)}." for event in events if event not in EVENTS
    ]
    mistake = _mistake(service, url)
    if mistake:
        wrong.append(mistake)

    async def unit(tx: Tx) -> Webhook | None:
        home = await sites.by_name(tx, site)
        if home is None:
            wrong.append(f"There is no site “{site}”.")
        if home is None or wrong:
            return None
        webhook_id = random_id()
        chosen = [event for event in EVENTS if event in events or not events]
        await webhooks.add(
            tx, webhook_id, site_id=home.id, url=url, events=chosen, at=service.now()
        )
        return await webhooks.by_id(tx, webhook_id)

    added = await service.store.write(unit)
    if added is None:
        raise Refusal(*dict.fromkeys(wrong))
    return added


def _mistake(service: Service, url: str) -> str | None:
    if len(url) > URL_MOST or not re.fullmatch(r"[!-~]+", url):
        return f"A webhook's URL has at most {URL_MOST} characters, all of them ASCII, no spaces."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        return "A webhook's URL looks like https://hooks.example/palabre."
    if "@" in parts.netloc or parts.fragment:
        return "A webhook's URL has no user, password or fragment: the signature proves who sends."
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if may_reach(address, service.settings.webhook_targets):
        return None
    return f"{address} is not public; PALABRE_WEBHOOK_TARGETS would have to allow it."


async def roll(service: Service, webhook_id: str) -> Webhook:
    """Give a webhook another secret; the present one signs for another day.

    Refuses unknown ones.
    """

    async def unit(tx: Tx) -> Webhook | None:
        until = service.now() + FORMER_FOR
        await webhooks.roll(tx, webhook_id, former_until=until)
        return await webhooks.by_id(tx, webhook_id)

    rolled = await service.store.write(unit)
    if rolled is None:
        raise _unknown(webhook_id)
    return rolled


async def remove(service: Service, webhook_id: str) -> None:
    """Tell nobody there any more. Refuses unknown ones."""
    if not await service.store.write(lambda tx: webhooks.remove(tx, webhook_id)):
        raise _unknown(webhook_id)


async def get(service: Service, webhook_id: str) -> Webhook:
    """A webhook. Refuses unknown ones."""
    found = await service.store.read(lambda tx: webhooks.by_id(tx, webhook_id))
    if found is None:
        raise _unknown(webhook_id)
    return found


def secret(service: Service, webhook: Webhook) -> bytes:
    """The secret that signs for a webhook."""
    return service.keys.webhook_secret(webhook.id, webhook.secret_number)


def secrets(service: Service, webhook: Webhook) -> list[bytes]:
    """The secrets that sign just now: the present one and, for a day, the one before it."""
    numbers = [webhook.secret_number]
    if webhook.former_until is not None and service.now() < webhook.former_until:
        numbers.append(webhook.secret_number - 1)
    return [service.keys.webhook_secret(webhook.id, number) for number in numbers]


def _unknown(webhook_id: str) -> Refusal:
    return Refusal(f"There is no webhook “{webhook_id}”.")
