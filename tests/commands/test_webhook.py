"""`palabre webhook …`: the secret shown once, and a message that says whether it arrives."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from commands.terminal import Terminal
from receiving import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def blog(palabre: Terminal) -> Terminal:
    """A terminal with the site `blog`."""
    palabre.settings["PALABRE_WEBHOOK_TARGETS"] = "127.0.0.0/8"
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    return palabre


def test_a_webhook_is_added_listed_renewed_and_removed(blog: Terminal) -> None:
    added = blog.json("webhook", "add", "blog", "https://hooks.example/a", "--event", "decided")
    secret = added.pop("secret")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert added["events"] == ["decided"]
    assert blog.json("webhook", "list") == [added]
    assert "whsec" not in blog("webhook", "list")
    said = blog("webhook", "roll", added["id"])
    assert "whsec_" in said
    assert secret not in said
    blog("webhook", "remove", added["id"])
    assert blog.json("webhook", "list") == []
    assert "no webhook yet" in blog("webhook", "list")


def test_a_test_message_says_what_the_receiver_answers(blog: Terminal, receiver: Receiver) -> None:
    added = blog.json("webhook", "add", "blog", receiver.url)
    assert "answered 204" in blog("webhook", "test", added["id"])
    (one,) = receiver.received
    assert json.loads(one.body)["type"] == "test"
    assert one.headers["webhook-signature"].startswith("v1,")
    receiver.answers = [500]
    assert "answered 500" in blog.refused("webhook", "test", added["id"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "nosuch", "https://hooks.example/"), "no site “nosuch”"),
        (("add", "blog", "hooks.example"), "looks like https://"),
        (("add", "blog", "https://hooks.example/", "--event", "read"), "is no event"),
        (("add", "blog", "http://10.0.0.1/"), "PALABRE_WEBHOOK_TARGETS"),
        (("roll", "nosuch"), "no webhook"),
        (("remove", "nosuch"), "no webhook"),
        (("test", "nosuch"), "no webhook"),
    ],
)
def test_what_can_t_be_is_refused_with_the_reason(
    blog: Terminal, words: tuple[str, ...], why: str
) -> None:
    assert why in blog.refused("webhook", *words)


def test_nobody_there_is_told(blog: Terminal) -> None:
    added = blog.json("webhook", "add", "blog", "http://127.0.0.1:1/")
    assert "could not be sent" in blog.refused("webhook", "test", added["id"])
