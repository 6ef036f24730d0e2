// @ts-check
/** What the kernel says: what runs where, the plan or the run in one sentence, what was predicted, what went wrong. */
import { set } from "../shared/dom.js";
import { GONE, fill, say, write } from "./page.js";
import { throttle } from "./throttle.js";

const SENTENCE_MS = 1000; // it is read aloud

/** Bring the lines to life, and with them the button that keeps a plan to compare. */
export function bindReport({ part, model, on, get, tell, clock, gone }) {
  const saySentence = throttle((words) => write(part.sentence, words), SENTENCE_MS, clock);
  on(part.compare, "click", () => tell({ compare: !model.get("compared") }));
  return () => {
    write(part.heading, model.get("heading"));
    saySentence(model.get("sentence"));
    // Its line stays while there is nothing to say, as after each change of num_streams: the chart must not jump.
    fill(part.prediction, {
      textContent: model.get("prediction") || "Predicted (simulated): nothing yet.",
      hidden: !model.get("limits").measurable || !get("predict"),
    });
    say(part.note, gone() ? GONE : model.get("note"));
    const kept = model.get("compared");
    write(set(part.compare, { "aria-pressed": kept !== "" }), kept ? "Stop comparing" : "Keep this plan to compare");
    write(part.compared, kept && `Compared with: ${kept}`);
  };
}
