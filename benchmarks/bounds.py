"""What must hold: the one table of bounds and aims."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measurements.crowd import CALLERS
from benchmarks.workloads import EXAMPLES


@dataclass(frozen=True, slots=True)
class Row:
    """A quantity of one contender, by itself or as a ratio to another's.

    Parameters
    ----------
    what : str
        What it is, for people.
    measurement, quantity, contender : str
        Which samples it is read from.
    against : str or None
        The contender that it is divided by.
    bound, aim : float or None
        What must hold, and what would be good; a row with neither is only shown.
    at_most : bool
        Whether less is better.
    total : bool
        Whether it counts what must not be: then the sum over all rounds and models is taken.
    models : tuple of str or None
        The models whose geometric mean it is; None takes all that were measured.
    """

    what: str
    measurement: str
    quantity: str
    contender: str
    against: str | None = None
    bound: float | None = None
    aim: float | None = None
    at_most: bool = False
    total: bool = False
    models: tuple[str, ...] | None = None


_OPENED = (*EXAMPLES, "transformer", "mlp 2048")

NOTE = (
    "Medians over interleaved rounds and their ratios; then the lowest and highest round. The default session is "
    "onnxruntime's, shared by all callers; by hand is a pinned session of one thread a core; OpenVINO runs by its "
    "THROUGHPUT hint. Streams are one a core. Throughput is under a caller a core, the geometric mean of "
    f"{', '.join(EXAMPLES)}; {CALLERS} callers send to a 512-wide MLP; memory is the PSS that a further stream, "
    "engine, process with an engine, or onnxruntime session takes, over the 128 MiB of an MLP's weights; "
    "set_num_streams is called on squeezenet under load; opening is the mean of six models."
)

ROWS = (
    Row(
        "outputs that differ in any bit",
        *("equality", "models that differ", "deepsched"),
        bound=0,
        aim=0,
        at_most=True,
        total=True,
        models=(*_OPENED, "mlp 512", "one MatMul"),
    ),
    Row(
        "one MatMul: p50 / session.run",
        *("dispatch", "p50, s", "engine.run", "session.run"),
        bound=1.6,
        aim=1.25,
        at_most=True,
    ),
    Row(
        "the same, one thread each",
        *("dispatch", "p50, s", "engine.run, one stream a core", "session.run, 1 thread"),
        at_most=True,
    ),
    Row("telemetry, us a request", "telemetry", "us a request", "deepsched", bound=1.0, aim=1.0, at_most=True),
    Row(
        f"{CALLERS} callers: throughput / default",
        *("crowd", "requests/s", "deepsched", "default session"),
        bound=0.70,
        aim=0.95,
    ),
    Row(
        f"{CALLERS} callers: p99 / default",
        *("crowd", "p99, s", "deepsched", "default session"),
        bound=0.30,
        aim=0.10,
        at_most=True,
    ),
    Row(
        f"{CALLERS} callers: unluckiest / fair share",
        *("crowd", "unluckiest share", "deepsched"),
        bound=0.25,
        aim=0.8,
    ),
    Row(
        "throughput / default session",
        *("throughput", "requests/s", "deepsched", "default session"),
        bound=1.25,
        aim=1.4,
        models=EXAMPLES,
    ),
    Row(
        "throughput / best by hand",
        *("throughput", "requests/s", "deepsched", "by hand"),
        bound=0.97,
        aim=1.0,
        models=EXAMPLES,
    ),
    Row(
        "throughput / OpenVINO f32",
        *("throughput", "requests/s", "deepsched", "OpenVINO f32"),
        bound=0.95,
        aim=1.1,
        models=EXAMPLES,
    ),
    Row(
        "throughput / OpenVINO",
        *("throughput", "requests/s", "deepsched", "OpenVINO"),
        models=EXAMPLES,
    ),
    Row("memory: stream / weights", "memory", "PSS / weights", "stream", bound=0.15, aim=0.05, at_most=True),
    Row("memory: engine / weights", "memory", "PSS / weights", "engine", bound=0.15, aim=0.05, at_most=True),
    Row(
        "memory: process / weights",
        *("memory", "PSS / weights", "engine in a second process"),
        bound=0.15,
        aim=0.05,
        at_most=True,
    ),
    Row("memory: session / weights", "memory", "PSS / weights", "session", at_most=True),
    Row(
        "opening: stream / session",
        *("opening", "s", "further stream", "session"),
        bound=0.5,
        aim=0.2,
        at_most=True,
        models=_OPENED,
    ),
    Row("opening: engine / session", "opening", "s", "further engine", "session", at_most=True, models=_OPENED),
    Row("set_num_streams, s", "switching", "s", "deepsched", bound=0.5, aim=0.2, at_most=True),
    Row(
        "set_num_streams, errors",
        *("switching", "errors", "deepsched"),
        bound=0,
        aim=0,
        at_most=True,
        total=True,
    ),
)
