// @ts-check
/** The places of the page where other widgets draw themselves, some of which can be folded away. */
import { GONE, write } from "./page.js";

const CHILDREN = ["machine_map", "chart", "timeline", "sweep"];
const FOLDED = "deepsched-folded-";

/** Say whether this person keeps a section folded; a page that may not store keeps none. */
export function isFolded(name) {
  try {
    return localStorage.getItem(FOLDED + name) === "yes";
  } catch {
    return false;
  }
}

export function keepFolded(name, folded) {
  try {
    localStorage.setItem(FOLDED + name, folded ? "yes" : "no");
  } catch {
    // Then it is forgotten at the next load.
  }
}

/** Draw the children: in a section that can be folded, when it is first seen. */
export function drawChildren({ part, model, host, signal, on }) {
  async function draw(name) {
    try {
      const child = await host.getWidget(model.get(name));
      if (!signal.aborted) await child.render({ el: part[name], signal });
    } catch {
      if (!signal.aborted) write(part[name], GONE);
    }
  }
  return Promise.all(CHILDREN.map((name) => {
    const section = part[`${name}_section`];
    if (!section) return draw(name);
    let drawn = null;
    const drawSeen = () => section.open && (drawn ??= draw(name));
    section.open = !isFolded(name);
    on(section, "toggle", () => {
      keepFolded(name, !section.open);
      drawSeen();
    });
    return drawSeen();
  }));
}
