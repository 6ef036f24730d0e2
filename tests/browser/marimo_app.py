"""A marimo notebook of single widgets: what marimo shows of anywidgets."""

import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo

    from deepsched import Topology, plan_streams, simulate
    from deepsched.render import SweepPoint, Timeline
    from deepsched_widgets import MachineMap, RequestTimeline, SweepChart, ThroughputChart

    golden = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
    found = [simulate(plan_streams(golden, n), "small convnet", clients=16, requests=2000) for n in (1, 2, 3, 4)]
    return MachineMap, RequestTimeline, SweepChart, SweepPoint, ThroughputChart, Timeline, found, golden, mo


@app.cell
def _(MachineMap, found, mo):
    machine_map = mo.ui.anywidget(MachineMap(found[2].plan))
    machine_map
    return (machine_map,)


@app.cell
def _(machine_map, mo):
    mo.md(f"chosen: {machine_map.value['selected_stream']}")
    return


@app.cell
def _(RequestTimeline, Timeline, found, mo):
    mo.ui.anywidget(RequestTimeline([Timeline(f"{f.plan.num_streams} streams", f.records) for f in found[:2]]))
    return


@app.cell
def _(SweepChart, SweepPoint, found, golden, mo):
    rates = [f.throughput for f in found]
    latencies = [f.snapshot.latency for f in found]
    points = [
        SweepPoint(f.plan.num_streams, r.value, r.low, r.high, n.p50, n.p99, origin="simulated")
        for f, r, n in zip(found, rates, latencies, strict=True)
    ]
    mo.ui.anywidget(SweepChart(points, golden))
    return


@app.cell
def _(ThroughputChart, mo):
    mo.ui.anywidget(ThroughputChart(16, "simulated"))
    return


if __name__ == "__main__":
    app.run()
