// @ts-check
/**
 * The lab's page. page.js has its elements; each other file brings some of them to life and gives what shows the model
 * in them. stream_lab.py says of each trait which way it travels.
 */
import { bindChoice } from "./choice.js";
import { bindCodePanel } from "./code_panel.js";
import { bindControls } from "./controls.js";
import { bindCountdown } from "./countdown.js";
import { bindDownloads } from "./downloads.js";
import { bindFindings } from "./findings.js";
import { makePage } from "./page.js";
import { bindReport } from "./report.js";
import { bindRunRow } from "./run_row.js";
import { drawChildren } from "./sections.js";
import { collectWishes, startClock } from "./wishes.js";

const FEW = 7; // streams whose legend is one row
const CONTROLS = ":is(button, select, input, fieldset):not(.ds-place *, [data-part=copy])";

/** Make what the parts share: the page, the model as the person wants it, the ways to the kernel, the view's end. */
function openLab({ model, el, signal, host }, schedule) {
  const clock = startClock(signal);
  // Whether the kernel is gone: ipywidgets marks the element at first, and tells of changes. anywidget calls back on
  // the view, which has the whole model; what it gives us as one does not say whether it is live.
  let lost = el.closest(".jupyter-widgets-disconnected") !== null;
  model.on("comm_live_update", function () {
    lost = this?.model?.comm_live === false;
    schedule();
  });
  return {
    ...{ model, host, signal, clock, schedule, part: makePage(el) },
    ...collectWishes(model, schedule, clock),
    id: `ds-${Math.random().toString(36).slice(2)}`, // ids are the whole page's
    on: (target, event, react) => target.addEventListener(event, react, { signal }),
    fixed: (name) => model.get("limits").fixed.includes(name),
    gone: () => lost,
    state: () => (lost ? "idle" : model.get("state")),
    /** Send a message; give whether there was a kernel to send it to. */
    tell(message) {
      try {
        model.send(message);
      } catch {
        lost = true;
      }
      schedule();
      return !lost;
    },
  };
}

function render(context) {
  const { model, signal } = context;
  let queued = 0;
  const schedule = () => signal.aborted || (queued ||= requestAnimationFrame(show));
  const lab = openLab(context, schedule);
  const binders = [bindControls, bindRunRow, bindCountdown, bindReport, bindFindings, bindCodePanel, bindDownloads];
  const shows = [...["model", "machine"].map((name) => bindChoice(name, lab)), ...binders.map((bind) => bind(lab))];
  let wasGone = false;
  /** Without a kernel nothing can be asked for; what is written and drawn stays, and the code can be copied. */
  function enable(enabled) {
    wasGone = !enabled;
    for (const node of lab.part.root.querySelectorAll(CONTROLS)) node.disabled = wasGone;
  }
  function show() {
    queued = 0;
    if (wasGone && !lab.gone()) enable(true);
    const { measurable, max_streams } = model.get("limits");
    const [origin, legend] = [measurable ? "measured" : "simulated", max_streams > FEW ? "many" : "few"];
    Object.assign(lab.part.root.dataset, { state: lab.state(), origin, legend });
    for (const each of shows) each();
    if (lab.gone()) enable(false);
  }
  model.on("change", schedule);
  // JupyterLab takes arrow keys, Enter and more from what is focused, unless it bears this.
  lab.on(lab.part.root, "focusin", ({ target }) => (target.dataset.lmSuppressShortcuts = "true"));
  signal.addEventListener("abort", () => cancelAnimationFrame(queued));
  show();
  return drawChildren(lab);
}

export default { render };
