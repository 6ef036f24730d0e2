"""What was measured on: without it a figure says nothing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deepsched import Topology

_PACKAGES = ("deepsched", "onnxruntime", "openvino", "onnx", "numpy")
_BUSY = 0.1


def describe_machine() -> dict[str, Any]:
    """Describe processor, topology, limits, versions, and how busy others keep the machine right now."""
    topology = {key: value for key, value in Topology.detect().to_dict().items() if key != "threads"}
    return {
        "processor": _read_processor(),
        "system": platform.platform(),
        "topology": topology,
        "load_average": os.getloadavg()[0],
        "versions": {"python": platform.python_version(), **_list_versions()},
    }


def word_machine(machine: dict[str, Any]) -> str:
    """Say it in a line."""
    topology, versions = machine["topology"], machine["versions"]
    runtimes = ", ".join(
        f"{name} {versions[name]}" for name in ("onnxruntime", "openvino", "python") if name in versions
    )
    return f"{machine['processor']}, {topology['cores']} cores, {runtimes}"


def is_busy(machine: dict[str, Any]) -> bool:
    """Say whether others used so much of the machine that figures will be off."""
    return bool(machine["load_average"] > _BUSY * machine["topology"]["cores"])


def _read_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _list_versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
