"""Choosing the reader for whatever names a machine."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.catalogue import MACHINES, find_machine
from deepsched.topology.detect import detect_topology
from deepsched.topology.hwloc_xml import read_hwloc_xml
from deepsched.topology.model import Topology
from deepsched.topology.synthetic import parse_synthetic
from deepsched.topology.sysfs import read_sysfs

if TYPE_CHECKING:
    from os import PathLike

_FORMS = (
    "'this' for this machine; a name of the catalogue ("
    + ", ".join(machine.name for machine in MACHINES)
    + "); an .xml file of lstopo's; a folder that holds another Linux machine's sys/; or hwloc's synthetic notation "
    "such as 'pack:2 l3:1 core:8 pu:1'"
)


def load_topology(source: str | PathLike[str] | Topology) -> Topology:
    """Describe the machine that `source` names; see `Topology.load`."""
    if isinstance(source, Topology):
        return source
    if not isinstance(source, str | os.PathLike):
        raise TopologyError(f"a machine cannot be named by {source!r}; expected {_FORMS}.")
    text = os.fsdecode(source)
    if text == "this":
        return detect_topology()
    named = find_machine(text)
    if named is not None:
        return named
    if text.lower().endswith(".xml"):
        return read_hwloc_xml(text)
    if _is_folder(text):
        return read_sysfs(text)
    if text[:1].isdigit() or ":" in text:
        return parse_synthetic(text)
    alike = get_close_matches(text, [machine.name for machine in MACHINES], n=1)
    guess = f"did you mean {alike[0]!r}? E" if alike else "e"
    raise TopologyError(f"{text[:200]!r} names no machine; {guess}xpected {_FORMS}.")


def _is_folder(text: str) -> bool:
    try:
        return bool(text) and Path(text).is_dir()
    except (OSError, ValueError):  # a name too long for a path, or with a zero byte
        return False
