"""``deepsched tune``: which scheduler and num_streams to use for a model, why, and how sure that is."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from deepsched.cli.output import JsonOption, TopologyOption, print_on_stderr, print_result, warnings_on_stderr
from deepsched.errors import OptionError

_INTERRUPTED = 130  # as shells have it: 128 and the signal's number


def print_tuning(
    model: Annotated[str, typer.Argument(help="An .onnx file, or an example's name such as light_squeezenet.")],
    objective: Annotated[str, typer.Option(help="throughput or latency.")] = "throughput",
    latency_p99_ms: Annotated[
        float | None, typer.Option(help="What the latency's p99 may be at most, in milliseconds.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Requests a second, which come whether or not others are answered.")
    ] = None,
    clients: Annotated[
        int | None, typer.Option(help="Callers, each with one request at a time; by default as many as streams.")
    ] = None,
    batch_sizes: Annotated[
        str, typer.Option(metavar="LIST", help="Batch sizes to try, such as 1,4,16; by default the model's.")
    ] = "",
    num_cores: Annotated[int | None, typer.Option(help="Use the first so many.")] = None,
    pinning: Annotated[str, typer.Option(help="core, numa, socket or none.")] = "core",
    inputs: Annotated[
        str | None, typer.Option(metavar="FILE", help="Inputs, .npz or .npy; by default they are generated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For generated inputs and arrivals.")] = 0,
    budget: Annotated[float, typer.Option(help="How long it may take, in seconds.")] = 75.0,
    resume: Annotated[
        str | None, typer.Option(metavar="FILE", help="Go on from what an earlier tuning wrote with --export.")
    ] = None,
    export: Annotated[
        str | None, typer.Option("--export", "-x", metavar="FILE", help="Write the JSON to a file, to be resumed.")
    ] = None,
    predict: Annotated[
        bool, typer.Option("--predict", help="Calibrate the simulation too, and show what it says of each setting.")
    ] = False,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the pictures as one HTML page that needs no network.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    topology: TopologyOption = "this",
    json: JsonOption = False,
) -> None:
    """Find the best setting for a model on this machine: what to use, why, how sure, and the code to paste."""
    # Here, because what runs models is slow to load, and the other verbs do without.
    from rich.console import Group  # noqa: PLC0415

    from deepsched import Workload  # noqa: PLC0415
    from deepsched.cli.tune_table import (  # noqa: PLC0415
        show_predictions,
        show_tuning,
        watch_in_terminal,
        write_pastes,
    )
    from deepsched.measure import find_example, list_examples  # noqa: PLC0415
    from deepsched.measure.tuning import predict_settings, tune  # noqa: PLC0415

    if report is not None:
        _check_report(report)
    found = find_example(model) if model in list_examples() else model
    with warnings_on_stderr():
        result = tune(
            found,
            objective,
            latency_p99_ms,
            rate,
            clients=clients,
            batch_sizes=_read_sizes(batch_sizes),
            num_cores=num_cores,
            pinning=pinning,
            topology=topology,
            inputs=inputs,
            seed=seed,
            budget=budget,
            resume=resume,
            export_path=export,
            progress=False if quiet else watch_in_terminal,
        )
    predictions = predict_settings(result, Workload.measure(found)) if predict and not result.interrupted else ()
    shown = Group(show_tuning(result), show_predictions(predictions)) if predictions else show_tuning(result)
    told = {"predictions": [one.to_dict() for one in predictions]} if predict else {}
    print_result(result.to_dict() | told, shown, as_json=json)
    if not json:
        typer.echo(f"\n{write_pastes(result, export)}")  # not by rich: a line that is broken cannot be pasted
    if report is not None:
        from deepsched.cli.tune_report import write_tune_report  # noqa: PLC0415

        write_tune_report(report, result)
    if result.interrupted:
        print_on_stderr("interrupted:", "bold yellow", f"this is the best after {result.cost:.1f} s.")
        sys.exit(_INTERRUPTED)


def _check_report(path: str) -> None:
    """See before anything is measured that the report can be written after it."""
    from deepsched.measure.benchmark import check_writable  # noqa: PLC0415
    from deepsched.render.figure import read_plotly_script  # noqa: PLC0415

    read_plotly_script("--report")
    check_writable(path)


def _read_sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise OptionError(f"batch_sizes is {text!r}; expected integers, such as 1,4,16.") from None
