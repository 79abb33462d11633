"""Everything an operator may choose, from `PALABRE_…` variables and an optional TOML file.

`table` is the one place where settings stand, `values` says what a text means, `reading` finds
every mistake. Nothing of Palabre is imported here but `palabre.errors`.
"""

from palabre.settings.reading import load
from palabre.settings.table import Row, Settings, readme_table, table
from palabre.settings.values import Network, Rate, Relay, Sender, default_public_url

__all__ = [
    "Network",
    "Rate",
    "Relay",
    "Row",
    "Sender",
    "Settings",
    "default_public_url",
    "load",
    "readme_table",
    "table",
]
