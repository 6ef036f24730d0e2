"""``deepsched topology``, whose JSON others are written against."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from deepsched import Topology

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = "pack:2 l3:1 core:1 pu:2"


def test_the_json_to_the_letter(spawn: Callable) -> None:
    expected = {
        "source": SMALL,
        "sockets": 2,
        "numa_nodes": 1,
        "l3_caches": 2,
        "cores": 2,
        "hardware_threads": 4,
        "limits": {"allowed_cpus": [0, 1, 2, 3], "quota_cpus": None},
        "threads": [
            {"cpu": 0, "core": 0, "socket": 0, "numa_node": 0, "l3": 0, "smt": 0, "kind": None, "allowed": True},
            {"cpu": 1, "core": 0, "socket": 0, "numa_node": 0, "l3": 0, "smt": 1, "kind": None, "allowed": True},
            {"cpu": 2, "core": 1, "socket": 1, "numa_node": 0, "l3": 1, "smt": 0, "kind": None, "allowed": True},
            {"cpu": 3, "core": 1, "socket": 1, "numa_node": 0, "l3": 1, "smt": 1, "kind": None, "allowed": True},
        ],
    }
    said = spawn("topology", "--topology", SMALL, "--json")
    assert said.out == json.dumps(expected) + "\n"
    assert (said.status, said.err) == (0, "")


def test_this_machine_is_shown_unless_told_otherwise(call: Callable) -> None:
    data = json.loads(call("topology", "--json").out)
    assert data == Topology.detect().to_dict()
    assert set(data["limits"]["allowed_cpus"]) == os.sched_getaffinity(0)


def test_people_read_a_table(call: Callable) -> None:
    said = call("topology", "--topology", SMALL)
    assert "0 0 0 1 0-1 0-1 1 0 1 1 2-3 2-3" in " ".join(said.out.split())
    assert (said.status, said.err) == (0, "")


def test_the_table_names_the_machine_as_it_was_given(call: Callable) -> None:
    said = call("topology", "--topology", "pack:2 [numa] l3:1 core:8 pu:1")
    assert said.out.splitlines()[0].strip() == "pack:2 [numa] l3:1 core:8 pu:1"
