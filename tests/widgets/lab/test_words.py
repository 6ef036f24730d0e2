"""The lab's sentences, which are read aloud: words, not the findings' kinds."""

from __future__ import annotations

import pytest

from deepsched import plan_streams
from deepsched_widgets.lab.words import describe_planned


@pytest.mark.parametrize(
    ("machine", "num_streams", "options", "words"),
    [
        ("golden", 2, {}, "2 streams planned on 16 cores. No findings."),
        ("golden", 3, {}, "3 streams planned on 16 cores. Findings: sockets straddled, streams uneven."),
        ("golden", 4, {}, "4 streams planned on 16 cores. Findings: L3 shared."),
        ("golden", 1, {"num_cores": 1}, "1 stream planned on 1 core. Findings: cores idle."),
        ("hybrid-laptop", 1, {}, "kinds of cores mixed"),
        ("pack:1 numa:2 core:4 pu:1", 1, {}, "NUMA nodes straddled"),
        ("pack:1 l3:2 core:4 pu:1", 1, {}, "L3 caches straddled"),
    ],
)
def test_findings_are_said_in_words(machine, num_streams, options, words):
    assert words in describe_planned(plan_streams(machine, num_streams, scheduler="multi_stream", **options))
