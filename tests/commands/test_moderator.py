"""`palabre moderator …`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from commands.terminal import Terminal
from palabre import settings
from palabre.actions import moderators
from palabre.model import Moderator
from palabre.service import opened


def _known(palabre: Terminal, token: str) -> Moderator:
    """Who a token belongs to; raises Unauthenticated."""

    async def ask() -> Moderator:
        chosen = settings.load({"PALABRE_DATA_DIR": str(palabre.data)})
        async with opened(chosen) as service:
            return await moderators.known(service, token)

    return asyncio.run(ask())


def test_a_moderator_s_token_is_printed_and_works(palabre: Terminal) -> None:
    printed = palabre.json("moderator", "add", "alice", "--scope", "admin")
    assert set(printed) == {"name", "scope", "token"}
    assert (printed["name"], printed["scope"]) == ("alice", "admin")
    found = _known(palabre, printed["token"])
    assert (found.name, found.scope, found.site_id) == ("alice", "admin", None)


def test_a_moderator_moderates_unless_told_otherwise(palabre: Terminal) -> None:
    lines = palabre("moderator", "add", "alice").splitlines()
    assert lines[0] == "Added the moderator alice. The token is shown this once:"
    assert _known(palabre, lines[1]).scope == "moderate"
    assert len(lines) == 2


def test_a_moderator_may_be_for_one_site_only(palabre: Terminal) -> None:
    palabre("site", "add", "blog", "--origin", "https://blog.example")
    token = palabre.json("moderator", "add", "alice", "--site", "blog")["token"]
    assert _known(palabre, token).site_id is not None
    assert palabre.json("moderator", "list")[0]["site"] == "blog"
    assert palabre.refused("moderator", "add", "bob", "--site", "no") == "There is no site “no”.\n"
    assert len(palabre.json("moderator", "list")) == 1


def test_the_token_stands_nowhere_afterwards(palabre: Terminal) -> None:
    token = palabre.json("moderator", "add", "alice")["token"]
    assert token not in palabre("moderator", "list") + palabre("moderator", "list", "--json")
    assert all(token.encode() not in content for content in palabre.files().values())


def test_the_list_says_who_there_is_and_was(palabre: Terminal) -> None:
    assert palabre("moderator", "list") == "There is no moderator yet.\n"
    palabre("moderator", "add", "alice", "--scope", "read")
    palabre("moderator", "add", "bob", "--expires", "2999-01-31")
    palabre("moderator", "add", "chloé")
    assert palabre("moderator", "revoke", "chloé") == "The token of chloé no longer works.\n"
    alice, bob, chloe = palabre.json("moderator", "list")
    now = datetime.now(UTC)
    assert abs(datetime.fromisoformat(alice.pop("created_at")) - now) < timedelta(minutes=1)
    nothing = {"site": None, "mail": None, "expires_at": None, "revoked_at": None}
    assert alice == {"name": "alice", "scope": "read", **nothing}
    assert bob["expires_at"] == "2999-01-31T23:59:59Z"
    assert abs(datetime.fromisoformat(chloe["revoked_at"]) - now) < timedelta(minutes=1)
    assert palabre("moderator", "list").splitlines() == [
        "NAME   SCOPE     SITE  MAIL  TOKEN",
        "alice  read      all   no    works",
        "bob    moderate  all   no    works until 2999-01-31T23:59:59Z",
        f"chloé  moderate  all   no    revoked {chloe['revoked_at']}",
    ]


@pytest.mark.parametrize(
    ("given", "expires"),
    [
        ("2999-01-31", "2999-01-31T23:59:59Z"),
        ("2999-01-31T12:30", "2999-01-31T12:30:00Z"),
        ("2999-01-31T12:30:00+02:00", "2999-01-31T10:30:00Z"),
        ("2999-01-31 12:30Z", "2999-01-31T12:30:00Z"),
    ],
)
def test_an_end_may_be_a_date_or_a_moment(palabre: Terminal, given: str, expires: str) -> None:
    palabre("moderator", "add", "alice", "--expires", given)
    assert palabre.json("moderator", "list")[0]["expires_at"] == expires


def test_an_end_may_be_today(palabre: Terminal) -> None:
    day = datetime.now(UTC).date()
    result = palabre.run("moderator", "add", "alice", "--expires", str(day))
    if result.exit_code:
        assert day < datetime.now(UTC).date(), result.output
        # Midnight has come meanwhile.
        day += timedelta(days=1)
        palabre("moderator", "add", "alice", "--expires", str(day))
    assert palabre.json("moderator", "list")[0]["expires_at"] == f"{day}T23:59:59Z"


def test_an_end_may_be_so_many_days_away(palabre: Terminal) -> None:
    palabre("moderator", "add", "alice", "--expires", "90")
    expires = datetime.fromisoformat(palabre.json("moderator", "list")[0]["expires_at"])
    assert abs(expires - datetime.now(UTC) - timedelta(days=90)) < timedelta(minutes=1)


@pytest.mark.parametrize("given", ["0", "-1", "36501", "soon", "2020-01-31", "2999-02-30", ""])
def test_an_end_that_has_passed_or_means_nothing_is_refused(palabre: Terminal, given: str) -> None:
    assert "Invalid value for '--expires'" in palabre.misused(
        "moderator", "add", "alice", f"--expires={given}"
    )
    assert palabre.files() == {}


@pytest.mark.parametrize(
    "name", ["", " alice", "author", "Rule", "a@example.com", "bob_", "a" * 65]
)
def test_a_bad_name_is_refused(palabre: Terminal, name: str) -> None:
    assert "cannot be a moderator's name" in palabre.refused("moderator", "add", "--", name)


def test_a_name_is_given_once_for_ever(palabre: Terminal) -> None:
    palabre("moderator", "add", "alice")
    palabre("moderator", "revoke", "alice")
    assert "the log knows them by that name" in palabre.refused("moderator", "add", "alice")
    assert "reads like the name of a moderator" in palabre.refused("moderator", "add", "Alicé")


def test_who_is_not_there_or_no_more_cannot_be_revoked(palabre: Terminal) -> None:
    assert "There is no moderator “bob”" in palabre.refused("moderator", "revoke", "bob")
    palabre("moderator", "add", "bob")
    palabre("moderator", "revoke", "bob")
    assert "There is no moderator “bob”" in palabre.refused("moderator", "revoke", "bob")


def test_a_moderator_is_told_by_mail_until_told_otherwise(palabre: Terminal) -> None:
    palabre("moderator", "add", "alice")
    result = palabre.run("moderator", "mail", "alice", "Alice@École.example", "--lang", "en")
    assert result.stdout == "alice will be told by mail of comments that wait.\n"
    assert "set PALABRE_SMTP_URL and PALABRE_MAIL_FROM" in result.stderr
    (alice,) = palabre.json("moderator", "list")
    assert alice["mail"] == {"address": "Alice@xn--cole-9oa.example", "lang": "en"}
    listed = palabre("moderator", "list")
    assert listed.splitlines()[1].split() == ["alice", "moderate", "all", "yes", "works"]
    assert "@" not in listed
    palabre("moderator", "mail", "alice", "alice@example.com")
    assert palabre.json("moderator", "list")[0]["mail"]["lang"] == "fr"
    assert palabre("moderator", "mail", "alice", "--off") == "alice gets no more mail.\n"
    assert palabre.json("moderator", "list")[0]["mail"] is None
    assert "no moderator “alice” who gets mail" in palabre.refused(
        "moderator", "mail", "alice", "--off"
    )


def test_revoking_a_moderator_ends_the_mail(palabre: Terminal) -> None:
    palabre("moderator", "add", "alice")
    palabre("moderator", "mail", "alice", "alice@example.com")
    palabre("moderator", "revoke", "alice")
    assert palabre.json("moderator", "list")[0]["mail"] is None
    assert "with a token that still works" in palabre.refused(
        "moderator", "mail", "alice", "alice@example.com"
    )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("secret", "it has no @"),
        ("secret@example", "the end of its domain is missing"),
        ("secret@mail.test", "its domain is reserved"),
        ("sec ret@example.com", "a character in it is not allowed"),
        ("secret@example.com\r\nBcc: x@example.com", "it has more than one @"),
    ],
)
def test_a_bad_address_is_refused_and_not_repeated(
    palabre: Terminal, address: str, why: str
) -> None:
    palabre("moderator", "add", "alice")
    said = palabre.refused("moderator", "mail", "alice", address)
    assert why in said
    assert "secret" not in said
    assert palabre.json("moderator", "list")[0]["mail"] is None


def test_mail_goes_to_those_who_may_decide(palabre: Terminal) -> None:
    palabre("moderator", "add", "remi", "--scope", "read")
    assert "may only read" in palabre.refused("moderator", "mail", "remi", "remi@example.com")
    palabre.misused("moderator", "mail", "remi")
    palabre.misused("moderator", "mail", "remi", "remi@example.com", "--off")
