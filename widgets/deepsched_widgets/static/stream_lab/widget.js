// @ts-check
/**
 * The lab's page: controls, the live sentence, and the places where its two child widgets draw themselves.
 * State travels one way for each trait; stream_lab.py says which.
 */

const SLIDER_MS = 100;
const SENTENCE_MS = 1000;

/**
 * Call `send` with the newest value at most once in `ms`, the last value included.
 * @template T
 * @param {(value: T) => void} send
 * @param {number} ms
 * @param {{now: () => number, later: (f: () => void, ms: number) => any}} [clock] replaced in tests
 */
export function throttle(send, ms, clock = { now: () => Date.now(), later: (f, wait) => setTimeout(f, wait) }) {
  let last = -Infinity;
  let waiting = false;
  /** @type {T} */
  let newest;
  return (/** @type {T} */ value) => {
    newest = value;
    if (waiting) return;
    const rest = last + ms - clock.now();
    const fire = () => {
      waiting = false;
      last = clock.now();
      send(newest);
    };
    if (rest <= 0) fire();
    else {
      waiting = true;
      clock.later(fire, rest);
    }
  };
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {{max: number, measurable: boolean, workloads: string[]}} options */
function makeControls({ max, measurable, workloads }) {
  const slider = /** @type {HTMLInputElement} */ (
    make("input", { type: "range", min: "1", max: String(max), step: "1" })
  );
  const count = make("output", { class: "ds-lab-count", "aria-hidden": "true" });
  const scheduler = /** @type {HTMLSelectElement} */ (make("select"));
  for (const name of ["multi_stream", "single_stream"]) scheduler.append(make("option", { value: name }, name));
  const clients = /** @type {HTMLInputElement} */ (make("input", { type: "number", min: "1", max: "256", step: "1" }));
  const workload = /** @type {HTMLSelectElement} */ (make("select"));
  for (const name of workloads) workload.append(make("option", { value: name }, name));
  const predict = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
  const start = /** @type {HTMLButtonElement} */ (make("button", { type: "button", class: "ds-lab-start" }));
  // JupyterLab would take the arrow keys from these, to move between cells. It asks the focused element alone.
  for (const control of [slider, scheduler, clients, workload, predict, start]) control.dataset.lmSuppressShortcuts = "true";
  const bar = make(
    "div",
    { class: "ds-lab-controls" },
    make("label", {}, "scheduler ", scheduler),
    make("label", { class: "ds-lab-slider" }, "num_streams ", slider, count),
    make("label", {}, "clients ", clients),
    // Each has its machine: a workload stands for the model where that cannot run, a prediction beside what is measured.
    measurable ? make("label", {}, predict, " predict") : make("label", {}, "workload ", workload),
    start,
  );
  return { bar, slider, count, scheduler, clients, workload, predict, start };
}

/** @param {{model: any, el: HTMLElement, signal: AbortSignal, host: any}} context */
async function render({ model, el, signal, host }) {
  const { bar, slider, count, scheduler, clients, workload, predict, start } = makeControls({
    max: model.get("max_streams"),
    measurable: model.get("measurable"),
    workloads: model.get("workloads"),
  });
  const heading = make("div", { class: "ds-lab-heading", role: "heading", "aria-level": "3" });
  const sentence = make("p", { class: "ds-lab-sentence", "aria-live": "polite" });
  const prediction = make("p", { class: "ds-lab-prediction" });
  const note = make("p", { class: "ds-lab-note", role: "status" });
  const map = make("div", { class: "ds-lab-map" });
  const chart = make("div", { class: "ds-lab-chart", role: "group", "aria-label": "Throughput and latency" });
  const root = make(
    "section",
    { class: "ds-lab", "data-deepsched": "lab", "aria-label": "deepsched lab" },
    heading, bar, sentence, prediction, note, map, chart,
  );
  el.append(root);

  const send = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    model.set(name, value);
    model.save_changes();
  };
  const sendStreams = throttle((/** @type {number} */ value) => send("num_streams", value), SLIDER_MS);
  const sayStreams = () => {
    count.textContent = slider.value;
    slider.setAttribute("aria-valuetext", slider.value === "1" ? "1 stream" : `${slider.value} streams`);
  };
  const on = (/** @type {HTMLElement} */ target, /** @type {string} */ event, /** @type {() => void} */ react) =>
    target.addEventListener(event, react, { signal });
  on(slider, "input", () => {
    sayStreams();
    sendStreams(Number(slider.value));
  });
  // JupyterLab keeps Enter from ending the input.
  clients.addEventListener("keydown", (event) => event.key === "Enter" && clients.blur(), { signal });
  on(scheduler, "change", () => {
    send("scheduler", scheduler.value);
    show();
  });
  on(clients, "change", () => {
    if (clients.checkValidity() && clients.value) send("clients", Number(clients.value));
    else clients.value = String(model.get("clients"));
  });
  on(workload, "change", () => send("workload", workload.value));
  on(predict, "change", () => {
    send("predict", predict.checked);
    show();
  });
  on(start, "click", () => send("running", model.get("state") !== "running"));

  const showSentence = throttle((/** @type {string} */ words) => {
    if (sentence.textContent !== words) sentence.textContent = words;
  }, SENTENCE_MS);
  const show = () => {
    const running = model.get("state") === "running";
    heading.textContent = model.get("heading");
    note.textContent = model.get("note");
    note.hidden = !model.get("note");
    // A person who drags the slider is ahead of the kernel: do not pull it from under their hand.
    if (document.activeElement !== slider) slider.value = String(model.get("num_streams"));
    slider.max = String(model.get("max_streams"));
    slider.disabled = model.get("scheduler") === "single_stream";
    scheduler.value = model.get("scheduler");
    if (document.activeElement !== clients) clients.value = String(model.get("clients"));
    start.textContent = running ? "■ Stop" : "▶ Start";
    workload.value = model.get("workload");
    predict.checked = model.get("predict");
    start.title = model.get("measurable")
      ? "Run the model for real and watch its throughput"
      : "Simulate the workload and watch its throughput";
    root.dataset.state = model.get("state");
    root.dataset.origin = model.get("measurable") ? "measured" : "simulated";
    // Its line stays while there is nothing to say, as after each change of num_streams: the map must not jump.
    prediction.textContent = model.get("prediction") || "Predicted (simulated): nothing yet.";
    prediction.hidden = !model.get("measurable") || !model.get("predict");
    sayStreams();
    showSentence(model.get("sentence"));
  };
  const words = ["heading", "note", "sentence", "prediction", "state", "max_streams"];
  for (const name of [...words, "num_streams", "scheduler", "clients", "workload", "predict"]) {
    model.on(`change:${name}`, show);
  }
  show();
  for (const [name, place] of /** @type {const} */ ([["machine_map", map], ["chart", chart]])) {
    const child = await host.getWidget(model.get(name));
    if (signal.aborted) return;
    await child.render({ el: place, signal });
  }
}

export default { render };
