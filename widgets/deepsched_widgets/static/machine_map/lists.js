// @ts-check
/** What stands below the picture: the legend, and the findings in words. */
import { join, set } from "../shared/dom.js";
import { TILE, drawTile } from "./drawing.js";

/** Draw entries of a legend, each some words beside a sample; `attributes` are markup of ours. */
export function drawLegend(list, entries, hatches, attributes = "") {
  const markup = `<li ${attributes}><svg aria-hidden="true"><g class="ds-tile">${TILE}</g></svg><span></span></li>`;
  join(list, entries, markup, (entry, [words, { flat, ...tile }]) => {
    const labels = tile.kind ? [{ x: 14, y: 10, size: 11, text: tile.kind[0].toUpperCase() }] : [];
    const place = { x: 1, y: flat ? 7 : 1, w: 26, h: flat ? 7 : 18 };
    drawTile(entry.querySelector("g"), { ...place, ...tile, labels }, hatches);
    set(entry, { "data-streams": tile.stream ?? null, title: words }).lastChild.textContent = words;
  });
}

/** Write the findings; the style sheet puts the sign of its severity before each. */
export function drawFindings(list, findings) {
  join(list, findings, "<li><b></b> <span></span></li>", (node, f) => {
    set(node, { "data-finding": f.kind, "data-severity": f.severity, "data-streams": f.streams.join() || null });
    node.firstChild.textContent = f.message;
    node.lastChild.textContent = f.suggestion;
  });
}
