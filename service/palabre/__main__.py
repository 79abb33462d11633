"""`python -m palabre`: the command line."""

from __future__ import annotations

from palabre.commands import main

if __name__ == "__main__":
    main()
