"""Pods for Kubernetes' static CPU manager: a Pod a stream, each with cpus of its own.

See Kubernetes' documentation, "Node Resource Managers" and "Control Topology Management Policies on a Node".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from deepsched.planning.exports.comments import find_spanning, name_plan, name_spanning, write_comment
from deepsched.planning.exports.threads import THREADS_ADVICE, thread_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.planning.plan import PlannedStream, StreamPlan

_POD = """\
---
apiVersion: v1
kind: Pod
metadata:
  name: stream-{index}
spec:
  containers:
    - name: stream
      image: your-image:latest  # yours
      env:
{env}
      resources:
        requests: {{cpu: {cpus}, memory: 1Gi}}  # memory: what your model needs
        limits: {{cpu: {cpus}, memory: 1Gi}}  # the same
"""


def write_kubernetes(plan: StreamPlan) -> str:
    """Write one Pod a stream."""
    cpus = _count_cpus(plan)
    comments = [write_comment(text) for text in _advise(plan, cpus)]
    comments += [f"#   {flag}" for flag in _choose_flags(plan)]
    return "\n".join(comments) + "\n" + "".join(_write_pod(stream, cpus[stream.index]) for stream in plan.streams)


def _count_cpus(plan: StreamPlan) -> Counter[int | None]:
    """Count all hardware threads of each stream's cores: a sibling left over would go to another Pod."""
    stream_of_cpu = plan.stream_of_cpus()
    stream_of_core = {core: stream.index for stream in plan.streams for core in stream.cores}
    return Counter(stream_of_cpu.get(t.cpu, stream_of_core.get(t.core)) for t in plan.topology.threads)


def _write_pod(stream: PlannedStream, cpus: int) -> str:
    env = "\n".join(f'        - {{name: {name}, value: "{value}"}}' for name, value in thread_variables(stream).items())
    return _POD.format(index=stream.index, env=env, cpus=cpus)


def _advise(plan: StreamPlan, cpus: Counter[int | None]) -> Iterator[str]:
    yield (
        f"{name_plan(plan)}: a Pod a stream, for nodes whose kubelet runs the static CPU manager. Kubernetes takes no "
        f"list of cores: a Pod gets as many cpus of its own as its stream has, and the kubelet chooses which."
    )
    yield (
        "Set image and memory in each Pod. Requests must equal limits and cpu be whole, or the Pod gets no cpus of its "
        f"own. {THREADS_ADVICE}"
    )
    if any(cpus[stream.index] > len(stream.cpus) for stream in plan.streams):
        yield (
            "Kubernetes counts hardware threads as cpus. The Pods ask for all those of their cores, so that no other "
            "Pod runs beside them, and start fewer threads, as planned."
        )
    if sum(cpus[stream.index] for stream in plan.streams) == len(plan.topology.threads):
        yield (
            f"The plan has all {len(plan.topology.threads)} cpus, but a kubelet keeps one at least for the system "
            f"(--reserved-cpus), so these Pods do not fit on one such node. A plan with fewer num_cores does."
        )
    spanning = find_spanning(plan)
    if spanning:
        yield f"{name_spanning(spanning)}: the topology manager's single-numa-node would refuse such a Pod."
    if _crowds_l3s(plan):
        yield "prefer-align-cpus-by-uncorecache keeps a Pod within an L3 where it can, from Kubernetes 1.32 on."
    if _aligns_by_socket(plan):
        yield "align-by-socket is an alpha option, behind the feature gate CPUManagerPolicyAlphaOptions."
    yield "The kubelet's flags:"


def _choose_flags(plan: StreamPlan) -> Iterator[str]:
    options = ["full-pcpus-only=true"]
    if _crowds_l3s(plan):
        options.append("prefer-align-cpus-by-uncorecache=true")
    if _aligns_by_socket(plan):
        options.append("align-by-socket=true")
    yield "--cpu-manager-policy=static"
    yield f"--cpu-manager-policy-options={','.join(options)}"
    # align-by-socket and single-numa-node exclude each other.
    yield f"--topology-manager-policy={'best-effort' if find_spanning(plan) else 'single-numa-node'}"


def _crowds_l3s(plan: StreamPlan) -> bool:
    """Tell whether a NUMA node has several L3s: then single-numa-node alone does not keep a Pod within one."""
    return len(plan.topology.l3_caches) > len(plan.topology.numa_nodes)


def _aligns_by_socket(plan: StreamPlan) -> bool:
    """Tell whether a stream spans NUMA nodes and yet stays in one socket."""
    return any(len(stream.sockets) == 1 for stream in find_spanning(plan))
