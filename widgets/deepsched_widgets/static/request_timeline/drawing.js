// @ts-check
/** Panels, lanes and bars as SVG: elements are made once and then kept in step. */
import { join, set } from "../shared/dom.js";
import { AXIS, HEAD, LEGIBLE, NOTE } from "./layout.js";
import { nameBar } from "./words.js";

const NUM_COLOURS = 7;
const RISING = "M-1,1l2,-2M0,6l6,-6M5,7l2,-2";
const HATCHES = ["", RISING, "M-1,5l2,2M0,0l6,6M5,-1l2,2", "M0,3h6", "M3,3h.01"]; // the streams', as on the map
const LAST = 24; // px: a tick's text so near to the end stands before it

// Markup of ours alone: what comes from the kernel goes in as attributes and textContent.
const PATTERN = '<pattern width="6" height="6" patternUnits="userSpaceOnUse"><path/></pattern>';
const PANEL = `<g><text class="ds-title"></text><text class="ds-origin"></text><text></text><g class="ds-note"></g>
  <g class="ds-ticks"></g><g class="ds-lanes"></g><text class="ds-queue">queue</text>
  <path class="ds-depth"/><path/><g></g></g>`;
const TICK = "<g><line/><text></text></g>";
const LANE = "<g><line/><rect/><rect/><text></text></g>";
const ROW_OF_BARS = '<g role="row"></g>';
const BAR = `<g role="gridcell" data-lm-suppress-shortcuts="true"><rect class="ds-wait"/><rect class="ds-hatch"/>
  <rect class="ds-run"/><text></text></g>`;

/** Define the hatches, under names that begin with `prefix`: ids are the whole page's. */
export function definePatterns(defs, prefix) {
  join(defs, [...HATCHES, RISING], PATTERN, (node, d, i) => {
    set(set(node, { id: prefix + (HATCHES[i] === undefined ? "wait" : i) }).firstChild, { d });
  });
}

/** Draw all panels; bars get their place in `bars` as data-bar. */
export function drawPanels(parent, { panels, bars }, patterns) {
  join(parent, panels, PANEL, (node, panel) => drawPanel(node, panel, bars, patterns));
}

function drawPanel(node, panel, bars, patterns) {
  const [title, origin, summary, note, ticks, lanes, queue, area, hatch, grid] = node.children;
  const { x, y, w, top, bottom } = panel;
  placeText(title, x, y + 14, panel.title);
  placeText(origin, x + w, y + 14, `${panel.sign} ${panel.origin}`);
  placeText(summary, x, y + 33, panel.summary);
  join(note, panel.notes, "<text></text>", (line, words, i) => placeText(line, x, bottom + AXIS + 11 + i * NOTE, words));
  placeText(queue, x, top - 8, "queue");
  drawTicks(ticks, panel);
  join(lanes, Array.from({ length: panel.lanes }), LANE, (group, _, stream) => {
    drawLane(group, panel, stream, patterns);
  });
  set(area, { d: panel.depthLine });
  set(hatch, { d: panel.depthLine, fill: `url(#${patterns}wait)` });
  // A grid without rows would be none.
  const name = `requests of ${panel.title}, ${panel.origin}: arrow keys lead from one to the next`;
  const full = panel.bars.length > 0;
  set(grid, { role: full ? "grid" : null, "aria-label": full ? name : null });
  const streams = [...new Set(panel.bars.map(({ stream }) => stream))];
  join(grid, streams, ROW_OF_BARS, (row, stream) => {
    set(row, { "aria-label": `stream ${stream}` });
    const own = panel.bars.filter((bar) => bar.stream === stream);
    join(row, own, BAR, (cell, bar) => drawBar(cell, bar, bars.indexOf(bar), patterns));
  });
}

function drawTicks(parent, { ticks, plot, y, bottom }) {
  join(parent, ticks, TICK, ({ children: [line, text] }, tick) => {
    set(line, { x1: tick.x, x2: tick.x, y1: y + HEAD, y2: bottom + 4 });
    const last = tick.x > plot.x + plot.w - LAST;
    placeText(set(text, { "text-anchor": last ? "end" : "middle" }), tick.x + (last ? 1 : 0), bottom + 17, tick.text);
  });
}

function drawLane(group, { x, w, top, lane, every }, stream, patterns) {
  const [line, chip, pattern, text] = set(group, { "data-colour": stream % NUM_COLOURS }).children;
  const y = top + stream * lane;
  const small = lane < LEGIBLE;
  // A name that is higher than its lane stands beside the badge.
  const place = { x: small ? x + 26 : x, y: y + lane * 0.1, w: small ? 10 : 30, h: lane * 0.8 };
  set(line, { x1: x, x2: x + w, y1: y, y2: y });
  placeRect(chip, place);
  set(placeRect(pattern, place), { fill: `url(#${patterns}${stream % HATCHES.length})` });
  set(text, { class: small ? "ds-small" : null });
  placeText(text, small ? x + 11 : x + 15, y + lane / 2, stream % every ? "" : `S${stream}`);
}

function drawBar(cell, bar, index, patterns) {
  const [wait, hatch, run, text] = cell.children;
  set(cell, { "data-bar": index, "data-colour": bar.stream % NUM_COLOURS, "aria-label": nameBar(bar) });
  placeRect(wait, bar.wait);
  set(placeRect(hatch, bar.wait), { fill: `url(#${patterns}wait)` });
  placeRect(run, bar.run);
  placeText(text, bar.run ? bar.run.x + bar.run.w / 2 : 0, bar.run ? bar.run.y + bar.run.h / 2 : 0, bar.text);
}

/** Place a rectangle, or hide it where there is none. */
function placeRect(node, place) {
  const { x, y, w, h } = place ?? { x: 0, y: 0, w: 0, h: 0 };
  return set(node, { x, y, width: w, height: h, visibility: place ? null : "hidden" });
}

function placeText(node, x, y, text) {
  set(node, { x, y }).textContent = text;
}
