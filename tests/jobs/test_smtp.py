"""Handing a message to a mail server: encrypted to whom we know, or not at all."""

from __future__ import annotations

import asyncio
import socket
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from jobs.posting import PASSWORD, USER, Authority, post_office
from palabre.jobs import smtp
from palabre.jobs.outcome import GiveUp
from palabre.settings.values import relay

TO = "alice.secret@mail.example"


def letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Bonjour"
    message.set_content("Voilà.", cte="quoted-printable")
    return message


async def send(url: str, to: str = TO) -> None:
    await smtp.send(
        relay(SecretStr(url)), letter(), sender="c@mail.example", to=to, greeting="comments.example"
    )


async def not_sent(url: str) -> str:
    with pytest.raises(smtp.NotSent) as caught:
        await send(url)
    assert TO not in str(caught.value)
    assert caught.value.__suppress_context__
    return str(caught.value)


@pytest.fixture(autouse=True)
def _trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))


async def test_a_message_goes_over_starttls_to_a_server_whose_certificate_is_good(
    authority: Authority,
) -> None:
    async with post_office(starttls=authority.certified("localhost")) as post:
        await send(f"smtp://localhost:{post.port}")
    assert post.envelopes == [("c@mail.example", [TO])]
    assert post.are_encrypted == [True]
    assert set(post.greetings) == {"comments.example"}
    assert post.messages[0].get_content() == "Voilà.\r\n"


async def test_a_message_goes_over_tls_from_the_first_byte_on(authority: Authority) -> None:
    async with post_office(tls=authority.certified("localhost")) as post:
        await send(f"smtps://localhost:{post.port}")
    assert len(post.raw) == 1


async def test_it_logs_in_where_it_is_asked_to(authority: Authority) -> None:
    async with post_office(starttls=authority.certified("localhost"), login=True) as post:
        await send(f"smtp://{USER}:{quote(PASSWORD, safe='')}@localhost:{post.port}")
        said = await not_sent(f"smtp://{USER}:wrong@localhost:{post.port}")
    assert len(post.raw) == 1
    assert set(post.logins) == {USER}
    assert said == "the mail server answered 535"


async def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    async with post_office(starttls=authority.certified("elsewhere.example")) as post:
        assert "certificate is not trusted" in await not_sent(f"smtp://localhost:{post.port}")
    async with post_office(tls=authority.certified("elsewhere.example")) as post:
        assert "certificate is not trusted" in await not_sent(f"smtps://localhost:{post.port}")
    assert post.raw == []


async def test_a_certificate_of_an_authority_that_nobody_trusts_is_refused(tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    async with post_office(starttls=stranger.certified("localhost")) as post:
        assert "certificate is not trusted" in await not_sent(f"smtp://localhost:{post.port}")
    assert post.raw == []


async def test_a_server_without_starttls_gets_nothing() -> None:
    async with post_office() as post:
        await not_sent(f"smtp://localhost:{post.port}")
    assert post.raw == []
    assert post.envelopes == []


async def test_a_server_on_this_machine_may_be_spoken_to_plainly() -> None:
    async with post_office() as post:
        await send(f"smtp+plain://127.0.0.1:{post.port}")
    assert post.are_encrypted == [False]


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user alice.secret", "553 bad mailbox"])
async def test_an_address_refused_for_good_is_given_up(answer: str) -> None:
    async with post_office() as post:
        post.refuses = answer
        with pytest.raises(GiveUp) as caught:
            await send(f"smtp+plain://127.0.0.1:{post.port}")
    assert "secret" not in str(caught.value)
    assert answer[:3] in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("answer", ["450 4.2.1 busy alice.secret", "452 full"])
async def test_an_address_refused_for_now_may_be_tried_again(answer: str) -> None:
    async with post_office() as post:
        post.refuses = answer
        said = await not_sent(f"smtp+plain://127.0.0.1:{post.port}")
    assert said == f"the mail server does not take the moderator's address now ({answer[:3]})"


@pytest.mark.parametrize("answer", ["451 later", "554 5.7.1 I do not like alice.secret"])
async def test_a_refused_message_may_be_tried_again(answer: str) -> None:
    async with post_office() as post:
        post.refuses_data = answer
        said = await not_sent(f"smtp+plain://127.0.0.1:{post.port}")
    assert said == f"the mail server answered {answer[:3]}"


async def test_nobody_listening_is_told_without_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await not_sent(f"smtp+plain://127.0.0.1:{taken.getsockname()[1]}")


async def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "WHOLE_S", 0.2)
    async with post_office() as post:
        post.hangs = True
        said = await asyncio.wait_for(not_sent(f"smtp+plain://127.0.0.1:{post.port}"), 5)
    assert said == "the mail server took too long"


async def test_an_address_with_letters_beyond_ascii_is_written_to() -> None:
    async with post_office() as post:
        await send(f"smtp+plain://127.0.0.1:{post.port}", to="hélène@xn--cole-9oa.example")
    assert post.envelopes[0][1] == ["hélène@xn--cole-9oa.example"]


def test_what_a_relay_shows_of_itself_has_no_password() -> None:
    shown = repr(relay(SecretStr("smtps://alice:hunter2@mail.example")))
    assert "hunter2" not in shown
    assert "alice" not in shown
