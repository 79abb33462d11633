"""Signatures after Standard Webhooks 1.0.0, held to its own example."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from palabre.jobs import signing
from palabre.keys import Keys

AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def verified(headers: dict[str, str], body: bytes, written: str, *, now: datetime) -> bool:
    """What a receiver does, after the specification: any of the signatures is good, and in time."""
    secret = base64.b64decode(written.removeprefix("whsec_"))
    if abs(now.timestamp() - int(headers["webhook-timestamp"])) > 300:
        return False
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    given = [one.partition(",") for one in headers["webhook-signature"].split(" ")]
    return any(v == "v1" and hmac.compare_digest(one, wanted) for v, _, one in given)


def test_the_example_of_the_specification_is_signed_as_there() -> None:
    headers = signing.signed([SECRET], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=AT, body=BODY)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("holds", [0, 1])
def test_while_a_secret_is_replaced_each_of_the_two_verifies(holds: int) -> None:
    secrets = [b"n" * 32, b"o" * 32]
    headers = signing.signed(secrets, message_id="a", at=AT, body=BODY)
    assert verified(headers, BODY, signing.written(secrets[holds]), now=AT)
    assert not verified(headers, BODY, signing.written(b"x" * 32), now=AT)
    assert not verified(headers, BODY + b" ", signing.written(secrets[holds]), now=AT)


def test_a_secret_is_of_one_webhook_and_one_number_and_outlives_a_rotation() -> None:
    old, new = b"1" * 32, b"2" * 32
    keys, rotated = Keys((old,)), Keys((old, new))
    found = {keys.webhook_secret(one, number) for one in ("a", "b") for number in (1, 2)}
    assert len(found) == 4
    assert all(len(secret) == 32 for secret in found)
    assert rotated.webhook_secret("a", 1) == keys.webhook_secret("a", 1)
    assert Keys((new,)).webhook_secret("a", 1) != keys.webhook_secret("a", 1)
