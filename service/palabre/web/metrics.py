"""What the service counts, in Prometheus' text format, and who may read it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from palabre.errors import NotFound
from palabre.service import Service
from palabre.store import queue
from palabre.web import visitor
from palabre.web.asked import asked


class Metrics:
    """One process's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "palabre_requests",
            "Requests answered, by route template.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "palabre_request_seconds",
            "Time from a request's head to its answer's end.",
            ("route",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self.submissions = Counter(
            "palabre_submissions",
            "Submissions, by outcome: stored, or the code of the problem.",
            ("outcome",),
            registry=self.registry,
        )
        self.decisions = Counter(
            "palabre_decisions",
            "Decisions by moderators and authors, by the state that was asked for.",
            ("state",),
            registry=self.registry,
        )
        self.queue_comments = Gauge(
            "palabre_queue_comments", "Comments that wait.", registry=self.registry
        )
        self.queue_oldest_seconds = Gauge(
            "palabre_queue_oldest_seconds",
            "Age of the comment that has waited longest; 0 when none waits.",
            registry=self.registry,
        )
        self.write_batch_units = Histogram(
            "palabre_write_batch_units",
            "Units of work that shared one commit.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )
        self.commit_seconds = Histogram(
            "palabre_commit_seconds",
            "Time of a commit, the disk's sync included.",
            buckets=(0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2),
            registry=self.registry,
        )

    def committed(self, units: int, seconds: float) -> None:
        """The store has committed a batch."""
        self.write_batch_units.observe(units)
        self.commit_seconds.observe(seconds)

    async def read(self, service: Service) -> bytes:
        """Everything, as of now."""
        waiting, oldest = await service.store.read(queue.waiting)
        self.queue_comments.set(waiting)
        age = (service.now() - oldest).total_seconds() if oldest else 0.0
        self.queue_oldest_seconds.set(max(0.0, age))
        return generate_latest(self.registry)


def of(request: Request) -> Metrics:
    """The counters of the process that serves this request."""
    found: Metrics = request.app.state.metrics
    return found


async def metrics(request: Request) -> Response:
    """`GET /metrics`: for programs on this machine, unless switched on for everybody."""
    service = asked(request).service
    peer = request.client.host if request.client else None
    is_local = visitor.is_direct_loopback(peer, request.scope["headers"])
    if not (is_local or service.settings.metrics_public):
        raise NotFound
    return Response(
        await of(request).read(service),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )
