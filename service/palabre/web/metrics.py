"""What the service counts, in Prometheus' text format, and who may read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from palabre.errors import NotFound
from palabre.memory import Memory
from palabre.service import Service
from palabre.store import jobs, queue
from palabre.web import visitor
from palabre.web.asked import asked
from palabre.web.tallies import Spread, Tally

if TYPE_CHECKING:
    from prometheus_client.core import Metric

REQUEST_SECONDS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
)  # fmt: skip
BATCH_UNITS = (1, 2, 4, 8, 16, 32, 64, 128)
COMMIT_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2)


class Metrics:
    """One process's counters."""

    def __init__(self) -> None:
        self.requests = Tally()
        self.request_seconds: defaultdict[str, Spread] = defaultdict(
            partial(Spread, REQUEST_SECONDS)
        )
        self.submissions = Tally()
        self.decisions = Tally()
        self.write_batch_units = Spread(BATCH_UNITS)
        self.commit_seconds = Spread(COMMIT_SECONDS)
        self.job_runs = Tally()
        self.cache: Memory[Any] | None = None

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        self.requests.by_labels[route, method, status] += 1
        self.request_seconds[route].observe(seconds)

    @property
    def reads(self) -> int:
        """Public answers that readers got, kept or not."""
        return self.cache.hits + self.cache.misses if self.cache is not None else 0

    def committed(self, units: int, seconds: float) -> None:
        """The store has committed a batch."""
        self.write_batch_units.observe(units)
        self.commit_seconds.observe(seconds)

    def ran(self, kind: str, outcome: str) -> None:
        """An attempt at what the outbox holds has ended."""
        self.job_runs.add(kind, outcome)

    async def read(self, service: Service) -> bytes:
        """Everything, as of now."""
        # Only here: the library takes some megabytes, and many a service is never asked.
        from prometheus_client import CollectorRegistry, generate_latest

        waiting, oldest = await service.store.read(queue.waiting)
        age_s = max(0.0, (service.now() - oldest).total_seconds()) if oldest else 0.0
        work = await service.store.read(jobs.tally)
        late_s = max(0.0, (service.now() - work.due_at).total_seconds()) if work.due_at else 0.0
        registry = CollectorRegistry()
        registry.register(_Collector(self.families(waiting, age_s, work, late_s)))
        return generate_latest(registry)

    def families(
        self,
        waiting: int,
        age_s: float,
        work: jobs.Tally = jobs.NOTHING,
        late_s: float = 0.0,
    ) -> Iterator[Metric]:
        """Every metric. *waiting*: comments that wait, the oldest of them for *age_s* seconds.

        *work*: what the outbox holds, of which the first has been due for *late_s* seconds.
        """
        yield _counter(
            "palabre_requests",
            "Requests answered, by route template.",
            ("route", "method", "status"),
            self.requests,
        )
        yield _histogram(
            "palabre_request_seconds",
            "Time from a request's head to its answer's end.",
            {("route", route): spread for route, spread in self.request_seconds.items()},
        )
        yield _counter(
            "palabre_submissions",
            "Submissions, by outcome: stored, or the code of the problem.",
            ("outcome",),
            self.submissions,
        )
        yield _counter(
            "palabre_decisions",
            "Decisions by moderators and authors, by the state that was asked for.",
            ("state",),
            self.decisions,
        )
        yield _gauge("palabre_queue_comments", "Comments that wait.", waiting)
        yield _gauge(
            "palabre_queue_oldest_seconds",
            "Age of the comment that has waited longest; 0 when none waits.",
            age_s,
        )
        yield _histogram(
            "palabre_write_batch_units",
            "Units of work that shared one commit.",
            {(): self.write_batch_units},
        )
        yield _histogram(
            "palabre_commit_seconds",
            "Time of a commit, the disk's sync included.",
            {(): self.commit_seconds},
        )
        yield _gauge(
            "palabre_jobs_waiting",
            f"Work in the outbox that waits or is being done; {jobs.TALLY_MOST} at most.",
            work.waiting,
        )
        yield _gauge(
            "palabre_jobs_given_up",
            f"Work that was given up, for `palabre jobs`; {jobs.TALLY_MOST} at most.",
            work.given_up,
        )
        yield _gauge(
            "palabre_jobs_oldest_seconds",
            "How long the longest due work has been due; 0 when none is.",
            late_s,
        )
        yield _counter(
            "palabre_job_runs",
            "Attempts at what the outbox holds: done, failed or given_up.",
            ("kind", "outcome"),
            self.job_runs,
        )
        cache = self.cache
        yield _counter(
            "palabre_cache_hits",
            "Public answers that were sent as they had been kept.",
            (),
            Tally.of(cache.hits if cache else 0),
        )
        yield _counter(
            "palabre_cache_misses",
            "Public answers that had to be made.",
            (),
            Tally.of(cache.misses if cache else 0),
        )
        yield _gauge(
            "palabre_cache_bytes",
            "Bytes of public answers that are kept.",
            cache.size if cache else 0,
        )


class _Collector:
    """What the library wants to be handed."""

    def __init__(self, families: Iterator[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return self._families


def _counter(name: str, help: str, labels: tuple[str, ...], tally: Tally) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, help, labels=labels)
    for values, n in tally.by_labels.items():
        family.add_metric([str(value) for value in values], n)
    return family


def _gauge(name: str, help: str, value: float) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, help, value=value)


def _histogram(name: str, help: str, spreads: dict[tuple[str, ...], Spread]) -> Metric:
    """*spreads*: by a label's name and value, or by nothing when there is but one."""
    from prometheus_client.core import HistogramMetricFamily

    label = next((key[:1] for key in spreads), ())
    family = HistogramMetricFamily(name, help, labels=label)
    for key, spread in spreads.items():
        family.add_metric(key[1:], buckets=list(spread.buckets()), sum_value=spread.total)
    return family


def of(request: Request) -> Metrics:
    """The counters of the process that serves this request."""
    found: Metrics = request.app.state.metrics
    return found


async def metrics(request: Request) -> Response:
    """`GET /metrics`: for programs on this machine, unless switched on for everybody."""
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    service = asked(request).service
    peer = request.client.host if request.client else None
    is_local = visitor.is_direct_loopback(peer, request.scope["headers"])
    if not (is_local or service.settings.metrics_public):
        raise NotFound
    return Response(
        await of(request).read(service),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )
