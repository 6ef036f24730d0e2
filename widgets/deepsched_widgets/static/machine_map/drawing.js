// @ts-check
/** The picture's elements. Markup is ours alone: the kernel's words go in as attributes and textContent. */
import { join, set } from "../shared/dom.js";
import { placeRect, placeText } from "../shared/shapes.js";
import { colourOf, hatchOf, writePatterns } from "../shared/streams.js";
import { HEAD_TEXT, labelCell, nameBox } from "./labels.js";
import { markStraddles } from "./marks.js";
import { nameThread } from "./words.js";

/** A tile: its fill, hatch, two texts, the load's scale and level, and the sign of being remote. */
export const TILE = "<rect/><rect/><text></text><text></text><path/><path/><path/>";
const PART = `<g class="ds-tile">${TILE}</g>`;
// JupyterLab leaves the arrow keys to what bears data-lm-suppress-shortcuts.
export const ROVING = 'tabindex="-1" data-lm-suppress-shortcuts="true"';
const CELL = `<g role="gridcell" class="ds-tile" ${ROVING}><title></title>${TILE}</g>`;

/** The groups of a picture, all but the grid for the eye; ids start with `hatches`. */
export const writeGroups = (hatches) => `<defs>${writePatterns(hatches)}</defs>
  <g aria-hidden="true"><g class="ds-boxes"></g><g></g><g class="ds-bridges"></g></g>
  <g role="grid" aria-label="hardware threads"></g>
  <g aria-hidden="true"><g class="ds-outlines"></g><g class="ds-texts"></g></g>`;

/** Draw a hardware thread, a segment of a cache, or a sample of them. */
export function drawTile(node, tile, hatches) {
  const { x, y, w, h, stream = null, kind, remote, allowed = true, labels = [] } = tile;
  const [fill, hatch, ...texts] = [...node.children].slice(-7);
  const planned = stream !== null;
  const colour = planned ? colourOf(stream) : null;
  set(node, { "data-stream": stream, "data-streams": stream, "data-colour": colour, "data-allowed": allowed });
  const rx = !kind || kind === "performance" ? 3 : h * 0.45;
  placeRect(fill, tile, { rx });
  placeRect(hatch, tile, { rx, fill: planned ? hatchOf(stream, hatches) : "none" });
  const size = Math.min(12, w * 0.35);
  set(texts.pop(), { d: remote ? `M${x + w - size} ${y}h${size}v${size}z` : "" });
  texts.slice(0, 2).forEach((text, i) => placeText(text, labels[i]));
  drawLevel(node, tile);
}

/** Draw how busy a thread is as a part of its height. */
function drawLevel(node, { x, y, w, h, load = -1 }) {
  const width = Math.min(4, w / 6);
  const lines = [...node.children].slice(-3);
  [100, load].forEach((percent, i) => {
    const d = load < 0 ? "" : `M${x + width} ${y + h - 1}v${((2 - h) * percent) / 100}`;
    set(lines[i], { d, "stroke-width": width + 1.5 - 1.5 * i });
  });
}

/** Draw the load of a cell, and nothing else. */
export const drawLoad = (node, cell) => drawLevel(node, { ...cell, ...cell.threads[0] });

/** Draw boxes, caches and cells. */
export function drawMachine(svg, machine, plan, picture, hatches) {
  const [, { children: [boxes, strips] }, grid] = svg.children;
  const { w, h, sizes, rows, cells } = picture;
  set(svg, { width: w, height: h, viewBox: `0 0 ${w} ${h}` });
  join(boxes, picture.boxes, "<g><rect/><text></text></g>", (node, box) => {
    const [rect, text] = set(node, { class: `ds-${box.level}` }).children;
    placeRect(rect, box);
    placeText(text, { x: box.x + 6, y: box.y + 1 + sizes.l3.title / 2, size: HEAD_TEXT, text: nameBox(box, machine) });
  });
  join(strips, picture.strips, PART, (node, segment) => drawTile(node, segment, hatches));
  join(grid, rows, '<g role="row"></g>', (row, l3) => {
    join(row, cells.filter((cell) => cell.within.l3 === l3), CELL, (node, cell) => {
      const [thread] = cell.threads;
      set(node, { "data-cpu": cell.id }).firstChild.textContent = nameThread(thread, machine, plan);
      drawTile(node, { ...thread, ...cell, labels: labelCell(cell) }, hatches);
    });
  });
}

/** Draw what straddles. */
export function drawMarks(svg, picture) {
  const [, { lastChild: lines }, , { children: [outlines, texts] }] = svg.children;
  const { runs, bridges } = markStraddles(picture);
  const own = ({ stream, severity }) => ({ "data-streams": stream, "data-severity": severity });
  join(lines, bridges, "<path/>", (node, bridge) => set(node, { ...own(bridge), d: bridge.line }));
  join(outlines, runs, "<rect/>", (node, run) => placeRect(node, run, own(run)));
  join(texts, bridges, "<text></text>", (node, bridge) => placeText(set(node, own(bridge)), bridge));
}
