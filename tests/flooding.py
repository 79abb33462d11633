"""A flood: bots' posts from many networks with honest ones among them, as a trusted proxy tells."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

import makers
from conftest import Clock

TEMPLATES = (
    "Excellent article, je recommande vivement cette adresse pour gagner {n} euros par semaine.",
    "J’ai trouvé un emploi de rêve, {n} euros sans bouger de chez soi, demandez-moi comment.",
    "Les meilleures montres de luxe à moitié prix, plus que {n} en stock, dépêchez-vous.",
    "Votre site mérite mieux que la centième page : nous le plaçons devant {n} concurrents.",
)
"""A bot changes nothing of a text but, now and then, its figure."""

VARIANTS = 2


def bots(n: int) -> Iterator[tuple[dict[str, str], str]]:
    """The fields of *n* posts, each with the address that it comes from.

    Three in four come each from an address of their own, the others from a few networks.
    """
    for number in range(n):
        text = TEMPLATES[number % 4].format(n=100 + number // 4 % VARIANTS)
        address = f"2001:db8:{number:x}::1"
        if number % 4 == 3:
            address = f"198.51.{100 + number % 3}.{number // 4 % 250 + 1}"
        yield (
            makers.fields(
                article=f"/{number % 40}",
                name=f"Camille {number}",
                email=f"bot{number}@example.com",
                comment=text,
            ),
            address,
        )


def readers(n: int) -> Iterator[tuple[dict[str, str], str]]:
    """The same of *n* honest readers, each of whom says something of their own."""
    for number in range(n):
        yield (
            makers.fields(
                article=f"/{number % 40}",
                name=f"Lectrice {number}",
                email=f"lectrice{number}@example.org",
            ),
            f"203.0.{number}.7",
        )


def mixed(bots_n: int, readers_n: int) -> list[tuple[dict[str, str], str]]:
    """Both, the readers spread evenly among the bots."""
    found = list(bots(bots_n))
    gap = len(found) // readers_n
    for number, one in enumerate(readers(readers_n)):
        found.insert(number * (gap + 1) + gap // 2, one)
    return found


async def post_all(
    client: httpx2.AsyncClient,
    clock: Clock,
    posts: list[tuple[dict[str, str], str]],
    *,
    seconds: float = 60.0,
) -> list[str]:
    """Send them within so many seconds of the clock; the ids of what readers have sent."""
    kept = []
    for fields, address in posts:
        answer = await client.post(
            "/v1/comments", json=fields, headers={"X-Forwarded-For": address}
        )
        assert answer.status_code == 201, answer.text
        assert answer.json()["comment"]["state"] == "pending"
        if fields["name"].startswith("Lectrice"):
            kept.append(answer.json()["comment"]["id"])
        clock.advance(seconds=seconds / len(posts))
    return kept
