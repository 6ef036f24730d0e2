// @ts-check
/**
 * A machine as nested boxes, each hardware thread coloured, hatched and labelled by its stream.
 *
 * anywidget loads this text from a Blob URL, so it imports nothing. All before "Drawing" is pure and tested in
 * Node. machine_map.py builds what the kernel sends: a machine, and a plan that is empty where there is none.
 *
 * @typedef {{ title: string, numa_nodes: number, levels: string[], socket_names: string[],
 *   threads: Record<string, any[]> }} Machine
 * @typedef {{ title?: string, streams?: { index: number, label: string, note?: string, cpus: number[] }[], findings?: {
 *   kind: string, severity: string, streams: number[], message: string, suggestion: string }[] }} Plan
 * @typedef {{ level: string, id: number | null, threads: any[], stream: number | null, children: Part[],
 *   within: Record<string, Part>, x: number, y: number, w: number, h: number }} Part  A socket, ..., a cpu.
 */

/** Turn the columns into one object a hardware thread, with its stream. */
export function readThreads({ threads }, { streams = [] }) {
  const owner = new Map(streams.flatMap((s) => s.cpus.map((cpu) => [cpu, { stream: s.index, note: s.note }])));
  const read = (i) => Object.fromEntries(Object.entries(threads).map(([name, values]) => [name, values[i]]));
  return threads.cpu.map((cpu, i) => ({ ...read(i), stream: null, ...owner.get(cpu) }));
}

/** Group threads level by level; a core is in one stream at most. @returns {any[]} */
function nest(threads, /** @type {string[]} */ [level, ...inner]) {
  const ids = level ? new Set(threads.map((t) => t[level])) : [];
  return Array.from(ids, (id) => {
    const some = threads.filter((t) => t[level] === id);
    const { stream, note } = some.find((t) => t.stream !== null) ?? some[0];
    return { level, id, threads: some, stream, note, children: nest(some, inner) };
  });
}

/** Name a hardware thread by all that it belongs to. */
export function nameThread(t, machine, plan) {
  const parts = [`cpu ${t.cpu}, core ${t.core}, socket ${t.socket}`, t.l3 === null ? "no L3" : `L3 ${t.l3}`];
  if (machine.numa_nodes > 1) parts.splice(1, 0, `NUMA node ${t.numa_node}`);
  if (t.kind) parts.push(`${t.kind} core`);
  if (!t.allowed) parts.push("not allowed to this process");
  else if (plan.streams) parts.push(t.stream === null ? "in no stream" : `stream ${t.stream}`, t.note);
  return parts.filter(Boolean).join(", ");
}

// ---- Layout
// Core sizes in px by comfort. Within a band fewer rows are worth more than larger cores: then streams that
// follow each other stand side by side.
const BANDS = [[46, 42, 38, 34, 30], [26, 22], [18, 14], [11, 8]];
const ROWS = [1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 512, 8192];
const LANE = 24;
const HEAD_TEXT = 11;

/** Take the first text that fits, at 0.6 of the font's size a character. */
export const fitText = (texts, width, size) => texts.find((text) => text.length * size * 0.6 <= width) ?? "";
const nameStream = ({ stream, note }) => `S${stream}${note ? "▲" : ""}`;

/** Give each level's frame, its gaps and, where set, its number of rows. */
function chooseSizes(core, rows, smt, numSockets) {
  const [gap, side, head] = core >= 26 ? [6, 10, 22] : core >= 14 ? [4, 7, 18] : [2, 5, 15];
  const frame = { side, head, gap: 2 * side - 4 };
  const [inset, columns] = [smt > 1 ? 2 : 0, smt > 2 ? 2 : 1];
  return {
    machine: { side: 18, head: 2, foot: numSockets > 1 ? LANE : 2, gap: 28, gapY: 2 * LANE },
    socket: frame,
    numa_node: frame,
    l3: { ...frame, gap, rows },
    core: { side: inset, head: inset, gap: inset, rows: Math.ceil(smt / columns) },
    cpu: { w: (core - inset) / columns - inset, h: smt > 1 ? core * 0.6 : core },
  };
}

/** Size a part and place its contents in it, in set rows or as few as fit. Cores without an L3 get no frame. */
function arrange(part, room, sizes) {
  if (!part.children.length) return Object.assign(part, sizes.cpu);
  const { children } = part;
  const spec = part.id === null ? { ...sizes.l3, side: 0, head: 0 } : sizes[part.level];
  const { side, head, foot = side, gap, gapY = gap, rows } = spec;
  const widest = Math.max(...children.map((child) => arrange(child, room - 2 * side, sizes).w));
  const most = Math.max(1, Math.floor((room - 2 * side + gap) / (widest + gap)));
  const perRow = Math.ceil(children.length / (rows ?? Math.ceil(children.length / most)));
  let [x, y, w, rowHeight] = [side, head, 0, 0];
  children.forEach((child, i) => {
    if (i > 0 && i % perRow === 0) [x, y, rowHeight] = [side, y + rowHeight + gapY, 0];
    Object.assign(child, { x, y });
    w = Math.max(w, x + child.w + side);
    x += child.w + gap;
    rowHeight = Math.max(rowHeight, child.h);
  });
  return Object.assign(part, { w, h: y + rowHeight + foot, perRow });
}

/** Choose the most legible sizes that fit: sockets side by side, then large cores; if all are high, the lowest. */
function fitSizes(machine, width, smt) {
  const attempt = (core, rows) => {
    const sizes = chooseSizes(core, rows, smt, machine.children.length);
    const { w, h, perRow } = arrange(machine, width, sizes);
    return { sizes, perRow, h: w <= width ? h : Infinity };
  };
  const groups = BANDS.flatMap((band) => ROWS.map((rows) => band.map((core) => attempt(core, rows))));
  const handy = groups.map((group) => group.filter(({ h }) => h <= 600)).find((group) => group.length);
  const [best] = handy?.sort((a, b) => b.perRow - a.perRow) ?? groups.flat().sort((a, b) => a.h - b.h);
  return best.sizes;
}

/** Place all parts of the machine. @param {Machine} machine @param {Plan} plan
 * @param {number} width  In px; less than 360 counts as 360. */
export function layoutMachine(machine, plan, width) {
  const threads = readThreads(machine, plan);
  const smt = Math.max(...nest(threads, ["core"]).map((core) => core.threads.length));
  const whole = { level: "machine", id: 0, x: 0, y: 0, children: nest(threads, machine.levels) };
  const room = Math.max(width, 360);
  const sizes = fitSizes(whole, room, smt);
  const { w, h } = arrange(whole, room, sizes);
  const parts = settle(whole, {});
  const on = (...levels) => parts.filter((part) => levels.includes(part.level));
  const boxes = on("socket", "numa_node", "l3", ...(smt > 1 ? ["core"] : []));
  return { width: w, height: h, sizes, boxes, cores: on("core"), cells: on("cpu") };
}

/** List a part and all in it, with places in the picture and the parts around. @returns {Part[]} */
function settle(part, around) {
  part.within = { ...around, [part.level]: part };
  for (const child of part.children) Object.assign(child, { x: child.x + part.x, y: child.y + part.y });
  return [part, ...part.children.flatMap((child) => settle(child, part.within))];
}

/** Write on a cell its stream and, below that, its cpu, as far as there is room. */
export function labelCell({ x, y, w, h, id, stream, note }) {
  const size = Math.min(16, Math.max(10, Math.min(w, h) * 0.38));
  const text = stream === null ? `${id}` : nameStream({ stream, note });
  if (size > h - 2 || !fitText([text], w - 2, size) || (stream === null && (w < 24 || h < 30))) return [];
  const middle = { x: x + w / 2, y: y + h / 2, text, size };
  if (stream === null || h < 30) return [middle];
  return [{ ...middle, y: y + h * 0.35 }, { ...middle, y: y + h * 0.75, text: `${id}`, size: size * 0.75 }];
}

/** Write in a box's head what it is. */
export function nameBox({ level, id, w }, machine) {
  const nouns = { socket: "socket", numa_node: "NUMA node", l3: "L3" };
  const texts = level in nouns ? [`${nouns[level]} ${id}`, `${id}`] : [];
  if (level === "socket") texts.unshift(machine.socket_names[id]);
  return fitText(texts, w - 12, HEAD_TEXT);
}

// ---- Marks
const STRADDLED = { "socket-straddle": "socket", "numa-straddle": "numa_node", "l3-straddle": "l3" };

/** Find the streams that share an L3. */
export function findSharers({ level, threads }, { findings = [] }) {
  const here = ({ streams }) => threads.some((t) => streams.includes(t.stream));
  return findings.find((f) => f.kind === "l3-shared" && level === "l3" && here(f))?.streams ?? [];
}

/** Join neighbouring cores of one stream in one L3: first along rows, then rows of the same width. */
export function findRuns(cores) {
  const rows = joinParts(cores, (core, last) => core.y === last.y);
  return joinParts(rows, (row, last) => row.x === last.x && row.w === last.w);
}

function joinParts(parts, aligned) {
  const joined = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const near = last?.stream === part.stream && last.within.l3 === part.within.l3 && aligned(part, last);
    if (near) Object.assign(last, { w: part.x + part.w - last.x, h: part.y + part.h - last.y });
    else joined.push({ ...part });
  }
  return joined;
}

/** Name streams across their cores where these are too small to bear labels. */
export function labelRuns({ cores }) {
  const bears = (cell) => cell.stream !== null && labelCell(cell).length;
  const mute = findRuns(cores).filter(({ stream, children }) => stream !== null && !children.some(bears));
  return mute.map((run) => {
    const text = fitText([nameStream(run)], run.w, 10);
    return { stream: run.stream, x: run.x + run.w / 2, y: run.y + run.h / 2, size: 10, text };
  });
}

/** Mark straddling streams: the runs of their cores, and bridges over the gaps that they straddle. */
export function markStraddles(picture, plan) {
  const marks = { runs: [], bridges: [] };
  for (const { kind, severity, streams: [stream] } of plan.findings ?? []) {
    const own = kind in STRADDLED ? picture.cores.filter((core) => core.stream === stream) : [];
    const bridges = own.slice(1).map((core, i) => buildBridge(picture, own[i], core, STRADDLED[kind]));
    marks.runs.push(...findRuns(own).map((run) => ({ ...run, severity })));
    marks.bridges.push(...bridges.filter(Boolean).map((bridge) => ({ ...bridge, stream, severity })));
  }
  return marks;
}

/** Lead a line from core to core through the gap between their boxes, round rows where it wraps. */
function buildBridge({ boxes, sizes }, a, b, level) {
  const [from, to] = [a.within[level], b.within[level]];
  if (from === to) return null;
  const { gap } = sizes[level === "socket" ? "machine" : "socket"];
  const [ya, yb] = [a.y + a.h / 2, b.y + b.h / 2];
  const [xa, xb] = [from.x + from.w + gap / 2, to.x - gap / 2];
  const wraps = from.y !== to.y;
  const lane = to.y - Math.min(LANE, gap) / 2;
  const line = `M${a.x + a.w} ${ya}H${xa}${wraps ? `V${lane}H${xb}` : ""}V${yb}H${b.x}`;
  if (level !== "socket") return { line };

  const bottom = Math.max(...boxes.map((box) => (box.y === from.y ? box.y + box.h : 0)));
  const [x, y] = wraps ? [(xa + xb) / 2, lane] : [xa, bottom + LANE / 2];
  const texts = [`stream ${a.stream} straddles sockets ${from.id} and ${to.id}`, `stream ${a.stream} straddles`];
  const text = fitText(texts, wraps ? xa - xb : Math.min(from.w, to.w) + gap, 13);
  return { line: wraps ? line : `${line}M${x} ${ya}V${y - 8}`, x, y, size: 13, text };
}

// ---- Drawing
const NUM_COLOURS = 7;
const HATCHES = ["", "M-1,1l2,-2M0,6l6,-6M5,7l2,-2", "M-1,5l2,2M0,0l6,6M5,-1l2,2", "M0,3h6", "M3,3h.01"];

// Markup of ours alone: the kernel's words go in as attributes and textContent.
const PATTERN = '<pattern width="6" height="6" patternUnits="userSpaceOnUse"><path/></pattern>';
const BOX = "<g><rect/><text></text><text></text></g>";
const CELL = '<g role="gridcell"><title></title><rect/><rect/><text></text><text></text></g>';
const ENTRY = "<li><svg><rect/><rect/></svg><span></span></li>";
const FINDING = '<li><span role="img"></span><p><strong></strong> <span></span></p></li>';
// JupyterLab leaves the arrow keys to what bears data-lm-suppress-shortcuts.
const VIEW = `<div class="ds-map" data-deepsched="machine-map" role="group"><p></p>
  <svg><defs></defs><g class="ds-boxes"></g><g class="ds-bridges"></g>
    <g class="ds-cells" role="grid" aria-label="hardware threads" data-lm-suppress-shortcuts="true"></g>
    <g class="ds-outlines"></g><g class="ds-texts"></g></svg>
  <ul class="ds-legend"></ul><ul class="ds-findings"></ul></div>`;

/** Set attributes; null removes one. */
function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    value === null ? node.removeAttribute(name) : node.setAttribute(name, value);
  }
  return node;
}

/** Give a parent one child an item: made from markup, updated, or removed. */
function join(parent, items, markup, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.insertAdjacentHTML("beforeend", markup);
  items.forEach((item, i) => update(parent.children[i], item, i));
}

const placeRect = (node, { x, y, w, h }) => set(node, { x, y, width: w, height: h });

function placeText(node, { x = 0, y = 0, size = 0, text = "" } = {}) {
  set(node, { x, y, "font-size": size }).textContent = text;
}

/** Colour a node by its stream's number in the style sheet, and hatch a rectangle in it. */
function paint(node, rect, stream, patterns) {
  set(node, { "data-colour": stream === null ? null : stream % NUM_COLOURS });
  set(rect, { fill: stream === null ? "none" : `url(#${patterns}${stream % HATCHES.length})` });
}

function drawMachine(svg, machine, plan, picture, patterns) {
  const [, boxes, , grid] = svg.children;
  const { width, height, sizes } = picture;
  set(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
  join(boxes, picture.boxes.filter(({ id }) => id !== null), BOX, (node, box) => {
    const name = nameBox(box, machine);
    const sharers = findSharers(box, plan).map((stream) => `S${stream}`);
    const notes = sharers.length ? [`shared by ${sharers.join(", ")}`, "shared"] : [];
    const head = { y: box.y + 1 + sizes.socket.head / 2, size: HEAD_TEXT };
    const room = box.w - 12 - name.length * 0.6 * HEAD_TEXT;
    set(node, { class: `ds-${box.level} ${notes.length ? "ds-shared" : ""}` });
    placeRect(node.children[0], box);
    placeText(node.children[1], { ...head, x: box.x + 6, text: name });
    placeText(node.children[2], { ...head, x: box.x + box.w - 6, text: fitText(notes, room, HEAD_TEXT) });
  });
  join(grid, picture.boxes.filter(({ level }) => level === "l3"), '<g role="row"></g>', (row, l3) => {
    join(row, picture.cells.filter((cell) => cell.within.l3 === l3), CELL, (node, cell) => {
      const [title, fill, hatch, ...texts] = node.children;
      set(node, { "data-cpu": cell.id, "data-stream": cell.stream, "data-allowed": cell.threads[0].allowed });
      title.textContent = nameThread(cell.threads[0], machine, plan);
      placeRect(fill, cell);
      paint(node, placeRect(hatch, cell), cell.stream, patterns);
      texts.forEach((text, i) => placeText(text, labelCell(cell)[i]));
    });
  });
}

function drawMarks(svg, plan, picture) {
  const [, , lines, , outlines, texts] = svg.children;
  const { runs, bridges } = markStraddles(picture, plan);
  const gap = picture.sizes.l3.gap / 2;
  const own = (node, mark) => set(node, { "data-streams": mark.stream, "data-severity": mark.severity ?? null });
  join(lines, bridges, "<path/>", (node, bridge) => set(own(node, bridge), { d: bridge.line }));
  join(outlines, runs, "<rect/>", (node, run) => {
    const around = { x: run.x - gap / 2, y: run.y - gap / 2, w: run.w + gap, h: run.h + gap };
    set(placeRect(own(node, run), around), { "stroke-width": gap });
  });
  const named = [...bridges, ...labelRuns(picture)];
  join(texts, named, "<text></text>", (node, text) => placeText(own(node, text), text));
}

function drawLists(legend, findings, plan, patterns) {
  join(legend, plan.streams ?? [], ENTRY, (node, { index, label }) => {
    const [swatch, text] = set(node, { "data-streams": index }).children;
    paint(node, swatch.lastChild, index, patterns);
    text.textContent = label;
  });
  join(findings, plan.findings ?? [], FINDING, (node, { kind, severity, streams, message, suggestion }) => {
    set(node, { "data-finding": kind, "data-severity": severity, "data-streams": streams });
    const [sign, { firstChild, lastChild }] = node.children;
    set(sign, { "aria-label": severity }).textContent = severity === "warning" ? "▲" : "●";
    firstChild.textContent = message;
    lastChild.textContent = suggestion;
  });
}

// ---- Behaviour
/** Find the cell that a key leads to from the cell at `index`. */
export function findNeighbour(cells, index, key) {
  const from = cells[index];
  const down = { ArrowUp: -1, ArrowDown: 1 }[key];
  const along = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: cells.length - 1 };
  if (!down) return cells[along[key]];
  const distance = ({ x, y }) => Math.abs(y - from.y) + 2 * Math.abs(x - from.x);
  return cells.filter(({ y }) => (y - from.y) * down > 0).sort((a, b) => distance(a) - distance(b))[0];
}

/** List the streams that an element is about. */
function streamsAt(node) {
  const { stream, streams = stream } = node.closest("[data-stream], [data-streams]")?.dataset ?? {};
  return streams?.split(",").map(Number) ?? [];
}

function render({ model, el, signal }) {
  el.insertAdjacentHTML("beforeend", VIEW);
  const root = el.lastElementChild;
  const [title, svg, legend, findings] = root.children;
  const patterns = `ds-${Math.random().toString(36).slice(2)}-`; // ids are the whole page's
  join(svg.children[0], HATCHES, PATTERN, (node, d, i) => set(set(node, { id: patterns + i }).firstChild, { d }));

  let [queued, width] = [0, 0];
  let cells = [];
  let current = null; // the cpu that the tab key leads to
  let pointed = []; // the streams under the pointer or the focus

  function draw() {
    queued = 0;
    const [machine, plan] = [model.get("machine"), model.get("plan")];
    const picture = layoutMachine(machine, plan, (width = root.clientWidth));
    drawMachine(svg, machine, plan, picture, patterns);
    drawMarks(svg, plan, picture);
    drawLists(legend, findings, plan, patterns);
    title.textContent = [machine.title, plan.title].filter(Boolean).join(" · ");
    set(root, { "aria-label": `Machine map: ${title.textContent}` });
    cells = picture.cells;
    if (!cells.some(({ id }) => id === current)) current = cells[0].id;
    if (model.get("selected_stream") >= (plan.streams ?? []).length) select(-1);
    emphasise();
  }

  /** Quieten all but the streams pointed at or, without any, the selected one. */
  function emphasise(streams = pointed, cpu = current) {
    [pointed, current] = [streams, cpu];
    const selected = model.get("selected_stream");
    const chosen = pointed.length || selected < 0 ? pointed : [selected];
    for (const node of root.querySelectorAll("svg [data-streams], [data-cpu]")) {
      const its = streamsAt(node);
      node.classList.toggle("ds-quiet", chosen.length > 0 && !its.some((stream) => chosen.includes(stream)));
      const tabindex = node.dataset.cpu === `${current}` ? 0 : -1;
      if (node.dataset.cpu) set(node, { "aria-selected": its[0] === selected, tabindex });
    }
  }

  function select(stream) {
    model.set("selected_stream", stream === model.get("selected_stream") ? -1 : stream);
    model.save_changes();
  }

  function press(event) {
    const to = findNeighbour(cells, cells.findIndex(({ id }) => id === current), event.key);
    if (event.key === "Enter" || event.key === " ") click(event);
    else if (to) svg.querySelector(`[data-cpu="${to.id}"]`).focus();
    else return;
    event.preventDefault();
  }

  const click = ({ target }) => target.closest("[data-stream]") && select(streamsAt(target)[0]);
  const schedule = () => (queued ||= requestAnimationFrame(draw));
  const resized = new ResizeObserver(() => root.clientWidth !== width && schedule());
  resized.observe(root);
  model.on("change:machine", schedule);
  model.on("change:plan", schedule);
  model.on("change:selected_stream", () => emphasise());
  root.addEventListener("pointerover", ({ target }) => emphasise(streamsAt(target)));
  root.addEventListener("pointerleave", () => emphasise([]));
  root.addEventListener("focusin", ({ target }) => emphasise(streamsAt(target), +target.dataset.cpu));
  root.addEventListener("focusout", () => emphasise([]));
  svg.addEventListener("click", click);
  svg.addEventListener("keydown", press);
  signal.addEventListener("abort", () => resized.disconnect());
  signal.addEventListener("abort", () => cancelAnimationFrame(queued));
  draw();
}

export default { render };
