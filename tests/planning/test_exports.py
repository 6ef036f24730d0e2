"""A plan handed to the program that will run it: run here where that program is, else read back as it would."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import parser, save

from deepsched import Topology, plan_streams
from deepsched.errors import PlanError
from deepsched.planning.exports import EXPORT_KINDS
from deepsched.topology import parse_cpu_list
from tests.planning.exported import (
    GOLDEN,
    PLANS,
    compile_with_openvino,
    each_plan,
    parse_config,
    plan_on,
    read_comment,
    read_lines,
    read_onnxruntime_cpus,
    read_pod,
    read_policies,
)
from tests.planning.machines import machines

if TYPE_CHECKING:
    from pathlib import Path

    from deepsched import StreamPlan
    from deepsched.planning.plan import PlannedStream
    from tests.planning.machines import Machine

PRINT_AFFINITY = "import os; print(sorted(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'])"


@each_plan
@pytest.mark.parametrize("kind", EXPORT_KINDS)
def test_an_export_says_first_what_it_is(plan: StreamPlan, kind: str) -> None:
    text = plan.export(kind)
    streams = "stream" if plan.num_streams == 1 else "streams"
    assert read_comment(text).startswith(f"{plan.num_streams} {streams} on {plan.topology.source}: ")
    assert text.endswith("\n")
    assert not [line for line in text.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("kind", ["podman", "Taskset", "", None, 3, ["taskset"]])
def test_an_unknown_kind_is_a_typed_error(kind: Any) -> None:
    with pytest.raises(PlanError) as caught:
        PLANS["golden"].export(kind)
    listed = "taskset, numactl, onnxruntime, openvino, triton, kubernetes"
    assert str(caught.value) == f"export kind {kind!r}; expected one of {listed}."


def test_the_docstring_lists_the_kinds() -> None:
    documented = re.findall(r'``"(\w+)"``', type(PLANS["golden"]).export.__doc__ or "")
    assert documented == list(EXPORT_KINDS)


@pytest.mark.parametrize("kind", EXPORT_KINDS)
@pytest.mark.parametrize("end", ["\n", "\r", "\0", "\x0b", "\x0c", "\x1b", "\x85", "\u2028", "\ufeff", "\udc80"])
def test_no_source_ends_a_comment(kind: str, end: str) -> None:
    plan = PLANS["straddling and uneven"]
    odd = replace(plan, topology=replace(plan.topology, source=f"a{end}touch /tmp/b{end}'\"}}{{"))
    assert read_lines(odd.export(kind)) == read_lines(plan.export(kind))
    assert odd.export(kind).isascii()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(machines(max_cores=64), st.integers(1, 70), st.integers(1, 2))
def test_every_export_of_every_plan_is_well_formed(machine: Machine, num_streams: int, threads_per_core: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = plan_streams(machine.build(), num_streams, threads_per_core=threads_per_core)
    cpus = [sorted(stream.cpus) for stream in plan.streams]
    assert [sorted(parse_cpu_list(line.split()[-2])) for line in read_lines(plan.export("taskset"))] == cpus
    assert [cores for _, cores, _ in read_policies(plan.export("triton"))] == cpus
    assert len(parse_config(plan.export("triton")).instance_group) == plan.num_streams
    assert [sorted(listed) for listed in read_onnxruntime_cpus(plan.export("onnxruntime"))] == cpus
    assert compile_with_openvino(plan.export("openvino"))["NUM_STREAMS"] == plan.num_streams
    assert sum(read_pod(pod)[0] for pod in yaml.safe_load_all(plan.export("kubernetes"))) <= len(plan.topology.threads)


# taskset and numactl


def split_command(line: str) -> tuple[dict[str, str], list[str]]:
    """Split a command line as a shell does: assignments, then words."""
    words = shlex.split(line)
    assignments = dict(word.split("=", 1) for word in words[:2])
    return assignments, words[2:]


def assert_threads(assignments: dict[str, str], stream: PlannedStream) -> None:
    count = str(len(stream.cpus))
    assert assignments == {"OMP_NUM_THREADS": count, "ORT_INTRA_OP_NUM_THREADS": count}


def run_command(line: str, tool: str, package: str) -> subprocess.CompletedProcess[str]:
    """Run an exported line with a program that prints where it may run in the place of COMMAND."""
    assert shutil.which(tool), f"{tool} is not installed; on Debian: apt-get install {package}"
    command = line.replace("COMMAND", shlex.join([sys.executable, "-c", PRINT_AFFINITY]))
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)


def plans_of_this_machine() -> list[StreamPlan]:
    """Plan this machine as one stream, as streams of two cores, and of one."""
    topology = Topology.detect()
    cores = len(topology.usable_cores)
    return [plan_streams(topology, num_streams, num_cores=cores) for num_streams in {1, max(1, cores // 2), cores}]


@each_plan
def test_taskset_gets_a_line_a_stream(plan: StreamPlan) -> None:
    for line, stream in zip(read_lines(plan.export("taskset")), plan.streams, strict=True):
        assignments, (tool, option, cpus, command) = split_command(line)
        assert (tool, option, command) == ("taskset", "--cpu-list", "COMMAND")
        assert parse_cpu_list(cpus) == set(stream.cpus)
        assert_threads(assignments, stream)


def test_taskset_runs_a_program_on_the_streams_cpus() -> None:
    for plan in plans_of_this_machine():
        for line, stream in zip(read_lines(plan.export("taskset")), plan.streams, strict=True):
            done = run_command(line, "taskset", "util-linux")
            assert (done.returncode, done.stderr) == (0, ""), line
            assert done.stdout == f"{sorted(stream.cpus)} {len(stream.cpus)}\n"


@each_plan
def test_numactl_gets_a_line_a_stream(plan: StreamPlan) -> None:
    for line, stream in zip(read_lines(plan.export("numactl")), plan.streams, strict=True):
        assignments, (tool, cpus, memory, command) = split_command(line)
        assert (tool, command) == ("numactl", "COMMAND")
        assert parse_cpu_list(cpus.removeprefix("--physcpubind=")) == set(stream.cpus)
        option, nodes = memory.split("=")
        assert option == ("--membind" if len(stream.numa_nodes) == 1 else "--interleave")
        assert parse_cpu_list(nodes) == set(stream.numa_nodes)
        assert_threads(assignments, stream)


def test_numactl_is_told_why_memory_is_interleaved() -> None:
    assert "Stream 1 spans NUMA nodes" in read_comment(PLANS["straddling and uneven"].export("numactl"))
    assert "Streams 0-2 span NUMA nodes" in read_comment(PLANS["several nodes and L3s a socket"].export("numactl"))
    assert "interleave" not in PLANS["golden"].export("numactl")


def test_numactl_runs_a_program_on_the_streams_cpus() -> None:
    for plan in plans_of_this_machine():
        text = plan.export("numactl")
        for line, stream in zip(read_lines(text), plan.streams, strict=True):
            done = run_command(line, "numactl", "numactl")
            if "Operation not permitted" in done.stderr:  # in a container: what the comment advises has to work
                assert "leave the memory option out" in read_comment(text)
                done = run_command(re.sub(r"--(membind|interleave)=\S+ ", "", line), "numactl", "numactl")
            assert (done.returncode, done.stderr) == (0, ""), line
            assert done.stdout == f"{sorted(stream.cpus)} {len(stream.cpus)}\n"


def test_numactl_takes_every_option_that_is_exported() -> None:
    # Spanning nodes, and what the comments advise in place of --membind, on the one node that every machine has.
    node = Topology.detect().numa_nodes[0]
    line = read_lines(plans_of_this_machine()[0].export("numactl"))[0]
    for option in (f"--interleave={node}-{node}", f"--preferred={node}"):
        done = run_command(re.sub(r"--membind=\S+", option, line), "numactl", "numactl")
        assert done.returncode == 0 or "Operation not permitted" in done.stderr, done.stderr


# onnxruntime

RECORD_WORKERS = """
import os, onnxruntime
workers = []
class Recorded(onnxruntime.InferenceSession):
    def __init__(self, *args, **options):
        before = set(os.listdir("/proc/self/task"))
        super().__init__(*args, **options)
        workers.append(sorted(set(os.listdir("/proc/self/task")) - before))
onnxruntime.InferenceSession = Recorded
"""

REPORT_PLACES = """
import json, re, threading, numpy
def read_cpus(tid):
    with open(f"/proc/self/task/{tid}/status") as status:
        return re.search(r"Cpus_allowed_list:\\s*(\\S+)", status.read())[1]
inputs = {"x": numpy.ones((64, 64), numpy.float32)}
outputs = [submit(i, inputs) for i in range(len(STREAMS))]
callers = [caller.submit(threading.get_native_id).result() for caller, _ in streams]
print(json.dumps({
    "sums": [float(future.result()[0].sum()) for future in outputs],
    "callers": [read_cpus(tid) for tid in callers],
    "workers": [[read_cpus(tid) for tid in tids] for tids in workers],
    "main": read_cpus(os.getpid()),
}))
"""


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with work for several threads, at a path that has to be quoted."""
    path = tmp_path_factory.mktemp("exports") / 'a "model".onnx'
    text = "squaring (float[64,64] x) => (float[64,64] y) { y = MatMul(x, x) }"
    save(parser.parse_model(f'<ir_version: 9, opset_import: ["": 17]> {text}'), path)
    return path


@each_plan
def test_onnxruntime_gets_the_cpus_of_each_stream(plan: StreamPlan) -> None:
    text = plan.export("onnxruntime")
    compile(text, "pasted", "exec")
    assert [sorted(cpus) for cpus in read_onnxruntime_cpus(text)] == [sorted(s.cpus) for s in plan.streams]


def test_onnxruntime_runs_each_stream_on_its_cpus(model_path: Path) -> None:
    for plan in plans_of_this_machine():
        # GIVEN the code as pasted, with a model's path
        pasted = plan.export("onnxruntime").replace('"model.onnx"', repr(str(model_path)))
        # WHEN it runs, and each stream is given a request
        done = subprocess.run(
            [sys.executable, "-c", RECORD_WORKERS + pasted + REPORT_PLACES],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        # THEN every request is answered, and callers and workers are where the plan has them, and nothing else is
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        cpus = [set(stream.cpus) for stream in plan.streams]
        assert report["sums"] == [64.0**3] * plan.num_streams
        assert [parse_cpu_list(caller) for caller in report["callers"]] == cpus
        assert [len(workers) for workers in report["workers"]] == [len(stream.cpus) - 1 for stream in plan.streams]
        for workers, own in zip(report["workers"], cpus, strict=True):
            assert all(parse_cpu_list(worker) == own for worker in workers)
        assert parse_cpu_list(report["main"]) == set(plan.topology.limits.allowed_cpus)


# OpenVINO


@each_plan
def test_openvino_gets_streams_and_threads(plan: StreamPlan) -> None:
    text = plan.export("openvino")
    properties = compile_with_openvino(text)
    properties.pop("SCHEDULING_CORE_TYPE", None)
    assert properties == {
        "NUM_STREAMS": plan.num_streams,
        "INFERENCE_NUM_THREADS": sum(len(stream.cpus) for stream in plan.streams),
        "ENABLE_CPU_PINNING": True,
        "ENABLE_HYPER_THREADING": plan is PLANS["smt, both threads"],
    }
    assert "OpenVINO takes no list of cores" in read_comment(text)
    (cpus,) = re.findall(r"^#   taskset --cpu-list (\S+) python PROGRAM$", text, re.MULTILINE)
    assert parse_cpu_list(cpus) == {cpu for stream in plan.streams for cpu in stream.cpus}


def test_openvino_is_kept_to_the_kind_of_core_that_is_planned() -> None:
    hybrid = PLANS["hybrid"]
    efficiency = replace(hybrid, streams=hybrid.streams[1:])
    assert compile_with_openvino(PLANS["performance cores"].export("openvino"))["SCHEDULING_CORE_TYPE"] == "PCORE_ONLY"
    assert compile_with_openvino(efficiency.export("openvino"))["SCHEDULING_CORE_TYPE"] == "ECORE_ONLY"
    assert "SCHEDULING_CORE_TYPE" not in hybrid.export("openvino")
    assert "SCHEDULING_CORE_TYPE" not in PLANS["golden"].export("openvino")


def test_openvinos_streams_are_all_alike() -> None:
    says = "5 to 6 threads, but OpenVINO's are all alike: 5 each, which leaves 1 of the 16 cpus idle."
    assert says in read_comment(PLANS["straddling and uneven"].export("openvino"))
    assert "alike" not in PLANS["golden"].export("openvino")


# Triton


@each_plan
def test_triton_gets_an_instance_and_a_policy_a_stream(plan: StreamPlan) -> None:
    text = plan.export("triton")
    config = parse_config(text)
    assert config.backend == "onnxruntime"
    for group, policy, stream in zip(config.instance_group, read_policies(text), plan.streams, strict=True):
        assert group.kind == 2, "KIND_CPU"
        assert group.count == 1
        assert group.name == group.host_policy == policy[0] == f"stream_{stream.index}"
        assert policy[1] == sorted(stream.cpus)
        assert policy[2] == (stream.numa_nodes[0] if len(stream.numa_nodes) == 1 else None)
    assert {key: value.string_value for key, value in config.parameters.items()} == {
        "intra_op_thread_count": str(min(len(stream.cpus) for stream in plan.streams)),
        "inter_op_thread_count": "1",
        "execution_mode": "0",
    }


def test_triton_is_told_what_it_cannot_have() -> None:
    comment = read_comment(PLANS["straddling and uneven"].export("triton"))
    assert "5 to 6 threads, but intra_op_thread_count is one for the whole model" in comment
    assert "Stream 1 spans NUMA nodes, and a policy binds memory to one only" in comment
    golden = read_comment(PLANS["golden"].export("triton"))
    assert "whole model" not in golden
    assert "spans" not in golden


# Kubernetes


@each_plan
def test_kubernetes_gets_a_pod_a_stream(plan: StreamPlan) -> None:
    text = plan.export("kubernetes")
    pods = list(yaml.safe_load_all(text))
    assert [pod["metadata"]["name"] for pod in pods] == [f"stream-{stream.index}" for stream in plan.streams]
    for pod, stream in zip(pods, plan.streams, strict=True):
        cpus, environment = read_pod(pod)
        assert cpus == sum(t.core in stream.cores for t in plan.topology.threads)
        assert_threads(environment, stream)
    assert "the kubelet chooses which" in read_comment(text)
    assert "--cpu-manager-policy=static" in text


@pytest.mark.parametrize(
    ("name", "options", "topology_manager"),
    [
        ("golden", "full-pcpus-only=true", "single-numa-node"),
        ("straddling and uneven", "full-pcpus-only=true", "best-effort"),
        (
            "several nodes and L3s a socket",
            "full-pcpus-only=true,prefer-align-cpus-by-uncorecache=true,align-by-socket=true",
            "best-effort",
        ),
        ("64 streams", "full-pcpus-only=true,prefer-align-cpus-by-uncorecache=true", "single-numa-node"),
    ],
)
def test_the_kubelets_flags_fit_the_plan(name: str, options: str, topology_manager: str) -> None:
    lines = PLANS[name].export("kubernetes").splitlines()
    assert f"#   --cpu-manager-policy-options={options}" in lines
    assert f"#   --topology-manager-policy={topology_manager}" in lines


def test_kubernetes_is_told_that_the_node_keeps_a_cpu() -> None:
    says = "The plan has all 16 cpus, but a kubelet keeps one at least for the system"
    assert says in read_comment(PLANS["golden"].export("kubernetes"))
    assert "keeps one" not in plan_on(GOLDEN, num_cores=12).export("kubernetes")


def test_streams_that_share_a_core_ask_for_their_own_hardware_threads_of_it() -> None:
    # GIVEN a core whose two hardware threads belong to two streams, as an explicit layout can have it
    plan = plan_on("core:1 pu:2")
    first = replace(plan.streams[0], cpus=(0,))
    shared = replace(plan, streams=(first, replace(first, index=1, cpus=(1,))))
    # WHEN it is exported
    pods = list(yaml.safe_load_all(shared.export("kubernetes")))
    # THEN the Pods together ask for no more than there is
    assert [read_pod(pod)[0] for pod in pods] == [1, 1]
