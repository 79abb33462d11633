"""What is measured, set up afresh for each part: the service and its baselines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import bare, isso, machine
from bench.answer import Answer
from bench.load import Rate
from bench.ours import Ours
from running import free_port


class Bare:
    """The bare application on the first core, giving *answer* to everything."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        self.port = free_port()
        file = folder / f"bare-{self.port}"
        head = json.dumps([answer.status, answer.headers]).encode()
        file.write_bytes(head + b"\n" + answer.body)
        self._process, self.started_s = machine.launched(
            [sys.executable, "-P", str(bare.__file__), str(self.port), str(file)],
            self.port,
            "/",
            environ=os.environ,
            log=folder / "bare.log",
        )

    def rss_mib(self) -> float:
        return machine.rss_mib(self._process.pid)

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *exc: object) -> None:
        machine.stop(self._process)


@dataclass(frozen=True, slots=True)
class Stage:
    """How long and how often, and a folder for it all."""

    folder: Path
    rounds: int
    seconds: float

    @contextmanager
    def ours(self) -> Iterator[Ours]:
        """A service of its own."""
        with TemporaryDirectory(dir=self.folder) as name, Ours(Path(name) / "ours") as running:
            yield running
            running.stop()

    @contextmanager
    def bare(self, answer: Answer) -> Iterator[Bare]:
        """The baseline of one answer."""
        with Bare(self.folder, answer) as running:
            yield running

    @contextmanager
    def isso(self) -> Iterator[isso.Isso | None]:
        """An Isso of its own, None when there is none to be had."""
        if not isso.is_installed():
            yield None
            return
        with TemporaryDirectory(dir=self.folder) as name, isso.Isso(Path(name)) as running:
            yield running


async def alternate(
    rounds: int, *measures: Callable[[], Awaitable[Rate]]
) -> tuple[list[Rate], ...]:
    """Each measure in turn, so many times: what drifts, drifts for all of them."""
    found: tuple[list[Rate], ...] = tuple([] for _ in measures)
    for _ in range(rounds):
        for rates, measure in zip(found, measures, strict=True):
            rates.append(await measure())
    return found
