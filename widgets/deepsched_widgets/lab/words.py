"""What the lab says in words: one sentence on what is planned, or on what runs."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from deepsched.render.plans.words import count, name_schedule

if TYPE_CHECKING:
    from deepsched.engine import Engine
    from deepsched.planning import StreamPlan
    from deepsched_widgets.lab.live_run import Sample
    from deepsched_widgets.lab.prediction import Prediction
    from deepsched_widgets.lab.wish import Wish

_TIMES = "\N{MULTIPLICATION SIGN}"
# Kinds of findings as a sentence has room for them; the list below the map says where and what to do.
_FOUND = {
    "socket-straddle": "sockets straddled",
    "numa-straddle": "NUMA nodes straddled",
    "l3-straddle": "L3 caches straddled",
    "l3-shared": "L3 shared",
    "smt-shared": "cores shared",
    "uneven-streams": "streams uneven",
    "mixed-core-kinds": "kinds of cores mixed",
    "exceeds-quota": "quota exceeded",
    "idle-cores": "cores idle",
}
_ELSEWHERE = "This is not the machine that you are on: what runs here is simulated, not measured."


def describe_planned(plan: StreamPlan) -> str:
    """Say what is planned, such as ``3 streams planned on 16 cores. Findings: sockets straddled.``."""
    streams = name_schedule(plan.scheduler.value, plan.num_streams)
    return f"{streams} planned on {count(plan.num_cores, 'core')}. {_name_findings(plan)}"


def describe_ground(wish: Wish) -> str:
    """Say what runs where, such as ``light_squeezenet.onnx on this machine``."""
    if wish.workload is None:
        return f"{wish.model.label} on {wish.topology.source}"
    return f"Simulated: {wish.workload.name} on {wish.topology.source}"


def describe_conditions(wish: Wish) -> str:
    """Say what there is to know before a number is believed: that nothing is measured, that streams will stand idle."""
    said = [] if wish.workload is None else [_ELSEWHERE]
    streams = wish.num_streams if wish.several else 1
    if wish.clients and wish.clients < streams:
        said.append(f"{count(wish.clients, 'client')} can keep at most {wish.clients} of {streams} streams busy.")
    return " ".join(said)


def describe_inputs(engine: Engine, wish: Wish) -> str:
    """Say of a model with dynamic dimensions how large the generated inputs are; nothing of a person's own."""
    if wish.model.inputs is not None or not (wish.clients or wish.rate):
        return ""
    shapes = {spec.name: spec.shape or () for spec in engine.signature.inputs}
    sizes = {name: [size if isinstance(size, int) else 1 for size in shape] for name, shape in shapes.items()}
    dynamic = [name for name, shape in shapes.items() if list(shape) != sizes[name]]
    if not dynamic:
        return ""
    listed = ", ".join(f"{name} {_TIMES.join(map(str, sizes[name]))}" for name in dynamic)
    return f"Inputs are generated, dynamic sizes being 1: {listed}. StreamLab(model, inputs=...) takes yours."


def describe_sample(plan: StreamPlan, sample: Sample) -> str:
    """Say what runs, such as ``2 streams, 214 items/s, p50 9.3 ms, p99 12.1 ms. No findings.``."""
    # What has a workload was simulated: a model that runs is one.
    origin = "" if sample.workload is None else "Simulated: "
    # While a wish is being carried out, what runs is not yet what is planned.
    return f"{origin}{describe_rate(sample)} {_name_findings(plan) if sample.is_of(plan) else ''}".strip()


def describe_rate(sample: Sample) -> str:
    """Say ``2 streams, 214 items/s, p50 9.3 ms, p99 12.1 ms.``."""
    snapshot = sample.snapshot
    words = [name_schedule(sample.scheduler, sample.num_streams), _write_rate(snapshot.throughput)]
    if not isnan(snapshot.latency.p50):
        words += [f"p50 {snapshot.latency.p50 * 1000:.1f} ms", f"p99 {snapshot.latency.p99 * 1000:.1f} ms"]
    return f"{', '.join(words)}."


def describe_prediction(prediction: Prediction) -> str:
    """Say what was predicted, and how far that is from what was measured, in per cent of the latter."""
    percent = round(abs(prediction.error) * 100)
    side = "above" if prediction.error > 0 else "below"
    how_far = f"{percent} % {side}" if percent else "within 1 % of"
    rates = _write_rate(prediction.predicted), _write_rate(prediction.measured)
    periods = count(prediction.periods, "period")
    return f"Predicted (simulated): {rates[0]}, {how_far} the measured mean of {periods}, {rates[1]}."


def _name_findings(plan: StreamPlan) -> str:
    kinds = dict.fromkeys(finding.kind for finding in plan.findings)
    return f"Findings: {', '.join(_FOUND.get(kind, kind) for kind in kinds)}." if kinds else "No findings."


def _write_rate(throughput: float) -> str:
    # Beyond a thousand, three digits would print an exponent.
    return f"{throughput:.3g} items/s" if throughput < 1000 else f"{throughput:.0f} items/s"  # noqa: PLR2004
