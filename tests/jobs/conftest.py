"""A mail server whose certificate is good, and the settings that lead to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from jobs.posting import Authority, Post, post_office


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def post(
    authority: Authority, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Post]:
    """A mail server with STARTTLS that the service is told to use. Ask for it before `service`."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    async with post_office(starttls=authority.certified("localhost")) as found:
        environ["PALABRE_SMTP_URL"] = f"smtp://localhost:{found.port}"
        environ["PALABRE_MAIL_FROM"] = "Les commentaires <comments@mail.example>"
        yield found
