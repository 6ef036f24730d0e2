"""Prepared models: optimised once, kept in the user's cache with packed weights, mapped by every stream and process."""

from __future__ import annotations

from deepsched.engine.prepared.fingerprint import fingerprint_model
from deepsched.engine.prepared.obstacle import NotPreparedError
from deepsched.engine.prepared.prepare import prepare_model

__all__ = ["NotPreparedError", "fingerprint_model", "prepare_model"]
