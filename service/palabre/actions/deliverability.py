"""Whether a mail domain exists. Off unless the operator asks: it tells a third party a domain."""

from __future__ import annotations

import functools
from typing import Any

TIMEOUT_S = 2


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
