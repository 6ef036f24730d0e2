"""How a stream's workers wait for the next operator or request: they spin for a while, then sleep.

A worker that spins takes up the next piece of work at once, and takes its core from everybody else until then. Measured
with onnxruntime 1.32 on two cores, 12 MatMuls of 512x512, microseconds a request:

========================  =================  ======================  ======================
setting                   back to back       2 models taking turns   2 ms apart (cpu time)
========================  =================  ======================  ======================
spin, the default         240                600                     440 (3000)
spin for 1000 us          250                480                     560 (2000)
spin for 400 us           250                335                     560 (1160)
force_spinning_stop       270                340                     1870 (1970)
never spin                480                560                     640 (650)
========================  =================  ======================  ======================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepsched.topology import Limits

_NEVER = {"session.intra_op.allow_spinning": "0"}
# Known since onnxruntime 1.26. Older ones take keys that they do not know, and spin as they always did.
_BRIEFLY = {"session.intra_op.spin_duration_us": "400", "session.intra_op.spin_backoff_max": "8"}


def choose_spinning(limits: Limits, *, pinning: str, shares_streams: bool) -> dict[str, str]:
    """Choose how long idle workers spin, as entries of onnxruntime's session configuration.

    Parameters
    ----------
    limits : Limits
        With a CPU quota workers never spin: it would be paid from the processor time that the requests need.
    pinning : str
        One of `deepsched.engine.placement.PINNINGS`. Workers that do not keep to their stream's cores spin briefly,
        for they may be on somebody else's.
    shares_streams : bool
        Whether other models run on the same streams. Then workers spin briefly, for the next request may be another
        model's.

    Returns
    -------
    dict of str to str
        Empty where workers own their cores and spin as onnxruntime has them.
    """
    if limits.quota_cpus is not None:
        return dict(_NEVER)
    return dict(_BRIEFLY) if pinning != "core" or shares_streams else {}
