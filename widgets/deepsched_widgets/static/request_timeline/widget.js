// @ts-check
/**
 * Requests as bars in lanes: solid where they ran on a stream, hatched where they waited in the queue.
 *
 * anywidget loads this text from a Blob URL, so it imports nothing. All before "Drawing" is pure and tested in
 * Node. request_timeline.py builds what the kernel sends: which requests, and the words beside them. Times are in ms.
 *
 * @typedef {{ title: string, origin: string, sign: string, lanes: number, rows: number, depths: number[],
 *   summary: string, note: string, bars: Record<string, number[]> }} Panel
 * @typedef {{ start: number, duration: number, span: number, panels: Panel[] }} Picture
 * @typedef {{ x: number, y: number, w: number, h: number }} Place
 * @typedef {{ panel: number, request: number, count: number, stream: number, row: number, started: number,
 *   ended: number, waited: number, ran: number, run: Place | null, wait: Place | null, text: string }} Bar
 */

// ---- Words
/** Write a time as a person reads it: 12.0, 3.1, 0.12, 0.0047. */
export function formatMs(value) {
  return value.toFixed(value >= 1 || value <= 0 ? 1 : Math.ceil(-Math.log10(value)) + 1);
}

/** Say of a bar what a person asks. */
export function nameBar({ request, count, stream, waited, ran }) {
  const who = count === 1 ? `request ${request}` : `${count} requests from ${request} on`;
  const mean = count === 1 ? "" : " on average";
  return `${who}, stream ${stream}, waited ${formatMs(waited)} ms, ran ${formatMs(ran)} ms${mean}`;
}

/** Cut a text to a width, at 0.54 of the font's size a character. */
export function cutText(text, width, size) {
  const most = Math.max(1, Math.floor(width / (size * 0.54)));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

// ---- Layout
const LEAST = 340; // px for a panel: fewer columns before narrower ones
const GAP = 24;
const LABELS = 42;
const HEAD = 50;
const AXIS = 26;
const NOTE = 18;
const ROW = 10;
const DEEPEST = 8; // rows that a queue drawn by its depth takes
const LEGIBLE = 14; // px: lanes below it bear no numbers
const CHARACTER = 6.4;

/** Place all panels, each with its ticks, its lanes, its queue and its bars. @param {Picture} picture */
export function layoutTimelines(picture, width) {
  const room = Math.max(width, 320);
  const columns = Math.max(1, Math.min(picture.panels.length, Math.floor((room + GAP) / (LEAST + GAP))));
  const w = (room - (columns - 1) * GAP) / columns;
  const panels = [];
  let y = 0;
  for (let first = 0; first < picture.panels.length; first += columns) {
    const row = picture.panels.slice(first, first + columns);
    // All of a row begin their lanes at one height: the deepest queue makes room for the others.
    const queue = ROW * Math.max(2, ...row.map(({ rows, depths }) => (depths.length ? DEEPEST : rows))) + 4;
    const placed = row.map((panel, i) => {
      return layoutPanel(panel, first + i, picture, { x: i * (w + GAP), y, w, queue });
    });
    panels.push(...placed);
    y += Math.max(...placed.map(({ h }) => h)) + GAP / 2;
  }
  return { width: room, height: y - GAP / 2, columns, panels, bars: panels.flatMap((panel) => panel.bars) };
}

function layoutPanel(panel, index, { start, duration }, { x, y, w, queue }) {
  const lane = Math.max(9, Math.min(26, 384 / panel.lanes));
  const plot = { x: x + LABELS, w: w - LABELS - 1 };
  const scale = plot.w / duration;
  const at = (time) => plot.x + (time - start) * scale;
  const span = (from, to, top, h) => {
    const [left, right] = [Math.max(from, start), Math.min(to, start + duration)];
    return right <= left ? null : { x: at(left), y: top, w: Math.max(0.75, (right - left) * scale), h };
  };
  const top = y + HEAD + queue;
  const bottom = top + panel.lanes * lane;
  const bars = readBars(panel, index).map((bar) => {
    const rise = top - 3 - (bar.row + 1) * ROW;
    const wait = bar.row < 0 ? null : span(bar.started - bar.waited, bar.started, rise, ROW - 2);
    const run = span(bar.started, bar.ended, top + bar.stream * lane + lane * 0.1, lane * 0.8);
    const words = bar.count === 1 ? `${bar.request}` : `×${bar.count}`;
    const fits = run && lane >= LEGIBLE && words.length * CHARACTER + 3 <= run.w;
    return { ...bar, run, wait, text: fits ? words : "" };
  });
  return {
    ...panel, x, y, w, h: bottom - y + AXIS + (panel.note ? NOTE : 0), plot, lane, top, bottom,
    title: cutText(panel.title, w - 100, 14),
    summary: cutText(panel.summary, w, 12),
    note: cutText(panel.note, w, 11),
    ticks: chooseTicks(start, duration, plot.w).map(({ time, text }) => ({ x: at(time), text })),
    // Every lane has its colour; names only as many as stand clear of each other.
    every: Math.ceil(13 / lane),
    depthLine: drawDepths(panel.depths, plot, top - 3),
    bars: bars.filter(({ run, wait }) => run || wait),
  };
}

/** Turn the columns into one object a bar. */
function readBars({ bars }, panel) {
  return bars.request.map((_, i) => {
    return { panel, ...Object.fromEntries(Object.entries(bars).map(([name, values]) => [name, values[i]])) };
  });
}

/** Choose round times with room for their texts; the last one bears the unit. */
export function chooseTicks(start, duration, width) {
  const least = (duration * 64) / width;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least * (1 - 1e-9));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let n = Math.ceil(start / step - 1e-9); n * step <= start + duration * (1 + 1e-9); n++) {
    ticks.push({ time: n * step, text: (n * step).toFixed(decimals) });
  }
  if (ticks.length) ticks.at(-1).text += " ms";
  return ticks;
}

/** Draw the queue's depth over time as one area. */
function drawDepths(depths, plot, bottom) {
  if (!depths.length) return "";
  const [part, unit] = [plot.w / depths.length, (DEEPEST * ROW) / Math.max(...depths)];
  const steps = depths.map((depth) => `V${(bottom - depth * unit).toFixed(1)}h${part.toFixed(3)}`);
  return `M${plot.x} ${bottom}${steps.join("")}V${bottom}Z`;
}

// ---- Moves
/** Find the bar that a key leads to from the bar at `index`: along the lane, or to the nearest of the next lane. */
export function findNeighbour(bars, index, key) {
  const laneOf = ({ panel, stream }) => panel * 1e6 + stream;
  const from = bars[index];
  const lane = bars.filter((bar) => laneOf(bar) === laneOf(from));
  const place = lane.indexOf(from);
  const along = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: lane.length - 1 };
  if (key in along) return lane[along[key]];
  const way = { ArrowUp: -1, ArrowDown: 1 }[key];
  const beyond = way ? bars.filter((bar) => (laneOf(bar) - laneOf(from)) * way > 0) : [];
  if (!beyond.length) return undefined;
  const next = Math.min(...beyond.map((bar) => laneOf(bar) * way)) * way;
  const distance = ({ started, ended }) => Math.abs(started + ended - from.started - from.ended);
  return beyond.filter((bar) => laneOf(bar) === next).sort((a, b) => distance(a) - distance(b))[0];
}

/** Say which window a button asks for; null where there is nothing more to see. @param {Picture} picture */
export function moveWindow({ start, duration, span }, move) {
  const [earlier, later] = [Math.max(0, start - duration / 2), start + duration / 2];
  const asks = {
    earlier: start > 0 ? [earlier, duration] : null,
    later: start + duration < span ? [later, duration] : null,
    closer: duration > 0.002 ? [start, duration / 2] : null,
    wider: start > 0 || duration < span ? [start + 2 * duration > span ? earlier : start, duration * 2] : null,
  };
  return asks[move];
}

// ---- Drawing
const NUM_COLOURS = 7;
const HATCHES = ["", "M-1,1l2,-2M0,6l6,-6M5,7l2,-2", "M-1,5l2,2M0,0l6,6M5,-1l2,2", "M0,3h6", "M3,3h.01"];
const WAITING = "M-1,1l2,-2M0,6l6,-6M5,7l2,-2";
const MOVES = { earlier: "← Earlier", later: "Later →", closer: "Closer", wider: "Wider" };
const HINT = "Point at a request, or move from one to the next with the arrow keys.";

// Markup of ours alone: what comes from the kernel goes in as attributes and textContent.
const PATTERN = '<pattern width="6" height="6" patternUnits="userSpaceOnUse"><path/></pattern>';
const PANEL = `<g><text class="ds-title"></text><text class="ds-origin"></text><text></text><text class="ds-note"></text>
  <g class="ds-ticks"></g><g class="ds-lanes"></g><text class="ds-queue">queue</text>
  <path class="ds-depth"/><path/><g role="grid" data-lm-suppress-shortcuts="true"></g></g>`;
const LANE = "<g><line/><rect/><rect/><text></text></g>";
const BAR = '<g role="gridcell"><rect class="ds-wait"/><rect class="ds-hatch"/><rect class="ds-run"/><text></text></g>';
const VIEW = `<div class="ds-timeline" data-deepsched="request-timeline" role="group" aria-label="Request timeline">
  <svg><defs></defs><g></g></svg>
  <p class="ds-detail"></p><p class="ds-said" aria-live="polite"></p>
  <ul><li><svg><rect class="ds-run"/></svg>running on a stream</li>
    <li><svg><rect class="ds-wait"/><rect class="ds-hatch"/></svg>waiting in the queue</li></ul>
  <div class="ds-moves" role="group" aria-label="time shown"></div>
  <details><summary>Table of the requests shown</summary><div tabindex="0" role="region"
    aria-label="requests"><table><thead></thead><tbody></tbody></table></div></details></div>`;
const COLUMNS = ["timeline", "request", "stream", "queued at, ms", "waited, ms", "ran, ms", "ended at, ms"];

/** Set attributes; null removes one. */
function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) node.removeAttribute(name);
    else node.setAttribute(name, value);
  }
  return node;
}

/** Give a parent one child an item: what is there is updated, the rest made from markup or removed. */
function join(parent, items, markup, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.insertAdjacentHTML("beforeend", markup);
  items.forEach((item, i) => update(parent.children[i], item, i));
}

/** Place a rectangle, or hide it where there is none. */
function placeRect(node, place) {
  const { x, y, w, h } = place ?? { x: 0, y: 0, w: 0, h: 0 };
  return set(node, { x, y, width: w, height: h, visibility: place ? null : "hidden" });
}

function placeText(node, x, y, text) {
  set(node, { x, y }).textContent = text;
}

function drawPanel(node, panel, bars, patterns) {
  const [title, origin, summary, note, ticks, lanes, queue, area, hatch, grid] = node.children;
  const { x, y, w, plot, top, bottom, lane } = panel;
  placeText(title, x, y + 14, panel.title);
  placeText(origin, x + w, y + 14, `${panel.sign} ${panel.origin}`);
  placeText(summary, x, y + 33, panel.summary);
  placeText(note, x, bottom + AXIS + 11, panel.note);
  placeText(queue, x, top - 8, "queue");
  join(ticks, panel.ticks, "<g><line/><text></text></g>", ({ children: [line, text] }, tick, i) => {
    set(line, { x1: tick.x, x2: tick.x, y1: y + HEAD, y2: bottom + 4 });
    const last = tick.x > plot.x + plot.w - 24;
    placeText(set(text, { "text-anchor": last ? "end" : "middle" }), tick.x + (last ? 1 : 0), bottom + 17, tick.text);
  });
  join(lanes, Array.from({ length: panel.lanes }), LANE, (group, _, stream) => {
    const [line, chip, pattern, text] = set(group, { "data-colour": stream % NUM_COLOURS }).children;
    const place = { x, y: top + stream * lane + lane * 0.1, w: 30, h: lane * 0.8 };
    set(line, { x1: x, x2: x + w, y1: top + stream * lane, y2: top + stream * lane });
    placeRect(chip, place);
    set(placeRect(pattern, place), { fill: `url(#${patterns}${stream % HATCHES.length})` });
    placeText(set(text, { class: lane < LEGIBLE ? "ds-small" : null }), x + 15, top + (stream + 0.5) * lane, stream % panel.every ? "" : `S${stream}`);
  });
  set(area, { d: panel.depthLine });
  set(hatch, { d: panel.depthLine, fill: `url(#${patterns}wait)` });
  set(grid, { "aria-label": `requests of ${panel.title}, ${panel.origin}` });
  const streams = [...new Set(panel.bars.map(({ stream }) => stream))];
  join(grid, streams, '<g role="row"></g>', (row, stream) => {
    set(row, { "aria-label": `stream ${stream}` });
    join(row, panel.bars.filter((bar) => bar.stream === stream), BAR, (cell, bar) => {
      drawBar(cell, bar, bars.indexOf(bar), patterns);
    });
  });
}

function drawBar(cell, bar, index, patterns) {
  const [wait, hatch, run, text] = cell.children;
  set(cell, { "data-bar": index, "data-colour": bar.stream % NUM_COLOURS, "aria-label": nameBar(bar) });
  placeRect(wait, bar.wait);
  set(placeRect(hatch, bar.wait), { fill: `url(#${patterns}wait)` });
  placeRect(run, bar.run);
  placeText(text, bar.run ? bar.run.x + bar.run.w / 2 : 0, bar.run ? bar.run.y + bar.run.h / 2 : 0, bar.text);
}

function drawTable(table, picture, bars) {
  const [head, body] = table.children;
  join(head, [COLUMNS], "<tr></tr>", (row) => {
    join(row, COLUMNS, '<th scope="col"></th>', (cell, name) => (cell.textContent = name));
  });
  join(body, bars, "<tr></tr>", (row, bar) => {
    const who = bar.count === 1 ? bar.request : `${bar.request} and ${bar.count - 1} more`;
    const times = [bar.started - bar.waited, bar.waited, bar.ran, bar.ended].map(formatMs);
    const cells = [picture.panels[bar.panel].title, who, bar.stream, ...times];
    join(row, cells, "<td></td>", (cell, text) => (cell.textContent = text));
  });
}

// ---- Behaviour
function render({ model, el, signal }) {
  el.insertAdjacentHTML("beforeend", VIEW);
  const root = el.lastElementChild;
  const [svg, detail, said, legend, moves, details] = root.children;
  const [defs, panels] = svg.children;
  const patterns = `ds-${Math.random().toString(36).slice(2)}-`; // ids are the whole page's
  join(defs, [...HATCHES, WAITING], PATTERN, (node, d, i) => {
    set(set(node, { id: patterns + (HATCHES[i] === undefined ? "wait" : i) }).firstChild, { d });
  });
  set(legend.querySelector(".ds-hatch"), { fill: `url(#${patterns}wait)` });

  let [queued, width, saying] = [0, 0, 0];
  let bars = [];
  let current = 0; // the bar that the tab key leads to

  function draw() {
    queued = 0;
    const picture = model.get("picture");
    const layout = layoutTimelines(picture, (width = root.clientWidth));
    bars = layout.bars;
    set(svg, { width: layout.width, height: layout.height, viewBox: `0 0 ${layout.width} ${layout.height}` });
    join(panels, layout.panels, PANEL, (node, panel) => drawPanel(node, panel, bars, patterns));
    join(moves, Object.keys(MOVES), '<button type="button"></button>', (button, move) => {
      button.textContent = MOVES[move];
      set(button, { "data-move": move, "aria-disabled": moveWindow(picture, move) === null });
    });
    if (details.open) drawTable(details.querySelector("table"), picture, bars);
    point(Math.min(current, Math.max(0, bars.length - 1)), false);
  }

  /** Make a bar the one that the tab key leads to and, if it is shown, say what it is. */
  function point(index, shown) {
    current = index;
    for (const cell of panels.querySelectorAll("[data-bar]")) {
      set(cell, { tabindex: cell.dataset.bar === `${index}` ? 0 : -1 });
    }
    describe(shown ? bars[index] : undefined);
  }

  function describe(bar) {
    const { panels: all } = model.get("picture");
    detail.textContent = bar ? `${all.length > 1 ? `${all[bar.panel].title}: ` : ""}${nameBar(bar)}` : HINT;
  }

  function press(event) {
    const to = bars.length ? findNeighbour(bars, current, event.key) : undefined;
    if (!to) return;
    panels.querySelector(`[data-bar="${bars.indexOf(to)}"]`).focus();
    event.preventDefault();
  }

  /** Tell who cannot see it that the picture changed: once a second at most. */
  function say() {
    saying ||= setTimeout(() => {
      saying = 0;
      said.textContent = model.get("picture").panels.map(({ title, summary }) => `${title}: ${summary}`).join(". ");
    }, 1000);
  }

  const barAt = ({ target }) => target.closest("[data-bar]")?.dataset.bar;
  const schedule = () => (queued ||= requestAnimationFrame(draw));
  const resized = new ResizeObserver(() => root.clientWidth !== width && schedule());
  resized.observe(root);
  model.on("change:picture", schedule);
  model.on("change:picture", say);
  panels.addEventListener("pointerover", (event) => describe(bars[barAt(event)]));
  panels.addEventListener("pointerleave", () => describe(undefined));
  panels.addEventListener("focusin", (event) => point(Number(barAt(event)), true));
  panels.addEventListener("focusout", () => describe(undefined));
  panels.addEventListener("keydown", press);
  details.addEventListener("toggle", schedule);
  moves.addEventListener("click", ({ target }) => {
    const window = moveWindow(model.get("picture"), target.dataset.move);
    if (window) model.send({ start: window[0], duration: window[1] });
  });
  signal.addEventListener("abort", () => resized.disconnect());
  signal.addEventListener("abort", () => cancelAnimationFrame(queued));
  signal.addEventListener("abort", () => clearTimeout(saying));
  draw();
}

export default { render };
