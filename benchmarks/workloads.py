"""What is run: each model with one request's inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.models import make_mlp, make_transformer
from deepsched.measure import find_example, make_example_input

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ("squeezenet", "shufflenet", "resnet50", "densenet121")
WIDE_WEIGHT_BYTES = 8 * 2048 * 2048 * 4


@dataclass(frozen=True, slots=True)
class Workload:
    """A model, as a path or bytes, and the array that is its one input."""

    name: str
    model: str | bytes
    array: np.ndarray[Any, Any]


@cache
def load_examples() -> tuple[Workload, ...]:
    """Give the four real networks that come with the onnx package."""
    return tuple(Workload(name, find_example(f"light_{name}"), make_example_input()) for name in EXAMPLES)


@cache
def make_one_matmul() -> Workload:
    """Make a model of one 8 x 8 MatMul: what a request takes beside it is the scheduler's."""
    return Workload("one MatMul", make_mlp(8, 1), _draw(1, 8))


@cache
def make_mlp_512() -> Workload:
    """Make four layers, 512 wide: so short that callers meet at the queue all the time."""
    return Workload("mlp 512", make_mlp(512, 4), _draw(1, 512))


@cache
def make_transformer_stack() -> Workload:
    """Make four encoder layers of width 256 over 64 tokens."""
    return Workload("transformer", make_transformer(), _draw(1, 64, 256))


def write_wide_mlp(folder: Path) -> Workload:
    """Write eight layers, 2048 wide, into `folder`: a model that is all weights, `WIDE_WEIGHT_BYTES` of them."""
    path = folder / "mlp_2048.onnx"
    if not path.exists():
        path.write_bytes(make_mlp(2048, 8))
    return Workload("mlp 2048", str(path), _draw(1, 2048))


def _draw(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
