"""A machine or a plan as rich renderables for a terminal, and as plain text for everything else."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from deepsched.render.palette import style_stream
from deepsched.render.plans.cache_strips import find_users
from deepsched.render.plans.finding_groups import group_findings
from deepsched.render.plans.remote import find_straddles
from deepsched.render.plans.words import count, describe_machine, name_size
from deepsched.topology import format_cpu_list
from deepsched.topology.catalogue import MACHINES

if TYPE_CHECKING:
    from rich.console import RenderableType

    from deepsched.planning import StreamPlan
    from deepsched.topology import Topology

_SIGNS = {"warning": ("▲", "bold red"), "info": ("●", "cyan")}


def show_plan(plan: StreamPlan) -> RenderableType:
    """Give a table of the streams, what was changed of the request, and the findings in words."""
    topology = plan.topology
    title = f"{plan.scheduler}: num_streams {plan.num_streams} on {count(plan.num_cores, 'core')}"
    sentences = Table.grid(padding=(0, 1, 0, 0))
    for change in plan.adjustments:
        words = f"{change.name}: {change.requested} requested, {change.actual} actual ({change.reason})."
        sentences.add_row(Text(_SIGNS["info"][0], style=_SIGNS["info"][1]), Text(words))
    for finding in group_findings(plan.findings):
        sign, style = _SIGNS[finding.severity]
        sentences.add_row(Text(sign, style=style), Text(f"{finding.kind}: {finding.message} {finding.suggestion}"))
    said: list[RenderableType] = [sentences] if sentences.row_count else []
    if not plan.findings:
        said.append(Text("No findings."))
    limits = [Text(words) for words in _describe_limits(topology)]
    machine = Text(describe_machine(topology), style="dim")
    return Group(Text(title, style="bold"), machine, _tabulate_streams(plan), *limits, *said)


def _tabulate_streams(plan: StreamPlan) -> Table:
    """Give a row a stream; shared caches, cores away from their home, and kinds of cores have a column where needed."""
    core_at = {core.index: core for core in plan.topology.cores}
    remote = {straddle.stream: straddle.remote for straddle in find_straddles(plan)}
    kinds = len({core.kind for core in plan.topology.cores}) > 1
    users = find_users(plan)
    shared = any(len(streams) > 1 for streams in users.values())
    # Close together, and folded where a terminal is narrow: no number is cut off.
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column("stream", justify="right")
    optional = (("shared with", shared), ("kind", kinds), ("remote", remote))
    for heading in ("cores", "cpus", "socket", "NUMA node", "L3", *(name for name, needed in optional if needed)):
        table.add_column(heading, overflow="fold")
    for stream in plan.streams:
        style = style_stream(stream.index)
        others = sorted({other for l3 in stream.l3_caches for other in users[l3]} - {stream.index})
        row = [
            str(len(stream.cores)),
            format_cpu_list(stream.cpus),
            format_cpu_list(stream.sockets),
            format_cpu_list(stream.numa_nodes),
            format_cpu_list(stream.l3_caches) or "none",
        ]
        row += [f"S{format_cpu_list(others)}" if others else ""] if shared else []
        row += [", ".join(dict.fromkeys(core_at[core].kind or "unknown" for core in stream.cores))] if kinds else []
        row += [format_cpu_list(remote.get(stream.index, ()))] if remote else []
        table.add_row(Text(f" {style.label} ", style=f"{style.text} on {style.colour}"), *row)
    return table


def show_topology(topology: Topology) -> RenderableType:
    """Give a table of what shares what: one row a socket, NUMA node and L3."""
    table = Table(title=Text(topology.source), title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("socket", "NUMA node", "L3", "cores", "cpus", "usable cpus"):
        table.add_column(heading)
    rows: dict[tuple[int, int, int | None], list[int]] = {}
    allowed: dict[tuple[int, int, int | None], list[int]] = {}
    cores: dict[tuple[int, int, int | None], set[int]] = {}
    for t in topology.threads:
        place = (t.socket, t.numa_node, t.l3)
        rows.setdefault(place, []).append(t.cpu)
        cores.setdefault(place, set()).add(t.core)
        if t.allowed:
            allowed.setdefault(place, []).append(t.cpu)
    for place, cpus in rows.items():
        socket, node, l3 = place
        size = topology.l3_bytes.get(l3) if l3 is not None else None
        table.add_row(
            str(socket),
            str(node),
            "none" if l3 is None else f"{l3}{f' ({name_size(size)})' if size else ''}",
            str(len(cores[place])),
            format_cpu_list(cpus),
            format_cpu_list(allowed.get(place, [])) or "none",
        )
    return Group(table, *(Text(words) for words in (*_describe_limits(topology), *topology.notes)))


def _describe_limits(topology: Topology) -> list[str]:
    limits = topology.limits
    words = []
    if limits.quota_cpus is not None:
        words.append(f"Limited to {limits.describe_quota(len(topology.usable_cores))}.")
    if len(limits.allowed_cpus) < len(topology.threads):
        usable = format_cpu_list(limits.allowed_cpus)
        words.append(f"Limited to cpus {usable} of {len(topology.threads)} by affinity mask or cpuset.")
    return words


def show_catalogue() -> RenderableType:
    """Give a table of the machines that can be named."""
    table = Table(title="machines for --topology", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("name", "what it is", "in hwloc's notation"):
        table.add_column(heading)
    for machine in MACHINES:
        table.add_row(machine.name, machine.summary, Text("" if machine.kinds else machine.synthetic))
    return table


def write_plain(renderable: RenderableType, width: int = 100) -> str:
    """Render to plain text of at most `width` characters a line: the same on every machine."""
    console = Console(
        file=StringIO(),
        # Both, or rich asks the environment.
        width=width,
        height=100,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n")


def write_topology(topology: Topology) -> str:
    """Write a machine as plain text."""
    return write_plain(show_topology(topology))


def write_plan(plan: StreamPlan) -> str:
    """Write a plan as plain text."""
    return write_plain(show_plan(plan))
