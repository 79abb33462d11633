"""How many submissions are worked on, at once and a second, so that a flood spares the readers."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.requests import Request

from palabre.errors import Busy

MOST = 64
"""Submissions at once: enough for the disk's sync to be shared by all of them."""

WAITING_MOST = 512
"""Submissions that may wait for their turn; more are refused at once."""

WAIT_S = 1.0
"""How long one waits before it is refused. Waiting also slows down who sends too much: on each of
its connections it can't send the next one meanwhile."""

INTERVAL_S = 0.1
BUSY_SHARE = 0.9
"""Of the time: a process that wants a core for more than this has nothing left to give."""

READS_PER_S = 1000.0
"""Fewer reads than this take so little that submissions need not step back for them."""

GROUP = 8
"""Submissions that are let in together when not all are: they share the costs of one commit."""

READS_OF_A_SUBMISSION = 50
"""For so many reads one submission is let in however busy the process is: since it takes the time
of some fifteen reads, readers keep three quarters of the time."""

SHRINKING, GROWING = 0.7, 1.5
RATE_MOST = 1e4
_SCHEDSTAT = Path("/proc/self/schedstat")


class Gate:
    """Lets submissions in, in the order of their coming.

    While the process is busy and much is read, fewer and fewer a second, down to a share of what
    is read; otherwise more again, until nothing limits them but MOST.
    *reads*: how many answers readers have got so far. *clock* and *working*: seconds that have
    passed, and for which the process had something to compute.
    """

    def __init__(
        self,
        reads: Callable[[], int],
        *,
        clock: Callable[[], float] = time.monotonic,
        working: Callable[[], float] | None = None,
    ) -> None:
        self.rate = math.inf
        self._reads = reads
        self._clock = clock
        self._working = working or working_s
        self._inside = 0
        self._let_in_so_far = 0
        self._next_at = -math.inf
        self._in_group = 0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._seen = (clock(), self._working(), reads(), 0)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While it is one's turn. Raises Busy when it does not come in time."""
        self._adapt()
        if not self._waiting and self._may_enter():
            self._enter()
        else:
            await self._wait()
        try:
            yield
        finally:
            self._inside -= 1
            self._let_in()

    def _may_enter(self) -> bool:
        return self._inside < MOST and (self._in_group > 0 or self._clock() >= self._next_at)

    def _enter(self) -> None:
        self._inside += 1
        self._let_in_so_far += 1
        if self._in_group == 0:
            self._in_group = GROUP
            self._next_at = max(self._next_at, self._clock()) + GROUP / self.rate
        self._in_group -= 1

    async def _wait(self) -> None:
        """Wait to be let in, which counts as being inside already."""
        if len(self._waiting) >= WAITING_MOST:
            raise Busy(retry_after_s=1)
        let_in = asyncio.get_running_loop().create_future()
        self._waiting.append(let_in)
        self._let_in()
        is_in = False
        try:
            async with asyncio.timeout(WAIT_S):
                await let_in
            is_in = True
        except TimeoutError:
            raise Busy(retry_after_s=1) from None
        finally:
            if not is_in:
                self._give_up(let_in)

    def _give_up(self, let_in: asyncio.Future[None]) -> None:
        if let_in.done() and not let_in.cancelled():
            # Let in at the very moment at which it gave up: the turn is another's.
            self._inside -= 1
            self._let_in()
        else:
            with contextlib.suppress(ValueError):
                self._waiting.remove(let_in)

    def _let_in(self) -> None:
        self._adapt()
        while self._waiting and self._may_enter():
            let_in = self._waiting.popleft()
            if not let_in.done():
                self._enter()
                let_in.set_result(None)
        if self._waiting and self._inside < MOST and self._timer is None:
            delay_s = max(0.0, self._next_at - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._let_in()

    def _adapt(self) -> None:
        now = self._clock()
        at, worked, read, let_in = self._seen
        passed = now - at
        if passed < INTERVAL_S:
            return
        self._seen = (now, self._working(), self._reads(), self._let_in_so_far)
        is_busy = self._seen[1] - worked > BUSY_SHARE * passed
        reads_per_s = (self._seen[2] - read) / passed
        if is_busy and reads_per_s > READS_PER_S:
            present = min(self.rate, (self._let_in_so_far - let_in) / passed)
            self.rate = max(reads_per_s / READS_OF_A_SUBMISSION, present * SHRINKING)
        elif self.rate < RATE_MOST:
            self.rate *= GROWING
        else:
            self.rate = math.inf


def working_s() -> float:
    """Seconds for which the main thread has had something to compute.

    Where the system tells (Linux, Documentation/scheduler/sched-stats.rst), those in which other
    programs had the core meanwhile are among them.
    """
    try:
        computed_ns, waited_ns, _ = _SCHEDSTAT.read_bytes().split()
    except (OSError, ValueError):
        return time.process_time()
    return (int(computed_ns) + int(waited_ns)) / 1e9


def of(request: Request) -> Gate:
    """The gate of the process that serves this request."""
    found: Gate = request.app.state.gate
    return found
