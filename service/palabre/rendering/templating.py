"""Templates in a language: the one Jinja environment, and what every template may say.

Autoescape is always on; only a comment's own `html` is markup already. Starlette is not imported.
"""

from __future__ import annotations

import functools
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from palabre import locale

_HERE = Path(__file__).parent
_UNSAYABLE = re.compile("[\x00\ud800-\udfff]")
_WEB_LINK = re.compile(r"https?://", re.IGNORECASE)


def render(
    template: str, *, language: str, base: str, stylesheet: str | None = None, **values: object
) -> str:
    """A template in a language. `base`: what stands before every path of the service.

    `stylesheet`: the absolute URL of one that the site adds to ours.

    Templates have `say(code, …)`, `when(moment[, now])`, `number(n)`, `style` (the stylesheet's
    address), `asset(name)` (that of any static file) and the filters that `_environment` lists.
    A name they don't have is an error, not a gap.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            language=language,
            base=base,
            say=functools.partial(locale.say, language),
            when=functools.partial(locale.format_when, language),
            stylesheet=stylesheet,
            number=functools.partial(locale.format_number, language),
            style=f"{base}/static/style.css?v={_version('style.css')}",
            asset=lambda name: f"{base}/static/{name}?v={_version(name)}",
            **values,
        )
    )


def initial(name: str) -> str:
    """The letter on a name's disc: its first letter or digit, else its first character."""
    first = next((character for character in name if character.isalnum()), name[:1])
    return first.upper()[:1]


def instant(moment: datetime) -> str:
    """A moment for machines, as in JSON: "2026-11-23T09:00:00Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def safe_html(html: str | None) -> Markup:
    """A comment's `html` as it is: markup that was made safe when the text was written."""
    return Markup(html or "")  # noqa: S704


def typed(text: str) -> str:
    """What was typed, without what no page can hold: NUL and lone surrogates become U+FFFD."""
    return _UNSAYABLE.sub("\ufffd", text)


def web_link(address: str | None) -> str | None:
    """The address if it is one to link to; a row may be older than today's rules."""
    return address if address and _WEB_LINK.match(address) else None


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (initial, instant, safe_html, typed, web_link):
        environment.filters[function.__name__] = function
    return environment


@functools.cache
def _version(name: str) -> str:
    """Changes with a static file, so that browsers may keep it for as long as they like."""
    file = _HERE.parent / "web" / "static" / name
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
