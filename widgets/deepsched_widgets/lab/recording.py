"""A run as JSON: what ran where, every change of the setting, and every period's numbers."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from deepsched.measure.machine import list_versions

if TYPE_CHECKING:
    from deepsched_widgets.lab.live_run import Sample
    from deepsched_widgets.lab.wish import Wish

_MOST_PERIODS = 7200  # an hour
_MILLISECONDS = 1000.0


class Recording:
    """Gathers one run. For one thread at a time.

    Parameters
    ----------
    wish : Wish
        What the run began with.
    """

    def __init__(self, wish: Wish) -> None:
        self._began = datetime.now(UTC)
        self._first: float | None = None
        self._settings: list[Wish] = [wish]
        self._periods: deque[dict[str, Any]] = deque(maxlen=_MOST_PERIODS)

    @property
    def newest(self) -> Wish:
        """What ran last."""
        return self._settings[-1]

    def add(self, wish: Wish, sample: Sample) -> None:
        """Add a period under a wish."""
        if wish != self._settings[-1]:
            self._settings.append(wish)
        snapshot = sample.snapshot
        if self._first is None:
            self._first = snapshot.at
        self._periods.append(
            {
                "at": round(snapshot.at - self._first, 3),
                "setting": len(self._settings) - 1,
                "num_streams": sample.num_streams,
                "throughput": _plain(snapshot.throughput),
                "requests": snapshot.requests if wish.workload is None else None,
                **{f"p{name}_ms": _plain(getattr(snapshot.latency, f"p{name}") * _MILLISECONDS) for name in (50, 99)},
                "queue_depth": snapshot.queue_depth,
                "utilisation": [_plain(share) for share in snapshot.utilisation],
            }
        )

    def write(self) -> str:
        """Write the JSON text.

        One object with `began` (ISO 8601, UTC), `versions`, `settings` and `periods`. A setting says its `origin`,
        model, machine, load and plan; a period, of half a second, at how many seconds after the first one it ended
        and the number of its setting. Throughput is in items/s. What is simulated has a workload and no model, and its
        periods count no requests: each shows the same simulation.
        """
        return json.dumps(
            {
                "began": self._began.isoformat(timespec="seconds"),
                "versions": list_versions(),
                "settings": [_describe(wish) for wish in self._settings],
                "periods": list(self._periods),
            },
            allow_nan=False,
        )


def _describe(wish: Wish) -> dict[str, Any]:
    return {
        "origin": wish.origin,
        "model": wish.model.label if wish.workload is None else None,
        "machine": wish.topology.source,
        "clients": wish.clients,
        "rate": wish.rate,
        "threads_per_core": wish.threads_per_core,
        "workload": None if wish.workload is None else wish.workload.to_dict(),
        "plan": wish.plan().to_dict(),
    }


def _plain(value: float) -> float | None:
    """Six digits are more than was measured; JSON has no word for NaN."""
    return float(f"{value:.6g}") if isfinite(value) else None
