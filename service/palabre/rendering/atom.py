"""The Atom feed (RFC 4287) of an article's or a site's newest comments."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from palabre import ids, locale
from palabre.actions.listing import Feed
from palabre.rendering.shapes import instant

_ATOM = "http://www.w3.org/2005/Atom"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML 1.0 document may hold, not even escaped; ElementTree writes it all the same."""

register_namespace("", _ATOM)


def feed(found: Feed, *, self_url: str, language: str) -> bytes:
    """The feed as a UTF-8 document, newest comment first."""
    where = found.article.public_title or found.article.url if found.article else found.site.name
    page = found.article.url if found.article else found.site.origins[0] + "/"
    root = Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language})
    _text(root, "id", self_url)
    _text(root, "title", locale.say(language, "feed.title", article=where))
    _text(root, "updated", instant(_updated(found)) or "")
    SubElement(root, f"{{{_ATOM}}}link", {"rel": "self", "href": self_url})
    SubElement(root, f"{{{_ATOM}}}link", {"rel": "alternate", "href": page})
    _text(SubElement(root, f"{{{_ATOM}}}author"), "name", found.site.name)
    for comment, article in found.comments:
        entry = SubElement(root, f"{{{_ATOM}}}entry")
        title = locale.say(language, "feed.entry", name=comment.name or "")
        _text(entry, "id", f"urn:uuid:{ids.as_uuid(comment.id)}")
        _text(entry, "title", title)
        _text(entry, "published", instant(comment.created_at) or "")
        _text(entry, "updated", instant(comment.edited_at or comment.created_at) or "")
        link = {"rel": "alternate", "href": f"{article.url}#comment-{comment.id}"}
        SubElement(entry, f"{{{_ATOM}}}link", link)
        author = SubElement(entry, f"{{{_ATOM}}}author")
        _text(author, "name", comment.name or "")
        if comment.website:
            _text(author, "uri", comment.website)
        _text(entry, "content", comment.html or "", type="html")
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _updated(found: Feed) -> datetime:
    moments = [comment.edited_at or comment.created_at for comment, _ in found.comments]
    return max((moment for moment in moments if moment), default=_EPOCH)


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}{name}", attributes).text = _ILLEGAL.sub("", text)
