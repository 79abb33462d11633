"""A digest as a message: plain text first, and the same as simple HTML (RFC 2046, 5.1.4).

Nothing that a stranger wrote is live in either: it is text, escaped, and no link can be made of
it. The only links are ours and the article's. Nothing is loaded from anywhere.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import urlsplit

from markupsafe import Markup

from palabre import locale, screening
from palabre.actions.digests import Digest
from palabre.actions.mail_links import sealed_for
from palabre.model import Comment
from palabre.service import Service
from palabre.settings import Sender, Settings
from palabre.text import mail_link, quoted

GOOD_FOR = timedelta(days=7)
POLICY = SMTP.clone(cte_type="7bit")
"""CRLF, and ASCII all through: what no server on the way needs an extension for."""

_NOT_LABEL = re.compile(r"[^A-Za-z0-9._-]+")

_PAGE = Markup(
    """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{subject}</title>
</head>
<body style="font:16px/1.5 sans-serif;max-width:40em;margin:0 auto;padding:0 12px">
<h1 style="font-size:22px;line-height:1.3">{subject}</h1>
{body}
{more}
<hr>
<p style="font-size:14px">{about_links}</p>
<p style="font-size:14px">{why} <a href="{end_url}">{end}</a></p>
</body>
</html>
"""
)
_SECTION = Markup(
    """<hr>
<h2 style="font-size:17px;margin:12px 0 0;overflow-wrap:anywhere">{by}</h2>
<p style="margin:0;overflow-wrap:anywhere">{on} <a href="{url}">{title}</a></p>
<blockquote style="margin:12px 0;padding:0 0 0 12px;border-left:3px solid #999;\
white-space:pre-wrap;overflow-wrap:anywhere" dir="auto">{text}</blockquote>
{cut}{signals}<p style="margin:0">
{links}
</p>"""
)
_NOTE = Markup('<p style="font-size:14px">{}</p>\n')
_SIGNALS = Markup('<p style="margin:0">{}</p>\n<ul style="margin:0 0 8px">{}</ul>\n')
_SIGNAL = Markup("<li>{}</li>\n")
_LINK = Markup('<a href="{}" style="display:inline-block;padding:10px 18px 10px 0">{}</a>')
_MORE = Markup("<hr>\n<p><b>{}</b></p>")
"""Markup's `format` escapes what is put in. Styles stand at each tag: mail programs drop sheets."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One comment as both parts show it; every text of it is inert already."""

    name: str
    when: str
    title: str
    article_url: str
    text: str
    is_whole: bool
    signals: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def compose(digest: Digest, service: Service) -> EmailMessage:
    """The mail that tells a moderator of a digest."""
    sender = service.settings.sender
    if sender is None:
        raise ValueError("there is nobody to send it")
    url = service.settings.public_url
    entries = [_entry(comment, digest, service) for comment in digest.comments]
    token = mail_link.seal_unsubscribe(service.keys, sealed_for(digest.mailbox))
    end_url = f"{url}/v1/mail/unsubscribe/{token}"
    message = EmailMessage(policy=POLICY)
    _head(message, digest, service, sender=sender, end_url=end_url)
    message.set_content(_plain(entries, digest, end_url), cte="quoted-printable")
    message.add_alternative(_html(entries, digest, end_url), subtype="html", cte="quoted-printable")
    message["Content-Language"] = digest.mailbox.language
    return message


def greeting(settings: Settings) -> str:
    """What we call ourselves to a mail server (RFC 5321, 4.1.3)."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _subject(digest: Digest) -> str:
    count = len(digest.comments) + digest.more
    return locale.say(digest.mailbox.language, "mail.subject", n=count, site=digest.site.name)


def _head(
    message: EmailMessage, digest: Digest, service: Service, *, sender: Sender, end_url: str
) -> None:
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = digest.mailbox.address
    message["Subject"] = quoted.header(_subject(digest))
    message["Date"] = service.now()
    # The same digest sent twice, after a crash, is the same message: many a mailbox drops one.
    thread = f"{digest.moderator.id}/{digest.site.id}"
    told = f"{thread}/{digest.comments[0].id}/{digest.newest.timestamp()}"
    message["Message-ID"] = _message_id("digest", told, sender)
    # RFC 5322, 3.6.4: all name the same message before them, which was never sent.
    message["In-Reply-To"] = _message_id("thread", thread, sender)
    message["References"] = _message_id("thread", thread, sender)
    label = _NOT_LABEL.sub("-", digest.site.name)
    message["List-Id"] = f"<{label}.palabre.{sender.domain}>"  # RFC 2919
    message["List-Unsubscribe"] = f"<{end_url}>"
    if end_url.startswith("https://"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058, 3.1
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834, 5


def _message_id(kind: str, of: str, sender: Sender) -> str:
    return f"<{kind}.{hashlib.sha256(of.encode()).hexdigest()[:32]}@{sender.domain}>"


def _entry(comment: Comment, digest: Digest, service: Service) -> Entry:
    language = digest.mailbox.language
    text, is_whole = quoted.beginning(comment.text or "")
    title = comment.article.title or comment.article.address
    created = comment.shown.created_at
    return Entry(
        name=quoted.line(comment.shown.name or ""),
        when="" if created is None else locale.format_when(language, created),
        title=quoted.line(title),
        article_url=comment.article.url,
        text=text,
        is_whole=is_whole,
        signals=tuple(
            quoted.line(screening.sentence(signal, language)) for signal in comment.signals
        ),
        links=tuple(
            (locale.say(language, words), _link(action, comment, digest, service))
            for action, words in _WORDS.items()
        ),
    )


_WORDS = {
    "approve": "mail.link_approve",
    "reject": "mail.link_reject",
    "spam": "mail.link_spam",
}


def _link(action: str, comment: Comment, digest: Digest, service: Service) -> str:
    link = mail_link.Link(
        action=action,
        comment_id=comment.id,
        version=comment.version,
        to=sealed_for(digest.mailbox),
        expires_s=int((service.now() + GOOD_FOR).timestamp()),
    )
    return f"{service.settings.public_url}/v1/mail/{mail_link.seal(service.keys, link)}"


def _plain(entries: list[Entry], digest: Digest, end_url: str) -> str:
    say = functools.partial(locale.say, digest.mailbox.language)
    parts = [_subject(digest)]
    for entry in entries:
        lines = [
            "-" * 40,
            say("mail.from", name=entry.name, when=entry.when),
            f"{say('form.on_article')} {entry.title}",
            entry.article_url,
            "",
            quoted.as_quotation(entry.text),
            "",
        ]
        if not entry.is_whole:
            lines += [say("mail.cut"), ""]
        if entry.signals:
            lines += [say("mail.signals"), *(f"- {one}" for one in entry.signals), ""]
        lines += [f"{words}\n{url}" for words, url in entry.links]
        parts.append("\n".join(lines))
    if digest.more:
        parts.append(say("mail.more", n=digest.more))
    foot = [
        "-" * 40,
        say("mail.about_links", n=GOOD_FOR.days),
        "",
        say("mail.why", site=digest.site.name),
        say("mail.unsubscribe"),
        end_url,
    ]
    parts.append("\n".join(foot))
    return "\n\n".join(parts) + "\n"


def _html(entries: list[Entry], digest: Digest, end_url: str) -> str:
    say = functools.partial(locale.say, digest.mailbox.language)
    subject = _subject(digest)
    more = _MORE.format(say("mail.more", n=digest.more)) if digest.more else ""
    return _PAGE.format(
        language=digest.mailbox.language,
        subject=subject,
        body=Markup("\n").join(_section(entry, say) for entry in entries),
        more=more,
        about_links=say("mail.about_links", n=GOOD_FOR.days),
        why=say("mail.why", site=digest.site.name),
        end_url=end_url,
        end=say("mail.unsubscribe"),
    )


def _section(entry: Entry, say: Callable[..., str]) -> Markup:
    signals = Markup("").join(_SIGNAL.format(one) for one in entry.signals)
    return _SECTION.format(
        by=say("mail.from", name=entry.name, when=entry.when),
        on=say("form.on_article"),
        url=entry.article_url,
        title=entry.title,
        text=entry.text,
        cut="" if entry.is_whole else _NOTE.format(say("mail.cut")),
        signals=_SIGNALS.format(say("mail.signals"), signals) if signals else "",
        links=Markup("\n").join(_LINK.format(url, words) for words, url in entry.links),
    )
