"""Running requests. A request's way: checks, a free stream, its pinned session, the stream given back, one record."""

from __future__ import annotations

from deepsched.engine.compile import MultiModelEngine, compile_model
from deepsched.engine.context import Context
from deepsched.engine.engine import Engine
from deepsched.engine.placement import ThreadPlacement
from deepsched.engine.signature import Signature, ValueSpec

__all__ = [
    "Context",
    "Engine",
    "MultiModelEngine",
    "Signature",
    "ThreadPlacement",
    "ValueSpec",
    "compile_model",
]
