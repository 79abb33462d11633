"""The only SMTP: one message to one address, over verified TLS.

No error that leaves here repeats what the server said, or the address: both end up in logs.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from email.message import EmailMessage

import aiosmtplib

from palabre.jobs.outcome import GiveUp
from palabre.settings import Relay

CONNECT_S = 10
WHOLE_S = 30
FAREWELL_S = 2


class NotSent(Exception):
    """The message was not taken this time; the sentence says why. It may be another time."""


async def send(relay: Relay, message: EmailMessage, *, sender: str, to: str, greeting: str) -> None:
    """Hand a message to the mail server; once this returns, it is the server's to deliver.

    *greeting*: what we call ourselves. Raises GiveUp when the address is refused for good, and
    NotSent for everything that may pass.
    """
    # No cause is kept: the library's errors hold the address and the server's words.
    try:
        async with asyncio.timeout(WHOLE_S):
            await _send(relay, message, sender=sender, to=to, greeting=greeting)
    except aiosmtplib.SMTPRecipientsRefused as exc:
        raise _refused(exc.recipients[0].code) from None
    except aiosmtplib.SMTPNotSupported:
        raise NotSent(
            "the mail server lacks what is needed: STARTTLS, a login, or SMTPUTF8"
        ) from None
    except aiosmtplib.SMTPResponseException as exc:
        raise NotSent(f"the mail server answered {exc.code}") from None
    except ssl.SSLCertVerificationError:
        raise NotSent("the mail server's certificate is not trusted") from None
    except (TimeoutError, aiosmtplib.SMTPTimeoutError):
        raise NotSent("the mail server took too long") from None
    except (aiosmtplib.SMTPException, OSError) as exc:
        verified = _has_bad_certificate(exc)
        why = "its certificate is not trusted" if verified else type(exc).__name__
        raise NotSent(f"the mail server could not be used: {why}") from None


async def _send(
    relay: Relay, message: EmailMessage, *, sender: str, to: str, greeting: str
) -> None:
    is_tls = relay.security == "tls"
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        username=relay.user,
        password=relay.password,
        local_hostname=greeting,
        timeout=CONNECT_S,
        use_tls=is_tls,
        # Never "if the server offers it": who stands between could take the offer away.
        start_tls=relay.security == "starttls",
        tls_context=None if relay.security == "none" else ssl.create_default_context(),
    )
    await client.connect()
    try:
        await client.send_message(message, sender=sender, recipients=[to])
        # It is the server's now, whatever becomes of the farewell.
        with contextlib.suppress(aiosmtplib.SMTPException):
            await client.quit(timeout=FAREWELL_S)
    finally:
        client.close()


def _refused(code: int) -> Exception:
    if 500 <= code < 600:
        return GiveUp(f"the mail server refuses the moderator's address for good ({code})")
    return NotSent(f"the mail server does not take the moderator's address now ({code})")


def _has_bad_certificate(exc: BaseException) -> bool:
    found: BaseException | None = exc
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return True
        found = found.__cause__ or found.__context__
    return False
