"""Whether a mail domain exists. Off unless the operator asks: it tells a third party a domain."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

TIMEOUT_S = 2
AT_ONCE = 6
"""Questions asked at once: as many threads as there always are. Beyond that none is asked, or who
sends addresses with slow name servers would make everybody wait."""

_asking = 0


async def asked(identity: str) -> bool:
    """`can_get_mail`, asked in a thread; a question there is no room for counts as yes."""
    global _asking
    if _asking >= AT_ONCE:
        return True
    _asking += 1
    try:
        return await asyncio.wait_for(asyncio.to_thread(can_get_mail, identity), 2 * TIMEOUT_S)
    except TimeoutError:
        return True
    finally:
        _asking -= 1


def can_get_mail(identity: str) -> bool:
    """Whether the address's domain takes mail; unanswered questions count as yes.

    Blocks up to TIMEOUT_S: call it in a thread, never inside a transaction.
    """
    from email_validator import EmailUndeliverableError, validate_email

    try:
        validate_email(identity, check_deliverability=True, dns_resolver=_resolver())
    except EmailUndeliverableError:
        return False
    return True


@functools.cache
def _resolver() -> Any:
    from email_validator import caching_resolver

    return caching_resolver(timeout=TIMEOUT_S)
