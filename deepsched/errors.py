"""Every error that a user can cause, and the warning beside them.

Each is a `DeepschedError` and also the built-in that Python has for the case, so that
``except ValueError`` and ``except DeepschedError`` both work.
"""

from __future__ import annotations

import queue
import sys
import warnings


class DeepschedError(Exception):
    """Base of all errors that deepsched raises on purpose."""


class TopologyError(DeepschedError, ValueError):
    """A machine's description cannot be read, or describes no machine."""


class PlanError(DeepschedError, ValueError):
    """A plan that no machine could carry out was asked for."""


class PlanTypeError(PlanError, TypeError):
    """A count of streams, cores or threads is not an integer."""


class CoresHeldError(PlanError, RuntimeError):
    """Other processes hold so many cores that too few are free."""


class ModelError(DeepschedError, ValueError):
    """The model is not one that onnxruntime can load."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model file at the path given."""


class InputError(DeepschedError, ValueError):
    """A request's inputs do not fit the model's signature."""


class InputTypeError(InputError, TypeError):
    """A request's inputs are of a kind that is never right, such as a bare string."""


class RequestError(DeepschedError, RuntimeError):
    """onnxruntime refused or failed a request whose inputs had passed the checks."""


class RequestTimeoutError(DeepschedError, TimeoutError):
    """A request was not answered in the time that the caller allowed; it was taken back."""


class QueueFullError(DeepschedError, queue.Full):
    """As many requests as may are waiting; this one was refused at once."""


class ClosedError(DeepschedError, RuntimeError):
    """The engine or context was closed."""


class OptionError(DeepschedError, ValueError):
    """An option has a value outside those it can take."""


class MissingPackageError(DeepschedError, ImportError):
    """What was asked for needs a package that is not installed."""


class DeepschedWarning(UserWarning):
    """What was asked for was changed; the message gives both and the reason."""


def warn_caller(message: str) -> None:
    """Warn, and point at the line outside of deepsched that led here, as Python's filters and people expect."""
    level, frame = 1, sys._getframe()  # noqa: SLF001 - the documented way to the caller's frame
    # contextlib stands between us and ourselves, where one of our context managers is entered.
    ours = {"deepsched", "contextlib"}
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ours:
        frame = frame.f_back
        level += 1
    warnings.warn(message, DeepschedWarning, stacklevel=level)
