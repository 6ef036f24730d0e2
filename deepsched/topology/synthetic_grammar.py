"""The grammar of hwloc's synthetic notation: from a text to the levels that it names.

The rules are those of hwloc's chapter "Synthetic topologies"; where it is silent, lstopo 2.9 was asked. What lstopo
passes over without a word, such as the ``:2`` of ``[numa:2]``, is refused: it would not be the machine that was meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deepsched.errors import TopologyError

# hwloc's own bound.
MAX_LEVELS = 126
# Enough for any machine that there is, and a bound on what a description can cost.
MAX_NODES = 1 << 16

NUMBER = r"(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)"
_ITEM = re.compile(
    rf"""[ \n]*(?:
        \[(?P<memory>[A-Za-z][A-Za-z0-9-]*)\ *(?:\((?P<memory_attributes>[^)\]]*)\))?\]
        | (?:(?P<name>[A-Za-z][A-Za-z0-9-]*)\ *:\ *)?(?P<count>{NUMBER})(?![0-9])(?:\((?P<attributes>[^)]*)\))?
    )""",
    re.VERBOSE,
)
_MACHINE_ATTRIBUTES = re.compile(r"\(([^)]*)\)")
_CACHE = re.compile(r"l(\d{1,3})([iud]?)([a-z]*)\d*")
_WORD = re.compile(r"([a-z-]{2,})(\d{0,6})")
# hwloc takes any of these shortened to two letters or more.
_WORDS = {
    "machine": "machine",
    "numanode": "numa",
    "node": "numa",
    "package": "pack",
    "socket": "pack",
    "die": "die",
    "core": "core",
    "pu": "pu",
    "group": "group",
}
_SIZE = re.compile(rf"({NUMBER})?([kmgt]i?b)?", re.IGNORECASE)
_LONGEST_NUMBER = 18
_LARGEST_SIZE = 1 << 60


@dataclass(frozen=True, slots=True)
class Level:
    """One level: how many of its kind each object above it holds.

    `kind` is machine, numa, pack, die, group, core, pu, l1 to l5 or l1i to l3i, and empty where the text gives a
    bare count. `number` tells groups apart (``Group2``). `size` is a cache's bytes, `indexes` the text of that name.
    """

    kind: str
    count: int
    number: int | None = None
    size: int | None = None
    indexes: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What a text says: the levels below the machine itself, which is the first of them.

    `attached` has, for each level, how many NUMA nodes hang on each object of it, as ``[numa]`` behind a level says;
    `node_indexes` gives the OS numbers of those nodes.
    """

    levels: tuple[Level, ...]
    attached: tuple[int, ...]
    node_indexes: str | None


def read_description(text: str) -> Description:
    """Read the levels that `text` names.

    Raises
    ------
    TopologyError
        With the reason alone, for the caller to say where it was found.
    """
    levels, attached, node_indexes = [Level("machine", 1)], [0], None
    position = 0
    if match := _MACHINE_ATTRIBUTES.match(text):
        _read_attributes("machine", match[1])
        position = match.end()
    end = len(text.rstrip(" \n"))
    while position < end:
        match = _ITEM.match(text, position)
        if match is None:
            raise TopologyError(
                f"cannot read {text[position:].strip()[:40]!r}; expected levels such as "
                f"'pack:2 [numa] l3:1 core:8 pu:1', each a name, a colon and a count."
            )
        position = match.end()
        if match["memory"]:
            attached[-1] += 1
            node_indexes = _read_attached(match["memory"], match["memory_attributes"] or "") or node_indexes
            if attached[-1] > MAX_NODES:
                raise TopologyError(f"more than {MAX_NODES} NUMA nodes are attached to one place.")
        else:
            levels.append(_read_level(match["name"] or "", match["count"], match["attributes"] or ""))
            attached.append(0)
            if len(levels) > MAX_LEVELS + 1:
                raise TopologyError(f"more than {MAX_LEVELS} levels, the most that hwloc takes.")
    return Description(tuple(levels), tuple(attached), node_indexes)


def find_kind(name: str) -> tuple[str, int | None] | None:
    """Give the kind of level that `name` stands for, and the number of a numbered group; None for no kind."""
    name = name.lower()
    if cache := _CACHE.fullmatch(name):
        depth, instruction = int(cache[1]), cache[2] == "i"
        known = 1 <= depth <= (3 if instruction else 5) and "cache".startswith(cache[3])
        return (f"l{depth}{'i' * instruction}", None) if known else None
    if word := _WORD.fullmatch(name):
        for known_word, kind in _WORDS.items():
            if known_word.startswith(word[1]):
                return kind, int(word[2]) if kind == "group" and word[2] else None
    return None


def _read_level(name: str, count_text: str, attributes: str) -> Level:
    kind, number = "", None
    if name:
        # hwloc reserves these two for types to come, and takes them as written here alone.
        found = ("group", None) if name.startswith(("Tile", "Module")) else find_kind(name)
        if found is None or found[0] == "machine":
            known = "pack, die, group, numa, l1 to l5, l1i to l3i, core, pu and the attached form [numa]"
            raise TopologyError(f"unknown level {name[:40]!r}; known are {known}.")
        kind, number = found
    count = read_number(count_text)
    if count == 0:
        raise TopologyError(f"{f'{name}:{count_text}'.lstrip(':')!r} has no object; a count is 1 or more.")
    size, indexes = _read_attributes(kind, attributes)
    return Level(kind, count, number, size, indexes)


def _read_attached(name: str, attributes: str) -> str | None:
    if find_kind(name) != ("numa", None):
        raise TopologyError(
            f"unknown level {name[:40]!r} in '[{name[:40]}]'; only NUMA nodes, [numa], can be attached."
        )
    return _read_attributes("numa", attributes)[1]


def _read_attributes(kind: str, text: str) -> tuple[int | None, str | None]:
    """Read what stands in the brackets behind a level: a cache's size, and the text of its indexes."""
    size, indexes = None, None
    is_cache = kind.startswith("l")
    sizes = ("size",) if is_cache else ("memory", "memorysidecachesize")
    for attribute in text.removesuffix(" ").split(" ") if text else ():
        name, equals, value = attribute.partition("=")
        if equals and name == "indexes":
            indexes = value
        elif equals and name in sizes:
            size = _read_size(value)
        else:
            expected = " or ".join(f"{known}=" for known in (*sizes[:1], "indexes"))
            raise TopologyError(f"unknown attribute {attribute[:40]!r} of {kind or 'a level'}; expected {expected}.")
    return size if is_cache else None, indexes


def _read_size(text: str) -> int | None:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise TopologyError(
            f"{text[:40]!r} is not a size; expected bytes, or a number and kB, MB, GB, KiB, MiB or GiB."
        )
    unit = (match[2] or "").lower()
    base = 1024 if "i" in unit else 1000
    # hwloc takes 0, and no number at all, for "not said".
    size = read_number(match[1] or "0") * base ** " kmgt".find(unit[:1] or " ")
    if size > _LARGEST_SIZE:
        raise TopologyError(f"{text[:40]!r} is too large a size for a machine.")
    return size or None


def read_number(text: str) -> int:
    """Read digits as C does: 0x for hexadecimal, a leading 0 for octal."""
    if len(text) > _LONGEST_NUMBER:
        raise TopologyError(f"{text[:20]}... is too large a number for a machine.")
    if text[:2].lower() == "0x":
        return int(text, 16)
    return int(text, 8 if text.startswith("0") else 10)
