"""Choosing the reader for whatever names a machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.detect import detect_topology
from deepsched.topology.model import Topology
from deepsched.topology.synthetic import parse_synthetic
from deepsched.topology.sysfs import read_sysfs

if TYPE_CHECKING:
    from os import PathLike

_FORMS = (
    "'this' for this machine, a folder that holds another Linux machine's sys/, or a synthetic description "
    "such as 'pack:2 l3:1 core:8 pu:1'"
)


def load_topology(source: str | PathLike[str] | Topology) -> Topology:
    """Describe the machine that `source` names; see `Topology.load`."""
    if isinstance(source, Topology):
        return source
    if not isinstance(source, str | os.PathLike):
        raise TopologyError(f"a machine cannot be named by {source!r}; expected {_FORMS}.")
    text = os.fspath(source)
    if text == "this":
        return detect_topology()
    try:
        if text and Path(text).is_dir():
            return read_sysfs(text)
    except (OSError, ValueError):  # a name too long for a path, or with a zero byte, is no path
        pass
    if ":" in text:
        return parse_synthetic(text)
    raise TopologyError(f"{text!r} names no machine; expected {_FORMS}.")
