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

  const showLoad = () => first.showLoad(model.get("load"));
  const select = () => first.select(model.get("selected_stream"));
  function draw() {
    const [machine, plan, other, listed] = TRAITS.map((name) => model.get(name));
    first.draw(machine, plan, listed);
    showLoad();
    select();
    if (!other.plan) return second.figure.remove();
    if (!second.figure.isConnected) root.append(second.figure);
    second.draw(other.machine ?? machine, other.plan, listed, "compared with ");
  }

  const scheduleDraw = scheduleDrawing(root, draw, signal);
  const acts = { load: showLoad, selected_stream: select };
  for (const name of TRAITS) {
    const [event, act] = [`change:${name}`, acts[name] ?? scheduleDraw];
    model.on(event, act);
    signal.addEventListener("abort", () => model.off(event, act));
  }
  draw();
}

const TRAITS = ["machine", "plan", "compared", "findings", "load", "selected_stream"];

export default { render };
