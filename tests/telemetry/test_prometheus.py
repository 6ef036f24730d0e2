"""What Prometheus scrapes, read back by its own client's parsers."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from onnx import parser
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from deepsched import compile_model
from deepsched.telemetry import StreamTotals, summarise
from deepsched.telemetry.prometheus import EngineCollector, write_metrics

ROWS = [(0, 0.0, 0.1, 0.5, 4), (1, 0.0, 0.2, 0.8, 4)]
TOTALS = (StreamTotals(0, 10, 40, 1, 4.0), StreamTotals(1, 20, 80, 0, 6.0))
SNAPSHOT = summarise(ROWS, at=1.0, window=2.0, num_streams=2, queue_depth=3, totals=TOTALS)
EMPTY = summarise([], at=1.0, window=2.0, num_streams=1)


def read_samples(text: str) -> dict[tuple[str, ...], float]:
    """Give each sample's value by its name and the values of its labels."""
    return {(sample.name, *sample.labels.values()): sample.value for family in parse(text) for sample in family.samples}


def test_totals_gauges_and_quantiles() -> None:
    found = read_samples(write_metrics({"resnet50": SNAPSHOT}))
    assert found["deepsched_requests_total", "resnet50", "0"] == 10
    assert found["deepsched_items_total", "resnet50", "1"] == 80
    assert found["deepsched_errors_total", "resnet50", "0"] == 1
    assert found["deepsched_run_seconds_total", "resnet50", "1"] == 6
    assert found["deepsched_queue_depth", "resnet50"] == 3
    assert found["deepsched_throughput_items_per_second", "resnet50"] == 4
    assert found["deepsched_stream_utilisation_ratio", "resnet50", "1"] == pytest.approx(0.3)
    assert found["deepsched_latency_seconds", "resnet50", "0.5"] == pytest.approx(0.65)
    assert found["deepsched_queue_time_seconds", "resnet50", "0.5"] == pytest.approx(0.15)
    assert found["deepsched_run_time_seconds", "resnet50", "0.5"] == pytest.approx(0.5)


def test_types_are_prometheus_own() -> None:
    kinds = {family.name: family.type for family in parse(write_metrics({"m": SNAPSHOT}))}
    assert kinds["deepsched_requests"] == "counter"
    assert kinds["deepsched_queue_depth"] == "gauge"
    assert kinds["deepsched_latency_seconds"] == "summary"


def test_several_models_stand_in_one_block_a_metric() -> None:
    text = write_metrics({'odd "name"\n': SNAPSHOT, "other": EMPTY})
    assert text.count("# TYPE deepsched_queue_depth gauge") == 1
    found = read_samples(text)
    assert found["deepsched_queue_depth", 'odd "name"\n'] == 3
    assert found["deepsched_queue_depth", "other"] == 0


def test_without_requests_quantiles_are_nan() -> None:
    assert math.isnan(read_samples(write_metrics({"m": EMPTY}))["deepsched_latency_seconds", "m", "0.99"])


def test_openmetrics_takes_it_too() -> None:
    registry = CollectorRegistry()
    registry.register(EngineCollector({"m": lambda: SNAPSHOT}))
    families = {family.name for family in parse_openmetrics(generate_openmetrics(registry).decode())}
    assert {"deepsched_requests", "deepsched_latency_seconds"} <= families


def test_registering_asks_no_engine() -> None:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(EngineCollector({"m": lambda: pytest.fail("it was asked")}))
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(EngineCollector({}))


def test_a_real_engines_counts_grow_from_scrape_to_scrape() -> None:
    text = '<ir_version: 9, opset_import: ["": 17]> doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }'
    registry = CollectorRegistry()

    def scrape() -> Any:
        found = read_samples(generate_latest(registry).decode())
        return [found[f"deepsched_{name}_total", "doubling", "0"] for name in ("requests", "items", "errors")]

    with compile_model(parser.parse_model(text), num_streams=1) as engine:
        registry.register(EngineCollector({"doubling": engine.stats}))
        batch = [np.ones((5, 3), np.float32)]
        for _ in range(3):
            engine.run(batch)
        assert scrape() == [3, 15, 0]
        engine.run(batch)
        assert scrape() == [4, 20, 0]


def test_those_who_do_not_scrape_do_not_load_it() -> None:
    code = "import sys, deepsched.telemetry, deepsched.engine; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
