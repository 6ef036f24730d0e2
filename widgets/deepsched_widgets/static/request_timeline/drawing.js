// @ts-check
/** Panels, lanes and bars as SVG: elements are made once and then kept in step. */
import { join, set } from "../shared/dom.js";
import { placeRect, placeText } from "../shared/shapes.js";
import { HATCHES, colourOf, hatchOf, writePatterns } from "../shared/streams.js";
import { AXIS, HEAD, LEGIBLE, NOTE } from "./layout.js";
import { nameBar } from "./words.js";

const LAST = 24; // px: a tick's text so near to the end stands before it
const NOWHERE = { x: 0, y: 0, w: 0, h: 0 };

// Markup of ours alone: what comes from the kernel goes in as attributes and textContent.
const PANEL = `<g><text class="ds-title"></text><text class="ds-origin"></text><text></text><g class="ds-note"></g>
  <g class="ds-ticks"></g><g class="ds-lanes"></g><text class="ds-queue">queue</text>
  <path class="ds-depth"/><path/><g></g></g>`;
const TICK = "<g><line/><text></text></g>";
const LANE = "<g><line/><rect/><rect/><text></text></g>";
const ROW_OF_BARS = '<g role="row"></g>';
const BAR = `<g role="gridcell" data-lm-suppress-shortcuts="true"><rect class="ds-wait"/><rect class="ds-hatch"/>
  <rect class="ds-run"/><text></text></g>`;

/** Define the hatches, and for the style sheet's sake as the last one that of waiting, under ids with a prefix. */
export function definePatterns(defs, prefix) {
  defs.insertAdjacentHTML("beforeend", writePatterns(prefix, [...Object.entries(HATCHES), ["wait", HATCHES[1]]]));
}

/** Draw all panels; bars get their place in `bars` as data-bar. */
export function drawPanels(parent, { panels, bars }, patterns) {
  join(parent, panels, PANEL, (node, panel) => drawPanel(node, panel, bars, patterns));
}

function drawPanel(node, panel, bars, patterns) {
  const [title, origin, summary, note, ticks, lanes, queue, area, hatch, grid] = node.children;
  const { x, y, w, top, bottom } = panel;
  placeText(title, { x, y: y + 14, text: panel.title });
  placeText(origin, { x: x + w, y: y + 14, text: `${panel.sign} ${panel.origin}` });
  placeText(summary, { x, y: y + 33, text: panel.summary });
  join(note, panel.notes, "<text></text>", (line, text, i) => {
    placeText(line, { x, y: bottom + AXIS + 11 + i * NOTE, text });
  });
  placeText(queue, { x, y: top - 8, text: "queue" });
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
    set(text, { "text-anchor": last ? "end" : "middle" });
    placeText(text, { x: tick.x + (last ? 1 : 0), y: bottom + 17, text: tick.text });
  });
}

function drawLane(group, { x, w, top, lane, every }, stream, patterns) {
  const [line, chip, pattern, text] = set(group, { "data-colour": colourOf(stream) }).children;
  const y = top + stream * lane;
  const small = lane < LEGIBLE;
  // A name that is higher than its lane stands beside the badge.
  const place = { x: small ? x + 26 : x, y: y + lane * 0.1, w: small ? 10 : 30, h: lane * 0.8 };
  set(line, { x1: x, x2: x + w, y1: y, y2: y });
  placeRect(chip, place);
  placeRect(pattern, place, { fill: hatchOf(stream, patterns) });
  set(text, { class: small ? "ds-small" : null });
  placeText(text, { x: x + (small ? 11 : 15), y: y + lane / 2, text: stream % every ? "" : `S${stream}` });
}

function drawBar(cell, bar, index, patterns) {
  const [wait, hatch, run, text] = cell.children;
  set(cell, { "data-bar": index, "data-colour": colourOf(bar.stream), "aria-label": nameBar(bar) });
  showRect(wait, bar.wait);
  showRect(set(hatch, { fill: `url(#${patterns}wait)` }), bar.wait);
  showRect(run, bar.run);
  const { x, y, w, h } = bar.run ?? NOWHERE;
  placeText(text, { x: x + w / 2, y: y + h / 2, text: bar.text });
}

/** Place a rectangle, or hide it where there is none. */
const showRect = (node, place) => placeRect(node, place ?? NOWHERE, { visibility: place ? null : "hidden" });
