"""`palabre check`: everything that is wrong, or might be, with configuration and store, at once."""

from __future__ import annotations

import ipaddress
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from palabre.commands import opening, terminal
from palabre.errors import Refusal

if TYPE_CHECKING:
    from palabre.keys import Keys
    from palabre.settings import Network, Settings
    from palabre.store import Look

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `level`: ok, warning or error."""

    level: str
    message: str


@click.command()
@terminal.json_option
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Name every problem of configuration and store.

    All at once, and nothing is changed. Exit code 1 if there is an error; a warning is something
    to know, or to be sure about.
    """
    findings = list(_findings())
    is_good = all(finding.level != ERROR for finding in findings)
    if as_json:
        terminal.print_json({"ok": is_good, "findings": [asdict(one) for one in findings]})
    else:
        for finding in findings:
            click.echo(f"{finding.level + ':':9}{finding.message}")
    ctx.exit(0 if is_good else 1)


def _findings() -> Iterator[Finding]:
    try:
        settings = opening.chosen()
    except Refusal as refusal:
        yield from (Finding(ERROR, sentence) for sentence in refusal.sentences)
        yield Finding(WARNING, "Without good settings, neither key nor store were looked at.")
        return
    if not settings.is_shared:
        yield from _library()
    yield Finding(OK, "The settings can be read.")
    yield from _public(settings)
    yield from _proxies(settings)
    yield from _mail(settings)
    yield from _modes(settings)
    yield from _store_and_key(settings)


def _library() -> Iterator[Finding]:
    from palabre.store import sqlite_look

    version = sqlite3.sqlite_version_info
    named = f"SQLite {sqlite3.sqlite_version}"
    if version < sqlite_look.OLDEST:
        oldest = ".".join(map(str, sqlite_look.OLDEST))
        yield Finding(ERROR, f"{named} is linked to Python; Palabre needs {oldest} or newer.")
    elif not sqlite_look.has_word_search():
        yield Finding(ERROR, f"{named} is linked to Python without FTS5, the word search.")
    elif version < sqlite_look.SAFE:
        yield Finding(
            WARNING,
            f"{named} is linked to Python. Before 3.51.3, two connections that write at the same "
            "moment can damage a database. Palabre's processes take turns by a lock file; let no "
            "other program write to the store, and keep it on a disk of this machine.",
        )
    else:
        yield Finding(OK, f"{named} is linked to Python.")


def _public(settings: Settings) -> Iterator[Finding]:
    from palabre.settings import default_public_url

    url, host = settings.public_url, urlsplit(settings.public_url).hostname or ""
    is_local_only = _is_near(host)
    if url == default_public_url(settings.host, settings.port) and not _is_loopback(settings.host):
        yield Finding(
            WARNING,
            f"PALABRE_PUBLIC_URL is not set: every link will begin with {url}, while the service "
            f"listens on {settings.host} for others than this machine.",
        )
    if url.startswith("http://") and not is_local_only:
        yield Finding(
            WARNING,
            f"PALABRE_PUBLIC_URL is {url}, without TLS: e-mail addresses and moderators' tokens "
            "would cross the network readable. Use https, with a proxy in front.",
        )


def _proxies(settings: Settings) -> Iterator[Finding]:
    trusted = settings.trusted_proxies
    for network in trusted:
        if _is_wide(network):
            yield Finding(
                WARNING,
                f"PALABRE_TRUSTED_PROXIES has {network}, a large public network: anybody in it "
                "can claim any address and evade the submission limit.",
            )
    is_near = all(network.is_loopback for network in trusted)
    if settings.public_url.startswith("https://") and is_near and not _is_loopback(settings.host):
        yield Finding(
            WARNING,
            "PALABRE_TRUSTED_PROXIES names no network beyond this machine, but the service "
            "listens beyond it: behind a proxy elsewhere all visitors count as one. Add the "
            "proxy's network.",
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    """What one half of the mail's settings is worth without the other; never the URL itself."""
    if settings.smtp_url is not None and settings.mail_from is None:
        yield Finding(
            ERROR, "PALABRE_SMTP_URL is set, but PALABRE_MAIL_FROM is not: no mail can be sent."
        )
    if settings.mail_from is not None and settings.smtp_url is None:
        yield Finding(
            WARNING, "PALABRE_MAIL_FROM is set, but PALABRE_SMTP_URL is not: no mail is sent."
        )
    if settings.smtp_url is not None and not settings.public_url.startswith("https://"):
        yield Finding(
            WARNING,
            f"PALABRE_PUBLIC_URL is {settings.public_url}: the links in mail to moderators would "
            "cross the network readable, and mail programs offer no unsubscribing by one click.",
        )


def _is_wide(network: Network) -> bool:
    return network.is_global and network.prefixlen < (16 if network.version == 4 else 32)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_near(host: str) -> bool:
    """Whether only this machine or its own network can mean something by the host."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return _is_loopback(host)


def _modes(settings: Settings) -> Iterator[Finding]:
    """Who may read and write the files."""
    from palabre.store import sqlite_look

    key = settings.key_path
    if settings.master_key is None and key.exists():
        mode = key.stat().st_mode & 0o777
        if mode & 0o077:
            level = ERROR if mode & 0o007 else WARNING
            yield Finding(
                level,
                f"The key file {key} can be used by others (mode {mode:04o}): chmod 600 {key}",
            )
    if settings.is_shared:
        return
    for path in sqlite_look.files(settings.database_path):
        mode = path.stat().st_mode & 0o777
        if mode & 0o007:
            yield Finding(
                WARNING, f"{path} can be used by everybody (mode {mode:04o}): chmod 600 {path}"
            )
        if not os.access(path, os.R_OK | os.W_OK):
            yield Finding(ERROR, f"{path} can't be read and written by this user.")
    folder = _nearest(settings.database_path.parent)
    if not folder.is_dir():
        yield Finding(ERROR, f"{folder} is not a folder; the store can't be in it.")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(ERROR, f"The folder {folder} can't be written by this user.")


def _nearest(folder: Path) -> Path:
    """The folder, or the one above that is there, in which it would be made."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _store_and_key(settings: Settings) -> Iterator[Finding]:
    """The store, the key, and whether they belong together."""
    from palabre.service import given_keys
    from palabre.store import look_at, migrate

    keys, look = None, None
    try:
        keys = given_keys(settings)
        key_is_good = True
    except Refusal as refusal:
        yield Finding(ERROR, str(refusal))
        key_is_good = False
    engine = "postgres" if settings.is_shared else "sqlite"
    # A URL may hold a password.
    name = "in PostgreSQL" if settings.is_shared else str(settings.database_path)
    try:
        look = look_at(settings)
        if look is not None and not look.is_ours:
            raise Refusal(f"{name} is a database, but not a store of Palabre's.")
        missing = [] if look is None else migrate.missing(engine, dict(look.applied))
    except Refusal as refusal:
        yield Finding(ERROR, str(refusal))
    else:
        if look is None or not (look.applied or look.damages):
            made = f"makes {name}" if look is None else "makes it"
            yield Finding(OK, f"There is no store yet; the first command that needs it {made}.")
        else:
            yield from _contents(name, look, [str(migration) for migration in missing])
    if key_is_good:
        yield _key(settings, keys, look.known if look else {})


def _contents(path: str, look: Look, missing: list[str]) -> Iterator[Finding]:
    from palabre.store import copying

    for damage in look.damages:
        yield Finding(ERROR, f"The store {path} is damaged: {damage}. Restore a backup.")
    if copying.is_half(look.known):
        yield Finding(
            ERROR, f"The store {path} is an unfinished copy: run `palabre copy` again to its end."
        )
    if missing:
        yield Finding(
            WARNING,
            f"The store {path} lacks {', '.join(missing)}: the next start, or `palabre migrate`, "
            "applies it.",
        )
    elif not look.damages:
        yield Finding(OK, f"The store {path} can be read, and is up to date.")


def _key(settings: Settings, keys: Keys | None, known: Mapping[str, str]) -> Finding:
    where = "PALABRE_MASTER_KEY" if settings.master_key else f"the key file {settings.key_path}"
    theirs = known.get("key_id")
    if keys is None and theirs is None:
        return Finding(OK, f"There is no key yet; the first command that needs it makes {where}.")
    if keys is None:
        return Finding(
            ERROR,
            f"The master key is missing: the store belongs to key {theirs}, and there is no key "
            f"file {settings.key_path}. Bring the key back.",
        )
    if theirs is not None and known.get("key_check") != keys.check_value():
        return Finding(
            ERROR,
            f"This is not the master key of the store: it belongs to key {theirs}, and the one in "
            f"{where} is {keys.current_id}. Bring the right key.",
        )
    whose = "is the store's" if theirs else "can be used"
    return Finding(OK, f"The master key {keys.current_id}, in {where}, {whose}.")
