"""The mail that tells a moderator of what waits: to whom, when, and what stands in it."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

import makers
from conftest import Clock, client_of, token_for
from jobs.posting import Post
from palabre import logs
from palabre.actions import moderators, sites
from palabre.errors import Refusal
from palabre.jobs import smtp
from palabre.jobs.digest import digest
from palabre.jobs.outcome import GiveUp
from palabre.model import Scope, Site
from palabre.service import Service
from palabre.store import Tx
from palabre.store.jobs import Job
from web.tree import read

ADDRESS = "alice.secret@mail.example"


async def told(service: Service, name: str = "alice", site: Site | None = None) -> None:
    """Run the job that tells a moderator."""

    async def find(tx: Tx) -> tuple[str, str]:
        row = await tx.one("select id from moderator where name = :name", name=name)
        home = await tx.one("select id from site order by name")
        assert row is not None
        assert home is not None
        return row["id"], home["id"]

    moderator_id, site_id = await service.store.read(find)
    now = service.now()
    await digest(
        service,
        Job(
            id="job",
            site_id=site.id if site else site_id,
            kind="digest",
            topic=moderator_id,
            subject={"moderator": moderator_id},
            wanted=1,
            attempts=1,
            lease="lease",
            due_at=now,
            given_up_at=None,
            error=None,
            created_at=now,
        ),
    )


async def subscribe(service: Service, name: str = "alice", language: str = "fr") -> None:
    await moderators.tell_by_mail(service, name, f" {ADDRESS}", language=language)


@pytest.fixture(autouse=True)
def by_hand(environ: dict[str, str]) -> None:
    """Nobody does the work but the test."""
    environ["PALABRE_JOBS"] = "false"


@pytest.fixture
async def alice(service: Service, site: Site) -> dict[str, str]:
    """A moderator who is told by mail, in French."""
    headers = await token_for(service, "alice")
    await subscribe(service)
    return headers


@pytest.fixture
async def mailed(
    post: Post, service: Service, alice: dict[str, str]
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a service that sends mail to Alice. First of a test's arguments."""
    async with client_of(service) as client:
        yield client


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


# Who is told, and when.


async def test_what_waits_is_told_once(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    await makers.comment(mailed)
    await told(service)
    await told(service)
    assert [to for _, to in post.envelopes] == [[ADDRESS]]
    assert post.are_encrypted == [True]
    await makers.comment(mailed)
    await told(service)
    assert len(post.raw) == 2
    assert post.messages[1]["Subject"] == "1 commentaire attend votre décision sur blog"


async def test_a_burst_is_one_mail_that_shows_twenty_and_counts_the_rest(
    mailed: httpx2.AsyncClient, post: Post, service: Service, clock: Clock
) -> None:
    for number in range(300):
        await makers.comment(mailed, comment=f"Le commentaire {number} de la journée.")
        clock.advance(milliseconds=200)
    await told(service)
    await told(service)
    (message,) = post.messages
    assert message["Subject"] == "300 commentaires attendent votre décision sur blog"
    shown = re.findall(r"> Le commentaire (\d+) de", plain(message))
    assert [int(number) for number in shown] == list(range(20))
    assert "Et 280 autres commentaires attendent aussi." in plain(message)
    assert "Et 280 autres commentaires attendent aussi." in html(message)
    assert len(post.raw[0]) < 102 * 1024


async def test_spam_gets_nobody_a_mail(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    answer = await mailed.post("/v1/comments", json=makers.fields(subject="filled in by a bot"))
    assert answer.status_code == 201
    await told(service)
    assert post.raw == []


async def test_what_was_decided_meanwhile_is_not_told(
    mailed: httpx2.AsyncClient, post: Post, service: Service, alice: dict[str, str]
) -> None:
    await makers.approved(mailed, alice)
    await told(service)
    assert post.raw == []


async def test_one_that_was_seen_late_is_told_all_the_same(
    mailed: httpx2.AsyncClient, post: Post, service: Service, clock: Clock
) -> None:
    await makers.comment(mailed, comment="Le premier.")
    clock.advance(seconds=20)
    await told(service)
    # As one whose transaction took longer than that of a younger one.
    clock.advance(seconds=-30)
    await makers.comment(mailed, comment="Le retardataire.")
    clock.advance(seconds=31)
    await told(service)
    await told(service)
    assert len(post.raw) == 2
    assert "Le premier." not in plain(post.messages[1])
    assert "Le retardataire." in plain(post.messages[1])


async def test_each_site_is_told_for_itself(
    mailed: httpx2.AsyncClient, post: Post, service: Service, clock: Clock, site: Site
) -> None:
    other = await sites.add(service, "shop", origins=["https://shop.example"])
    await makers.comment(mailed, article="https://shop.example/a", comment="Au magasin.")
    clock.advance(minutes=2)
    await makers.comment(mailed, article="https://blog.example/a", comment="Au blog.")
    clock.advance(minutes=2)
    await told(service, site=site)
    await told(service, site=other)
    blog, shop = post.messages
    assert "Au blog." in plain(blog)
    assert "Au magasin." not in plain(blog)
    assert "Au magasin." in plain(shop)
    assert blog["References"] != shop["References"]


@pytest.mark.parametrize("end", ["revoked", "expired", "off", "another site"])
async def test_who_may_not_decide_is_not_told(
    post: Post, service: Service, site: Site, clock: Clock, end: str
) -> None:
    await sites.add(service, "zoo", origins=["https://zoo.example"])
    await moderators.add(
        service,
        "alice",
        scope=Scope.MODERATE,
        site="zoo" if end == "another site" else None,
        expires_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    await subscribe(service)
    async with client_of(service) as client:
        await makers.comment(client, site="blog")
    if end == "revoked":
        await moderators.revoke(service, "alice")
    if end == "off":
        await moderators.end_mail(service, "alice")
    if end == "expired":
        clock.advance(days=2)
    await told(service)
    assert post.raw == []


async def test_who_may_only_read_gets_no_mail(service: Service, site: Site) -> None:
    await token_for(service, "remi", Scope.READ)
    with pytest.raises(Refusal, match="may only read"):
        await subscribe(service, "remi")


# What may go wrong.


async def test_a_mail_that_was_not_taken_is_sent_again_and_is_the_same(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    await makers.comment(mailed)
    post.refuses = "450 later"
    with pytest.raises(smtp.NotSent):
        await told(service)
    post.refuses = None
    await told(service)
    assert len(post.raw) == 1


async def test_a_crash_after_sending_sends_the_same_message_again(
    mailed: httpx2.AsyncClient, post: Post, service: Service, clock: Clock
) -> None:
    async def forget(tx: Tx) -> None:
        await tx.run("delete from digest")

    await makers.comment(mailed)
    await told(service)
    await service.store.write(forget)
    clock.advance(minutes=3)
    await told(service)
    first, second = post.messages
    assert first["Message-ID"] == second["Message-ID"]


async def test_an_address_refused_for_good_gives_up(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    await makers.comment(mailed)
    post.refuses = f"550 no {ADDRESS} here"
    with pytest.raises(GiveUp) as caught:
        await told(service)
    assert "secret" not in str(caught.value)


async def test_without_a_mail_server_it_gives_up_and_says_what_to_set(
    service: Service, alice: dict[str, str]
) -> None:
    async with client_of(service) as client:
        await makers.comment(client)
    with pytest.raises(GiveUp, match="PALABRE_SMTP_URL"):
        await told(service)


# The head.


async def test_the_head_says_all_that_mail_programs_ask(
    mailed: httpx2.AsyncClient, post: Post, service: Service, clock: Clock
) -> None:
    await makers.comment(mailed)
    clock.advance(minutes=10)
    await told(service)
    (message,) = post.messages
    assert message["From"] == "Les commentaires <comments@mail.example>"
    assert message["To"] == ADDRESS
    assert post.envelopes[0][0] == "comments@mail.example"
    assert parsedate_to_datetime(message["Date"]) == clock.now
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<blog.palabre.mail.example>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = message["List-Unsubscribe"]
    assert url.startswith("<https://comments.example/v1/mail/unsubscribe/")
    assert url.endswith(">")
    assert message["MIME-Version"] == "1.0"
    assert message["Content-Language"] == "fr"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    for name in ("Precedence", "Bcc", "Reply-To"):
        assert message[name] is None
    assert post.raw[0].isascii()
    assert max(len(line) for line in post.raw[0].splitlines()) <= 998


async def test_the_mails_of_one_site_are_one_thread(
    mailed: httpx2.AsyncClient, post: Post, service: Service, clock: Clock
) -> None:
    for _ in range(2):
        await makers.comment(mailed)
        clock.advance(minutes=10)
        await told(service)
    first, second = post.messages
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"] == first["In-Reply-To"]
    assert re.fullmatch(r"<[a-z0-9.]+@mail\.example>", first["References"])


async def test_each_moderator_is_told_in_their_language(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    await subscribe(service, language="en")
    await makers.comment(mailed)
    await told(service)
    (message,) = post.messages
    assert message["Subject"] == "1 comment awaits your decision on blog"
    assert "\nPublish\nhttps://comments.example/v1/mail/approve." in plain(message)
    assert 'lang="en"' in html(message)


# What stands in it.


async def test_both_parts_tell_the_comment_and_what_screening_noticed(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    links = " ".join(f"https://evil{n}.example/x" for n in range(4))
    await makers.comment(
        mailed, article="/a", title="Les outils", name="Zoé", comment=f"Voyez.\n\nIci {links}"
    )
    await told(service)
    (message,) = post.messages
    for text in (plain(message), read(html(message)).raw):
        assert "Zoé" in text
        assert "le 23 novembre 2026" in text
        assert "Les outils" in text
        assert "4 liens, limite 2." in text
        assert "helene" not in text
    assert "> Voyez.\n>\n> Ici https[:]//evil0[.]example/x" in plain(message)
    tree = read(html(message))
    assert tree.one("blockquote").raw.startswith("Voyez.\n\nIci https[:]//")
    assert tree.all("a")[0]["href"] == "https://blog.example/a"


HOSTILE = (
    "<img src=http://evil.example/p.gif> <a href='https://evil.example'>x</a> <script>x</script>\n"
    "[ici](https://evil.example/a) www.evil.example evil.example/b\n"
    "mailto:a@evil.example \\\\evil\\s\n"
    "-- \nPublier\nhttps://evil.example/v1/mail/approve"
)
LIVE = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\]]|[\w-]\.[a-z]{2,}|\w@\w|\\\\\w", re.IGNORECASE)
"""What mail programs make a link of."""


async def test_nothing_of_a_comment_is_live(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    await makers.comment(
        mailed,
        name="https://evil.example a@evil.example",
        title="<b>Gagnez</b> sur evil.example",
        comment=HOSTILE,
    )
    await told(service)
    (message,) = post.messages
    tree = read(html(message))
    hrefs = [urlsplit(link["href"]) for link in tree.all("a")]
    assert {(url.scheme, url.netloc) for url in hrefs} == {
        ("https", "blog.example"),
        ("https", "comments.example"),
    }
    assert not {"img", "script", "style", "link", "form", "iframe", "base"} & {
        element.tag for element in tree.walk()
    }
    assert all(not name.startswith("on") for one in tree.walk() for name in one.attributes)
    assert "<img src=http[:]//evil[.]example" in tree.raw
    for line in [*tree.raw.splitlines(), *plain(message).splitlines()]:
        ours = re.sub(r"https://(?:blog|comments)\.example\S*", "", line)
        assert not LIVE.search(ours), line
    assert not re.search(r"^Publier\nhttps\[", plain(message), re.MULTILINE)


async def test_no_name_or_title_can_begin_a_header(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    async def unclean(tx: Tx) -> None:
        # As an import, or an older version, might have left it.
        await tx.run("update comment set name = :name", name="Zoé\r\nBcc: all@evil.example")
        await tx.run("update article set title = :title", title="A\r\n\r\n<img src=x>\u2028B")
        await tx.run("update site set name = :name", name="blog\r\nBcc: all@evil.example")

    await makers.comment(mailed)
    await service.store.write(unclean)
    await told(service)
    (message,) = post.messages
    assert message["Bcc"] is None
    assert len(post.envelopes[0][1]) == 1
    assert not message.defects
    assert "Zoé Bcc: all[@]evil[.]example" in plain(message)


async def test_an_address_with_letters_beyond_ascii_gets_its_mail(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    await moderators.tell_by_mail(service, "alice", "hélène@école.example", language="fr")
    await makers.comment(mailed)
    await told(service)
    (message,) = post.messages
    assert post.envelopes[0][1] == ["hélène@xn--cole-9oa.example"]
    assert "hélène@xn--cole-9oa.example".encode() in post.raw[0]
    assert "Publier" in plain(message)


async def test_a_long_text_is_cut_and_says_so(
    mailed: httpx2.AsyncClient, post: Post, service: Service
) -> None:
    await makers.comment(mailed, comment="mot " * 2000)
    await told(service)
    (message,) = post.messages
    assert plain(message).count("mot") == 250
    assert "Le texte continue" in plain(message)
    assert "Le texte continue" in html(message)


# The address.


async def test_the_moderator_s_address_is_nowhere_but_in_its_table_and_on_the_mail(
    mailed: httpx2.AsyncClient, post: Post, service: Service, alice: dict[str, str]
) -> None:
    stream = io.StringIO()
    logs.configure(format="json", level="debug", stream=stream)
    await makers.comment(mailed)
    answers: list[Any] = []
    for refusal in (f"450 {ADDRESS} later", f"550 {ADDRESS} never", None):
        post.refuses = refusal
        try:
            await told(service)
        except (GiveUp, smtp.NotSent) as exc:
            logging.getLogger("palabre.jobs").exception("failed")
            answers.append(str(exc))
    links = re.findall(r"https://comments\.example(/v1/mail\S+)", plain(post.messages[0]))
    for link in links:
        answers.append((await mailed.get(link)).text)
    for path in ("comments", "log", "articles"):
        answers.append((await mailed.get(f"/v1/moderation/{path}", headers=alice)).text)
    logs.configure(format="json", level="info", stream=io.StringIO())
    assert len(answers) >= 8
    assert "secret" not in stream.getvalue() + "".join(answers)
    for link in links:
        assert link.rpartition("/")[2] not in stream.getvalue()


async def test_a_moderator_whose_mail_ends_leaves_no_address_behind(
    service: Service, alice: dict[str, str]
) -> None:
    async def addresses(tx: Tx) -> list[Any]:
        return [*await tx.all("select * from mailbox"), *await tx.all("select * from digest")]

    assert len(await service.store.read(addresses)) == 1
    await moderators.revoke(service, "alice")
    assert await service.store.read(addresses) == []


def test_no_job_and_no_log_names_a_mailbox_s_address(tmp_path: Path) -> None:
    from palabre.store.mailboxes import Mailbox

    assert ADDRESS not in repr(Mailbox("id", ADDRESS, "fr", datetime(2026, 1, 1, tzinfo=UTC)))
