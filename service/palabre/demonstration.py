"""The demonstration's name and place, known to the command that makes it and the page shown."""

SITE = "demo"
ADDRESS = "/demo"
TITLE = "La bibliothèque qui ne ferme plus"

MODERATOR = "demo"
"""Who decides in it. The token never leaves `palabre demo`, which revokes it in the end."""
