"""The text that a person takes away does what the lab showed."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deepsched import Topology, compile_model
from deepsched.errors import OptionError
from deepsched.measure import find_example
from deepsched.simulation import WORKLOADS
from deepsched_widgets.lab.code import check_code_kind, list_code_kinds, write_code
from deepsched_widgets.lab.first_wish import make_first_wish
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.wish import Wish

GOLDEN = "pack:2 l3:1 core:8 pu:1"
KINDS = [kind for kind, _ in list_code_kinds()]
HERE = Topology.detect()


def make(model=None, topology: str | Topology = GOLDEN, scheduler: str = "multi_stream", num_streams: int = 3, **more):
    machine = Topology.load(topology)
    workload = None if machine.threads == HERE.threads else WORKLOADS[0]
    return Wish(choose_model(model), machine, scheduler, num_streams, workload=workload, **more)


def run(text: str, **names):
    """Run a text; give the engine that it opened."""
    space = dict(names)
    exec(compile(text, "<copied>", "exec"), space)
    return space["engine"]


class TestPython:
    @pytest.mark.parametrize("scheduler", ["multi_stream", "single_stream"])
    def test_it_opens_what_the_lab_ran(self, scheduler):
        wish = make(topology=HERE, scheduler=scheduler, num_streams=1)
        with run(write_code(wish, "python")) as engine:
            assert engine.plan.streams == wish.plan().streams
            assert engine.scheduler == wish.scheduler

    def test_it_opens_a_file_of_ones_own(self, tmp_path):
        path = tmp_path / 'it\'s "mine" \\ here.onnx'
        path.write_bytes(Path(find_example("light_squeezenet")).read_bytes())
        with run(write_code(make(path, HERE, num_streams=1), "python")) as engine:
            assert engine.model_path == str(path)

    def test_what_lies_in_no_file_is_the_persons_variable(self):
        content = Path(find_example("light_squeezenet")).read_bytes()
        with run(write_code(make(content, HERE, num_streams=1), "python"), model=content) as engine:
            assert engine.num_streams == 1

    def test_an_engine_of_ones_own_is_written_with_its_cores(self):
        given = {"num_streams": None, "scheduler": None, "threads_per_core": 1, "clients": None, "rate": None}
        with compile_model(find_example("light_squeezenet"), num_cores=1) as engine:
            wish = make_first_wish(engine, None, WORKLOADS[0], HERE, predict=False, **given)
            with run(write_code(wish, "python")) as copy:
                assert copy.plan.streams == engine.plan.streams

    def test_hardware_threads_are_written_where_they_are_not_the_default(self):
        smt = "pack:1 core:4 pu:2"
        assert "threads_per_core" not in write_code(make(topology=smt, num_streams=2), "python")
        assert "threads_per_core=2" in write_code(make(topology=smt, num_streams=2, threads_per_core=2), "python")

    def test_for_another_machine_it_says_so(self):
        start = f"# Planned for {GOLDEN}: run it there. What the lab showed was simulated"
        assert write_code(make(), "python").startswith(start)
        assert not write_code(make(topology=HERE, num_streams=1), "python").startswith("#")

    @pytest.mark.parametrize("space", ["\n", " \n\n "])
    def test_nothing_that_was_typed_ends_the_comment(self, space):
        text = write_code(make(topology=GOLDEN.replace(" ", space, 1)), "python")
        assert [type(node).__name__ for node in ast.parse(text).body] == ["ImportFrom", "ImportFrom", "Assign"]


class TestExports:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("scheduler", ["multi_stream", "single_stream"])
    def test_each_kind_is_written_again_alike(self, kind, scheduler):
        wish = make(scheduler=scheduler)
        text = write_code(wish, kind)
        assert text.strip()
        assert text == write_code(make(scheduler=scheduler), kind)

    @pytest.mark.parametrize("kind", ["python", "onnxruntime", "openvino"])
    def test_python_is_python(self, kind):
        ast.parse(write_code(make(), kind))

    @pytest.mark.parametrize("kind", ["taskset", "numactl"])
    def test_shell_is_shell(self, kind):
        subprocess.run(["bash", "-n"], input=write_code(make(), kind), text=True, check=True)

    def test_kubernetes_is_yaml(self):
        assert list(yaml.safe_load_all(write_code(make(), "kubernetes")))

    @pytest.mark.parametrize("kind", KINDS)
    def test_nothing_that_was_typed_ends_a_comment(self, kind):
        odd = write_code(make(topology=GOLDEN.replace(" ", "\n", 1)), kind)
        plain = write_code(make(), kind)
        assert len(odd.splitlines()) == len(plain.splitlines())


def test_a_folded_panel_costs_nothing():
    assert write_code(make(), "") == ""


@given(st.text(max_size=12))
def test_other_kinds_are_refused(kind):
    if kind in ("", *KINDS):
        assert check_code_kind(kind) == kind
    else:
        with pytest.raises(OptionError, match="expected one of python"):
            check_code_kind(kind)


def test_each_kind_has_a_label_and_they_travel():
    kinds = json.loads(json.dumps(list_code_kinds()))
    assert kinds[0][0] == "python"
    assert all(label for _, label in kinds)
