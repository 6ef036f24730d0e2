"""A plan, or a bare machine, as a picture that needs no kernel: SVG text on a white card."""

from __future__ import annotations

from collections import defaultdict
from html import escape
from typing import TYPE_CHECKING

from deepsched.render.layout import lay_out
from deepsched.render.palette import HATCHES, style_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.planning import Finding, StreamPlan
    from deepsched.render.layout import Box
    from deepsched.topology import Topology

_WIDTH = 760.0
_MARGIN = 16.0
_LINE = 18.0
_FONT = "font-family='system-ui, -apple-system, Segoe UI, sans-serif'"
# Remote memory is sure to cost and is drawn; what only may cost is said in words.
_REMOTE = ("socket-straddle", "numa-straddle")
_SIGNS = {"warning": "▲", "info": "●"}
_SIGN_COLOURS = {"warning": "#B3261E", "info": "#005A8C"}
_BOX_STYLES = {
    "socket": ("#F4F5F7", "#5A6372", "socket"),
    "numa": ("#ECEEF2", "#7A8494", "NUMA node"),
    "l3": ("#FFFFFF", "#7A8494", "L3"),
}
# The largest core that keeps the machine near the width of a page, by number of cores.
_CORE_SIZES = ((32, 36.0), (128, 24.0), (1 << 30, 14.0))
_LEGIBLE = 24.0
# The width of a character in a box's label, on average.
_CHARACTER = 5.8
_HATCH_LINES = {
    "rising": "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2",
    "falling": "M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2",
    "level": "M0,3 h6",
    "dots": "M3,3 h0.01",
}


def draw_plan(plan: StreamPlan) -> str:
    """Draw the machine with each core coloured, hatched and labelled by its stream, and the findings in words.

    Returns
    -------
    str
        A complete ``<svg>`` element.
    """
    title = (
        f"{plan.num_streams} stream{'s' if plan.num_streams > 1 else ''} "
        f"on {plan.num_cores} core{'s' if plan.num_cores > 1 else ''}"
    )
    return _draw(plan.topology, plan, title)


def draw_topology(topology: Topology) -> str:
    """Draw the bare machine; returns a complete ``<svg>`` element."""
    counts = ((len(topology.cores), "core"), (len(topology.sockets), "socket"))
    return _draw(topology, None, ", ".join(f"{count} {noun}{'s' if count > 1 else ''}" for count, noun in counts))


def _draw(topology: Topology, plan: StreamPlan | None, title: str) -> str:
    core_size = next(size for most, size in _CORE_SIZES if len(topology.cores) <= most)
    machine = lay_out(topology, _WIDTH - 2 * _MARGIN, core_size)
    findings = plan.findings if plan else ()
    words = [line for finding in findings[:6] for line in _wrap_finding(finding)]
    if len(findings) > 6:  # noqa: PLR2004 - more would bury the picture
        more = len(findings) - 6
        words.append(("", "#000000", f"... and {more} finding{'s' if more > 1 else ''} more"))
    top = _MARGIN + 22
    width = max(machine.width + 2 * _MARGIN, 640.0)
    bottom = top + machine.height + 12
    height = bottom + len(words) * _LINE + (_MARGIN if words else 4)
    description = " ".join(finding.message for finding in findings) or "No findings."
    parts = [
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{height:.0f}' "
            f"viewBox='0 0 {width:.0f} {height:.0f}' role='img' {_FONT} font-size='12' "
            f"style='max-width:100%;height:auto'>"
        ),
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
        "<defs>" + "".join(_hatch_pattern(hatch) for hatch in HATCHES if hatch in _HATCH_LINES) + "</defs>",
        f"<rect width='{width:.0f}' height='{height:.0f}' rx='8' fill='#FFFFFF'/>",
        f"<text x='{_MARGIN}' y='{_MARGIN + 8}' font-size='14' font-weight='600'>{escape(title)}</text>",
        f"<g transform='translate({_MARGIN},{top})'>",
        *_draw_boxes(machine, topology, plan),
        "</g>",
    ]
    for number, (sign, colour, text) in enumerate(words):
        y = bottom + (number + 1) * _LINE
        parts.append(f"<text x='{_MARGIN}' y='{y:.0f}' fill='{colour}'>{sign}</text>")
        parts.append(f"<text x='{_MARGIN + 18}' y='{y:.0f}'>{escape(text)}</text>")
    return "".join([*parts, "</svg>"])


def _draw_boxes(machine: Box, topology: Topology, plan: StreamPlan | None) -> Iterator[str]:
    stream_of = plan.stream_of_cpus() if plan else {}
    shared = {_l3_of(plan, f): f.streams for f in plan.findings if f.kind == "l3-shared"} if plan else {}
    straddling = {i for f in plan.findings if f.kind in _REMOTE for i in f.streams} if plan else set()
    remote: dict[tuple[int, float], list[Box]] = defaultdict(list)
    for box in machine.walk():
        if box.core is not None:
            stream = next((stream_of[cpu] for cpu in box.core.cpus if cpu in stream_of), None)
            yield _draw_core(box, stream, straddles=stream in straddling)
            if stream is not None and stream in straddling:
                remote[stream, box.y].append(box)
        elif box.kind in _BOX_STYLES:
            fill, line, name = _BOX_STYLES[box.kind]
            sharing = shared.get(box.number, ()) if box.kind == "l3" else ()
            size = topology.l3_bytes.get(box.number) if box.kind == "l3" else None
            label = _fold_label(box, f"{name} {box.number}", size, sharing)
            line = "#005A8C" if sharing else line
            yield (
                f"<rect x='{box.x:g}' y='{box.y:g}' width='{box.width:g}' height='{box.height:g}' rx='5' "
                f"fill='{fill}' stroke='{line}'/><text x='{box.x + 8:g}' y='{box.y + 14:g}' font-size='11' "
                f"fill='#333A45'>{escape(label)}</text>"
            )
    for row in remote.values():
        yield _draw_bridge(row[0], row[-1])


def _fold_label(box: Box, name: str, size: int | None, sharing: Sequence[int]) -> str:
    """Say of a box as much as fits: at best its size and which streams share it."""
    size_words = [f" · {size / (1 << 20):g} MiB"] if size else []
    sharing_words = [f" · shared by {', '.join(f'S{i}' for i in sharing)}", " · shared"] if sharing else []
    candidates = [name + a + b for a in [*size_words, ""] for b in sharing_words or [""]]
    return next((words for words in candidates if len(words) * _CHARACTER <= box.width - 12), name)


def _draw_bridge(first: Box, last: Box) -> str:
    """Tie together, across what lies between, the cores of a straddling stream that stand in one row."""
    y = first.y + first.height + 5
    return f"<path d='M{first.x:g},{y:g} H{last.x + last.width:g}' stroke='#B3261E' stroke-width='4'/>"


def _draw_core(box: Box, stream: int | None, *, straddles: bool) -> str:
    core = box.core
    assert core is not None  # noqa: S101 - the caller looked
    place = f"x='{box.x:g}' y='{box.y:g}' width='{box.width:g}' height='{box.height:g}' rx='3'"
    title = f"core {core.index}, cpu {', '.join(map(str, core.cpus)) or 'not allowed'}"
    if core.kind is not None:
        title += f", {core.kind}"
    if stream is None:
        # A core of no stream is white, with its number; one that may not be used is grey, without.
        fill = "#FFFFFF" if core.cpus else "#C9CED6"
        number = _write(box, 0.62, 0.36, str(core.index), "#333A45") if core.cpus else ""
        return f"<g><title>{title}, no stream</title><rect {place} fill='{fill}' stroke='#7A8494'/>{number}</g>"
    style = style_stream(stream)
    frame = "stroke='#B3261E' stroke-width='3' stroke-dasharray='5 3'" if straddles else "stroke='#00000055'"
    parts = [f"<title>{title}, stream {stream}{', straddles' if straddles else ''}</title>"]
    parts.append(f"<rect {place} fill='{style.colour}' {frame}/>")
    if style.hatch in _HATCH_LINES:
        parts.append(f"<rect {place} fill='url(#ds-{style.hatch})'/>")
    parts.append(_write(box, 0.45, 0.36, style.label, style.text, " font-weight='700'"))
    parts.append(_write(box, 0.85, 0.28, str(core.index), style.text))
    return f"<g>{''.join(parts)}</g>"


def _write(box: Box, height: float, size: float, words: str, colour: str, more: str = "") -> str:
    """Write in the middle of a core, at a part of its height and in a part of its size; nothing if it is too small."""
    if box.width < _LEGIBLE:
        return ""
    return (
        f"<text x='{box.x + box.width / 2:g}' y='{box.y + box.height * height:g}' text-anchor='middle' "
        f"fill='{colour}' font-size='{box.width * size:.0f}'{more}>{words}</text>"
    )


def _hatch_pattern(hatch: str) -> str:
    return (
        f"<pattern id='ds-{hatch}' width='6' height='6' patternUnits='userSpaceOnUse'>"
        f"<path d='{_HATCH_LINES[hatch]}' stroke='#00000040' stroke-width='1.5' stroke-linecap='round'/></pattern>"
    )


def _l3_of(plan: StreamPlan, finding: Finding) -> int:
    return plan.streams[finding.streams[0]].l3_caches[0]


def _wrap_finding(finding: Finding) -> Iterator[tuple[str, str, str]]:
    """Break a finding into lines that fit; only the first carries its sign."""
    sign, colour = _SIGNS[finding.severity], _SIGN_COLOURS[finding.severity]
    line = ""
    for word in f"{finding.message} {finding.suggestion}".split():
        if len(line) + len(word) > 84:  # noqa: PLR2004 - characters in the narrowest card
            yield sign, colour, line
            sign, line = "", ""
        line = f"{line} {word}".strip()
    yield sign, colour, line
