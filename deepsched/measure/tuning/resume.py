"""Rounds as text and back, so that a tuning goes on where an earlier one ended, from the same numbers."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import OptionError
from deepsched.measure.rounds import Round
from deepsched.measure.tuning.trial import RateBounds, Trial

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from deepsched.measure.tuning.candidates import Candidate

_NUMBERS = ("due", "sent", "answered")


def pack_trials(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """Give the trials as plain data, with every request in a few bytes."""
    return [
        {
            "name": trial.candidate.name,
            "items": trial.items,
            "dropped": trial.dropped,
            "bounds": None if trial.bounds is None else trial.bounds.to_dict(),
            "rounds": [_pack(one) for one in trial.rounds if not one.interrupted],
        }
        for trial in trials
    ]


def read_trials(
    path: str | os.PathLike[str], candidates: Sequence[Candidate], identity: dict[str, Any]
) -> tuple[Trial, ...]:
    """Read the trials that an earlier tuning wrote.

    Parameters
    ----------
    path : path
        Its JSON.
    candidates : sequence of Candidate
        The candidates of now.
    identity : dict
        What must be the same for rounds to be comparable; compared with the file's.

    Raises
    ------
    OptionError
        If the file cannot be read, or was written for something else.
    """
    try:
        resume = json.loads(Path(path).read_text(encoding="utf-8"))["resume"]
        then, packed = dict(resume["identity"]), {one["name"]: one for one in resume["trials"]}
        found = tuple(_unpack_trial(candidate, packed.get(candidate.name)) for candidate in candidates)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise OptionError(f"resume {path}: expected the JSON that a tuning has written ({error!r}).") from error
    other = [key for key in identity if then.get(key) != identity[key]]
    if other:
        raise OptionError(
            f"resume {path}: it was written for another {', '.join(other)}; rounds of both cannot be compared. Tune "
            f"anew, or with what it was written for."
        )
    # Where Ctrl-C cut the first round short, some have it and others not: such rounds are in no pair.
    common = min((len(trial.rounds) for trial in found if not trial.dropped), default=0)
    return tuple(t if t.dropped else replace(t, rounds=t.rounds[:common]) for t in found)


def _pack(one: Round) -> dict[str, Any]:
    numbers = np.stack([getattr(one, name) - one.begin for name in _NUMBERS]).astype(np.float32)
    return {
        "seconds": one.seconds,
        "stopped": one.stopped - one.begin,
        "open_loop": one.open_loop,
        "requests": base64.b85encode(zlib.compress(numbers.tobytes())).decode("ascii"),
    }


def _unpack_trial(candidate: Candidate, data: dict[str, Any] | None) -> Trial:
    trial = Trial(candidate)
    if data is None:
        return trial
    bounds = data["bounds"]
    return replace(
        trial,
        rounds=tuple(_unpack(one) for one in data["rounds"]),
        items=int(data["items"]),
        dropped=str(data["dropped"]),
        bounds=None if bounds is None else RateBounds(float(bounds["kept"]), float(bounds["broken"])),
    )


def _unpack(data: dict[str, Any]) -> Round:
    raw = zlib.decompress(base64.b85decode(data["requests"]))
    due, sent, answered = np.frombuffer(raw, dtype=np.float32).reshape(len(_NUMBERS), -1).astype(np.float64)
    return Round(
        0.0, float(data["seconds"]), due, sent, answered, float(data["stopped"]), open_loop=bool(data["open_loop"])
    )
