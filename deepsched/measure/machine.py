"""What a measurement ran on: the machine, what of it this process may use, and the versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from deepsched.topology import Topology

_PACKAGES = ("deepsched", "onnxruntime", "onnx", "numpy", "openvino")


def describe_machine(topology: Topology) -> dict[str, Any]:
    """Give the machine as plain data: what ``deepsched topology --json`` prints, its processor, memory and load.

    ``load_1min`` is the system's average number of running threads: above a few hundredths before a
    measurement, something else is at work.
    """
    return {
        **topology.to_dict(),
        "processor": _read_processor(),
        "architecture": platform.machine(),
        "kernel": platform.platform(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_1min": psutil.getloadavg()[0],
    }


def list_versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that decide how fast a model runs, as far as installed."""
    return {"python": platform.python_version(), **{name: found for name in _PACKAGES if (found := _find(name))}}


def _find(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _read_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())
