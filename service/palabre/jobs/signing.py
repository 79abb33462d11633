"""Signing what is sent to webhooks, after Standard Webhooks 1.0.0. Pure."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"


def written(secret: bytes) -> str:
    """A secret as the receiver's library takes it."""
    return PREFIX + base64.b64encode(secret).decode()


def signed(
    secrets: Sequence[bytes], *, message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """The headers that prove a message to whoever has one of the secrets.

    HMAC-SHA-256 of `id.timestamp.body`, the time in whole seconds, one signature for each secret:
    two of them while one is being replaced.
    """
    timestamp = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = (base64.b64encode(hmac.digest(one, content, "sha256")).decode() for one in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
