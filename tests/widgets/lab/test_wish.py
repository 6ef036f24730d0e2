"""Where a lab's controls stand at first, and what of a wish compares with another one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsched import Topology, compile_model
from deepsched.errors import DeepschedError, DeepschedWarning, OptionError, PlanError
from deepsched.measure import find_example
from deepsched.simulation import WORKLOADS
from deepsched.topology import restrict_topology
from deepsched_widgets.lab.arrivals import LEAST_RATE, MOST_RATE
from deepsched_widgets.lab.choices import MOST_CLIENTS
from deepsched_widgets.lab.first_wish import count_threads_per_core, make_first_wish, move_wish
from deepsched_widgets.lab.model_choice import choose_model

if TYPE_CHECKING:
    from deepsched_widgets.lab.wish import Wish

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
SMT = Topology.from_synthetic("pack:2 l3:1 core:4 pu:2")
HERE = Topology.detect()
DEFAULTS = {
    "num_streams": None,
    "scheduler": None,
    "threads_per_core": 1,
    "clients": None,
    "rate": None,
    "predict": False,
}


def make(topology: Topology | str | None = GOLDEN, model=None, here: Topology = HERE, **given) -> Wish:
    return make_first_wish(model, topology, WORKLOADS[0], here, **{**DEFAULTS, **given})


@pytest.fixture
def engine():
    with compile_model(find_example("light_squeezenet"), num_cores=1, num_streams=1) as engine:
        yield engine


class TestTheFirst:
    def test_defaults_are_one_stream_an_l3_and_a_client_a_core(self):
        wish = make()
        assert (wish.scheduler, wish.num_streams, wish.threads_per_core) == ("multi_stream", 2, 1)
        assert (wish.clients, wish.rate, wish.workload, wish.origin) == (16, None, WORKLOADS[0], "simulated")

    def test_this_machine_is_measured(self):
        wish = make(None)
        assert (wish.origin, wish.workload, wish.topology) == ("measured", None, HERE)

    def test_there_are_64_clients_at_most_by_default(self):
        assert make("pack:4 core:32 pu:1").clients == 64

    def test_elastic_is_multi_stream_as_everywhere(self):
        assert make(scheduler="elastic", num_streams=3).scheduler == "multi_stream"

    def test_what_is_capped_is_told_once_and_the_wish_holds_what_is_in_force(self):
        with pytest.warns(DeepschedWarning) as told:
            wish = make(num_streams=99, threads_per_core=4)
        assert (wish.num_streams, wish.threads_per_core) == (16, 1)
        before = len(told)
        wish.plan()
        assert len(told) == before

    @pytest.mark.parametrize("rate", [LEAST_RATE, MOST_RATE, 7])
    def test_a_rate_takes_the_place_of_clients(self, rate):
        wish = make(rate=rate)
        assert wish.load == (None, rate)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"rate": LEAST_RATE / 2}, "rate is"),
            ({"rate": MOST_RATE * 2}, "rate is"),
            ({"rate": True}, "rate is"),
            ({"rate": float("nan")}, "rate is"),
            ({"clients": 0}, "clients is 0"),
            ({"clients": True}, "clients is True"),
            ({"clients": 1.0}, "clients is 1.0"),
            ({"clients": MOST_CLIENTS + 1}, "clients is"),
            ({"clients": 1, "rate": 1.0}, "give one of them"),
            ({"predict": True}, "nothing is measured on another machine"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, given, words):
        with pytest.raises(OptionError, match=words):
            make(**given)

    def test_a_plan_that_makes_no_sense_is_refused(self):
        with pytest.raises(PlanError):
            make(threads_per_core=0)


class TestOfAnEngine:
    def test_it_is_taken_as_it_is(self, engine):
        wish = make(None, engine)
        assert (wish.scheduler, wish.num_streams, wish.workload) == (engine.scheduler.value, 1, None)
        assert wish.plan().streams == engine.plan.streams

    @pytest.mark.parametrize(
        "given", [{"num_streams": 1}, {"scheduler": "multi_stream"}, {"predict": True}, {"threads_per_core": 2}]
    )
    def test_what_was_compiled_is_not_given_again(self, engine, given):
        with pytest.raises(OptionError, match=f"{next(iter(given))} cannot be given with an engine"):
            make(None, engine, **given)

    def test_a_machine_is_not_given_again(self, engine):
        with pytest.raises(OptionError, match="topology cannot be given"):
            make("this", engine)

    def test_it_may_be_watched_only(self, engine):
        assert make(None, engine, clients=0).clients == 0

    def test_it_runs_here_though_it_was_left_but_some_cores(self, engine):
        # GIVEN an engine on the cores that were free, whose machine bars the others
        everything = Topology.from_synthetic("pack:1 core:4 pu:1")
        wish = make(None, engine, here=everything)
        # THEN it is measured all the same
        assert wish.workload is None

    @pytest.mark.parametrize("machine", [GOLDEN, SMT, Topology.from_synthetic("pack:1 core:3 pu:4")])
    def test_its_hardware_threads_a_core_are_read_from_its_plan(self, machine):
        for threads in range(1, max(len(core.cpus) for core in machine.usable_cores) + 1):
            assert count_threads_per_core(make(machine, threads_per_core=threads).plan()) == threads


class TestTheMove:
    def test_another_machine_begins_with_its_own_defaults(self):
        there = move_wish(make(None, clients=3), GOLDEN, WORKLOADS[1])
        assert (there.num_streams, there.clients, there.workload, there.predict) == (2, 16, WORKLOADS[1], False)

    def test_a_rate_and_the_scheduler_stay(self):
        there = move_wish(make(rate=20.0, scheduler="single_stream"), SMT, WORKLOADS[0])
        assert (there.load, there.scheduler) == ((None, 20.0), "single_stream")

    def test_hardware_threads_are_as_many_as_the_cores_there_have(self):
        wide = make(SMT, threads_per_core=2)
        assert move_wish(wide, GOLDEN, WORKLOADS[0]).threads_per_core == 1

    def test_what_may_not_be_used_there_does_not_count(self):
        some = restrict_topology(SMT, {0, 2})
        assert move_wish(make(SMT, threads_per_core=2), some, WORKLOADS[0]).threads_per_core == max(
            len(core.cpus) for core in some.usable_cores
        )


class TestComparing:
    def test_streams_and_scheduler_are_what_is_compared(self):
        wish = make()
        assert wish.compares_with(replace(wish, num_streams=5))
        assert wish.compares_with(replace(wish, scheduler="single_stream"))
        assert wish.compares_with(replace(wish, predict=True))

    @pytest.mark.parametrize(
        "change", [{"clients": 3}, {"clients": None, "rate": 2.0}, {"workload": WORKLOADS[1]}, {"threads_per_core": 2}]
    )
    def test_another_load_does_not_compare_but_shares_the_ground(self, change):
        wish = make()
        other = replace(wish, **change)
        assert not wish.compares_with(other)
        assert wish.shares_ground_with(other)

    def test_another_model_is_other_work_where_it_runs(self):
        simulated, measured = make(), make(None)
        assert simulated.compares_with(replace(simulated, model=choose_model("light_shufflenet")))
        assert not measured.shares_ground_with(replace(measured, model=choose_model("light_shufflenet")))

    @pytest.mark.parametrize("change", [{"topology": SMT}, {"workload": None}])
    def test_another_ground_does_not_compare(self, change):
        wish = make()
        other = replace(wish, **change)
        assert not wish.shares_ground_with(other)
        assert not wish.compares_with(other)


@given(
    streams=st.none() | st.integers(0, 40),
    threads=st.integers(1, 4),
    scheduler=st.sampled_from([None, "multi_stream", "single_stream", "elastic"]),
    machine=st.sampled_from([GOLDEN, SMT, HERE]),
    target=st.sampled_from([GOLDEN, SMT]),
)
@pytest.mark.filterwarnings("ignore::deepsched.errors.DeepschedWarning")
def test_whatever_is_wished_the_controls_can_show_it_and_it_moves(streams, threads, scheduler, machine, target):
    wish = make(machine, num_streams=streams, threads_per_core=threads, scheduler=scheduler)
    for one in (wish, move_wish(wish, target, WORKLOADS[0])):
        plan = one.plan()
        assert not plan.adjustments
        assert one.num_streams == plan.num_streams or not one.several
        assert one.scheduler in ("multi_stream", "single_stream")


@given(st.text(max_size=40))
def test_any_text_is_a_model_or_a_typed_error(text):
    try:
        choice = choose_model(text)
    except DeepschedError:
        return
    assert choice.label
