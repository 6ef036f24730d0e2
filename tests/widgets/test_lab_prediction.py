"""What is predicted beside what is measured, when the model, the load or the machine changes in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.widgets.waiting import wait_for

if TYPE_CHECKING:
    from deepsched_widgets.lab.jobs import Jobs


def list_calibrated(jobs: Jobs) -> list[str]:
    return [model.value for model in jobs._predictor._workloads]


def test_each_model_is_calibrated_once(make_lab):
    lab = make_lab(num_streams=1, predict=True)
    lab.start()
    wait_for(lambda: lab.prediction)
    # WHEN another model is chosen THEN what is shown is of that one
    lab.choose_model("light_shufflenet")
    wait_for(lambda: list_calibrated(lab._jobs) == ["light_squeezenet", "light_shufflenet"])
    wait_for(lambda: lab._show._recording.newest.model.value == "light_shufflenet" and lab.prediction)
    # and WHEN it is asked for again THEN nothing more is measured for it
    lab.stop()
    lab.start()
    wait_for(lambda: lab.prediction)
    assert len(list_calibrated(lab._jobs)) == 2


def test_a_rate_is_predicted_too(make_lab):
    lab = make_lab(num_streams=1, rate=20.0, predict=True)
    lab.start()
    wait_for(lambda: lab.prediction)
    assert lab.prediction.startswith("Predicted (simulated): ")
    assert lab.state == "running"


def test_another_machine_has_nothing_to_predict_beside(make_lab):
    lab = make_lab(num_streams=1, predict=True)
    lab.start()
    wait_for(lambda: lab.prediction)
    lab.choose_machine("golden")
    assert not lab.predict
    wait_for(lambda: lab.sentence.startswith("Simulated") and lab.prediction == "")
    # Asked for all the same, nothing is
    lab.set_state({"predict": True})
    wait_for(lambda: len(lab._show._recording._periods) > 6)
    assert lab.prediction == ""


def test_its_mark_stands_in_the_chart(make_lab):
    lab = make_lab(num_streams=1, predict=True)
    lab.start()
    wait_for(lambda: lab.prediction)
    column = lab.chart.table["columns"].index("predicted items/s")
    assert [row[column] != "unknown" for row in lab.chart.table["rows"]] == [True]
