"""Which tests `--dist=loadgroup` gives to one worker together."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

READERS = ("test_embed.py", "test_form.py", "test_mail.py", "test_hostile.py", "test_stopped.py")
QUICK = ("tests/screening/", "tests/text/")


class Spreading(LoadScopeScheduling):  # type: ignore[misc]
    """Every test by itself, but those of a browser in two groups of about the same length.

    Spread over all workers, each of them would start a browser, a service and its demonstration.
    The quick ones that need nothing are given out by the file: a message takes as long as they do.
    All are begun in the order of `conftest`. By the path and not by the mark `xdist_group`, of
    which nothing is left in the ids of pytest 9.2 that xdist 3.8 reads.
    """

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if "tests/browser/" in file:
            return "readers" if file.endswith(READERS) else "moderators"
        return file if file.startswith(QUICK) else nodeid

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Groups that are done are forgotten: the next step goes through all that are known."""
        scope = self._split_scope(self.registered_collections[node][item_index])
        groups = self.assigned_work[node]
        super().mark_test_complete(node, item_index, duration)
        if all(groups[scope].values()):
            del groups[scope]
