"""Imports run one way: topology <- planning <- {engine, simulation} <- measure <- {serving, cli, widgets}.

Read from the source with `ast`, so that what an import would load, or fail to, plays no part.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

# What each part may import of the others. `deepsched` is the public names, for those who stand outside.
GROUND = {"errors", "checks"}
DATA = GROUND | {"topology", "planning", "telemetry"}
MEASURE = DATA | {"engine", "simulation", "measure"}
OUTSIDE = MEASURE | {"render", "deepsched"}
MAY_IMPORT = {
    "errors": set(),
    "checks": {"errors"},
    "topology": GROUND,
    "telemetry": GROUND,
    "planning": GROUND | {"topology"},
    "engine": DATA,
    "simulation": DATA,
    "render": DATA | {"simulation"},
    "measure": MEASURE,
    "serving": OUTSIDE,
    "cli": OUTSIDE | {"serving"},
    "__main__": {"cli"},
    "deepsched_widgets": OUTSIDE,
}

JUPYTER = ("anywidget", "ipykernel", "ipywidgets", "IPython", "jupyter", "notebook", "plotly", "traitlets")
ONNX = ("onnx",)
LIGHT = {"errors", "topology", "planning", "telemetry", "simulation", "render"}


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports: its dotted path, and the functions that the import stands in."""

    name: str
    line: int
    functions: tuple[str, ...]

    @property
    def part(self) -> str | None:
        """The part of this project that is imported; None for everybody else's modules."""
        package, _, rest = self.name.partition(".")
        if package == "deepsched":
            part = rest.partition(".")[0]
            return part if part in MAY_IMPORT else "deepsched"
        return package if package in MAY_IMPORT else None

    @property
    def is_for_display(self) -> bool:
        """Whether it is the picture that a ``_repr_*`` method loads when a notebook asks for one."""
        return self.part == "render" and any(name.startswith("_repr_") for name in self.functions)

    @property
    def is_drawn_with(self) -> bool:
        """Whether it is plotly, loaded by a function of its caller's choice, which says what to install without it."""
        return self.name.startswith("plotly") and bool(self.functions)


def find_imports(node: ast.AST, package: str, functions: tuple[str, ...] = ()) -> Iterator[Import]:
    """Yield the imports under `node`, those for type checkers too; `package` is what a leading dot means."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, functions) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - child.level + 1] if child.level else []
            base = ".".join([*above, *([child.module] if child.module else [])])
            # `from deepsched import render` imports deepsched.render.
            yield from (Import(f"{base}.{alias.name}", child.lineno, functions) for alias in child.names)
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from find_imports(child, package, (*functions, child.name))
        else:
            yield from find_imports(child, package, functions)


@dataclass(frozen=True, slots=True)
class Module:
    """A source file, and the part of the project that it belongs to."""

    path: Path
    part: str

    def imports(self) -> Iterator[Import]:
        package = ".".join(self.path.relative_to(ROOT).parent.parts).removeprefix("widgets.")
        return find_imports(ast.parse(self.path.read_text()), package)

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


def find_modules() -> Iterator[Module]:
    """Yield the modules of both packages, but for deepsched/__init__.py, which gathers from everywhere."""
    for path in sorted((ROOT / "deepsched").rglob("*.py")):
        inside = path.relative_to(ROOT / "deepsched")
        if inside != Path("__init__.py"):
            yield Module(path, inside.parts[0].removesuffix(".py"))
    for path in sorted((ROOT / "widgets/deepsched_widgets").rglob("*.py")):
        yield Module(path, "deepsched_widgets")


def report(rule: str, broken: list[str]) -> str:
    return "\n  ".join([rule, *broken])


def test_every_module_belongs_to_a_known_part() -> None:
    unknown = [module.at(1) for module in find_modules() if module.part not in MAY_IMPORT]
    assert not unknown, report("Say in MAY_IMPORT what these may import:", unknown)


def test_imports_run_one_way() -> None:
    broken = [
        f"{module.at(item.line)} imports {item.name}; {module.part} may import: {', '.join(sorted(allowed)) or '-'}"
        for module in find_modules()
        for allowed in [MAY_IMPORT.get(module.part, set())]
        for item in module.imports()
        if item.part and item.part not in {module.part, *allowed} and not item.is_for_display
    ]
    assert not broken, report("These imports run against DESIGN's direction:", broken)


def test_the_engine_knows_no_jupyter() -> None:
    broken = [
        f"{module.at(item.line)} imports {item.name}"
        for module in [*find_modules(), Module(ROOT / "deepsched/__init__.py", "deepsched")]
        if module.part != "deepsched_widgets"
        for item in module.imports()
        if item.name.startswith(JUPYTER) and not (module.part == "render" and item.is_drawn_with)
    ]
    assert not broken, report("deepsched must work where Jupyter is not installed:", broken)


def test_the_light_parts_know_no_onnx() -> None:
    broken = [
        f"{module.at(item.line)} imports {item.name}"
        for module in find_modules()
        if module.part in LIGHT
        for item in module.imports()
        if item.name.startswith(ONNX)
    ]
    assert not broken, report("These parts must load in a second anywhere:", broken)


def test_the_light_parts_load_nothing_heavy() -> None:
    parts = sorted({module.part for module in find_modules()} & LIGHT)
    code = (
        "import importlib, sys\n"
        "from deepsched import Topology, plan_streams\n"
        f"for part in {parts}: importlib.import_module('deepsched.' + part)\n"
        f"print(*sorted({{name.partition('.')[0] for name in sys.modules if name.startswith({JUPYTER + ONNX})}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stdout.strip(), f"Importing {', '.join(parts)} also loads: {done.stdout}"


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("import deepsched.render.plans.svg", "render"),
        ("from deepsched.render import draw_plan", "render"),
        ("from deepsched import render", "render"),
        ("from deepsched import Topology", "deepsched"),
        ("from ..render import draw_plan", "render"),
        ("from .. import render", "render"),
        ("from .plan import StreamPlan", "planning"),
        ("if TYPE_CHECKING:\n    from deepsched.render import draw_plan", "render"),
        ("def draw():\n    from deepsched.render import draw_plan", "render"),
        ("import numpy", None),
    ],
)
def test_an_import_is_seen_wherever_it_stands(code: str, part: str | None) -> None:
    (item,) = find_imports(ast.parse(code), "deepsched.planning")
    assert item.part == part
    assert not item.is_for_display


def test_only_a_display_method_may_load_a_picture() -> None:
    code = "class Plan:\n  def _repr_svg_(self):\n    from deepsched.render import draw_plan"
    (item,) = find_imports(ast.parse(code), "deepsched.planning")
    assert item.is_for_display
