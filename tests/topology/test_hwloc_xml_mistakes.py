"""Files that are no XML of hwloc's, or mean harm."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deepsched import DeepschedError, Topology
from deepsched.errors import TopologyError
from tests.topology.hwloc_file import DOCTYPE, write_xml
from tests.topology.hwloc_machines import ARROW_LAKE_3, MACHINES, of_many_words, without_packages

if TYPE_CHECKING:
    from pathlib import Path


def wrap(inside: str, version: str = "2.0") -> str:
    return f'{DOCTYPE}<topology version="{version}"><object type="Machine">{inside}</object></topology>'


MISTAKES = {
    "empty": ("", "is not XML"),
    "text": ("pack:2 core:2 pu:1", "is not XML"),
    "cut off": (wrap('<object type="PU" os_index="0"/>')[:-20], "is not XML"),
    "something else": ("<svg><rect/></svg>", "first element is 'svg', and not 'topology'"),
    "a difference of two": ('<topologydiff refname="a"/>', "first element is 'topologydiff'"),
    "hwloc 1": ('<topology><object type="Machine"><object type="Socket"/></object></topology>', "lstopo of hwloc 2"),
    "hwloc 1 says so": (wrap("", version="1.11"), "format of hwloc 1. An lstopo of hwloc 2 converts it"),
    "to come": (wrap("", version="4.0"), "is in format '4.0'; known are 2 and 3"),
    "no cpus": (wrap(""), "has no hardware threads"),
    "no type": (wrap("<object/>"), "an object without a type"),
    "no number": (wrap('<object type="PU"/>'), "has the os_index '' at a PU; expected a number"),
    "a negative number": (wrap('<object type="PU" os_index="-1"/>'), "has the os_index '-1' at a PU"),
    "an absurd number": (wrap(f'<object type="PU" os_index="{"9" * 9999}"/>'), "expected a number"),
    "a large number": (wrap('<object type="PU" os_index="65536"/>'), "65536 at a PU; expected less than 65536"),
    "a node without number": (wrap('<object type="NUMANode"/>'), "has the os_index '' at a NUMANode"),
    "a cpu twice": (wrap('<object type="PU" os_index="3"/>' * 2), "has cpu 3 twice"),
    "a node twice": (wrap('<object type="NUMANode" os_index="3"/>' * 2), "has NUMA node 3 twice"),
    "a cache of words": (wrap('<object type="L3Cache" cache_size="big"/>'), "has the cache_size 'big' at a L3Cache"),
    "a set of words": (wrap('<object type="PU" os_index="0" cpuset="all"/>'), "cannot read the set 'all'"),
    "an empty set": (wrap('<object type="PU" os_index="0" cpuset=""/>'), "cannot read the set ''"),
    "a set too long": (wrap(f'<object type="PU" os_index="0" cpuset="0x1{"," * 3000}"/>'), "a set of 3001 words"),
    "another's set": (wrap('<object type="PU" os_index="0" cpuset="0x2"/>'), "has the cpuset '0x2' at cpu 0"),
    "a kind of no cpus": ('<topology version="2.0"><cpukind cpuset="x"/></topology>', "cannot read the set 'x'"),
    "nothing allowed": (
        wrap('<object type="PU" os_index="0"/>').replace('"Machine"', '"Machine" allowed_cpuset="0x0"'),
        "allows none of its hardware threads",
    ),
    "a depth bomb": (wrap('<object type="Group">' * 5000), "more than 262144 elements or 256 levels"),
    "too many elements": (wrap("<a/>" * (1 << 18)), "more than 262144 elements"),
    "too many nodes": (
        wrap("".join(f'<object type="NUMANode" os_index="{n}"/>' for n in range(2000))),
        "more than 1024 NUMA nodes",
    ),
    "an unknown encoding": ('<?xml version="1.0" encoding="klingon"?><topology/>', "an encoding that cannot be read"),
    "no text encoding": ('<?xml version="1.0" encoding="hex"?><topology/>', "an encoding that cannot be read"),
    "an undeclared entity": ('<topology version="2.0">&cpus;</topology>', "is not XML (undefined entity"),
    "an entity": (
        '<!DOCTYPE topology [<!ENTITY a "b">]><topology version="2.0">&a;</topology>',
        "declares entities or elements",
    ),
    "a billion laughs": (
        "<!DOCTYPE topology ["
        '<!ENTITY l0 "lol">'
        + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        + ']><topology version="&l9;"/>',
        "declares entities or elements",
    ),
    "an external entity": (
        '<!DOCTYPE topology [<!ENTITY a SYSTEM "file:///etc/hostname">]><topology version="2.0">&a;</topology>',
        "declares entities or elements",
    ),
    "a parameter entity": (
        '<!DOCTYPE topology [<!ENTITY % a SYSTEM "file:///etc/hostname"> %a;]><topology version="2.0"/>',
        "declares entities or elements",
    ),
    "a default attribute": (
        '<!DOCTYPE topology [<!ATTLIST object os_index CDATA "0">]><topology version="2.0"/>',
        "declares entities or elements",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_file_that_makes_no_sense_is_a_typed_error_that_names_it(tmp_path: Path, name: str) -> None:
    text, says = MISTAKES[name]
    path = tmp_path / "machine.xml"
    path.write_text(text)
    with pytest.raises(TopologyError) as caught:
        Topology.from_hwloc_xml(path)
    message = str(caught.value)
    assert repr(str(path)) in message
    assert says in message
    assert len(message) < 400
    assert isinstance(caught.value, DeepschedError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "content",
    [b"\0" * 1000, bytes(range(256)) * 100, b"\x1f\x8b\x08\0\0\0\0\0", b"\x7fELF\x02\x01\x01", b"\xff\xfe<\0"],
)
def test_binary_files_are_typed_errors(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "machine.xml"
    path.write_bytes(content)
    with pytest.raises(TopologyError, match="is not XML"):
        Topology.from_hwloc_xml(path)


def test_a_large_file_is_a_typed_error(tmp_path: Path) -> None:
    path = tmp_path / "machine.xml"
    with path.open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(TopologyError, match="is larger than 32 MiB"):
        Topology.from_hwloc_xml(path)


@pytest.mark.timeout(60)
def test_what_is_not_a_file_is_a_typed_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent.xml", tmp_path / "pipe", "/dev/zero", "x" * 5000, "\0", ""):
        with pytest.raises(TopologyError, match=r"is not a file, or does not exist|cannot be read"):
            Topology.from_hwloc_xml(path)


def test_a_file_that_may_not_be_read_is_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_xml(tmp_path / "m.xml", without_packages())

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(TopologyError, match="cannot be read"):
        Topology.from_hwloc_xml(path)


def test_no_other_file_is_opened(tmp_path: Path) -> None:
    # GIVEN files that name others as document type, entity and parameter entity
    secret = tmp_path / "secret"
    secret.write_text("secret")
    paths = [write_xml(tmp_path / "plain.xml", without_packages())]
    for number, doctype in enumerate(
        (
            f'SYSTEM "{secret.as_uri()}"',
            f'PUBLIC "-//x//y" "{secret.as_uri()}"',
            f'[<!ENTITY a SYSTEM "{secret.as_uri()}">]',
            f'[<!ENTITY % a SYSTEM "{secret.as_uri()}"> %a;]',
        )
    ):
        path = tmp_path / f"{number}.xml"
        path.write_text(f'<!DOCTYPE topology {doctype}><topology version="2.0" a="&a;">&a;</topology>')
        paths.append(path)
    # WHEN a process that notes what is opened reads them
    code = """
import json, sys
from pathlib import Path
from deepsched import Topology
Topology.from_hwloc_xml(sys.argv[1])  # all that is imported is imported now
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event in ("open", "socket.connect") else None)
for path in sys.argv[1:]:
    try:
        Topology.from_hwloc_xml(path)
    except ValueError:
        pass
seen = list(opened)
print(json.dumps(seen))
"""
    done = subprocess.run([sys.executable, "-c", code, *map(str, paths)], capture_output=True, text=True, check=True)
    # THEN it has opened them, and nothing else
    assert json.loads(done.stdout) == [str(path) for path in paths]


def test_a_document_type_elsewhere_is_not_read_and_does_no_harm(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "m.xml", without_packages())
    path.write_text(path.read_text().replace('"hwloc2.dtd"', '"http://192.0.2.1/hwloc2.dtd"'))
    assert len(Topology.from_hwloc_xml(path).threads) == 4


@pytest.mark.timeout(120)
def test_a_thousand_damaged_files_give_a_machine_or_a_typed_error(tmp_path: Path) -> None:
    # GIVEN good files, each damaged in one to four places by a seeded hand
    dice = random.Random(2024)
    good = [
        write_xml(tmp_path / f"{number}.xml", build(), *ARROW_LAKE_3).read_text()
        for number, build in enumerate(MACHINES.values())
        if build is not of_many_words
    ]
    path = tmp_path / "damaged.xml"
    machines = 0
    for _ in range(1000):
        path.write_text(damage(dice.choice(good), dice))
        # WHEN they are read
        try:
            topology = Topology.from_hwloc_xml(path)
        except TopologyError as error:
            assert str(path) in str(error)  # noqa: PT017 - either answer is right
            continue
        # THEN what is read is a machine
        machines += 1
        assert topology.limits.allowed_cpus
        assert len({t.cpu for t in topology.threads}) == len(topology.threads)
    assert 0 < machines < 1000


def damage(text: str, dice: random.Random) -> str:
    """Cut, double, swap and overwrite pieces of a text."""
    for _ in range(dice.randint(1, 4)):
        first, last = sorted(dice.sample(range(len(text)), 2))
        last = min(last, first + dice.choice((1, 3, 30, 300)))
        piece = text[first:last]
        junk = dice.choice(
            ("", piece * 3, piece[::-1], '"', "<", ">", "&", "0", "9" * 40, "0x", "\0", "é", "-1", "</object>", "PU")
        )
        text = text[:first] + junk + text[last:]
        if dice.random() < 0.3:
            words = ("os_index", "cpuset", "PU", "Core", "Machine", "object", "0x0", "NUMANode", "2.0", "info")
            text = text.replace(dice.choice(words), dice.choice(words), dice.randint(1, 3))
    return text
