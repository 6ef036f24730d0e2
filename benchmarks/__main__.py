"""``make bench``: deepsched beside onnxruntime, in interleaved rounds; ratios of medians, never absolute promises."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import geometric_mean, median
from typing import TYPE_CHECKING, Any

import onnxruntime
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.contenders import open_by_hand, open_deepsched, open_deepsched_single, open_default
from benchmarks.models import load_examples, make_tiny_model
from deepsched import Topology

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
SECONDS = 1.5
TINY_REQUESTS = 5000
RESULT = Path("test-output") / "bench.json"


def measure_throughput(run: Callable[[], object], callers: int, seconds: float) -> float:
    """Count the requests a second that `callers` threads get answered."""
    stop = threading.Event()
    counts = [0] * callers

    def call(place: int) -> None:
        while not stop.is_set():
            run()
            counts[place] += 1

    threads = [threading.Thread(target=call, args=(place,)) for place in range(callers)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begin)


def measure_latency(run: Callable[[], object], requests: int) -> float:
    """Give the median seconds of a request from one caller."""
    times = []
    for _ in range(requests):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return median(times)


def compare_throughput(progress: Progress) -> dict[str, dict[str, float]]:
    """Measure each example under each contender, in rounds; give the medians in requests a second."""
    contenders = {"default session": open_default, "by hand": open_by_hand, "deepsched": open_deepsched}
    examples = load_examples()
    task = progress.add_task("throughput", total=len(examples) * ROUNDS * len(contenders))
    results = {}
    for name, (model, value) in examples.items():
        rates: dict[str, list[float]] = {label: [] for label in contenders}
        for _ in range(ROUNDS):
            for label, open_contender in contenders.items():
                # Opened anew for each round: an idle session's spinning workers would slow the others.
                with open_contender(model, value) as run:
                    run_here = threading.Thread(target=run)  # warm-up, off this thread: it may get pinned
                    run_here.start()
                    run_here.join()
                    rates[label].append(measure_throughput(run, len(os.sched_getaffinity(0)), SECONDS))
                progress.advance(task)
        results[name] = {label: median(values) for label, values in rates.items()}
    return results


def compare_tiny(progress: Progress) -> dict[str, float]:
    """Measure one caller on a model that costs next to nothing; give the median seconds a request."""
    task = progress.add_task("overhead", total=ROUNDS)
    model, value = make_tiny_model()
    times: dict[str, list[float]] = {"session.run": [], "engine.run": []}
    with ExitStack() as stack:
        # Two threads each: the engine takes every core, and so does the session.
        session = stack.enter_context(open_default(model, value))
        engine = stack.enter_context(open_deepsched_single(model, value))
        for _ in range(ROUNDS):
            times["session.run"].append(measure_latency(session, TINY_REQUESTS))
            times["engine.run"].append(measure_latency(engine, TINY_REQUESTS))
            progress.advance(task)
    return {label: median(values) for label, values in times.items()}


def main() -> None:
    """Measure, print the table, and write the figures as JSON."""
    console = Console()
    with Progress(console=console, transient=True) as progress:
        tiny = compare_tiny(progress)
        rates = compare_throughput(progress)
    table = Table(title="throughput of deepsched, one stream a core / onnxruntime", title_justify="left")
    for heading in ("model", "/ default session", "/ by hand"):
        table.add_column(heading)
    ratios = {
        name: {label: row["deepsched"] / row[label] for label in ("default session", "by hand")}
        for name, row in rates.items()
    }
    for name, row in ratios.items():
        table.add_row(name, *(f"{ratio:.2f}" for ratio in row.values()))
    means = {label: geometric_mean([row[label] for row in ratios.values()]) for label in ("default session", "by hand")}
    table.add_row("geometric mean", *(f"{mean:.2f}" for mean in means.values()), style="bold")
    console.print(table)
    overhead = tiny["engine.run"] / tiny["session.run"]
    console.print(f"one small MatMul, one caller: engine.run p50 / session.run p50 = {overhead:.2f}")
    machine: dict[str, Any] = {
        "topology": {k: v for k, v in Topology.detect().to_dict().items() if k != "threads"},
        "processor": platform.machine(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }
    report = {"machine": machine, "rounds": ROUNDS, "requests_per_second": rates, "ratios": ratios, "tiny_p50_s": tiny}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=1))
    console.print(f"Figures: {RESULT}")


main()
