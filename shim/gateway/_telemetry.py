"""What a gateway counts: Prometheus metrics, and OpenTelemetry spans if its API is installed.

Labels are bounded: functions and modes by the declarations, callers by the options, reasons and
classes of status by this code. No path, id or text of a request gets into one.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shim.offline.answer import Answer

METRICS_TYPE: Final = CONTENT_TYPE_LATEST.encode()
_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_BY: Final = ("function", "caller", "mode")


class Telemetry:
    """The counters of one gateway, in a registry of its own."""

    def __init__(self, tracer_provider: Any = None) -> None:
        """Begin at zero."""
        self._registry = registry = CollectorRegistry()
        name = "fxshim_gateway"
        self._calls = Counter(
            f"{name}_calls", "Offline calls answered.", (*_BY, "result"), registry=registry
        )
        self._outcomes = Counter(
            f"{name}_outcomes",
            "Members, departments and records by how they ended.",
            (*_BY, "state"),
            registry=registry,
        )
        self._seconds = Histogram(
            f"{name}_call_seconds",
            "Seconds until an offline call was answered.",
            _BY,
            registry=registry,
            buckets=_BUCKETS,
        )
        self._quota = Counter(
            f"{name}_quota_wait_seconds",
            "Seconds that calls of the object API waited for the vendor's quota.",
            _BY,
            registry=registry,
        )
        self.in_flight = Gauge(
            f"{name}_in_flight", "Requests under way.", ("kind",), registry=registry
        )
        self._proxied = Counter(
            f"{name}_proxied",
            "Requests passed on, by the class of the status.",
            ("caller", "status"),
            registry=registry,
        )
        self._refused = Counter(
            f"{name}_refused", "Requests refused.", ("reason",), registry=registry
        )
        self._tracer = _tracer(tracer_provider)

    def called(self, by: Mapping[str, str], answer: Answer, seconds: float, quota: float) -> None:
        """Count an offline call that has been answered."""
        result = "ok" if answer["errorCode"] == 0 else "error"
        self._calls.labels(**by, result=result).inc()
        self._seconds.labels(**by).observe(seconds)
        self._quota.labels(**by).inc(quota)
        for outcome in answer.outcomes:
            self._outcomes.labels(**by, state=outcome.state).inc()

    def proxied(self, caller: str, status: int) -> None:
        """Count a request that was passed on."""
        self._proxied.labels(caller=caller, status=f"{status // 100}xx").inc()

    def refused(self, reason: str) -> None:
        """Count a request that was refused."""
        self._refused.labels(reason=reason).inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus's format."""
        return generate_latest(self._registry)

    @contextmanager
    def span(self, name: str, headers: Mapping[str, str], **attributes: str) -> Iterator[None]:
        """Have a span around a block, which goes on the trace of the request's headers."""
        if self._tracer is None:
            yield
            return
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, StatusCode

        with self._tracer.start_as_current_span(
            name,
            context=extract(headers),
            kind=SpanKind.SERVER,
            attributes=attributes,
            # A text of an exception may hold what no trace should.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
                raise


def _tracer(provider: Any) -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("shim.gateway", tracer_provider=provider)
