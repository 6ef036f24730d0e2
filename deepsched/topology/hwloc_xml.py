"""A machine, read from the XML of hwloc 2 and 3 (``lstopo machine.xml``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import ParseError, XMLParser

from deepsched.errors import TopologyError
from deepsched.topology.arrange import FoundThread, arrange_threads
from deepsched.topology.core_kinds import EFFICIENCY, LOW_POWER
from deepsched.topology.hwloc_bitmap import list_bits
from deepsched.topology.hwloc_kinds import name_kinds
from deepsched.topology.hwloc_memory import find_homes
from deepsched.topology.hwloc_objects import ObjectReader
from deepsched.topology.model import Limits, Topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.topology.hwloc_kinds import CpuKind
    from deepsched.topology.hwloc_objects import Thread

# Linux's largest machine, of 8,192 cpus, takes 13 MB.
_MAX_BYTES = 32 << 20


def read_hwloc_xml(path: str | os.PathLike[str]) -> Topology:
    """Describe the machine in a file of lstopo's; see `Topology.from_hwloc_xml`."""
    source = os.fsdecode(path)
    reader = ObjectReader()
    try:
        _parse(_read_bytes(source), reader)
        return _describe(source, reader)
    except TopologyError as error:
        raise TopologyError(f"{source!r}: {error}") from None


def _read_bytes(path: str) -> bytes:
    file = Path(path)
    data = None
    try:
        if file.is_file():  # opening a pipe would wait for somebody to write into it
            with file.open("rb") as stream:
                data = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise TopologyError(f"cannot be read ({error}); expected an XML file of lstopo's.") from None
    if data is None:
        raise TopologyError("is not a file, or does not exist; expected an XML file of lstopo's.")
    if len(data) > _MAX_BYTES:
        raise TopologyError(f"is larger than {_MAX_BYTES >> 20} MiB; no machine's XML is.")
    return data


class _Parser(XMLParser):  # type: ignore[misc]  # defusedxml has no types
    """A parser that takes the line ``<!DOCTYPE topology SYSTEM "hwloc2.dtd">``, unread, and no other declaration."""

    def defused_start_doctype_decl(self, name: str, sysid: str, pubid: str, has_internal_subset: int) -> None:
        if has_internal_subset:
            raise DTDForbidden(name, sysid, pubid)


def _parse(data: bytes, reader: ObjectReader) -> None:
    parser = _Parser(target=reader, forbid_dtd=True)
    try:
        parser.feed(data)
        parser.close()
    except TopologyError:
        raise
    except DefusedXmlException:
        raise TopologyError("declares entities or elements, which lstopo's files never do; it is not read.") from None
    except ParseError as error:
        raise TopologyError(f"is not XML ({error}); expected a file of lstopo's.") from None
    except (ValueError, LookupError) as error:
        raise TopologyError(f"is in an encoding that cannot be read ({error}).") from None


def _describe(source: str, reader: ObjectReader) -> Topology:
    """Put the machine together from what was collected."""
    present = [thread for thread in reader.threads.values() if reader.present >> thread.cpu & 1]
    allowed = frozenset(thread.cpu for thread in present if reader.allowed >> thread.cpu & 1)
    if not allowed:
        raise TopologyError("allows none of its hardware threads." if present else "has no hardware threads.")
    homes, notes = find_homes(reader.places, present)
    kinds = _find_kinds(reader.kinds, present)
    threads, l3_numbers = arrange_threads(
        FoundThread(
            cpu=thread.cpu,
            # Where no core is recorded, each hardware thread stands for its own.
            core=("cpu", thread.cpu) if thread.place.core is None else thread.place.core,
            socket=thread.place.socket,
            numa_node=homes[thread.cpu],
            l3=thread.place.l3,
            kind=kinds.get(thread.cpu),
            allowed=thread.cpu in allowed,
        )
        for thread in present
    )
    return Topology(
        source=source,
        threads=threads,
        limits=Limits(allowed_cpus=tuple(sorted(allowed))),
        l3_bytes={l3_numbers[l3]: size for l3, size in reader.l3_bytes.items() if size and l3 in l3_numbers},
        notes=notes,
    )


def _find_kinds(kinds: Sequence[CpuKind], threads: Sequence[Thread]) -> dict[int, str]:
    present = sum(1 << thread.cpu for thread in threads)
    names: dict[int, str] = {}
    for name, cpus in name_kinds([kind for kind in kinds if kind.cpus & present]).items():
        names |= dict.fromkeys(list_bits(cpus & present), name)
    with_l3 = {thread.cpu for thread in threads if thread.place.l3 is not None}
    # Intel's low-power efficiency cores sit on another die than the L3; older releases do not tell them apart.
    if not with_l3.isdisjoint(names):
        names |= {cpu: LOW_POWER for cpu, name in names.items() if name == EFFICIENCY and cpu not in with_l3}
    return names
