"""``deepsched benchmark``: how fast a model runs under load, with DeepSparse's options and our own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from deepsched.cli.output import JsonOption, TopologyOption, print_on_stderr, print_result, warnings_on_stderr
from deepsched.errors import OptionError

if TYPE_CHECKING:
    from deepsched.measure import BenchmarkResult

_INTERRUPTED = 130  # as shells have it: 128 and the signal's number


def print_benchmark(
    model: Annotated[str, typer.Argument(help="An .onnx file, or an example's name such as light_squeezenet.")],
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", "-b", help="Fix the batch; by default the model's, 1 if dynamic.")
    ] = None,
    input_shapes: Annotated[
        str, typer.Option("--input-shapes", "-shapes", "-i", metavar="SHAPES", help="Such as '[1,3,224,224],[1,10]'.")
    ] = "",
    num_cores: Annotated[int | None, typer.Option("--num-cores", "-ncores", help="Use the first so many.")] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", "--scenario", "-s", help="single_stream (sync), multi_stream (async) or elastic."),
    ] = None,
    num_streams: Annotated[int | None, typer.Option("--num-streams", "-nstreams", help="By default one an L3.")] = None,
    pinning: Annotated[
        str, typer.Option("--pinning", "--thread-pinning", "-pin", help="core, numa, socket or none.")
    ] = "core",
    seconds: Annotated[float, typer.Option("--seconds", "--time", "-t", help="How long to measure.")] = 10.0,
    warm_up: Annotated[
        float, typer.Option("--warm-up", "--warmup-time", "-w", help="Seconds under load before that.")
    ] = 2.0,
    clients: Annotated[
        int | None, typer.Option(help="Callers, each with one request at a time; by default as many as streams.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Requests a second, which come whether or not others are answered.")
    ] = None,
    arrivals: Annotated[str, typer.Option(help="How they come: poisson or constant.")] = "poisson",
    repeat: Annotated[int, typer.Option(help="Rounds, each with the model opened anew.")] = 1,
    percentiles: Annotated[
        str, typer.Option(metavar="LIST", help="Percentiles of the latency to show.")
    ] = "50,90,99,99.9",
    engine: Annotated[
        str, typer.Option("--engine", "-e", help="deepsched, or to compare: onnxruntime, openvino.")
    ] = "deepsched",
    inputs: Annotated[
        str | None, typer.Option(metavar="FILE", help="Inputs, .npz or .npy; by default they are generated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For generated inputs and arrivals.")] = 0,
    export_path: Annotated[
        str | None, typer.Option("--export-path", "-x", metavar="FILE", help="Write the JSON to a file too.")
    ] = None,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a report with pictures, as HTML that opens offline.")
    ] = None,
    trace: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the last requests for ui.perfetto.dev (Chrome trace).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    topology: TopologyOption = "this",
    json: JsonOption = False,
) -> None:
    """Measure a model's throughput and latency under load, and say how sure the numbers are."""
    # Here, because what runs models is slow to load, and the other verbs do without.
    from deepsched.cli.benchmark_table import show_benchmark  # noqa: PLC0415
    from deepsched.measure import benchmark_model  # noqa: PLC0415
    from deepsched.measure.progress import show_in_terminal  # noqa: PLC0415

    shown = _read_percentiles(percentiles)
    _check_pictures(report, trace, engine)
    with warnings_on_stderr():
        result = benchmark_model(
            _find_model(model),
            batch_size,
            input_shapes,
            num_cores,
            scheduler,
            seconds,
            warm_up,
            num_streams,
            pinning=pinning,
            topology=topology,
            engine=engine,
            clients=clients,
            rate=rate,
            arrivals=arrivals,
            repeat=repeat,
            percentiles=shown,
            inputs=inputs,
            seed=seed,
            export_path=export_path,
            progress=False if quiet else show_in_terminal,
        )
    print_result(result.to_dict(), show_benchmark(result, shown), as_json=json)
    _write_pictures(result, report, trace)
    if result.interrupted:
        print_on_stderr("interrupted:", "bold yellow", _say_what_there_is(result))
        sys.exit(_INTERRUPTED)


def _check_pictures(report: str | None, trace: str | None, engine: str) -> None:
    """See before anything is measured that what was asked for can be written after it."""
    from deepsched.cli.measured_runs import check_traceable  # noqa: PLC0415
    from deepsched.measure.benchmark import check_writable  # noqa: PLC0415
    from deepsched.render.figure import read_plotly_script  # noqa: PLC0415

    if report is not None:
        read_plotly_script("--report")
        check_writable(report)
    if trace is not None:
        check_traceable(engine)
        check_writable(trace)


def _write_pictures(result: BenchmarkResult, report: str | None, trace: str | None) -> None:
    from deepsched.cli.measured_runs import write_benchmark_report, write_benchmark_trace  # noqa: PLC0415

    if report is not None:
        write_benchmark_report(report, result)
    if trace is not None:
        write_benchmark_trace(trace, result)


def _say_what_there_is(result: BenchmarkResult) -> str:
    rounds = f" in {result.statistics.rounds} of {result.repeat} rounds" if result.repeat > 1 else ""
    return f"this is what was measured in {result.statistics.seconds:.1f} s{rounds}."


def _find_model(name: str) -> str:
    from deepsched.measure import find_example, list_examples  # noqa: PLC0415

    return find_example(name) if name in list_examples() else name


def _read_percentiles(text: str) -> list[float]:
    try:
        return [float(part) for part in text.replace("%", "").split(",") if part.strip()]
    except ValueError:
        raise OptionError(f"percentiles is {text!r}; expected numbers from 0 to 100, such as 50,90,99.") from None
