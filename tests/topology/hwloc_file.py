"""Writing XML files as lstopo would, of machines that are not here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCTYPE = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE topology SYSTEM "hwloc2.dtd">\n'


@dataclass(slots=True)
class Item:
    """An object of hwloc's; its sets follow from what is in it, unless they are given."""

    kind: str
    children: tuple[Item, ...] = ()
    attributes: dict[str, str] = field(default_factory=dict)

    def cpus(self) -> set[int]:
        if self.kind == "PU":
            return {int(self.attributes["os_index"])}
        return set().union(*(child.cpus() for child in self.children))

    def nodes(self) -> set[int]:
        if self.kind == "NUMANode":
            return {int(self.attributes["os_index"])}
        return set().union(*(child.nodes() for child in self.children))


def item(kind: str, *children: Item, **attributes: object) -> Item:
    """Make an object, with the attributes that lstopo writes for its kind."""
    always = {}
    if kind.endswith("Cache"):
        depth = "1" if kind == "MemCache" else kind[1]
        always = {
            "cache_size": "1048576",
            "depth": depth,
            "cache_linesize": "64",
            "cache_associativity": "0",
            "cache_type": "2" if kind[2] == "i" else "0",
        }
    return Item(kind, children, {**always, **{name: str(value) for name, value in attributes.items()}})


def pus(*cpus: int) -> list[Item]:
    return [item("PU", os_index=cpu) for cpu in cpus]


def core(number: int, *cpus: int) -> Item:
    return item("Core", *pus(*cpus), os_index=number)


def numa(number: int, **attributes: object) -> Item:
    return item("NUMANode", os_index=number, local_memory=1 << 30, **attributes)


def machine(*children: Item, **attributes: object) -> Item:
    return item("Machine", *children, os_index=0, **attributes)


def write_xml(path: Path, root: Item, *more: str, version: str = "2.0") -> Path:
    """Write the file; `more` is what stands behind the objects."""
    lines = [f'{DOCTYPE}<topology version="{version}">', *_write(root, root.cpus(), set(), [0]), *more, "</topology>\n"]
    path.write_text("\n".join(lines))
    return path


def kind(cpus: set[int], efficiency: int | None = None, **infos: object) -> str:
    """Write a cpukind."""
    forced = "" if efficiency is None else f' forced_efficiency="{efficiency}"'
    lines = [f'<info name="{name}" value="{value}"/>' for name, value in infos.items()]
    return "\n".join([f'<cpukind cpuset="{bitmap(cpus)}"{forced}>', *lines, "</cpukind>"])


def bitmap(numbers: set[int]) -> str:
    """Write a set as hwloc does: words of 32 bits, the highest first, those of zero left out but for the last."""
    value = sum(1 << number for number in numbers)
    words = []
    while value or not words:
        words.append(value & 0xFFFFFFFF)
        value >>= 32
    low, *high = words
    texts = [f"0x{word:08x}" if word else "" for word in reversed(high)]
    return ",".join([*texts, f"0x{low:08x}" if low else "0x0"])


def _write(item: Item, around: set[int], nodes_around: set[int], gp: list[int]) -> Iterator[str]:
    gp[0] += 1
    # A memory serves all of the object that it is attached to.
    cpus = around if item.kind in ("NUMANode", "MemCache") else item.cpus()
    local = {number for child in item.children if child.kind in ("NUMANode", "MemCache") for number in child.nodes()}
    nodes = item.nodes() | (set() if item.kind in ("NUMANode", "MemCache") else nodes_around)
    given: dict[str, str] = {"type": item.kind}
    if item.kind not in ("Bridge", "PCIDev", "OSDev", "Misc"):
        given |= {"cpuset": bitmap(cpus), "complete_cpuset": bitmap(cpus)}
        given |= {"nodeset": bitmap(nodes), "complete_nodeset": bitmap(nodes)}
    if item.kind == "Machine":
        given |= {"allowed_cpuset": bitmap(cpus), "allowed_nodeset": bitmap(nodes)}
    given |= {"gp_index": str(gp[0])} | item.attributes
    text = " ".join(f"{name}={quoteattr(value)}" for name, value in given.items())
    yield f"<object {text}>"
    for child in item.children:
        yield from _write(child, cpus, nodes_around | local, gp)
    yield "</object>"
