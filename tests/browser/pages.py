"""A site of static pages on a port of its own, as a blog with the element would be."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PAGE = """<!doctype html>
<html{lang} dir="{dir}"><head><meta charset="utf-8"><title>{title}</title>{head}
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,">
<script src="{service}/embed.js" defer></script></head>
<body><h1>{title}</h1>
<palabre-comments{article}><a href="{service}/v1/form">{fallback}</a></palabre-comments>
</body></html>
"""
STYLE = """
:root { --accent: rgb(4, 5, 6); }
body { margin: 0 12px; }
palabre-comments { --palabre-accent: rgb(1, 2, 3); }
"""
FALLBACK = "Laisser un commentaire sans script"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src {service}; connect-src {service}; "
    "img-src data:; require-trusted-types-for 'script'; trusted-types palabre"
)
"""The strictest that the element runs under on another origin than the service's."""


class Pages:
    """Any path is an article. The rest is how the next page that is asked for is made.

    `lang`: None for a page that says nothing of it. `named`: the element says its article. `head`:
    what more the page's head has; `style`: what more its stylesheet has.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.lang: str | None = "fr"
        self.dir = "ltr"
        self.named = True
        self.head = ""
        self.style = ""
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        kind = "text/css" if path == "/style.css" else "text/html"
        text = STYLE + self.style
        if kind == "text/html":
            text = PAGE.format(
                lang="" if self.lang is None else f' lang="{self.lang}"',
                dir=self.dir,
                head=self.head,
                title=f"L’article {path}",
                service=self.service,
                article=f' article="{path}"' if self.named else "",
                fallback=FALLBACK,
            )
        request.send_response(200)
        request.send_header("Content-Type", f"{kind}; charset=utf-8")
        request.send_header("Content-Security-Policy", POLICY.format(service=self.service))
        request.end_headers()
        request.wfile.write(text.encode())

    def __enter__(self) -> Pages:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
