"""How a request was made: what in its headers a browser would not send. Nothing of it is kept.

Only what Tor Browser and text browsers send as well: they all say a language and their own name,
though a setting or an extension may take either away. HTTP/1.0 is no mark: lynx, w3m and many a
proxy speak it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from palabre.model import Manner

AGENT_MOST = 500
"""Characters of a User-Agent that are read."""

# Lynx names "libwww-FM", and is none of them.
_PROGRAM = re.compile(
    r"^(?:python-requests|python-urllib|python-httpx|aiohttp|curl|Wget|Go-http-client|okhttp"
    r"|libwww-perl|Java/|Apache-HttpClient|Scrapy|GuzzleHttp|axios|node-fetch|undici)"
    r"|HeadlessChrome|PhantomJS",
    re.IGNORECASE,
)
_PAGES = frozenset({"document", "iframe", "frame", "embed", "object", "fencedframe"})
"""What Sec-Fetch-Dest says of what a form's answer is shown in (W3C Fetch Metadata)."""


def of(headers: Mapping[str, str], *, as_page: bool) -> Manner:
    """How a request with these headers was made. Costs some microseconds, whatever they are."""
    agent = headers.get("user-agent", "")[:AGENT_MOST].strip()
    program = _PROGRAM.search(agent)
    mode = headers.get("sec-fetch-mode", "navigate").strip()
    shown_in = headers.get("sec-fetch-dest", "document").strip()
    return Manner(
        as_page=as_page,
        no_language=not headers.get("accept-language", "").strip(),
        no_agent=not agent,
        program=program[0].rstrip("/") if program else "",
        no_navigation=mode != "navigate" or shown_in not in _PAGES,
    )
