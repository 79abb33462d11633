"""A page as a tree, read strictly: what a browser would have to guess at is an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "circle", "hr", "input", "link", "meta"})


@dataclass
class Element:
    """A tag, its attributes, and what is in it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None
    inside: list[Element | str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)

    def walk(self) -> Iterator[Element]:
        for item in self.inside:
            if isinstance(item, Element):
                yield item
                yield from item.walk()

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements of that tag with those attributes; `class_` is one of its classes."""
        wanted = {name.rstrip("_").replace("_", "-"): text for name, text in attributes.items()}
        return [
            element
            for element in self.walk()
            if element.tag == tag
            and all(
                text in (element.get(name) or "").split()
                if name == "class"
                else element.get(name) == text
                for name, text in wanted.items()
            )
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        (found,) = self.all(tag, **attributes)
        return found

    def by_id(self, name: str) -> Element:
        (found,) = (element for element in self.walk() if element.get("id") == name)
        return found

    @property
    def text(self) -> str:
        """All text, with white space as it is shown."""
        return " ".join(self.raw.replace("\u00a0", "~").replace("\u202f", "_").split())

    @property
    def raw(self) -> str:
        """All text as it stands."""
        return "".join(item if isinstance(item, str) else item.raw for item in self.inside)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {}, None)
        self.here = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice on {tag}: {attrs}"
        element = Element(tag, {name: text or "" for name, text in attrs}, self.here)
        self.here.inside.append(element)
        if tag not in VOID:
            self.here = element

    def handle_endtag(self, tag: str) -> None:
        assert self.here.tag == tag, f"</{tag}> inside {self.here.tag}"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.here.inside.append(data)


def read(html: str) -> Element:
    """The tree of a page or fragment. AssertionError if a tag is not closed where it should be."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.here is reader.root, f"{reader.here.tag} is not closed"
    ids = [element["id"] for element in reader.root.walk() if element.get("id")]
    assert len(ids) == len(set(ids)), "an id twice"
    return reader.root
