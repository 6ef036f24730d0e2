"""What of a run or a search comes to the lab's page: the pictures, and the words beside them."""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from deepsched.errors import OptionError
from deepsched.render.plans.words import name_streams
from deepsched.render.timelines.chrome_trace import describe_chrome_trace
from deepsched_widgets.lab.choices import list_findings
from deepsched_widgets.lab.recording import Recording
from deepsched_widgets.lab.words import (
    describe_conditions,
    describe_ground,
    describe_planned,
    describe_prediction,
    describe_rate,
    describe_sample,
)

if TYPE_CHECKING:
    from deepsched.planning import StreamPlan
    from deepsched_widgets.lab.live_run import Sample, Trace
    from deepsched_widgets.lab.search import Progress, Verdict
    from deepsched_widgets.lab.wish import Wish
    from deepsched_widgets.lab_page import LabPage
    from deepsched_widgets.pictures import Pictures

# The sentence is read aloud by screen readers: once a second at most.
_SAMPLES_A_SENTENCE = 2
_PROGRESS_SECONDS = 0.5


class LabShow:
    """Draws on a lab's page. The caller sees to it that one thread at a time does.

    Parameters
    ----------
    page : LabPage
        The page.
    pictures : Pictures
        The pictures upon it.
    wish : Wish
        Where the controls stand.
    """

    def __init__(self, page: LabPage, pictures: Pictures, wish: Wish) -> None:
        self._page = page
        self._pictures = pictures
        self._plan = wish.plan()
        self._wish = self._ran = wish
        self._recording: Recording | None = None
        self._samples = 0
        self._last = ""
        self._told = 0.0
        self.show_wish(wish)
        self.list_findings()

    @property
    def plan(self) -> StreamPlan:
        """The plan that is drawn."""
        return self._plan

    def show_wish(self, wish: Wish) -> None:
        """Draw where the controls stand. What ran before is dropped where nothing runs that it compares with."""
        plan, before = wish.plan(), self._plan
        self._wish, self._plan = wish, plan
        with self._page.hold_sync():
            if plan != before:
                self._pictures.show_plan(plan)
                self.list_findings()
                self._page.prediction = ""
            self._page.heading = describe_ground(wish)
            if self._page.state == "idle":
                self._page.note = describe_conditions(wish)
                self._page.sentence = describe_planned(self._plan)
                self._forget_what_differs(wish)
            elif self._page.state == "running" and not wish.shares_ground_with(self._ran):
                # What ran there until now says nothing of it.
                self._forget_what_differs(wish)
                self._page.note = describe_conditions(wish)
                self._page.sentence = _say_what_begins(wish)

    def list_findings(self) -> None:
        """Say what there is to say of the plan, and of threads that are not where it has them."""
        self._page.findings = list_findings(self._plan, self._pictures.machine_map.misplaced)

    def compare(self, *, keep: bool) -> None:
        """Keep the plan that is drawn to compare the next ones with, or let it go."""
        self._pictures.machine_map.compare_with(self._plan if keep else None)
        self._page.compared = f"{name_streams(self._plan)} on {self._plan.topology.source}" if keep else ""

    def begin_run(self, wish: Wish) -> None:
        """Show that a run begins."""
        self._recording = Recording(wish)
        self._samples = 0
        self._last = ""
        self._forget_what_differs(wish)
        self._pictures.start_run(wish.origin)
        with self._page.hold_sync():
            self._page.note = describe_conditions(wish)
            self._page.sentence = _say_what_begins(wish)
            self._page.prediction = ""
            self._page.downloads = []
            self._page.state = "running"
            self._page.tuning = False

    def begin_search(self, wish: Wish) -> None:
        """Show that a search begins."""
        self._forget_what_differs(wish)
        self._pictures.rest()
        self._last = ""
        with self._page.hold_sync():
            self._page.prediction = ""
            self._page.note = describe_conditions(wish)
            self._page.sentence = "Searching for the best setting."
            self._page.progress = 0.0
            self._page.progress_words = ""
            self._page.verdict = {}
            self._page.state = "tuning"
            self._page.running = False

    def show_sample(self, wish: Wish, sample: Sample) -> None:
        """Draw a period, and say it in words each second; not of the ground that a run is about to leave."""
        if not wish.shares_ground_with(self._wish):
            return
        self._forget_what_differs(wish)
        if self._recording is not None:
            self._recording.add(wish, sample)
        self._pictures.show_sample(sample)
        if wish.model.engine is not None and sample.num_streams != wish.num_streams == self._page.num_streams:
            # Its owner changed it meanwhile, and the person did not: the slider and the map follow.
            self._page.num_streams = sample.num_streams
        self._samples += 1
        if self._samples % _SAMPLES_A_SENTENCE == 1:
            with self._page.hold_sync():
                self._page.note = _join(describe_conditions(wish), sample.note)
                self._last = describe_rate(sample)
                self._page.sentence = describe_sample(self._plan, sample)
                self._page.prediction = describe_prediction(sample.prediction) if sample.prediction else ""

    def show_trace(self, trace: Trace) -> None:
        """Draw the last requests, if they are of the model and the load that the rest is of."""
        if trace.wish.compares_with(self._ran):
            self._pictures.show_trace(trace)
            self._list_downloads()

    def show_progress(self, progress: Progress) -> None:
        """Draw how far a search is, twice a second at most."""
        now = time.monotonic()
        if now - self._told >= _PROGRESS_SECONDS or progress.share >= 1:
            self._told = now
            self._pictures.show_points(progress.points)
            with self._page.hold_sync():
                self._page.progress = progress.share
                self._page.progress_words = progress.words

    def say(self, words: str) -> None:
        """Say what takes a while."""
        self._page.sentence = words

    def end(self, note: str, verdict: Verdict | None = None) -> None:
        """Show that nothing goes on any more."""
        self._pictures.rest()
        # It may have been on its way to another wish.
        self._forget_what_differs(self._wish)
        with self._page.hold_sync():
            if note:
                self._page.note = _join(note, describe_conditions(self._wish))
            last = f" The last period: {self._last}" if self._last else ""
            self._page.sentence = f"{describe_planned(self._plan)}{last}"
            if self._recording is not None and self._samples:
                self._list_downloads()
            if verdict is not None:
                self._page.verdict = {**asdict(verdict), "label": verdict.label}
            self._page.state = "idle"
            self._page.running = False
            self._page.tuning = False

    def write_download(self, what: str) -> tuple[str, bytes]:
        """Give a file's name and content: ``"run"`` is the last run as JSON, ``"trace"`` its requests for Perfetto.

        Raises
        ------
        OptionError
            If there is none of that name, or nothing ran yet.
        """
        if what not in self._page.downloads or self._recording is None:
            raise OptionError(f"there is no {what!r} to download yet; expected run or trace, after a run.")
        ran = self._recording.newest
        stem = PurePath(ran.model.label if ran.workload is None else ran.workload.name).stem
        name = "-".join(["deepsched", what, *re.findall(r"[\w.]+", stem)]) + ".json"
        if what == "run":
            return name, self._recording.write().encode()
        return name, json.dumps(describe_chrome_trace(self._pictures.timelines), separators=(",", ":")).encode()

    def _list_downloads(self) -> None:
        self._page.downloads = ["run", "trace"] if self._pictures.timelines else ["run"]

    def _forget_what_differs(self, wish: Wish) -> None:
        """Drop what ran on other ground or under another load, for it does not compare with what will."""
        ran, self._ran = self._ran, wish
        if wish.compares_with(ran):
            return
        self._last = self._page.prediction = ""
        applies_verdict = self._applies_verdict(wish, ran)
        self._pictures.forget_requests(found=not applies_verdict)
        if not applies_verdict:
            self._page.verdict = {}
        self._page.downloads = [what for what in self._page.downloads if what != "trace"]
        if not wish.shares_ground_with(ran) or wish.threads_per_core != ran.threads_per_core:
            self._pictures.forget_means(self._page.limits["max_streams"], wish.origin)
            self._samples, self._page.downloads = 0, []
            if self._page.state == "idle":
                self._recording = None

    def _applies_verdict(self, wish: Wish, ran: Wish) -> bool:
        """Whether nothing changed but the hardware threads of a core, to those that the verdict asks for."""
        threads = self._page.verdict.get("threads_per_core")
        return threads == wish.threads_per_core and wish.compares_with(replace(ran, threads_per_core=threads))


def _say_what_begins(wish: Wish) -> str:
    return f"Starting {wish.model.label}." if wish.workload is None else f"Simulating {wish.workload.name}."


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
