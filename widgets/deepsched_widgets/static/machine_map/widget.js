// @ts-check
/** The machine map: a plan on its machine, and beside it another plan where one is compared. See machine_map.py. */
import { scheduleDrawing } from "../shared/redraw.js";
import { addPicture } from "./picture.js";

function render({ model, el, signal }) {
  el.insertAdjacentHTML("beforeend", '<div class="ds ds-map" data-deepsched="machine-map"></div>');
  const root = el.lastElementChild;
  const first = addPicture(root, "map", (stream) => {
    model.set("selected_stream", stream);
    model.save_changes();
  });
  // What is selected in the other plan is nothing to the kernel.
  const second = addPicture(root, "compared map", (stream) => second.select(stream));

  function draw() {
    const [machine, plan, other, load, listed] = TRAITS.map((name) => model.get(name));
    first.draw(machine, plan, listed);
    first.showLoad(load);
    first.select(model.get("selected_stream"));
    if (!other.plan) return second.figure.remove();
    if (!second.figure.isConnected) root.append(second.figure);
    second.draw(other.machine ?? machine, other.plan, listed, "compared with ");
  }

  const scheduleDraw = scheduleDrawing(root, draw, signal);
  const acts = {
    load: () => first.showLoad(model.get("load")),
    selected_stream: () => first.select(model.get("selected_stream")),
  };
  for (const name of [...TRAITS, "selected_stream"]) {
    const [event, act] = [`change:${name}`, acts[name] ?? scheduleDraw];
    model.on(event, act);
    signal.addEventListener("abort", () => model.off(event, act));
  }
  draw();
}

const TRAITS = ["machine", "plan", "compared", "load", "findings"];

export default { render };
