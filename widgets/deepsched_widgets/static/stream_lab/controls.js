// @ts-check
/** How the model is served and loaded: scheduler, streams, threads a core, load, and what is simulated or predicted. */
import { set } from "../shared/dom.js";
import { fillSelect } from "./choice.js";
import { bindNumberBox } from "./number_box.js";
import { fill } from "./page.js";

const LOADS = [["clients", "clients, closed loop"], ["rate", "requests/s, open loop"]];
/** What a control's change asks for, where that is one trait. */
const READ = {
  scheduler: ({ value }) => value,
  threads_per_core: ({ value }) => Number(value),
  load: ({ value }) => value,
  workload: ({ value }) => value,
  predict: ({ checked }) => checked,
};

export const countStreams = (count) => (count === 1 ? "1 stream" : `${count} streams`);

/** Say between what the load's number lies. */
export function limitLoad(load, { min_rate, max_rate, max_clients, fixed }) {
  if (load === "rate") return { min: min_rate, max: max_rate, whole: false };
  // Without clients an engine that the person made serves others, and is watched.
  return { min: fixed.includes("model") ? 0 : 1, max: max_clients };
}

/** Say which controls there are, by what the machine is and what it can. */
export const chooseControls = ({ measurable, max_threads_per_core: threads }) => ({
  threads_per_core: threads > 1,
  workload: !measurable,
  predict: measurable,
});

function bindStreams({ part: { slider, num_streams: box }, model, on, get, wish, schedule }) {
  const limits = () => ({ min: 1, max: model.get("limits").max_streams });
  const current = () => get("num_streams");
  const ask = (count) => wish({ num_streams: count });
  const showBox = bindNumberBox(box, { limits, current, ask }, on);
  let held = false;
  const show = () => {
    for (const node of [slider, box]) node.disabled = get("scheduler") === "single_stream";
    fill(slider, { max: `${limits().max}` });
    // A person who drags is ahead of the kernel: the slider is not pulled from under the hand.
    if (!held) fill(slider, { value: `${current()}` });
    set(slider, { "aria-valuetext": countStreams(Number(slider.value)) });
    showBox();
  };
  const letGo = () => {
    if (held) schedule();
    held = false;
  };
  on(slider, "pointerdown", () => (held = true));
  on(slider, "input", () => ask(Number(slider.value)));
  for (const end of ["pointerup", "pointercancel"]) on(document, end, letGo);
  return show;
}

function bindLoad({ part: { amount, load }, model, on, get, wish }) {
  const limits = () => limitLoad(get("load"), model.get("limits"));
  const ask = (number) => wish({ [get("load")]: number });
  const showBox = bindNumberBox(amount, { limits, current: () => get(get("load")), ask }, on);
  return () => {
    fillSelect(load, LOADS, get("load"));
    set(amount, { "aria-label": get("load") === "rate" ? "rate, requests/s" : "clients" });
    showBox();
  };
}

/** Bring the controls to life. */
export function bindControls(lab) {
  const { part, model, on, get, wish, fixed, id } = lab;
  const radios = part.scheduler.querySelectorAll("input");
  const shows = [bindStreams(lab), bindLoad(lab)];
  for (const radio of radios) radio.name = `${id}-scheduler`;
  for (const [name, read] of Object.entries(READ)) {
    on(part[name], "change", ({ target }) => wish({ [name]: read(target) }));
  }

  return () => {
    const limits = model.get("limits");
    for (const [name, there] of Object.entries(chooseControls(limits))) part[name].parentElement.hidden = !there;
    for (const radio of radios) fill(radio, { checked: radio.value === get("scheduler") });
    const counts = Array.from({ length: limits.max_threads_per_core }, (_, i) => `${i + 1}`);
    fillSelect(part.threads_per_core, counts, `${get("threads_per_core")}`);
    fillSelect(part.workload, model.get("choices").workloads, get("workload"));
    fill(part.predict, { checked: get("predict") });
    for (const name of Object.keys(READ)) part[name].disabled = fixed(name);
    for (const show of shows) show();
  };
}
