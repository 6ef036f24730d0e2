"""Plans to export, and readers that take an export as its program would."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from deepsched import Topology, plan_streams
from deepsched.topology import restrict_topology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched import StreamPlan

GOLDEN = "pack:2 [numa] l3:1 core:8 pu:1"


def plan_on(text: str, num_streams: int | None = None, **options: Any) -> StreamPlan:
    return plan_streams(Topology.from_synthetic(text), num_streams, **options)


def plan_hybrid(num_cores: int) -> StreamPlan:
    """Plan a laptop with 4 performance cores of 2 hardware threads and 8 efficiency cores of 1."""
    topology = Topology.from_synthetic("pack:1 l3:1 core:12 pu:2")
    threads = tuple(
        replace(t, kind="performance" if t.core < 4 else "efficiency")
        for t in topology.threads
        if t.core < 4 or t.smt == 0
    )
    return plan_streams(replace(topology, threads=threads), 2, num_cores=num_cores)


PLANS = {
    "golden": plan_on(GOLDEN),
    "straddling and uneven": plan_on(GOLDEN, 3),
    "single_stream": plan_on(GOLDEN, scheduler="single_stream"),
    "smt, one thread a core": plan_on("pack:2 [numa] l3:1 core:8 pu:2", 3),
    "smt, both threads": plan_on("pack:2 [numa] l3:1 core:8 pu:2", 3, threads_per_core=2),
    "several nodes and L3s a socket": plan_on("pack:2 numa:2 l3:2 core:4 pu:2", 3),
    "no L3": plan_on("pack:2 [numa] core:4 pu:1", 4),
    "sparse": plan_streams(restrict_topology(Topology.from_synthetic(GOLDEN), {1, 2, 3, 7, 8, 12}), 4),
    "64 streams": plan_on("pack:2 [numa] l3:16 core:8 pu:2", 64),
    "one core": plan_on("core:1 pu:1"),
    "hybrid": plan_hybrid(12),
    "performance cores": plan_hybrid(4),
}
each_plan = pytest.mark.parametrize("plan", [pytest.param(plan, id=name) for name, plan in PLANS.items()])


def read_lines(text: str) -> list[str]:
    """Give the lines that are no comments."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def read_comment(text: str) -> str:
    """Give the comments as one paragraph."""
    return " ".join(line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#"))


def read_onnxruntime_cpus(text: str) -> list[list[int]]:
    """Evaluate the list of the streams' cpus alone."""
    scope: dict[str, Any] = {}
    exec(text[text.index("STREAMS = [") : text.index("]\n\n")] + "]", scope)
    return scope["STREAMS"]


def compile_with_openvino(text: str) -> dict[str, Any]:
    """Run the code against a stand-in for OpenVINO that gives back the properties."""
    calls: list[tuple[str, str, dict[str, Any]]] = []
    core = SimpleNamespace(compile_model=lambda *arguments: calls.append(arguments))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "openvino", SimpleNamespace(Core=lambda: core))
        exec(text, {})
    ((model, device, properties),) = calls
    assert (model, device) == ("model.onnx", "CPU")
    return properties


def make_model_config() -> type[Any]:
    """Make that part of Triton's model_config.proto which an export uses."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="model_config.proto", package="inference", syntax="proto3")
    group = file.message_type.add(name="ModelInstanceGroup")
    kinds = group.enum_type.add(name="Kind")
    for number, name in enumerate(("KIND_AUTO", "KIND_GPU", "KIND_CPU", "KIND_MODEL")):
        kinds.value.add(name=name, number=number)
    group.field.add(name="name", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    group.field.add(name="count", number=2, type=field.TYPE_INT32, label=field.LABEL_OPTIONAL)
    kind = ".inference.ModelInstanceGroup.Kind"
    group.field.add(name="kind", number=4, type=field.TYPE_ENUM, type_name=kind, label=field.LABEL_OPTIONAL)
    group.field.add(name="host_policy", number=9, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    parameter = file.message_type.add(name="ModelParameter")
    parameter.field.add(name="string_value", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    config = file.message_type.add(name="ModelConfig")
    entry = config.nested_type.add(name="ParametersEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    value = ".inference.ModelParameter"
    entry.field.add(name="value", number=2, type=field.TYPE_MESSAGE, type_name=value, label=field.LABEL_OPTIONAL)
    groups = ".inference.ModelInstanceGroup"
    config.field.add(
        name="instance_group", number=7, type=field.TYPE_MESSAGE, type_name=groups, label=field.LABEL_REPEATED
    )
    entries = ".inference.ModelConfig.ParametersEntry"
    config.field.add(
        name="parameters", number=14, type=field.TYPE_MESSAGE, type_name=entries, label=field.LABEL_REPEATED
    )
    config.field.add(name="backend", number=17, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("inference.ModelConfig"))


MODEL_CONFIG = make_model_config()


def parse_config(text: str) -> Any:
    return text_format.Parse(text, MODEL_CONFIG())


def read_policies(text: str) -> list[tuple[str, list[int], int | None]]:
    """Read the flags as Triton does: a policy's name, its cpus, written as ranges alone, and its one NUMA node."""
    command = text[text.index("# tritonserver") : text.index("\nbackend")]
    words = shlex.split(re.sub(r"^# ", "", command, flags=re.MULTILINE).replace("\\\n", ""))
    assert words[:2] == ["tritonserver", "--model-repository=REPOSITORY"]
    policies: dict[str, dict[str, str]] = {}
    for word in words[2:]:
        name, setting, value = re.fullmatch(r"--host-policy=([^,]+),([^=]+)=(.+)", word).groups()
        policies.setdefault(name, {})[setting] = value
    return [
        (name, list(read_ranges(settings.pop("cpu-cores"))), int(settings["numa-node"]) if settings else None)
        for name, settings in policies.items()
    ]


def read_ranges(text: str) -> Iterable[int]:
    for part in text.split(","):
        low, high = re.fullmatch(r"(\d+)-(\d+)", part).groups()
        yield from range(int(low), int(high) + 1)


def read_pod(pod: dict[str, Any]) -> tuple[int, dict[str, str]]:
    """Check that a Pod's class is Guaranteed with whole cpus, and give these and the environment."""
    assert (pod["apiVersion"], pod["kind"]) == ("v1", "Pod")
    (container,) = pod["spec"]["containers"]
    requests, limits = container["resources"]["requests"], container["resources"]["limits"]
    assert requests == limits
    assert set(requests) == {"cpu", "memory"}
    assert isinstance(requests["cpu"], int)
    assert re.fullmatch(r"\d+Gi", requests["memory"])
    assert re.fullmatch(r"[a-z0-9./-]+:[a-z0-9.]+", container["image"])
    # A value that is no string is refused by the API server.
    assert all(isinstance(variable["value"], str) for variable in container["env"])
    return requests["cpu"], {variable["name"]: variable["value"] for variable in container["env"]}
