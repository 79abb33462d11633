"""`palabre openapi`: the description of the HTTP interface."""

from __future__ import annotations

import json

import click

from palabre.commands import opening, terminal


@click.command()
def openapi() -> None:
    """Print the OpenAPI description.

    It is the one that the service answers at /openapi.json.
    """
    from palabre import __version__, schema

    settings = opening.chosen()
    document = json.loads((schema.root() / "openapi.json").read_text("utf-8"))
    document["info"]["version"] = __version__
    terminal.print_json({**document, "servers": [{"url": settings.public_url}]})
