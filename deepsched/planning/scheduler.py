"""The two schedulers, by the names that DeepSparse gave them."""

from __future__ import annotations

from enum import StrEnum

from deepsched.errors import PlanError

_ALIASES = {
    "sync": "single_stream",
    "single": "single_stream",
    "default": "single_stream",
    "async": "multi_stream",
    "multi": "multi_stream",
}


class Scheduler(StrEnum):
    """How requests share the cores.

    `single_stream` serves one request after another, each on all cores. `multi_stream` cuts the cores into
    `num_streams` groups and serves a request on each. `elastic` is DeepSparse's third name; since its version 1.1
    it does what `multi_stream` does, and so it does here. Members equal their names:
    ``"multi_stream" == Scheduler.multi_stream``.
    """

    single_stream = "single_stream"
    multi_stream = "multi_stream"
    elastic = "elastic"
    default = "single_stream"

    @classmethod
    def from_str(cls, key: str) -> Scheduler:
        """Find the scheduler for a name in any case: its own, or sync, single, default, async, multi.

        Raises
        ------
        PlanError
            If there is no such scheduler.
        """
        name = str(key).lower()
        try:
            return cls(_ALIASES.get(name, name))
        except ValueError:
            known = ", ".join([member.value for member in cls] + list(_ALIASES))
            raise PlanError(f"unsupported Scheduler: {key}; expected one of {known}.") from None

    @classmethod
    def choose(cls, given: Scheduler | str | None) -> Scheduler:
        """Accept a member, a name, or None for the default.

        Raises
        ------
        PlanError
            If it is none of these.
        """
        if isinstance(given, cls):
            return given
        if given is None or given == "":
            return cls.default
        if not isinstance(given, str):
            raise PlanError(f"unsupported type for scheduler: {given!r} ({type(given).__name__}); expected a name.")
        return cls.from_str(given)
