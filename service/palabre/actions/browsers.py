"""Tokens by which a browser is known again: given out to readers who want that, kept nowhere."""

from __future__ import annotations

import secrets

from palabre.model import Site
from palabre.service import Service
from palabre.store.tx import ms
from palabre.text import browser


def token(service: Service, site: Site) -> str:
    """A fresh token for a site. Nothing is stored before a comment comes with it."""
    nonce = secrets.token_bytes(browser.NONCE_BYTES)
    return browser.seal(service.keys, site.id, at_ms=ms(service.now()), nonce=nonce)
