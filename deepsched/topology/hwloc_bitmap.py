"""hwloc's notation for sets of cpus and of NUMA nodes: ``0x00000001,,0x0000000f``, words of 32 bits, the highest first.

A set is a Python integer here: bit n stands for number n. Empty words are zero, and ``0xf...f`` in front of them means
that all higher bits are set.
"""

from __future__ import annotations

import re

from deepsched.errors import TopologyError
from deepsched.topology.cpulist import MAX_CPU

_WORD_BITS = 32
_SET = re.compile(r"(0xf\.\.\.f(?:,|$))?(0x[0-9a-fA-F]{1,8}(?:,(?:0x[0-9a-fA-F]{1,8})?)*)?")
_OCTET = re.compile(rb"[^\0]")


def parse_bitmap(text: str) -> int:
    """Read a set; one without end becomes a negative number.

    Raises
    ------
    TopologyError
        If a word is not hexadecimal, or there are more than 65,536 bits.
    """
    match = _SET.fullmatch(text)
    if match is None or not text:
        raise TopologyError(f"cannot read the set {text[:40]!r}; expected words such as 0x00000001,,0x0000000f.")
    words = match[2].split(",") if match[2] else []
    if len(words) * _WORD_BITS > MAX_CPU:
        raise TopologyError(f"a set of {len(words)} words; at most {MAX_CPU // _WORD_BITS} make sense.")
    value = int("".join([word[2:].rjust(8, "0") for word in words]) or "0", 16)
    return value | -1 << _WORD_BITS * len(words) if match[1] else value


def list_bits(value: int) -> list[int]:
    """List the numbers in a set that has an end, in rising order."""
    # Byte by byte: taking one bit after another off a long integer copies it each time.
    octets = value.to_bytes(-(-value.bit_length() // 8), "little")
    return [8 * match.start() + bit for match in _OCTET.finditer(octets) for bit in range(8) if match[0][0] >> bit & 1]
