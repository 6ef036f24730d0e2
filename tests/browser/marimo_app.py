"""A marimo notebook of single widgets: what marimo shows of anywidgets."""

import marimo

app = marimo.App()

with app.setup:
    import marimo as mo

    from deepsched import Topology, plan_streams, simulate
    from deepsched.render import SweepPoint, Timeline
    from deepsched_widgets import MachineMap, RequestTimeline, SweepChart, ThroughputChart

    golden = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
    found = [simulate(plan_streams(golden, n), "small convnet", clients=16, requests=2000) for n in (1, 2, 3, 4)]


@app.cell
def _():
    machine_map = mo.ui.anywidget(MachineMap(found[2].plan))
    machine_map
    return (machine_map,)


@app.cell
def _(machine_map):
    mo.md(f"chosen: {machine_map.value['selected_stream']}")


@app.cell
def _():
    named = zip(("1 stream", "2 streams"), found, strict=False)
    mo.ui.anywidget(RequestTimeline([Timeline(name, f.records, origin="simulated") for name, f in named]))


@app.cell
def _():
    rates = [f.throughput for f in found]
    latencies = [f.snapshot.latency for f in found]
    points = [
        SweepPoint(f.plan.num_streams, r.value, r.low, r.high, n.p50, n.p99, origin="simulated")
        for f, r, n in zip(found, rates, latencies, strict=True)
    ]
    mo.ui.anywidget(SweepChart(points, golden))


@app.cell
def _():
    mo.ui.anywidget(ThroughputChart(16, "simulated"))


if __name__ == "__main__":
    app.run()
