"""Which tests `--dist=loadgroup` gives to one worker together."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

READERS = ("test_embed.py", "test_form.py", "test_mail.py", "test_hostile.py", "test_stopped.py")


class Spreading(LoadScopeScheduling):  # type: ignore[misc]
    """Every test by itself, but those of a browser in two groups of about the same length.

    Spread over all workers, each of them would start a browser, a service and its demonstration.
    Groups are begun before all else, the rest in the order of `conftest`. By the path and not by
    the mark `xdist_group`, of which nothing is left in the ids of pytest 9.2 that xdist 3.8 reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if "tests/browser/" not in file:
            return nodeid
        return "readers" if file.endswith(READERS) else "moderators"
