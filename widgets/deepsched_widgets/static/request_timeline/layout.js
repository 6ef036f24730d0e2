// @ts-check
/**
 * Where everything stands: panels side by side, and in each its lanes, its queue and its bars. Pure; times are in ms.
 *
 * @typedef {{ title: string, origin: string, sign: string, lanes: number, rows: number, depths: number[],
 *   summary: string, note: string, bars: Record<string, number[]> }} Panel
 * @typedef {{ start: number, duration: number, span: number, newer: boolean, panels: Panel[] }} Picture
 * @typedef {{ x: number, y: number, w: number, h: number }} Place
 * @typedef {{ panel: number, request: number, count: number, stream: number, row: number, started: number,
 *   ended: number, waited: number, ran: number, run: Place | null, wait: Place | null, text: string }} Bar
 */
import { cutText, wrapText } from "./words.js";

const LEAST = 340; // px for a panel: fewer columns before narrower ones
const GAP = 24;
const LABELS = 42;
export const HEAD = 50;
export const AXIS = 26;
export const NOTE = 15; // px: a line of it
const ROW = 10;
const DEEPEST = 8; // rows that a queue drawn by its depth takes
export const LEGIBLE = 14; // px: lanes below it bear no numbers
const CHARACTER = 6.4;

/** Place all panels, each with its ticks, its lanes, its queue and its bars. @param {Picture} picture */
export function layoutTimelines(picture, width) {
  const room = Math.max(width, 320);
  const columns = Math.max(1, Math.min(picture.panels.length, Math.floor((room + GAP) / (LEAST + GAP))));
  const w = (room - (columns - 1) * GAP) / columns;
  const deepest = Math.max(0, ...picture.panels.flatMap(({ depths }) => depths));
  const panels = [];
  let y = 0;
  for (let first = 0; first < picture.panels.length; first += columns) {
    const row = picture.panels.slice(first, first + columns);
    // All of a row begin their lanes at one height: the deepest queue makes room for the others.
    const queue = ROW * Math.max(2, ...row.map(({ rows, depths }) => (depths.length ? DEEPEST : rows))) + 4;
    const placed = row.map((panel, i) => {
      return layoutPanel(panel, first + i, picture, { x: i * (w + GAP), y, w, queue, deepest });
    });
    panels.push(...placed);
    y += Math.max(...placed.map(({ h }) => h)) + GAP / 2;
  }
  return { width: room, height: y - GAP / 2, columns, panels, bars: panels.flatMap((panel) => panel.bars) };
}

function layoutPanel(panel, index, { start, duration }, { x, y, w, queue, deepest }) {
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
  const notes = wrapText(panel.note, w, 11);
  return {
    ...panel, x, y, w, h: bottom - y + AXIS + notes.length * NOTE, plot, lane, top, bottom,
    title: cutText(panel.title, w - 100, 14),
    summary: cutText(panel.summary, w, 12),
    notes,
    ticks: chooseTicks(start, duration, plot.w).map(({ time, text }) => ({ x: at(time), text })),
    // Every lane has its colour; names only as many as stand clear of each other.
    every: Math.ceil(13 / lane),
    depthLine: drawDepths(panel.depths, deepest, plot, top - 3),
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

/** Draw the queue's depth over time as one area, on the scale of the picture's deepest queue. */
function drawDepths(depths, deepest, plot, bottom) {
  if (!depths.length) return "";
  const [part, unit] = [plot.w / depths.length, (DEEPEST * ROW) / deepest];
  const steps = depths.map((depth) => `V${(bottom - depth * unit).toFixed(1)}h${part.toFixed(3)}`);
  return `M${plot.x} ${bottom}${steps.join("")}V${bottom}Z`;
}
