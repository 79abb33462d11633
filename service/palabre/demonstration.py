"""The demonstration's name and place, known to the command that makes it and the page shown."""

SITE = "demo"
ADDRESS = "/demo"
VARIANTS = ("form", "element", "include", "strict")
"""The ways in which a page may take comments in; all but the first have a page below ADDRESS."""

TITLE = "La bibliothèque qui ne ferme plus"

MODERATOR = "demo"
"""Who decides in it. The token never leaves `palabre demo`, which revokes it in the end."""
