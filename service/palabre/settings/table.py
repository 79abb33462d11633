"""The one table of settings: name, type, default and help of everything an operator may choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from palabre.settings import values

PREFIX = "PALABRE_"
CONFIG = "PALABRE_CONFIG"
CONFIG_FILE = "palabre.toml"
_CONFIG_HELP = "TOML file to read settings from, under these same names; the environment wins."


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `default`: as an operator would write it; empty when there is none."""

    name: str
    default: str
    help: str


def _setting(
    default: str,
    help: str,
    must: str,
    *,
    derived: Callable[[dict[str, Any]], str] | None = None,
) -> Any:
    """A line of the table. *default* is text, read by the same rule as what operators write.

    *must*: the end of the sentence "PALABRE_X must …" about a bad value. *derived* computes the
    default from the settings above it; *default* then only describes it.
    """
    extra: dict[str, Any] = {"default": default, "must": must}
    if derived:
        return Field(default_factory=derived, description=help, json_schema_extra=extra)
    return Field(default=default or None, description=help, json_schema_extra=extra)


_Text = BeforeValidator(str.lower)
_Days = Annotated[int | None, BeforeValidator(values.days)]
_DAYS = "be a number of days from 1 to 99999, or off"
_YES_NO = "be true or false"


class Settings(BaseModel):
    """Everything an operator may choose; the environment calls `port` `PALABRE_PORT`.

    Made by `load` alone. Paths are as written, relative ones to the working directory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    host: Annotated[str, AfterValidator(values.host)] = _setting(
        "127.0.0.1",
        "Address or name of the interface to listen on.",
        "be an IP address or a host name, without scheme, brackets or port",
    )
    port: Annotated[int, Field(ge=0, le=65_535)] = _setting(
        "8000",
        "TCP port to listen on; 0 takes any free one.",
        "be a whole number from 0 to 65535",
    )
    public_url: Annotated[str, AfterValidator(values.public_url)] = _setting(
        "http://HOST:PORT",
        "Where visitors reach the service, path prefix included; every link begins with it.",
        "be an http or https URL such as https://comments.example.com or"
        " https://example.com/comments, an international name in its xn-- form,"
        " without user, query or fragment",
        derived=lambda above: values.default_public_url(above["host"], above["port"]),
    )
    trusted_proxies: Annotated[tuple[values.Network, ...], BeforeValidator(values.networks)] = (
        _setting(
            "127.0.0.0/8,::1/128",
            "Networks whose word on the visitor's address (X-Forwarded-For, Forwarded) is taken;"
            " none for nobody's.",
            "be networks such as 10.0.0.0/8,::1/128 with no host bits set, or none",
        )
    )
    data_dir: Annotated[Path, BeforeValidator(values.path)] = _setting(
        "data",
        "Folder of the database and of the key file.",
        "be the path of a folder, without ~, ? or #",
    )
    database_url: Annotated[str, AfterValidator(values.database_url)] = _setting(
        "sqlite:///DATA_DIR/palabre.sqlite3",
        "Where comments are stored: sqlite:///relative/path, sqlite:////absolute/path, or"
        " postgresql://user:password@host:port/database (the extra `postgres`).",
        "be sqlite:///relative/path or sqlite:////absolute/path of a file, with nothing after it,"
        " or postgresql://user:password@host:port/database",
        derived=lambda above: f"{values.SQLITE}{above['data_dir'] / 'palabre.sqlite3'}",
    )
    database_connections: Annotated[int, Field(ge=2, le=1000)] = _setting(
        "10",
        "On PostgreSQL, how many connections a process may have; one more while somebody follows"
        " the events.",
        "be a whole number from 2 to 1000",
    )
    key_file: Annotated[Path, BeforeValidator(values.path)] = _setting(
        "DATA_DIR/palabre.key",
        "File of the master keys, made by the first command that needs it.",
        "be the path of a file, without ~, ? or #",
        derived=lambda above: str(above["data_dir"] / "palabre.key"),
    )
    master_key: Annotated[SecretStr | None, AfterValidator(values.master_key)] = _setting(
        "",
        "Instead of a key file, the master keys themselves, oldest first: 32 bytes each in"
        " base64url or hex, separated by white space.",
        "be one or more different keys of 32 bytes in base64url or hex, separated by white space"
        " (openssl rand -hex 32 prints one)",
    )
    locale: Annotated[Literal["fr", "en"], _Text] = _setting(
        "fr",
        "Language of a new site, and of answers where nothing else chooses one: fr or en.",
        "be fr or en",
    )
    log_format: Annotated[Literal["plain", "json"], _Text] = _setting(
        "plain",
        "plain for people, json for programs (one object a line).",
        "be plain or json",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], _Text] = _setting(
        "info",
        "The least important messages to log: debug, info, warning or error.",
        "be debug, info, warning or error",
    )
    submission_limit: Annotated[values.Rate | None, BeforeValidator(values.rate)] = _setting(
        "10/minute",
        "How many comments one visitor may send to one site: a number per second, minute, hour"
        " or day, or off, which switches the limits of sites off, too.",
        "be a number per second, minute, hour or day such as 10/minute, or off",
    )
    listing_max_age_s: Annotated[int, Field(ge=0, le=31_536_000)] = _setting(
        "0",
        "Seconds for which caches may show a listing without asking again; until then it may"
        " still show what a decision took away.",
        "be a whole number of seconds from 0 to 31536000",
    )
    jobs: bool = _setting(
        "true",
        "Whether `palabre serve` also does the work beside the answers; where it does not, keep"
        " `palabre work` running.",
        _YES_NO,
    )
    metrics_public: bool = _setting(
        "false",
        "Whether /metrics answers everybody, not only programs on this machine.",
        _YES_NO,
    )
    email_dns_check: bool = _setting(
        "false",
        "Whether an address's domain is looked up in the DNS, which tells your resolver"
        " where your visitors have their mail.",
        _YES_NO,
    )
    waiting_writes: Annotated[int, Field(ge=1, le=1_000_000)] = _setting(
        "1000",
        "How many writes may wait for the disk before new ones are answered 503; of submissions,"
        " 64 at most.",
        "be a whole number from 1 to 1000000",
    )
    cache_mib: Annotated[int, Field(ge=0, le=65_536)] = _setting(
        "16",
        "Memory for public answers that are kept ready, in MiB.",
        "be a whole number of MiB from 0 to 65536",
    )
    body_timeout_s: Annotated[int, Field(ge=1, le=3600)] = _setting(
        "20",
        "Seconds within which a request's body must have arrived.",
        "be a whole number of seconds from 1 to 3600",
    )
    retention_rejected_days: _Days = _setting(
        "30", "Days after which a rejected comment is deleted for good, or off.", _DAYS
    )
    retention_spam_days: _Days = _setting(
        "30", "Days after which spam is deleted for good, or off.", _DAYS
    )
    retention_pending_days: _Days = _setting(
        "off", "Days after which a comment nobody decided on is deleted for good, or off.", _DAYS
    )

    webhook_targets: Annotated[tuple[values.Network, ...], BeforeValidator(values.networks)] = (
        _setting(
            "none",
            "Networks beside public addresses that webhooks may be sent to, such as 10.1.0.0/16.",
            "be networks such as 10.0.0.0/8,::1/128 with no host bits set, or none",
        )
    )
    purge_urls: Annotated[tuple[values.Cache, ...], BeforeValidator(values.caches)] = _setting(
        "none",
        "Caches in front of the service that are told of changes: base URLs, separated by commas,"
        " that take PURGE; one that begins with post+ takes a POST of what has changed.",
        "be URLs such as http://127.0.0.1:6081 or post+https://example.com/purge, separated by"
        " commas, without user or fragment, or none",
    )
    publish_dir: Annotated[Path | None, BeforeValidator(values.folder)] = _setting(
        "",
        "Folder in which static copies of every listing are kept up to date.",
        "be the path of a folder, without ~, ? or #",
    )
    smtp_url: Annotated[SecretStr | None, AfterValidator(values.smtp_url)] = _setting(
        "",
        "The server that takes mail to moderators: smtp://user:password@host:587 (STARTTLS),"
        " smtps://… (TLS), or smtp+plain://localhost:25 on this machine.",
        "be smtp://user:password@host:port, smtps://… or, on this machine alone, smtp+plain://…,"
        " with nothing after it; signs in user and password percent-encoded",
    )
    mail_from: Annotated[str | None, AfterValidator(values.mail_from)] = _setting(
        "",
        "Whom that mail is from: comments@example.com, or Comments <comments@example.com>.",
        "be an address such as comments@example.com, or Comments <comments@example.com>, an"
        " international domain in its xn-- form",
    )
    digest_minutes: Annotated[int, Field(ge=0, le=1440)] = _setting(
        "10",
        "Minutes from the first comment that waits to the mail that tells of it, and of all that"
        " came meanwhile.",
        "be a whole number of minutes from 0 to 1440",
    )
    desk_idle_hours: Annotated[int, Field(ge=1, le=168)] = _setting(
        "12",
        "Hours without use after which a moderator is signed out of the desk.",
        "be a whole number of hours from 1 to 168",
    )
    desk_session_days: Annotated[int, Field(ge=1, le=90)] = _setting(
        "7",
        "Days after which a moderator signs in to the desk anew, however much they use it.",
        "be a whole number of days from 1 to 90",
    )

    @property
    def relay(self) -> values.Relay | None:
        """The mail server, if there is one."""
        return None if self.smtp_url is None else values.relay(self.smtp_url)

    @property
    def sender(self) -> values.Sender | None:
        """Whom mail is from, if anybody."""
        return None if self.mail_from is None else values.sender(self.mail_from)

    @property
    def is_shared(self) -> bool:
        """Whether the store is a database server's, which any number of processes may share."""
        return self.database_url.startswith(values.POSTGRES)

    @property
    def database_path(self) -> Path:
        """The SQLite file, unless the store is shared."""
        return Path(self.database_url.removeprefix(values.SQLITE))

    @property
    def key_path(self) -> Path:
        """The file of the master keys."""
        return self.key_file

    @property
    def public_origin(self) -> str:
        """Scheme, host and port of `public_url`, as a browser writes them into `Origin`."""
        return self.public_url.removesuffix(self.base_path)

    @property
    def base_path(self) -> str:
        """The path prefix of `public_url`: "" or "/x"."""
        return urlsplit(self.public_url).path


NAMES: Mapping[str, str] = {PREFIX + field.upper(): field for field in Settings.model_fields}
"""Every name an operator may set, and the field it sets."""

DERIVED = frozenset(f for f, info in Settings.model_fields.items() if info.default_factory)
"""Fields whose default comes of others; written empty, they take it."""


def words(field: str) -> dict[str, str]:
    """Of a field: `default` as an operator would write it, `must` as `_setting` explains it."""
    return cast(dict[str, str], Settings.model_fields[field].json_schema_extra)


def table() -> list[Row]:
    """Every name an operator may set, in the order of the README."""
    rows = [
        Row(name, words(field)["default"], cast(str, Settings.model_fields[field].description))
        for name, field in NAMES.items()
    ]
    return [*rows, Row(CONFIG, CONFIG_FILE, _CONFIG_HELP)]


def readme_table() -> str:
    """The table in Markdown, a line a setting, ending with a newline."""
    lines = ["| Setting | Default | What it is |", "| --- | --- | --- |"]
    for row in table():
        default = f"`{row.default}`" if row.default else "not set"
        lines.append(f"| `{row.name}` | {default} | {row.help} |")
    return "\n".join(lines) + "\n"
