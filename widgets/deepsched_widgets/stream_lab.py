"""The lab: a model under both schedulers, its map, its throughput, and the controls, on one page."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets as t

from deepsched.engine.model import open_model
from deepsched.errors import ClosedError, OptionError
from deepsched.measure import find_example
from deepsched.planning import Scheduler, choose_cores, plan_streams
from deepsched.render import draw_plan
from deepsched.simulation import WORKLOADS, Workload
from deepsched.topology import Topology
from deepsched_widgets.lab_words import describe_plan, describe_prediction, describe_sample
from deepsched_widgets.live_run import LiveRun, Wish
from deepsched_widgets.machine_map import MachineMap
from deepsched_widgets.measured_run import MeasuredRun
from deepsched_widgets.page_files import join_script, join_styles
from deepsched_widgets.prediction import Predictor
from deepsched_widgets.simulated_run import SimulatedRun
from deepsched_widgets.throughput_chart import ThroughputChart

if TYPE_CHECKING:
    from deepsched.planning import StreamPlan
    from deepsched_widgets.live_run import Sample, Source

# The sentence is read aloud by screen readers: once a second at most.
_SAMPLES_A_SENTENCE = 2
_MOST_CLIENTS = 256
_ELSEWHERE = "This is not the machine that you are on: what runs here is simulated, not measured."


class StreamLab(anywidget.AnyWidget):
    """See and change how a model is served: which stream owns which cores, and what that does to throughput.

    On this machine it runs the model for real. For another machine it simulates a workload, and says so wherever a
    number stands.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto, optional
        What to run; by default light_squeezenet, which comes with the onnx package.
    topology : Topology or str, optional
        The machine, as `Topology.load` takes it; this one by default.
    num_streams, scheduler, clients : optional
        Where the controls stand at first: one stream an L3, ``"multi_stream"``, a client for each core.
    seconds : float
        A run stops by itself after so long, so that a forgotten lab does not keep the cores.
    workload : Workload or str
        What a request asks of another machine; a string names one of `deepsched.simulation.WORKLOADS`.
        ``Workload.measure(model)`` describes your own model. On this machine the model itself runs.
    predict : bool
        On this machine, whether to show beside the measured mean what a simulation predicts. It is calibrated when a
        run needs it first, which takes some seconds.

    Raises
    ------
    ModelError, TopologyError, PlanError, OptionError
        If one of these makes no sense, such as a prediction for another machine: nothing is measured beside it.
    TypeError
        If there is no such parameter.
    """

    _esm = join_script("stream_lab")
    _css = join_styles("stream_lab")

    machine_map = anywidget.WidgetTrait().tag(sync=True)
    """Kernel to page: the map."""
    chart = anywidget.WidgetTrait().tag(sync=True)
    """Kernel to page: the chart, of what is measured or of what is simulated."""
    heading = t.Unicode().tag(sync=True)
    """Kernel to page: what runs where."""
    max_streams = t.Int(1).tag(sync=True)
    """Kernel to page: the slider's end, one stream a core."""
    measurable = t.Bool(False).tag(sync=True)
    """Kernel to page: whether the machine is this one. If not, what runs is simulated."""
    note = t.Unicode().tag(sync=True)
    """Kernel to page: that nothing is measured, or what went wrong; empty otherwise."""
    prediction = t.Unicode().tag(sync=True)
    """Kernel to page: what was predicted of the setting that runs, in words; empty if nothing."""
    sentence = t.Unicode().tag(sync=True)
    """Kernel to page: the plan or the run in words."""
    state = t.Enum(("idle", "running"), "idle").tag(sync=True)
    """Kernel to page: whether a run is on."""
    workloads = t.List(t.Unicode()).tag(sync=True)
    """Kernel to page: the names of the workloads that can be chosen."""
    num_streams = t.Int(1, min=1).tag(sync=True, echo_update=False)
    """Page to kernel: the slider. May be set from Python as well."""
    scheduler = t.Enum((Scheduler.multi_stream.value, Scheduler.single_stream.value)).tag(sync=True, echo_update=False)
    """Page to kernel: the scheduler. May be set from Python as well."""
    clients = t.Int(1, min=1, max=_MOST_CLIENTS).tag(sync=True, echo_update=False)
    """Page to kernel: how many clients send requests. May be set from Python as well."""
    workload = t.Unicode().tag(sync=True, echo_update=False)
    """Page to kernel: what is simulated, one of `workloads`. May be set from Python as well."""
    predict = t.Bool(False).tag(sync=True, echo_update=False)
    """Page to kernel: whether to predict what is measured. May be set from Python as well."""
    running = t.Bool(False).tag(sync=True)
    """Page to kernel: start or stop. The kernel takes it back when a run ends by itself."""

    # A second lab on the same cores would spoil the figures of both: the newest takes over.
    _at_work: ClassVar[StreamLab | None] = None
    _run: LiveRun | None = None
    _closed = False

    def __init__(
        self,
        model: Any = None,
        topology: Topology | str | None = None,
        *,
        num_streams: int | None = None,
        scheduler: Scheduler | str = Scheduler.multi_stream,
        clients: int | None = None,
        seconds: float = 60.0,
        workload: Workload | str = WORKLOADS[0],
        predict: bool = False,
    ) -> None:
        self._model = find_example("light_squeezenet") if model is None else model
        if not isinstance(seconds, int | float) or not seconds > 0:
            raise OptionError(f"seconds is {seconds!r}; expected a duration above 0.")
        if clients is not None and (not isinstance(clients, int) or not 1 <= clients <= _MOST_CLIENTS):
            raise OptionError(f"clients is {clients!r}; expected an integer from 1 to {_MOST_CLIENTS}.")
        self._seconds = float(seconds)
        self._lock = threading.RLock()
        self._samples = 0
        self._farewell = ""
        here = Topology.detect()
        self._topology = here if topology is None else Topology.load(topology)
        self._plan = plan_streams(self._topology, num_streams, scheduler=scheduler)
        self._name = Path(open_model(self._model).label).name
        measurable = self._topology.threads == here.threads
        if predict and not measurable:
            raise OptionError(
                "predict stands beside what is measured, and nothing is measured on another machine. Leave it out: "
                "there, all that runs is simulated."
            )
        cores, _ = choose_cores(self._topology, None)
        chosen = workload if isinstance(workload, Workload) else Workload.named(workload)
        self._workloads = {known.name: known for known in (*WORKLOADS, chosen)}
        self._predictor = Predictor(self._show_progress)
        super().__init__(
            machine_map=MachineMap(self._plan),
            chart=ThroughputChart(len(cores), "measured" if measurable else "simulated"),
            heading=self._describe_machine(chosen.name, measurable=measurable),
            max_streams=len(cores),
            measurable=measurable,
            note="" if measurable else _ELSEWHERE,
            sentence=describe_plan(self._plan),
            num_streams=self._plan.num_streams,
            scheduler=Scheduler.choose(scheduler).value,
            clients=min(len(cores), 64) if clients is None else clients,
            workloads=list(self._workloads),
            workload=chosen.name,
            predict=predict,
        )
        self._compared = self.clients, None if measurable else chosen
        self.observe(self._on_schedule, names=["num_streams", "scheduler"])
        self.observe(self._on_load, names=["clients", "workload"])
        self.observe(self._on_predict, names=["predict"])
        self.observe(self._on_running, names=["running"])

    @t.validate("num_streams")
    def _cap_streams(self, proposal: Any) -> int:
        return max(1, min(int(proposal["value"]), self.max_streams))

    @t.validate("workload")
    def _check_workload(self, proposal: Any) -> str:
        if proposal["value"] not in self._workloads:
            raise t.TraitError(f"there is no workload {proposal['value']!r}; expected one of {list(self._workloads)}.")
        return str(proposal["value"])

    @property
    def plan(self) -> StreamPlan:
        """The plan that is drawn."""
        return self._plan

    def start(self) -> None:
        """Run the model for real, or simulate the workload on another machine, as the Start button does.

        Raises
        ------
        ClosedError
            If the lab was closed.
        """
        if self._closed:
            raise ClosedError("the lab was closed; make another one.")
        self.running = True

    def stop(self) -> None:
        """End the run, as the Stop button does, and return when its threads are gone."""
        self.running = False
        run = self._run
        if run is not None:
            run.stop()

    def make_way(self) -> None:
        """End the run because another lab starts one: two at once would spoil each other's figures."""
        self._farewell = "Stopped: another lab was started."
        self.running = False

    def close(self) -> None:
        """End the run and take the lab off the page. Safe to call twice."""
        self._closed = True
        self.unobserve_all()
        run = self._run
        if run is not None:
            run.stop()
        # A lab that was refused while it was made has neither.
        for child in (self.machine_map, self.chart):
            if child is not None:
                child.close()
        super().close()

    # Handlers: on the comm's thread, beside cells that run. They never wait for the engine.

    def _on_schedule(self, _change: Any) -> None:
        with self._lock:
            several = self.scheduler != Scheduler.single_stream
            self._plan = plan_streams(self._topology, self.num_streams if several else None, scheduler=self.scheduler)
            self.machine_map.show_plan(self._plan)
            if self._run is None:
                self.sentence = describe_plan(self._plan)
            else:
                self._run.follow(self._wish())

    def _on_load(self, _change: Any) -> None:
        with self._lock:
            wish = self._wish()
            self.heading = self._describe_machine(self.workload, measurable=self.measurable)
            if self._run is not None:
                self._run.follow(wish)
            else:
                self._forget_other_loads(wish.clients, wish.workload)

    def _on_predict(self, _change: Any) -> None:
        with self._lock:
            if self._run is not None:
                self._run.follow(self._wish())
            if not self.predict:
                self.prediction = ""

    def _on_running(self, change: Any) -> None:
        with self._lock:
            if not change["new"]:
                if self._run is not None:
                    self._run.stop(wait=False)
                return
            if self._run is not None:
                return
            other = None
            # A simulation keeps no core: it need not take over, nor be taken over.
            if self.measurable:
                other, StreamLab._at_work = StreamLab._at_work, self
            run = self._run = LiveRun(self._open, self._show_sample, self._show_end, self._wish(), self._seconds)
            self._farewell = ""
            with self.hold_sync():
                self.note = "" if self.measurable else _ELSEWHERE
                self.state = "running"
                self.sentence = f"Starting {self._name}." if self.measurable else f"Simulating {self.workload}."
            self.chart.start_run("measured" if self.measurable else "simulated")
            run.start()
        # Without this lab's lock: two labs started at once would wait for each other.
        if other is not None and other is not self:
            other.make_way()

    def _wish(self) -> Wish:
        workload = None if self.measurable else self._workloads[self.workload]
        return Wish(self.scheduler, self.num_streams, self.clients, workload, self.measurable and self.predict)

    def _describe_machine(self, workload: str, *, measurable: bool) -> str:
        source = self._topology.source
        return f"{self._name} on {source}" if measurable else f"Simulated: {workload} on {source}"

    def _forget_other_loads(self, clients: int, workload: Workload | None) -> None:
        """Empty the chart if it shows the means of other clients or of another workload: they do not compare."""
        load = clients, workload
        if load != self._compared:
            self._compared = load
            self.chart.forget()

    # Reports: on the run's thread, the only one that writes to the chart.

    def _open(self, wish: Wish) -> Source:
        if self.measurable:
            return MeasuredRun(self._model, self._topology, self._predictor, wish)
        return SimulatedRun(self._topology, wish)

    def _show_progress(self, words: str) -> None:
        with self._lock:
            self.sentence = words

    def _show_sample(self, sample: Sample) -> None:
        self._forget_other_loads(sample.clients, sample.workload)
        self.chart.show_sample(sample)
        if (sample.scheduler, sample.num_streams) == (self.scheduler, self._plan.num_streams):
            self.machine_map.show_placements(sample.placements)
        self._samples += 1
        if self._samples % _SAMPLES_A_SENTENCE == 1:
            with self._lock, self.hold_sync():
                self.sentence = describe_sample(self._plan, sample)
                self.prediction = describe_prediction(sample.prediction) if sample.prediction else ""

    def _show_end(self, error: Exception | None) -> None:
        with self._lock:
            self._run = None
            if StreamLab._at_work is self:
                StreamLab._at_work = None
            if error is not None:
                self._farewell = f"The run ended: {error}"
            elif self.running:
                self._farewell = f"The run ended after {self._seconds:g} s, as every run does. Start another one."
            with self.hold_sync():
                self.state = "idle"
                self.running = False
                self.note = self._farewell or ("" if self.measurable else _ELSEWHERE)
                self.sentence = describe_plan(self._plan)
                self.prediction = ""

    def __repr__(self) -> str:
        return f"StreamLab({self._name!r}, cores={self.max_streams}, num_streams={self._plan.num_streams})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data.update({"text/plain": repr(self), "image/svg+xml": draw_plan(self._plan)})
        return bundle
