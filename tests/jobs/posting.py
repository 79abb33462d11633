"""A mail server on loopback that keeps what it is sent, and certificates to trust it by, or not."""

from __future__ import annotations

import asyncio
import contextlib
import email
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

import needed

USER, PASSWORD = "palabre", "p@ss/word:1"


@dataclass
class Post:
    """What arrived, and what the server answers. `refuses`: the answer to RCPT, if not 250."""

    port: int = 0
    refuses: str | None = None
    refuses_data: str | None = None
    hangs: bool = False
    raw: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    are_encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        found = [email.message_from_bytes(raw, policy=policy.default) for raw in self.raw]
        assert all(isinstance(message, EmailMessage) for message in found)
        return found

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: Any
    ) -> Any:
        session.host_name = hostname
        self.greetings.append(hostname)
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.hangs:
            await asyncio.sleep(3600)
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.refuses_data:
            return self.refuses_data
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        self.are_encrypted.append(session.ssl is not None)
        return "250 kept"

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        is_known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_known, handled=False)


@contextlib.asynccontextmanager
async def post_office(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
) -> AsyncIterator[Post]:
    """A mail server. *starttls*, *tls*: how it encrypts. *login*: whether it asks for one."""
    post = Post()
    loop = asyncio.get_running_loop()

    def make() -> SMTP:
        return SMTP(
            post,
            hostname="mail.example",
            loop=loop,
            enable_SMTPUTF8=True,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=post.login if login else None,
            auth_required=login,
            auth_require_tls=tls is None,
        )

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        await server.wait_closed()


class Authority:
    """A certificate authority of our own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bundle = folder / "ca.pem"
        folder.mkdir(parents=True, exist_ok=True)
        self._openssl(
            *("req", "-x509", "-days", "2", "-subj", "/CN=Palabre's tests", "-out", "ca.pem"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", "ca.key"),
        )

    def certified(self, name: str) -> ssl.SSLContext:
        """A server's context, with a certificate for this name."""
        self._openssl(
            *("req", "-subj", f"/CN={name}", "-out", f"{name}.csr", "-keyout", f"{name}.key"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        )
        (self._folder / "names").write_text(f"subjectAltName=DNS:{name}\n")
        self._openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", "-days", "2"),
            *("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"),
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        return context

    def _openssl(self, *words: str) -> None:
        program = needed.program("openssl")
        subprocess.run([program, *words], cwd=self._folder, check=True, capture_output=True)
