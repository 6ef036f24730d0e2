"""What single-stream runs predict of two streams, beside what two streams do: ``python -m benchmarks.prediction``."""

from __future__ import annotations

from statistics import median

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.models import make_transformer
from deepsched import Workload, compile_model, simulate
from deepsched.measure import find_example, measure_closed_loop

EXAMPLES = ("light_squeezenet", "light_shufflenet", "light_resnet50", "light_densenet121")
ROUNDS, SECONDS = 3, 3.0


def compare(model: str | bytes) -> tuple[float, float]:
    """Give the throughput of two streams as predicted, and as measured, in items/s: medians of interleaved rounds."""
    predicted, measured = [], []
    for _ in range(ROUNDS):
        predicted.append(simulate("this", Workload.measure(model, seconds=SECONDS), 2).throughput.value)
        with compile_model(model, num_streams=2) as engine:
            measured.append(measure_closed_loop(engine, 2, SECONDS).throughput)
    return median(predicted), median(measured)


def main() -> None:
    """Compare, and print the table."""
    console = Console()
    models = {name: find_example(name) for name in EXAMPLES} | {"transformer": make_transformer()}
    table = Table("model", "predicted, items/s", "measured, items/s", "error", title="num_streams=2 from one stream")
    errors = []
    for name, model in track(models.items(), "calibrating and measuring", console=console, transient=True):
        predicted, measured = compare(model)
        errors.append(predicted / measured - 1)
        table.add_row(name, f"{predicted:.1f}", f"{measured:.1f}", f"{errors[-1]:+.1%}")
    console.print(table)
    console.print(f"median error without its sign: {median(map(abs, errors)):.1%}")


if __name__ == "__main__":
    main()
