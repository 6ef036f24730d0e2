"""The lab on a machine that is not there: what runs is simulated, follows what a person sets, and says what it is."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import traitlets

from deepsched import Topology, Workload, simulate
from deepsched.simulation import WORKLOADS
from deepsched_widgets import RequestTimeline
from deepsched_widgets.lab import simulated_run
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.prediction import Prediction, Predictor
from deepsched_widgets.lab.simulated_run import SimulatedRun
from deepsched_widgets.lab.wish import Wish
from deepsched_widgets.lab.words import describe_prediction

if TYPE_CHECKING:
    from deepsched_widgets import StreamLab

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def wish(scheduler: str, num_streams: int, clients: int, workload: Workload = WORKLOADS[0]) -> Wish:
    return Wish(choose_model(None), Topology.load(GOLDEN), scheduler, num_streams, clients=clients, workload=workload)


def wait_for(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def read_chart(lab: StreamLab) -> list[tuple[str, str]]:
    """Give each setting that the chart has a mean of, with its origin."""
    return [(setting, origin) for setting, origin, *_ in lab.chart.table["rows"]]


@pytest.fixture
def lab(make_lab):
    return make_lab(topology=GOLDEN, num_streams=2, clients=16)


class TestTheRun:
    def test_it_shows_what_simulate_gives(self):
        run = SimulatedRun(wish("multi_stream", 3, 7, WORKLOADS[1]))
        sample, expected = run.sample(), simulate(GOLDEN, WORKLOADS[1], 3, clients=7)
        assert sample.snapshot.throughput == expected.throughput.value
        assert sample.snapshot.latency == expected.snapshot.latency
        assert (sample.scheduler, sample.num_streams, sample.clients) == ("multi_stream", 3, 7)

    def test_single_stream_takes_all_cores_whatever_num_streams_says(self):
        sample = SimulatedRun(wish("single_stream", 5, 4)).sample()
        assert (sample.scheduler, sample.num_streams) == ("single_stream", 1)

    def test_its_clock_is_the_pages(self):
        run = SimulatedRun(wish("multi_stream", 2, 4))
        before = time.perf_counter()
        first, second = run.sample().snapshot.at, run.sample().snapshot.at
        assert before <= first <= second <= time.perf_counter()

    def test_each_setting_is_simulated_once(self, monkeypatch):
        asked = []
        monkeypatch.setattr(simulated_run, "simulate", lambda *a, **k: asked.append(a) or simulate(*a, **k))
        two, three = (wish("multi_stream", count, 4) for count in (2, 3))
        run = SimulatedRun(two)
        for wished in (two, three, two, three):
            run.adapt(wished)
            run.sample()
        assert len(asked) == 2

    @pytest.mark.parametrize(("clients", "rate", "least"), [(32, None, 28), (None, 1500.0, 100)])
    def test_its_newest_requests_are_those_of_a_run_that_goes_on(self, clients, rate, least):
        # GIVEN a closed loop, and an open one that asks for more than there is
        trace = SimulatedRun(replace(wish("multi_stream", 4, 16), clients=clients, rate=rate)).trace()
        # WHEN the newest window of the trace is shown
        timeline = RequestTimeline([])
        timeline.show(trace.records, newest=True)
        timeline.close()
        picture = timeline.picture
        (panel,) = picture["panels"]
        bars, end = panel["bars"], picture["start"] + picture["duration"]
        # THEN all streams are busy to its end, to a thousandth of a ms: there a client's next request follows its last
        # AND the queue does not run empty because the simulation ends
        ends = zip(bars["stream"], bars["ended"], strict=True)
        assert {stream for stream, ended in ends if ended > end - 0.001} == {0, 1, 2, 3}
        assert min(panel["depths"]) >= least
        # AND the one that grows without bound does so
        assert (panel["depths"][-1] > panel["depths"][0]) == (rate is not None)

    def test_of_an_open_loop_that_is_served_nothing_is_missing_but_the_last(self):
        run = SimulatedRun(replace(wish("multi_stream", 4, 16), clients=None, rate=100.0))
        records = run.trace().records
        assert 0.9 < len(records) / 1000 <= 1
        assert max(record.ended for record in records) < max(record.ended for record in run._now.records)


class TestTheLab:
    def test_start_simulates_and_says_so(self, lab):
        lab.set_state({"running": True})  # as the page does
        wait_for(lambda: "items/s" in lab.sentence)
        assert lab.sentence.startswith("Simulated: 2 streams, ")
        assert lab.heading == f"Simulated: small convnet on {GOLDEN}"
        assert "not measured" in lab.note
        assert lab.chart.layout_of_figure["title"]["text"].endswith("simulated")
        assert read_chart(lab) == [("2 streams", "simulated")]
        lab.stop()
        assert (lab.state, lab.running) == ("idle", False)
        assert lab.sentence.startswith("2 streams planned")

    def test_it_follows_the_slider_and_the_scheduler(self, lab):
        lab.start()
        wait_for(lambda: read_chart(lab))
        lab.num_streams = 3
        wait_for(lambda: lab.sentence.startswith("Simulated: 3 streams, "))
        lab.scheduler = "single_stream"
        wait_for(lambda: lab.sentence.startswith("Simulated: single_stream, "))
        assert {setting for setting, _ in read_chart(lab)} == {"2 streams", "3 streams", "single_stream"}

    @pytest.mark.parametrize(("name", "value"), [("clients", 3), ("workload", "memory bound")])
    def test_another_load_empties_the_chart(self, lab, name, value):
        lab.start()
        wait_for(lambda: read_chart(lab))
        lab.num_streams = 4
        wait_for(lambda: len(read_chart(lab)) == 2)
        # WHEN the load changes in a run THEN the means of the load before are gone
        setattr(lab, name, value)
        wait_for(lambda: len(read_chart(lab)) == 1)
        assert lab.heading == f"Simulated: {lab.workload} on {GOLDEN}"

    def test_storms_end_at_the_last_value(self, lab):
        lab.start()
        for value in [*range(1, 17)] * 3:
            lab.num_streams = value
        lab.num_streams = 5
        wait_for(lambda: lab.sentence.startswith("Simulated: 5 streams, "))

    def test_a_workload_of_ones_own_is_chosen_beside_the_named(self, make_lab):
        mine = Workload(0.002, 0.9, name="mine")
        lab = make_lab(topology=GOLDEN, workload=mine)
        assert lab.choices["workloads"] == [*(known.name for known in WORKLOADS), "mine"]
        assert lab.workload == "mine"
        lab.start()
        wait_for(lambda: read_chart(lab))
        expected = simulate(GOLDEN, mine, clients=16).throughput.value
        assert lab.chart.table["rows"][0][3] == f"{expected:.4g}"
        with pytest.raises(traitlets.TraitError, match="no workload 'yours'"):
            lab.workload = "yours"

    def test_it_takes_nothing_over_for_it_keeps_no_core(self, lab, make_lab):
        other = make_lab(topology=GOLDEN)
        lab.start()
        other.start()
        wait_for(lambda: read_chart(lab) and read_chart(other))
        assert (lab.state, other.state) == ("running", "running")

    def test_it_stops_by_itself_and_still_says_that_nothing_is_measured_next_time(self, make_lab):
        lab = make_lab(topology=GOLDEN, seconds=0.6)
        lab.start()
        wait_for(lambda: lab.state == "idle" and not lab.running)
        assert "as every run does" in lab.note
        lab.start()
        assert "not measured" in lab.note


class TestPrediction:
    @pytest.mark.parametrize(
        ("predicted", "words"),
        [(90.0, "90 items/s, 10 % below"), (125.0, "125 items/s, 25 % above"), (100.2, "100 items/s, within 1 % of")],
    )
    def test_the_error_is_told_in_words(self, predicted, words):
        told = describe_prediction(Prediction(predicted, 100.0, 4))
        assert told == f"Predicted (simulated): {words} the measured mean of 4 periods, 100 items/s."

    def test_nothing_is_predicted_before_calibration(self, golden_plan):
        snapshot = simulate(GOLDEN, WORKLOADS[0], 3).snapshot
        assert Predictor(str).compare(golden_plan, wish("multi_stream", 3, 3), snapshot) is None


def test_the_chart_says_simulated_before_anything_ran(make_lab):
    assert "simulated" in make_lab(topology=GOLDEN).chart.label
    assert "measured" in make_lab(topology=None).chart.label
