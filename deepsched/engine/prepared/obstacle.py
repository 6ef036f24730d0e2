"""Why a model is not prepared. Nobody but the engine sees it: it opens the model as it is, and logs the reason."""

from __future__ import annotations


class NotPreparedError(Exception):
    """There is no cache, no room, a builder that takes too long, or a model that onnxruntime cannot write down."""
