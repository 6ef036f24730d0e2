"""What engines did, for Prometheus to scrape: https://prometheus.io/docs/instrumenting/exposition_formats.

Not among the names of `deepsched.telemetry`, so that those who do not scrape do not load prometheus_client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from deepsched.telemetry.snapshot import Snapshot
    from deepsched.telemetry.totals import StreamTotals

_COUNTERS: tuple[tuple[str, str, Callable[[StreamTotals], float]], ...] = (
    ("deepsched_requests", "Requests answered.", lambda total: total.requests),
    ("deepsched_items", "Entries of the batches of requests answered.", lambda total: total.items),
    ("deepsched_errors", "Requests that failed or were stopped while they ran.", lambda total: total.errors),
    ("deepsched_run_seconds", "Time in which requests that were answered ran.", lambda total: total.run_seconds),
)
_TIMES = (
    ("deepsched_latency_seconds", "From queued to ended, over the last seconds.", "latency"),
    ("deepsched_queue_time_seconds", "From queued to started, over the last seconds.", "queue_time"),
    ("deepsched_run_time_seconds", "From started to ended, over the last seconds.", "run_time"),
)
_QUANTILES = {"0.5": "p50", "0.9": "p90", "0.99": "p99", "0.999": "p999"}


class EngineCollector(Collector):
    """Reads engines whenever a `prometheus_client` registry is scraped.

    Totals count from an engine's opening on; quantiles, throughput and utilisation are of its `stats` window, and
    quantiles are NaN where no request ended in it.

    Parameters
    ----------
    readers : mapping of str to callable
        What gives each engine's `Snapshot`, by what its `model` label is to say. The mapping may grow later.

    Examples
    --------
    >>> prometheus_client.REGISTRY.register(EngineCollector({"resnet50": engine.stats}))  # doctest: +SKIP
    """

    def __init__(self, readers: Mapping[str, Callable[[], Snapshot]]) -> None:
        self._readers = readers

    def describe(self) -> Iterator[Metric]:
        """Give the metrics' names without asking any engine."""
        return _collect_metrics({})

    def collect(self) -> Iterator[Metric]:
        """Take a snapshot of each engine, and give its metrics."""
        return _collect_metrics({model: read() for model, read in self._readers.items()})


def write_metrics(snapshots: Mapping[str, Snapshot]) -> str:
    """Write the text that Prometheus scrapes.

    Parameters
    ----------
    snapshots : mapping of str to Snapshot
        What `Engine.stats` gave, by what the `model` label is to say.

    Returns
    -------
    str
        Text in Prometheus' format 0.0.4, one block a metric.
    """
    registry = CollectorRegistry()
    registry.register(EngineCollector({model: _give(snapshot) for model, snapshot in snapshots.items()}))
    return generate_latest(registry).decode()


def _give(snapshot: Snapshot) -> Callable[[], Snapshot]:
    return lambda: snapshot


def _collect_metrics(snapshots: Mapping[str, Snapshot]) -> Iterator[Metric]:
    for name, words, read in _COUNTERS:
        counter = CounterMetricFamily(name, words, labels=("model", "stream"))
        for model, snapshot in snapshots.items():
            for total in snapshot.totals:
                counter.add_metric((model, str(total.stream)), read(total))
        yield counter
    yield from _collect_gauges(snapshots)
    for name, words, field in _TIMES:
        summary = SummaryMetricFamily(name, words, labels=("model",))
        for model, snapshot in snapshots.items():
            percentiles = getattr(snapshot, field)
            for quantile, attribute in _QUANTILES.items():
                # The client's own summaries have a sum and a count, but no quantiles.
                summary.add_sample(name, {"model": model, "quantile": quantile}, getattr(percentiles, attribute))
        yield summary


def _collect_gauges(snapshots: Mapping[str, Snapshot]) -> Iterator[Metric]:
    depth = GaugeMetricFamily("deepsched_queue_depth", "Requests waiting for a stream.", labels=("model",))
    rate = GaugeMetricFamily(
        "deepsched_throughput_items_per_second", "Items a second, over the last seconds.", labels=("model",)
    )
    busy = GaugeMetricFamily(
        "deepsched_stream_utilisation_ratio",
        "Share of the last seconds in which the stream ran requests, from 0 to 1.",
        labels=("model", "stream"),
    )
    for model, snapshot in snapshots.items():
        depth.add_metric((model,), snapshot.queue_depth)
        rate.add_metric((model,), snapshot.throughput)
        for stream, share in enumerate(snapshot.utilisation):
            busy.add_metric((model, str(stream)), share)
    yield from (depth, rate, busy)
