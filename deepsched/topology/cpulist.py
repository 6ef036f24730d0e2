"""The kernel's notation for sets of cpus: ``0-3,8`` and the hexadecimal masks beside it.

Both are described in the kernel's *cpuset(7)*, section FORMATS.
"""

from __future__ import annotations

from string import hexdigits
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError

if TYPE_CHECKING:
    from collections.abc import Iterable

# No kernel is built for more; without a bound "0-99999999999" would fill the memory.
MAX_CPU = 1 << 16


def parse_cpu_list(text: str) -> frozenset[int]:
    """Read a list such as ``"0-3,8"``.

    Parameters
    ----------
    text : str
        Numbers and inclusive ranges separated by commas; empty for no cpu.

    Returns
    -------
    frozenset of int
        The cpus' OS numbers.

    Raises
    ------
    TopologyError
        If a part is not a number or a rising range below 65,536.
    """
    cpus: set[int] = set()
    parts = text.strip().split(",")
    if len(parts) > MAX_CPU:
        raise TopologyError(f"cpu list of {len(parts)} parts: at most {MAX_CPU} make sense.")
    for part in parts:
        if not part.strip():
            continue
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise TopologyError(f"cpu list {text!r}: {part!r} is neither a number nor a range such as 0-3.")
        # Lengths first: int() of a million digits takes minutes.
        low, high = (int(n) if len(n) < 9 else MAX_CPU for n in (first, last or first))  # noqa: PLR2004
        if not low <= high < MAX_CPU:
            raise TopologyError(f"cpu list {text!r}: {part!r} must rise and stay below {MAX_CPU}.")
        cpus.update(range(low, high + 1))
    return frozenset(cpus)


def parse_cpu_mask(text: str) -> frozenset[int]:
    """Read a mask such as ``"ffffffff,00000001"``: hexadecimal words, the highest first.

    Raises
    ------
    TopologyError
        If a word is not hexadecimal, or a bit lies at 65,536 or above.
    """
    bare = text.strip().replace("0x", "").replace(" ", "")
    words = [word.rjust(8, "0") for word in bare.split(",")]
    digits = "".join(words)
    if len(digits) * 4 > MAX_CPU:
        raise TopologyError(f"cpu mask of {len(digits)} hexadecimal digits: at most {MAX_CPU // 4} make sense.")
    if not digits or not set(digits) <= set(hexdigits):
        raise TopologyError(f"cpu mask {text!r}: expected hexadecimal words separated by commas.")
    mask = int(digits, 16)
    return frozenset(bit for bit, digit in enumerate(f"{mask:b}"[::-1]) if digit == "1")


def format_cpu_list(cpus: Iterable[int]) -> str:
    """Write cpus as the shortest list: ``[0, 1, 2, 8]`` becomes ``"0-2,8"``."""
    parts: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if parts and cpu == parts[-1][1] + 1:
            parts[-1][1] = cpu
        else:
            parts.append([cpu, cpu])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)
