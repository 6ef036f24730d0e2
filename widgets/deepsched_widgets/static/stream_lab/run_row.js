// @ts-check
/** Start and Stop, Tune and Stop tuning, and what tune found. */
import { set } from "../shared/dom.js";
import { fill, say, write } from "./page.js";

/**
 * Say what the buttons show, and what they ask for when they are clicked. Both follow what was asked for last, and not
 * what the kernel has come to do: so a click shows at once, and a second one takes it back.
 * @param {boolean} running
 * @param {boolean} tuning
 */
export function describeButtons(running, tuning) {
  // Both traits each time: one thing is on at once.
  return {
    start: { words: running ? "Stop" : "Start", stops: running, asks: { running: !running, tuning: false } },
    tune: { words: tuning ? "Stop tuning" : "Tune", stops: tuning, asks: { running: false, tuning: !tuning } },
  };
}

/** Say what tune looks for: at a rate, throughput is what comes. */
export const describeTune = (load) =>
  `Find the schedule with the ${load === "rate" ? "smallest latency at this rate" : "highest throughput"}`;

/** Say whether what tune found is what stands already; single_stream has no number of streams to choose. */
export function isInForce(verdict, get) {
  const asked = verdict.scheduler === "single_stream" ? ["scheduler"] : ["scheduler", "num_streams"];
  return [...asked, "threads_per_core"].every((name) => verdict[name] === get(name));
}

/** Bring the row of buttons to life. */
export function bindRunRow({ part, model, on, get, wish, state, fixed, gone }) {
  const describe = () => describeButtons(!gone() && get("running"), !gone() && get("tuning"));
  for (const name of ["start", "tune"]) on(part[name], "click", () => wish(describe()[name].asks));
  const [found, use] = part.verdict.children;
  on(use, "click", () => {
    const { scheduler, num_streams, threads_per_core } = model.get("verdict");
    wish({ scheduler, num_streams, threads_per_core });
  });
  return () => {
    for (const [name, { words, stops }] of Object.entries(describe())) {
      write(set(part[name], { "data-stops": stops }), words);
    }
    part.start.title = model.get("limits").measurable ? "Run the model for real" : "Simulate the workload";
    fill(part.tune, { title: describeTune(get("load")), disabled: fixed("tuning") });
    part.tuning.hidden = state() !== "tuning";
    set(part.progress, { value: model.get("progress") });
    // A round that was begun is finished first.
    write(part.progress_words, get("tuning") ? model.get("progress_words") : "stopping");
    const verdict = model.get("verdict");
    say(found, verdict.words);
    say(use, verdict.label).disabled = isInForce(verdict, get);
  };
}
