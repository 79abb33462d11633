"""From the command line, the environment and a TOML file to settings; all mistakes at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from palabre.errors import Refusal
from palabre.settings.table import CONFIG, CONFIG_FILE, DERIVED, NAMES, PREFIX, Settings, words
from palabre.settings.values import OURS, SQLITE

_INJECTED = ("PALABRE_SERVICE_", "PALABRE_PORT_")
"""What Kubernetes puts into every pod of a namespace with a Service named `palabre`."""

_NO_LINKS = "enableServiceLinks: false in the pod keeps Kubernetes from setting it."


@dataclass(frozen=True, slots=True)
class _Given:
    """One value as text, None if its type is one that no setting takes; and where it stands."""

    text: str | None
    where: str


def load(environ: Mapping[str, str], *, cwd: Path | None = None, **overrides: object) -> Settings:
    """What the command line says, else *environ*, else the TOML file, else the defaults.

    *cwd*: where palabre.toml and relative paths are, if not in the working directory. *overrides*:
    fields given on the command line, such as `port=8080`; None means not given. Raises Refusal
    with one sentence for each mistake.
    """
    file = environ.get(CONFIG, CONFIG_FILE)
    mistakes: list[str] = []
    try:
        written = _read(cwd, file, required=CONFIG in environ)
    except Refusal as refusal:
        mistakes += refusal.sentences
        written = {}
    mistakes += _unknown(environ, written, file)
    given: dict[str, _Given] = {}
    for values, where in ((written, f" in {file}"), (environ, "")):
        given |= {NAMES[n]: _Given(_text(v), where) for n, v in values.items() if n in NAMES}
    for field, value in overrides.items():
        if value is not None:
            given[field] = _Given(_text(value), " on the command line")
    settings = _checked(given, mistakes)
    if settings is None or mistakes:
        raise Refusal(*mistakes)
    return settings if cwd is None else _anchored(settings, cwd)


def _read(cwd: Path | None, file: str, *, required: bool) -> dict[str, Any]:
    """The keys of a TOML file; none if it is absent and not *required*. Raises Refusal."""
    if not file:
        raise Refusal(f"{CONFIG} is empty: give it the path of a TOML file, or leave it out.")
    path = (cwd or Path()) / file
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if not required:
            return {}
        raise Refusal(f"{CONFIG} names {path}, which does not exist.") from None
    except OSError as error:
        raise Refusal(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Refusal(f"{path} is not in UTF-8.") from None
    except (ValueError, RecursionError) as error:
        # Only the place is taken from the error: its words may repeat those of the file.
        place = re.search(r"at (line \d+, column \d+|end of document)(?=\)$)", str(error))
        raise Refusal(f"{path} is not valid TOML{f' {place[0]}' if place else ''}.") from None


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > 64:
        return None  # no setting is that big, and str() refuses the really long ones
    return str(value).strip() if isinstance(value, str | int | Path) else None


def _unknown(environ: Mapping[str, str], written: Mapping[str, Any], file: str) -> Iterator[str]:
    ours = {name for name in environ if name.startswith(PREFIX)}
    for name in sorted(ours - NAMES.keys() - {CONFIG}):
        if not name.startswith(_INJECTED):
            yield f"{_printable(name)} is not a setting.{_remedy(name)}"
    for name in sorted(written.keys() - NAMES.keys()):
        if name == CONFIG:
            yield f"{CONFIG} can't stand in {file}: it is read from the environment only."
        else:
            yield f"{_printable(name)} in {file} is not a setting.{_remedy(name)}"


def _printable(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_]{1,80}", name) else ascii(name)[:80]


def _remedy(name: str) -> str:
    # Compared without the prefix: it alone would make everything look alike.
    field = name.upper().removeprefix(PREFIX).lower()
    close = difflib.get_close_matches(field[:80], Settings.model_fields, n=1, cutoff=0.7)
    if close:
        return f" Did you mean {PREFIX}{close[0].upper()}?"
    return f" {_NO_LINKS}" if re.search(r"_(SERVICE|PORT)(_|$)", name) else ""


def _checked(given: Mapping[str, _Given], mistakes: list[str]) -> Settings | None:
    """The settings, or None and a sentence in *mistakes* for each bad value."""
    wrong: dict[str, str | None] = {f: None for f, g in given.items() if g.text is None}
    # An empty value of a derived setting is its default, as in `PALABRE_PUBLIC_URL=${URL:-}`.
    skipped = {f for f in DERIVED & given.keys() if not given[f].text} | wrong.keys()
    values: dict[str, Any] = {f: g.text for f, g in given.items() if f not in skipped}
    settings = None
    try:
        settings = Settings(**values)
    except ValidationError as error:
        # The errors hold the values, secrets included: nothing of them but this leaves here.
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            if one["type"] != "default_factory_not_called":
                wrong[str(one["loc"][0])] = one["msg"] if one["type"] == OURS else None
    mistakes += (_sentence(field, given.get(field), must) for field, must in wrong.items())
    return settings


def _sentence(field: str, given: _Given | None, must: str | None) -> str:
    name = PREFIX + field.upper()
    if field == "port" and given and given.text and given.text.startswith("tcp://"):
        return (
            f"{name} is the address of a Kubernetes Service, not a port:"
            f" set {name} in the pod, or enableServiceLinks: false."
        )
    return f"{name}{given.where if given else ''} must {must or words(field)['must']}."


def _anchored(settings: Settings, folder: Path) -> Settings:
    paths: dict[str, Path | str] = {
        "data_dir": folder / settings.data_dir,
        "key_file": folder / settings.key_file,
    }
    if not settings.is_shared:
        paths["database_url"] = f"{SQLITE}{folder / settings.database_path}"
    return settings.model_copy(update=paths)
