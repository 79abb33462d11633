"""What a client would like to get: its Accept and Accept-Encoding headers (RFC 9110, 12.5)."""

from __future__ import annotations

from collections.abc import Iterator

HEADER_MOST = 2000
"""Characters of a header that are read; no browser sends a tenth of that."""


def _weights(header: str) -> Iterator[tuple[str, float]]:
    for part in header[:HEADER_MOST].lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if name:
            yield name, weight if 0 <= weight <= 1 else 0.0


def _weight_of(header: str, media_type: str) -> float:
    """How much a media type is wanted; the most specific range decides."""
    main = media_type.split("/")[0]
    found = dict(_weights(header))
    for name in (media_type, f"{main}/*", "*/*"):
        if name in found:
            return found[name]
    return 0.0


def prefers_html(header: str | None) -> bool:
    """Whether the client likes a page better than JSON, as a browser that posts a form does."""
    if not header:
        return False
    return _weight_of(header, "text/html") > _weight_of(header, "application/json")


def coding(header: str | None) -> str | None:
    """The coding to send: br before gzip where both are liked as much, or None."""
    if not header:
        return None
    found = dict(_weights(header))
    liked = {name: found.get(name, found.get("*", 0.0)) for name in ("br", "gzip")}
    best = max(liked, key=lambda name: (liked[name], name == "br"))
    return best if liked[best] > 0 and liked[best] >= found.get("identity", 0.0) else None
