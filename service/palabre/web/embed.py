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
_SAID = re.compile(r'\bWORDS\["([a-z_.]+)"\]')
_FOR_DEVELOPERS = re.compile(
    r"""^\ +(?://.*\n)?|^//.*\n|^\n|\ //\ .*$  # indentation, comments and empty lines,
    |(?<=[,;:{()=?&|+<>])\ |\ (?=[({}=?&|+<>!]|:\ )  # spaces beside punctuation,
    |(?<=})\ (?=[a-z])                       # and behind what closes, where a word follows,
    |(?<=[,;{}()\]>`])\n|\n(?=\ *\.)          # line ends that end nothing,
    |[,;](?=\s*[)\]}])                        # and what ends something that ends there anyway;
    |(?P<kept>"[^"\n]*")                      # but nothing of a string
    """,
    re.MULTILINE | re.VERBOSE,
)
"""What is not sent: a quarter of the source."""


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
    source = _FOR_DEVELOPERS.sub(r"\g<kept>", SOURCE.read_text("utf-8"))
    # What is written once is so to who develops; to browsers one word for both is shorter.
    source = re.sub(r"\bconst\b", "let", source)
    tags = [locale.tag(language) for language in locale.LANGUAGES]
    source = source.replace("TAGS=[]", f"TAGS={_written(tags)}", 1)
    return spoken(source).encode()


def spoken(source: str) -> str:
    """A script with the catalogues' sentences that it says, each in every language of ours."""
    source = source.replace("LANGUAGES = []", f"LANGUAGES = {_written(locale.LANGUAGES)}", 1)
    return _SAID.sub(lambda said: _written(words(said[1])), source)


def words(code: str) -> list[str | list[str]]:
    """A code's sentence in every language, or its plural forms."""
    return [locale.sentence(language, code) for language in locale.LANGUAGES]


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
