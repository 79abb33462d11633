"""`/embed.js`: the article page's element, with its sentences in every language."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from palabre import locale
from palabre.web import answer

KEPT_S = 3_600
"""How long browsers use it without asking: an upgrade of the service reaches pages by then."""

SOURCE = Path(__file__).parent / "static" / "embed.js"
_SAID = re.compile(r'\bsay\("([a-z_.]+)"')
_FOR_DEVELOPERS = re.compile(r"^ +(?://.*\n)?|^//.*\n| // .*$", re.MULTILINE)
"""Indentation and comments, a sixth of what would be sent."""


async def script(request: Request) -> Response:
    """`GET /embed.js`."""
    return answer.lasting(
        request,
        body(),
        "text/javascript",
        vary=(),
        smallest=True,
        Cache_Control=f"public, max-age={KEPT_S}",
    )


@functools.cache
def body() -> bytes:
    """What is served: the source with the catalogues' sentences that it says."""
    source = _FOR_DEVELOPERS.sub("", SOURCE.read_text("utf-8"))
    tags = [locale.tag(language) for language in locale.LANGUAGES]
    for name, value in (("TAGS = []", tags), ("WORDS = {}", words())):
        kept = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        source = source.replace(name, f"{name.split(' ')[0]} = {kept}", 1)
    return source.encode()


def words() -> dict[str, list[str | list[str]]]:
    """Each code that the source says, with its sentence in every language, or its plural forms.

    A code that ends with a dot stands for all that begin with it.
    """
    said = set(_SAID.findall(SOURCE.read_text("utf-8")))
    codes = [
        code
        for code in locale.codes()
        if code in said or any(family.endswith(".") and code.startswith(family) for family in said)
    ]
    return {code: [locale.sentence(each, code) for each in locale.LANGUAGES] for code in codes}
