"""As many requests in flight as there are cores: how many are answered a second."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import count_cores, open_by_hand, open_default, open_engine
from benchmarks.jobs import Job, take_turns
from benchmarks.load import drive
from benchmarks.openvino_queue import has_openvino, open_queue
from benchmarks.samples import Sample
from benchmarks.workloads import load_examples, make_mlp_512, make_one_matmul, make_transformer_stack

if TYPE_CHECKING:
    from benchmarks.contenders import Opener
    from benchmarks.jobs import Effort
    from benchmarks.workloads import Workload


def plan_throughput(effort: Effort) -> list[Job]:
    """Run each model under each contender; the four real networks count for the bounds, the others are shown."""
    workloads = (*load_examples(), make_transformer_stack(), make_mlp_512(), make_one_matmul())
    contenders = _list_contenders()
    return [
        Job(f"{workload.name}: {name}", partial(_measure, workload, name, *contenders[name], number, effort))
        for workload in workloads
        for number, name in take_turns(list(contenders), effort.rounds)
    ]


def _list_contenders() -> dict[str, tuple[Opener, int]]:
    """Name each contender, with how many callers drive it."""
    cores = count_cores()
    contenders: dict[str, tuple[Opener, int]] = {
        "default session": (open_default, cores),
        "by hand": (open_by_hand, cores),
        "deepsched": (partial(open_engine, num_streams=cores), cores),
    }
    if has_openvino():
        contenders["OpenVINO f32"] = (partial(open_queue, precision="f32"), 1)
        contenders["OpenVINO"] = (open_queue, 1)
    return contenders


def _measure(
    workload: Workload, name: str, open_contender: Opener, callers: int, number: int, effort: Effort
) -> list[Sample]:
    with open_contender(workload) as connect:
        load = drive(connect, callers, effort.seconds, effort.warm_up)
    return [Sample("throughput", "requests/s", workload.name, name, number, load.throughput())]
