"""Tuning on rounds of known throughput and noise, without a clock; and one real model for a few seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import parser

import deepsched
from deepsched import DeepschedWarning, Topology, tune
from deepsched.errors import DeepschedError, OptionError
from deepsched.measure import Setting, find_example
from deepsched.measure.tuning import Goal, Trial
from deepsched.measure.tuning.candidates import MOST_CANDIDATES, Candidate, list_candidates
from deepsched.measure.tuning.halving import MOST_ROUNDS, halve
from deepsched.measure.tuning.rate_search import RESOLUTION, search_rates
from deepsched.measure.tuning.resume import pack_trials, read_trials
from deepsched.measure.tuning.trial import RateBounds, Sample
from deepsched.measure.tuning.verdict import choose
from tests.measure.made_rounds import make_noisy_rounds, make_round

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
FOUR = Topology.from_synthetic("pack:1 l3:1 core:4 pu:1")
DOUBLING = parser.parse_model(
    '<ir_version: 9, opset_import: ["": 17]> doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }'
)
THROUGHPUT = Goal()


class MadeBench:
    """Serves rounds of known throughput, with the noise of the rounds and a drift that all share."""

    def __init__(self, rates: Mapping[int, float], interrupt_at: int | None = None) -> None:
        self.rates = rates
        self.turns: list[str] = []
        self._interrupt_at = interrupt_at

    def measure(self, candidates: Sequence[Candidate], number: int) -> list[Sample | None]:
        drift = (1.0, 0.7, 0.9, 0.6)[number % 4]
        samples: list[Sample | None] = []
        for candidate in candidates:
            if self._interrupt_at is not None and len(self.turns) >= self._interrupt_at:
                samples.append(None)
                continue
            streams = candidate.plan.num_streams
            self.turns.append(candidate.name)
            (made,) = make_noisy_rounds(self.rates[streams], [drift], seed=1000 * number + streams)
            samples.append(Sample(made))
        return samples


def start(topology: Topology) -> tuple[Trial, ...]:
    return tuple(Trial(candidate) for candidate in list_candidates(topology, Setting()))


def run(bench: MadeBench, goal: Goal = THROUGHPUT, rounds: int = MOST_ROUNDS) -> tuple[Trial, ...]:
    return halve(start(FOUR), goal, bench.measure, lambda trials: len(trials[0].rounds) < rounds)


def by_streams(trials: Sequence[Trial]) -> dict[int, Trial]:
    return {trial.candidate.plan.num_streams: trial for trial in trials}


def test_the_simplest_candidates_come_first() -> None:
    candidates = list_candidates(GOLDEN, Setting(), [1, 4])
    names = [candidate.name for candidate in candidates]
    # THEN even streams within a socket come first, and streams that straddle sockets last
    assert names[:3] == [f"multi_stream with {n} streams, batch_size {b}" for n, b in ((2, 1), (2, 4), (4, 1))]
    assert [candidate.complexity[0] for candidate in candidates] == sorted(c.complexity[0] for c in candidates)
    assert names.index("multi_stream with 16 streams, batch_size 4") < names.index("single_stream, batch_size 1")
    assert candidates[0].setting.num_streams == 2
    assert not {"elastic", "multi_stream with 1 streams"} & set(names)


def test_all_hardware_threads_of_a_core_are_tried_beside_one() -> None:
    candidates = list_candidates(Topology.from_synthetic("pack:1 l3:1 core:4 pu:2"), Setting())
    assert {c.setting.threads_per_core for c in candidates} == {1, 2}
    assert {len(c.plan.streams[0].cpus) for c in candidates if c.plan.num_streams == 2} == {2, 4}
    # AND one is the simpler
    names = [c.name for c in candidates if c.plan.num_streams == 2]
    assert names == ["multi_stream with 2 streams", "multi_stream with 2 streams, 2 threads a core"]


@pytest.mark.parametrize("text", ["pack:2 l3:4 core:16 pu:2", "pack:2 l3:1 core:13 pu:1", "pack:1 core:1 pu:1"])
def test_large_machines_give_no_more_candidates_than_can_be_measured(text: str) -> None:
    machine = Topology.from_synthetic(text)
    candidates = list_candidates(machine, Setting())
    assert 1 <= len(candidates) <= MOST_CANDIDATES
    kinds = {(candidate.plan.num_streams, candidate.setting.threads_per_core) for candidate in candidates}
    assert {(1, 1), (len(machine.cores), 1)} <= kinds
    assert len(kinds) == len(candidates)


def test_the_best_is_found_and_losers_are_dropped_early() -> None:
    bench = MadeBench({1: 60, 2: 90, 3: 100, 4: 130})
    trials = run(bench)
    verdict = choose(trials, THROUGHPUT)
    assert verdict.best.candidate.plan.num_streams == 4
    assert (verdict.equals, verdict.keeps_limit) == ((), True)
    assert verdict.confidence.startswith("Sure: every other setting is worse")
    assert "its throughput is 0.4" in verdict.reason
    # THEN three rounds sufficed, the fewest that give an interval
    assert len(bench.turns) == 3 * 4


def test_the_worse_half_goes_before_there_is_an_interval() -> None:
    rates = {n: 50.0 + 10 * n for n in range(1, 17)}
    bench = MadeBench(rates)
    trials = halve(start(GOLDEN), THROUGHPUT, bench.measure, lambda _: True)
    assert choose(trials, THROUGHPUT).best.candidate.plan.num_streams == 16
    fewest = min(trials, key=lambda trial: len(trial.rounds))
    assert len(fewest.rounds) == 1
    assert "in the worse half after 1 rounds" in fewest.dropped


def test_settings_within_noise_are_equal_and_the_simplest_is_chosen() -> None:
    # GIVEN four that are alike; three streams on four cores are uneven
    trials = run(MadeBench(dict.fromkeys((1, 2, 3, 4), 100.0)))
    verdict = choose(trials, THROUGHPUT)
    assert verdict.best.candidate.name == "single_stream"
    assert verdict.equals
    assert "is the simplest of them" in verdict.reason
    assert "Sure to within" in verdict.confidence
    # AND GIVEN that one stream is slower, then it is even streams, and the fewer of them
    verdict = choose(run(MadeBench({1: 60, 2: 100, 3: 100, 4: 100})), THROUGHPUT)
    assert verdict.best.candidate.plan.num_streams == 2


@settings(max_examples=25, deadline=None)
@given(st.fixed_dictionaries({n: st.floats(50, 150) for n in (1, 2, 3, 4)}))
def test_the_choice_is_the_best_or_near_it(rates: dict[int, float]) -> None:
    best = choose(run(MadeBench(rates)), THROUGHPUT).best.candidate.plan.num_streams
    assert rates[best] >= 0.95 * max(rates.values())


def test_latency_is_smallest_where_it_is_the_objective() -> None:
    # GIVEN rounds whose latencies are one by their rate
    goal = Goal("latency")
    verdict = choose(run(MadeBench({1: 130, 2: 100, 3: 90, 4: 80}), goal), goal)
    assert verdict.best.candidate.name == "single_stream"
    assert "its mean latency is 1.3" in verdict.reason


def test_a_limit_comes_before_throughput() -> None:
    def measure(candidates: Sequence[Candidate], _number: int) -> list[Sample | None]:
        # Four streams serve the most, and slowest.
        sizes = [candidate.plan.num_streams for candidate in candidates]
        return [Sample(make_round(np.arange(0, 10, 0.1 / n), np.full(100 * n, 0.01 * n))) for n in sizes]

    for limit, best, keeps in ((0.025, 2, True), (1.0, 4, True), (0.005, 1, False)):
        goal = Goal(latency_p99=limit, clients=4)
        verdict = choose(halve(start(FOUR), goal, measure, lambda t: len(t[0].rounds) < 3), goal)
        assert (verdict.best.candidate.plan.num_streams, verdict.keeps_limit) == (best, keeps), limit
    assert "No setting keeps p99 within 5 ms" in verdict.reason


def test_the_time_that_is_left_ends_it() -> None:
    trials = run(MadeBench({1: 60, 2: 99, 3: 100, 4: 100}), rounds=2)
    assert {len(trial.rounds) for trial in trials} == {2}
    verdict = choose(trials, THROUGHPUT)
    assert verdict.best.candidate.plan.num_streams > 1
    assert verdict.confidence.startswith("Not sure")


@pytest.mark.parametrize("turns", range(1, 18))
def test_ctrl_c_at_any_turn_leaves_the_best_so_far(turns: int) -> None:
    bench = MadeBench({1: 90, 2: 100, 3: 95, 4: 103}, interrupt_at=turns)
    trials = run(bench)
    verdict = choose(trials, THROUGHPUT)
    # THEN no round is in only some of those that are still compared
    alive = [len(trial.rounds) for trial in trials if not trial.dropped]
    assert turns < 4 or len(set(alive)) == 1
    assert verdict.best.rounds
    if turns < 4:
        assert "not measured yet" in verdict.confidence


def search(limits: Mapping[int, float], capacities: Mapping[int, float]) -> tuple[tuple[Trial, ...], list[str]]:
    asked: list[str] = []

    def keeps(candidate: Candidate, rate: float) -> bool:
        asked.append(candidate.name)
        return rate <= limits[candidate.plan.num_streams]

    trials = [
        replace(trial, rounds=tuple(make_noisy_rounds(capacities[trial.candidate.plan.num_streams], [1.0], 1)))
        for trial in start(FOUR)
    ]
    return search_rates(trials, keeps), asked


def test_the_highest_rate_under_a_limit_is_searched() -> None:
    limits = {1: 40.0, 2: 71.0, 3: 30.0, 4: 20.0}
    goal = Goal(latency_p99=0.1)
    assert goal.seeks_rate
    trials, asked = search(limits, {1: 60, 2: 100, 3: 110, 4: 120})
    verdict = choose(trials, goal)
    bounds = verdict.best.bounds
    assert verdict.best.candidate.plan.num_streams == 2
    assert bounds is not None
    assert bounds.kept <= 71.0 < bounds.broken
    assert bounds.broken - bounds.kept <= 1.01 * RESOLUTION * 100
    assert "keeps p99 within 100 ms up to" in verdict.reason
    # THEN those that cannot reach it any more were not asked further
    assert by_streams(trials)[1].dropped.startswith("it cannot reach the")
    assert len(asked) < 4 * 5


def test_a_search_that_ends_early_says_so() -> None:
    goal, (trial, *_) = Goal(latency_p99=0.1), start(FOUR)
    rounds = tuple(make_noisy_rounds(100, [1.0], 1))
    half = replace(trial, rounds=rounds, bounds=RateBounds(27.0, 55.0))
    assert "it lies between 27 and 55 requests/s" in choose([half], goal).confidence
    # AND one that Ctrl-C ended before the first rate knows the capacity only
    verdict = choose([replace(half, bounds=None)], goal)
    assert "No rate was tried yet" in verdict.reason
    assert not verdict.keeps_limit


def test_no_rate_keeps_the_limit() -> None:
    trials, _ = search(dict.fromkeys((1, 2, 3, 4), 0.0), dict.fromkeys((1, 2, 3, 4), 100.0))
    verdict = choose(trials, Goal(latency_p99=0.001))
    assert not verdict.keeps_limit
    assert verdict.reason.startswith("No rate that was tried keeps p99 within 1 ms")


IDENTITY = {"model": "abc", "goal": THROUGHPUT.to_dict()}


def test_rounds_come_back_from_json_as_they_were(tmp_path: Path) -> None:
    trials = run(MadeBench({1: 60, 2: 99, 3: 100, 4: 101}))
    path = tmp_path / "tuning.json"
    path.write_text(json.dumps({"resume": {"identity": IDENTITY, "trials": pack_trials(trials)}}, allow_nan=False))
    again = read_trials(path, [trial.candidate for trial in trials], IDENTITY)
    for one, other in zip(again, trials, strict=True):
        assert (one.dropped, len(one.rounds)) == (other.dropped, len(other.rounds))
        assert one.throughput == pytest.approx(other.throughput, rel=1e-3)
        assert (one.mean, one.p99) == pytest.approx((other.mean, other.p99), rel=1e-3)
    assert choose(again, THROUGHPUT).best.candidate == choose(trials, THROUGHPUT).best.candidate
    # AND they are of no use for something else
    with pytest.raises(OptionError, match="it was written for another model;"):
        read_trials(path, [], {**IDENTITY, "model": "def"})


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"resume": 3}', '{"resume": {"identity": {}, "trials": [{}]}}'])
def test_what_no_tuning_wrote_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tuning.json"
    path.write_text(content)
    with pytest.raises(OptionError, match=r"tuning\.json: expected the JSON that a tuning has written"):
        read_trials(path, [], IDENTITY)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"objective": "speed"}, "objective is 'speed'; expected one of throughput, latency."),
    ({"latency_p99_ms": 0}, "latency_p99_ms is 0; expected a number above 0."),
    ({"rate": 0}, "rate is 0; expected a number above 0."),
    ({"clients": -1}, "clients is -1; expected an integer from 1 up."),
    ({"clients": 2, "rate": 10}, "clients and rate are two kinds of load"),
    ({"budget": -1}, "budget is -1; expected a number above 0"),
    ({"batch_sizes": [0]}, "a batch size is 0; expected an integer from 1 up."),
    ({"batch_sizes": 4}, "batch_sizes is 4; expected a list of integers."),
    ({"num_cores": -1}, "num_cores is -1"),
    ({"pinning": "hard"}, "pinning is 'hard'"),
    ({"seed": -1}, "seed is -1"),
    ({"export_path": "/nowhere/out.json"}, "/nowhere/out.json cannot be written"),
    ({"resume": "/nowhere/in.json"}, "resume /nowhere/in.json: expected the JSON"),
    ({"topology": "pack:9 l3:1 core:8 pu:1"}, "can be drawn, not run"),
    ({"inputs": "nowhere.npz"}, "inputs nowhere.npz"),
]


@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=[str(options) for options, _ in MISTAKES])
def test_a_mistake_is_one_sentence_before_any_measuring(
    options: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_arguments: object) -> None:
        pytest.fail("measured")

    monkeypatch.setattr("deepsched.measure.interleave.measure_round", measure)
    with pytest.raises(DeepschedError, match=says.replace("(", r"\(")):
        tune(DOUBLING, progress=False, **options)


def test_a_fixed_batch_is_said_so() -> None:
    with pytest.raises(DeepschedError, match="no input has a dynamic first dimension"):
        tune(find_example("light_squeezenet"), batch_sizes=[1, 2], progress=False)


@pytest.mark.timeout(120)
def test_a_real_model(tmp_path: Path) -> None:
    path, model = tmp_path / "tuning.json", find_example("light_squeezenet")
    result = tune(model, budget=6, num_cores=1, export_path=path, progress=False)
    # GIVEN one core, there is nothing to choose from
    assert (result.best.chosen_scheduler, result.best.num_streams) == ("single_stream", None)
    assert result.confidence.startswith("Sure")
    assert [trial.candidate.name for trial in result.pareto] == ["single_stream"]
    assert result.code == (
        "from deepsched import compile_model\nfrom deepsched.measure import find_example\n\n"
        "engine = compile_model(find_example('light_squeezenet'), scheduler='single_stream', num_cores=1)\n"
    )
    assert set(result.exports) == {"taskset", "numactl", "onnxruntime", "openvino", "triton", "kubernetes"}
    # THEN the JSON has it all
    data = json.loads(path.read_text())
    assert data["best"]["scheduler"] == "single_stream"
    assert data["settings"][0]["statistics"]["throughput"]["value"] == pytest.approx(result.trials[0].throughput)
    assert data["cost_seconds"] == result.cost > 0
    assert data["machine"]["sockets"] >= 1
    # AND resuming what is settled measures nothing
    again = tune(model, num_cores=1, resume=path, progress=False)
    assert len(again.trials[0].rounds) == len(result.trials[0].rounds)
    assert again.cost < result.cost


@pytest.mark.timeout(120)
def test_the_code_runs() -> None:
    with pytest.warns(DeepschedWarning, match="capped") as warned:
        result = tune(DOUBLING, num_cores=10_000, batch_sizes=[1, 4], budget=3, progress=False)
    # THEN it is said as often as the model is compiled for another setting, not each round
    assert len(warned) <= 1 + len(result.trials)
    scope: dict[str, Any] = {"model": DOUBLING}
    with pytest.warns(DeepschedWarning, match="capped"):
        exec(result.code, scope)
    with scope["engine"] as engine:
        assert engine.batch_size == result.best.batch_size
        assert engine.num_streams == result.plan.num_streams


@pytest.mark.timeout(120)
@pytest.mark.parametrize("options", [{"rate": 50.0}, {"latency_p99_ms": 50.0}, {"objective": "latency"}], ids=str)
def test_every_goal_with_a_real_model(options: dict[str, Any]) -> None:
    seen: list[str] = []
    result = tune(DOUBLING, budget=4, progress=_collect(seen), **options)
    assert result.reason
    assert any("trying out" in words for words in seen)
    if "latency_p99_ms" in options:
        assert result.verdict.best.bounds is not None
        assert any("requests/s" in words for words in seen)
    else:
        assert result.verdict.keeps_limit
    json.dumps(result.to_dict(), allow_nan=False)


def _collect(seen: list[str]) -> Callable[[float], Any]:
    from contextlib import contextmanager  # noqa: PLC0415

    @contextmanager
    def watch(_budget: float) -> Any:
        yield lambda standing: seen.append(standing.words)

    return watch


def test_tune_is_public() -> None:
    assert "tune" in deepsched.__all__
    assert deepsched.tune is tune
