"""Domains that give anybody a mailbox for some minutes: a packaged list, no look-up anywhere. Pure.

The list is that of the package `disposable-email-domains` (MIT; its data is in the public domain),
which is renewed many times a year.
"""

from __future__ import annotations

import functools
from collections.abc import Set as AbstractSet


def is_throwaway(address: str) -> bool:
    """Whether an address, in the form of its identity, is of a listed domain or below one."""
    labels = address.rpartition("@")[2].split(".")
    return any(".".join(labels[first:]) in _listed() for first in range(len(labels) - 1))


@functools.cache
def _listed() -> AbstractSet[str]:
    # Ten thousand names, 2 MB: read when the first address comes.
    from disposable_email_domains import blocklist

    return blocklist
