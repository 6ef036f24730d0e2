"""The lab: a model under both schedulers, its map, its throughput, and the controls, on one page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import traitlets as t

from deepsched.errors import ClosedError, DeepschedError, OptionError
from deepsched.measure.checks import check_number
from deepsched.measure.tuning.tune import DEFAULT_BUDGET
from deepsched.render import draw_plan
from deepsched.simulation import WORKLOADS, Workload
from deepsched.topology import Topology
from deepsched_widgets.lab.choices import describe_limits, list_choices
from deepsched_widgets.lab.code import check_code_kind, write_code
from deepsched_widgets.lab.first_wish import make_first_wish, move_wish
from deepsched_widgets.lab.jobs import Jobs
from deepsched_widgets.lab.machine_choice import HERE
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.prediction import Predictor
from deepsched_widgets.lab_page import LabPage
from deepsched_widgets.lab_show import LabShow
from deepsched_widgets.pictures import Pictures

if TYPE_CHECKING:
    from deepsched.planning import Scheduler, StreamPlan
    from deepsched_widgets.lab.wish import Wish

_LONGEST = 24 * 3600.0
_CONTROLS = ["scheduler", "num_streams", "threads_per_core", "load", "clients", "rate", "workload", "predict"]


class StreamLab(LabPage):
    """See and change how a model is served: which stream owns which cores, and what that does to throughput.

    On this machine it runs the model for real. For another machine it simulates a workload, and says so wherever a
    number stands.

    Parameters
    ----------
    model : str, path, bytes, onnx.ModelProto or Engine, optional
        What to run: the name of an example, such as ``"light_resnet50"``, or a model of your own; by default
        light_squeezenet, which comes with the onnx package. An engine is driven as it is, and left open at the end.
    topology : Topology or str, optional
        The machine, as `Topology.load` takes it; this one by default. Not with an engine, which has its own.
    num_streams, scheduler, threads_per_core : optional
        Where the controls stand at first: one stream an L3, ``"multi_stream"``, one hardware thread a core.
    clients : int, optional
        How many clients send requests, each when its last one is answered; one for each core by default, up to 64.
        With an engine, 0 sends none and watches those of others.
    rate : float, optional
        Instead of clients: requests per second that come whether or not earlier ones are answered.
    seconds : float
        A run stops by itself after so long, so that a forgotten lab does not keep the cores.
    workload : Workload or str
        What a request asks of another machine; a string names one of `deepsched.simulation.WORKLOADS`.
        ``Workload.measure(model)`` describes your own model. On this machine the model itself runs.
    predict : bool
        On this machine, whether to show beside the measured mean what a simulation predicts. It is calibrated when a
        run needs it first, which takes some seconds.
    budget : float
        How long the Tune button may measure, in seconds; see `tune`.

    Raises
    ------
    ModelError, TopologyError, PlanError, OptionError
        If one of these makes no sense, such as a prediction for another machine: nothing is measured beside it.
    TypeError
        If there is no such parameter.
    """

    _closed = False

    def __init__(
        self,
        model: Any = None,
        topology: Topology | str | None = None,
        *,
        num_streams: int | None = None,
        scheduler: Scheduler | str | None = None,
        threads_per_core: int = 1,
        clients: int | None = None,
        rate: float | None = None,
        seconds: float = 60.0,
        workload: Workload | str = WORKLOADS[0],
        predict: bool = False,
        budget: float = DEFAULT_BUDGET,
    ) -> None:
        check_number("seconds", seconds, above=0, most=_LONGEST)
        self._budget = check_number("budget", budget, above=0, most=_LONGEST)
        self._here = Topology.detect()
        chosen = workload if isinstance(workload, Workload) else Workload.named(workload)
        self._workloads = {known.name: known for known in (*WORKLOADS, chosen)}
        self._wish = wish = make_first_wish(
            model,
            topology,
            chosen,
            self._here,
            num_streams=num_streams,
            scheduler=scheduler,
            threads_per_core=threads_per_core,
            clients=clients,
            rate=rate,
            predict=predict,
        )
        limits = describe_limits(wish)
        self._pictures = Pictures(wish.plan(), limits["max_streams"], wish.origin)
        super().__init__(
            machine_map=self._pictures.machine_map,
            chart=self._pictures.chart,
            timeline=self._pictures.timeline,
            sweep=self._pictures.sweep,
            choices=list_choices(self._workloads),
            limits=limits,
            seconds=float(seconds),
            model=wish.model.value,
            machine=self._name_machine(wish),
            workload=chosen.name,
            **_read_controls(wish),
        )
        self._show = LabShow(self, self._pictures, wish)
        self._jobs = Jobs(self._show, Predictor(self._show.say), self._lock)
        self.observe(self._on_controls, names=_CONTROLS)
        self.observe(self._on_code_kind, names=["code_kind"])
        self.observe(self._on_running, names=["running"])
        self.observe(self._on_tuning, names=["tuning"])
        self._pictures.machine_map.observe(self._on_misplaced, names=["misplaced"])
        self.on_msg(self._on_message)

    @t.validate("num_streams")
    def _cap_streams(self, proposal: Any) -> int:
        return min(int(proposal["value"]), int(self.limits["max_streams"]))

    @t.validate("scheduler", "threads_per_core", "predict", "tuning")
    def _check_fixed(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        if name == "threads_per_core":
            value = min(int(value), int(self.limits["max_threads_per_core"]))
        # A wish says nothing of tuning, which an engine never does.
        if name in self.limits["fixed"] and value != getattr(self._wish, name, False):
            raise t.TraitError(_refuse(name))
        return value

    @t.validate("clients")
    def _check_clients(self, proposal: Any) -> int:
        # Only an engine of the person's own has clients of its own.
        return max(int(proposal["value"]), 0 if self.limits["fixed"] else 1)

    @t.validate("workload")
    def _check_workload(self, proposal: Any) -> str:
        if proposal["value"] not in self._workloads:
            raise t.TraitError(f"there is no workload {proposal['value']!r}; expected one of {list(self._workloads)}.")
        return str(proposal["value"])

    @t.validate("code_kind")
    def _check_code_kind(self, proposal: Any) -> str:
        try:
            return check_code_kind(str(proposal["value"]))
        except OptionError as error:
            # Of a page's values traitlets takes back none but those that are refused in its own way.
            raise t.TraitError(str(error)) from error

    @property
    def plan(self) -> StreamPlan:
        """The plan that is drawn."""
        return self._show.plan

    @property
    def measurable(self) -> bool:
        """Whether the machine is this one: what runs is then measured, and simulated otherwise."""
        return self._wish.workload is None

    def start(self) -> None:
        """Run the model for real, or simulate the workload on another machine, as the Start button does.

        Raises
        ------
        ClosedError
            If the lab was closed.
        """
        self._check_open()
        self.running = True

    def tune(self) -> None:
        """Search for the best setting, as the Tune button does; `verdict` says what was found.

        Raises
        ------
        ClosedError
            If the lab was closed.
        OptionError
            If the lab drives an engine: `deepsched.tune` takes its model.
        """
        self._check_open()
        self._refuse_if_fixed("tuning")
        self.tuning = True

    def stop(self) -> None:
        """End the run or the search, as its button does, and return when its threads are gone."""
        self._jobs.stop()

    def choose_model(self, model: Any) -> None:
        """Take another model, as the constructor does but for an engine; a run goes on with it.

        Raises
        ------
        ModelError, OptionError
            If there is no such model, or the lab drives an engine.
        """
        choice = choose_model(model)
        with self._lock:
            self._refuse_if_fixed("model")
            self._move(replace(self._wish, model=choice))

    def choose_machine(self, machine: Topology | str) -> None:
        """Take another machine, as `Topology.load` takes it; a run goes on there, simulated where it is not this one.

        Raises
        ------
        TopologyError, OptionError
            If there is no such machine, or the lab drives an engine.
        """
        topology = Topology.load(machine)
        with self._lock:
            self._refuse_if_fixed("machine")
            if topology == self._wish.topology:
                return
            here = topology.threads == self._here.threads
            workload = None if here else self._workloads[self.workload]
            self._move(move_wish(self._wish, self._here if here else topology, workload))

    def close(self) -> None:
        """End what is on and take the lab off the page. Safe to call twice."""
        with self._lock:
            self._closed = True
        self.unobserve_all()
        # A lab that was refused while it was made has none of these.
        if hasattr(self, "_jobs"):
            self._jobs.stop()
            self._pictures.close()
        super().close()

    # Handlers: on the comm's thread, beside cells that run. They never wait for a job.

    def _on_controls(self, _change: Any) -> None:
        with self._lock:
            wish = self._read_wish()
            if wish != self._wish:
                self._follow(wish)

    def _on_code_kind(self, _change: Any) -> None:
        with self._lock:
            self.code = write_code(self._wish, self.code_kind)

    # Of two threads that start and stop at once, the last to set the trait need not be the last to tell of it.

    def _on_running(self, _change: Any) -> None:
        with self._lock:
            if not self.running:
                self._jobs.stop_run()
            elif not self._closed:
                self._jobs.start_run(self._wish, self.seconds)

    def _on_tuning(self, _change: Any) -> None:
        with self._lock:
            if not self.tuning:
                self._jobs.stop_search()
            elif not self._closed:
                self._jobs.start_search(self._wish, self._budget)

    def _on_misplaced(self, _change: Any) -> None:
        with self._lock:
            self._show.list_findings()

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Do what the page asks for; see `LabPage`."""
        match message:
            case {"choose": "model" | "machine" as name, "value": str(value)}:
                choose = self.choose_model if name == "model" else self.choose_machine
                try:
                    choose(value.strip())
                except DeepschedError as error:
                    self.errors = {**self.errors, name: str(error)}
                else:
                    self.errors = {**self.errors, name: ""}
            case {"compare": bool(keep)}:
                with self._lock:
                    self._show.compare(keep=keep)
            case {"ask": str(what)} if what in self.downloads:
                with self._lock:
                    name, content = self._show.write_download(what)
                self.send({"download": name}, [content])

    def _read_wish(self) -> Wish:
        """Read the controls."""
        open_loop = self.load == "rate"
        return replace(
            self._wish,
            scheduler=self.scheduler,
            num_streams=self.num_streams,
            threads_per_core=self.threads_per_core,
            clients=None if open_loop else self.clients,
            rate=self.rate if open_loop else None,
            workload=None if self.measurable else self._workloads[self.workload],
            predict=self.measurable and self.predict,
        )

    def _move(self, wish: Wish) -> None:
        """Follow a wish for another model or machine, and set the controls accordingly."""
        self._wish = wish
        # All at once for the handlers, which then find nothing new.
        with self.hold_sync(), self.hold_trait_notifications():
            self.limits = describe_limits(wish)
            self.model, self.machine = wish.model.value, self._name_machine(wish)
            for name, value in _read_controls(wish).items():
                self.set_trait(name, value)
        self._follow(wish)

    def _follow(self, wish: Wish) -> None:
        self._wish = wish
        self._show.show_wish(wish)
        self._jobs.follow(wish)
        self.code = write_code(wish, self.code_kind)

    def _name_machine(self, wish: Wish) -> str:
        return HERE if wish.workload is None else wish.topology.source

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("the lab was closed; make another one.")

    def _refuse_if_fixed(self, name: str) -> None:
        if name in self.limits["fixed"]:
            raise OptionError(_refuse(name))

    def __repr__(self) -> str:
        plan = self.plan
        return f"StreamLab({self._wish.model.label!r}, cores={plan.num_cores}, num_streams={plan.num_streams})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data.update({"text/plain": repr(self), "image/svg+xml": draw_plan(self.plan)})
        return bundle


def _refuse(name: str) -> str:
    return f"{name} cannot be changed: the lab drives an engine that is there. Make another lab."


def _read_controls(wish: Wish) -> dict[str, Any]:
    """Give the controls as a wish has them; those of the other kind of load, and of the workload, stay."""
    load = {"load": "clients", "clients": wish.clients} if wish.rate is None else {"load": "rate", "rate": wish.rate}
    names = ("scheduler", "num_streams", "threads_per_core", "predict")
    return {**load, **{name: getattr(wish, name) for name in names}}
