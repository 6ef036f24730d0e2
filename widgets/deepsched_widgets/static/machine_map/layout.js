// @ts-check
/**
 * Where the parts of a machine stand: boxes in boxes, cores in rows, the largest that fit the width.
 *
 * @typedef {{ level: string, id: number | null, threads: any[], stream: number | null, children: Part[],
 *   within: Record<string, Part>, x: number, y: number, w: number, h: number }} Part  A socket, ..., a cpu.
 */
import { listOf, readStreams, readThreads } from "./reading.js";
import { layoutStrips } from "./strips.js";

// Core sizes in px by comfort. Within a band fewer rows are worth more than larger cores: then streams that
// follow each other stand side by side.
const BANDS = [[46, 42, 38, 34, 30], [26, 22], [18, 14], [11, 8]];
const ROWS = [1, 2, 3, 4, 6, 8, 16, 64];
// A picture of this height can be seen whole.
const HANDY = 720;
// The room of a line that leads round a row of sockets.
export const LANE = 24;

/** Place all parts of the machine, in px; a width of less than 360 counts as 360. */
export function layoutMachine(machine, plan, width) {
  const threads = readThreads(machine, plan);
  const smt = Math.max(...nestThreads(threads, ["core"]).map((core) => core.threads.length));
  const whole = { level: "machine", id: 0, x: 0, y: 0, children: nestThreads(threads, machine.levels) };
  const room = Math.max(width, 360);
  const sizes = fitSizes(whole, room, smt);
  const { w, h } = arrangeParts(whole, room, sizes);
  const parts = settleParts(whole, {});
  const on = (level) => parts.filter((part) => part.level === level);
  const [rows, cores] = [on("l3"), on("core")];
  const boxes = [...on("socket"), ...on("numa_node"), ...rows, ...(smt > 1 ? cores : [])].filter((b) => b.id !== null);
  const strips = layoutStrips(boxes.filter(({ level }) => level === "l3"), machine.l3_bytes, sizes.l3);
  const [streams, { findings = [] }] = [readStreams(threads), plan];
  return { w, h, sizes, threads, streams, findings, boxes, rows, strips, cores, cells: on("cpu") };
}

/** Group threads level by level; the colour of a core is that of its first stream. @returns {any[]} */
function nestThreads(threads, [level, ...inner]) {
  return (level ? listOf(threads, level) : []).map((id) => {
    const some = threads.filter((t) => t[level] === id);
    const { stream, stray } = some.find((t) => t.stream !== null) ?? some[0];
    return { level, id, threads: some, stream, stray, children: nestThreads(some, inner) };
  });
}

/** Give each level's frame, its gaps and, where set, its number of rows. */
function chooseSizes(core, rows, smt, numSockets) {
  const [gap, side, head, strip] = core >= 26 ? [6, 10, 22, 16] : core >= 14 ? [4, 7, 18, 12] : [2, 5, 15, 11];
  const frame = { side, head, gap: 2 * side - 4 };
  const [inset, columns] = [smt > 1 ? 2 : 0, smt > 2 ? 2 : 1];
  return {
    machine: { side: 18, head: 2, foot: numSockets > 1 ? LANE : 2, gap: 28, gapY: 1.5 * LANE },
    socket: frame,
    numa_node: frame,
    l3: { side, title: head, head: head + strip + gap, strip, gap, rows },
    core: { side: inset, head: inset, gap: inset, rows: Math.ceil(smt / columns) },
    cpu: { w: (core - inset) / columns - inset, h: smt > 1 ? core * 0.6 : core },
  };
}

/** Size a part and place its contents in it, in set rows or as few as fit. Cores without an L3 get no frame. */
function arrangeParts(part, room, sizes) {
  if (!part.children.length) return Object.assign(part, sizes.cpu);
  const { children } = part;
  const spec = part.id === null ? { ...sizes.l3, side: 0, head: 0 } : sizes[part.level];
  const { side, head, foot = side, gap, gapY = gap, rows } = spec;
  const widest = Math.max(...children.map((child) => arrangeParts(child, room - 2 * side, sizes).w));
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

/** Choose the most legible sizes that fit: sockets side by side, then large cores; if all are high, the smallest. */
function fitSizes(machine, width, smt) {
  const numSockets = machine.children.length;
  for (const band of BANDS) {
    for (const rows of ROWS) {
      const tries = band.map((core) => {
        const sizes = chooseSizes(core, rows, smt, numSockets);
        return { sizes, ...arrangeParts(machine, width, sizes) };
      });
      const fitting = tries.filter(({ w, h }) => w <= width && h <= HANDY);
      const [best] = fitting.sort((a, b) => b.perRow - a.perRow);
      if (best) return best.sizes;
    }
  }
  return chooseSizes(8, undefined, smt, numSockets);
}

/** List a part and all in it, with places in the picture and the parts around. @returns {Part[]} */
function settleParts(part, around) {
  part.within = { ...around, [part.level]: part };
  for (const child of part.children) Object.assign(child, { x: child.x + part.x, y: child.y + part.y });
  return [part, ...part.children.flatMap((child) => settleParts(child, part.within))];
}
