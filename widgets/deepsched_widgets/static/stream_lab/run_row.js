// @ts-check
/** Start and Stop, Tune and Stop tuning, and what tune found. */
import { set } from "../shared/dom.js";
import { say, write } from "./page.js";

/**
 * Say what the buttons show, and what they ask for when they are clicked.
 * @param {"idle" | "running" | "tuning"} state
 */
export function describeButtons(state) {
  const [runs, tunes] = [state === "running", state === "tuning"];
  // Both traits each time: one thing is on at once, and it is what was asked for last.
  return {
    start: [runs ? "Stop" : "Start", { running: !runs, tuning: false }],
    tune: [tunes ? "Stop tuning" : "Tune", { running: false, tuning: !tunes }],
  };
}

/** Say whether what tune found is what stands already; single_stream has no number of streams to choose. */
export function isInForce(verdict, get) {
  const asked = verdict.scheduler === "single_stream" ? ["scheduler"] : ["scheduler", "num_streams"];
  return [...asked, "threads_per_core"].every((name) => verdict[name] === get(name));
}

/** Bring the row of buttons to life. */
export function bindRunRow({ part, model, on, get, wish, state, fixed }) {
  for (const name of ["start", "tune"]) on(part[name], "click", () => wish(describeButtons(state())[name][1]));
  const [words, use] = part.verdict.children;
  on(use, "click", () => {
    const { scheduler, num_streams, threads_per_core } = model.get("verdict");
    wish({ scheduler, num_streams, threads_per_core });
  });
  return () => {
    for (const [name, [text]] of Object.entries(describeButtons(state()))) write(part[name], text);
    part.start.title = model.get("limits").measurable ? "Run the model for real" : "Simulate the workload";
    part.tune.disabled = fixed("tuning");
    part.tuning.hidden = state() !== "tuning";
    set(part.progress, { value: model.get("progress") });
    write(part.progress_words, model.get("progress_words"));
    const verdict = model.get("verdict");
    say(words, verdict.words);
    say(use, verdict.label).disabled = isInForce(verdict, get);
  };
}
