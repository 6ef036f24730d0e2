// @ts-check
/** What the findings draw on the picture: outlines round the cores of streams that straddle, and bridges between. */
import { fitText } from "./labels.js";
import { LANE } from "./layout.js";

const STRADDLED = { "socket-straddle": "socket", "numa-straddle": "numa_node", "l3-straddle": "l3" };

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

const padRun = ({ id, x, y, w, h }) => ({ id, x: x - 2, y: y - 2, w: w + 4, h: h + 4 });

/** Mark straddling streams: the runs of their cores, and bridges over the gaps that they straddle. */
export function markStraddles(picture) {
  const [runs, bridges] = [[], []];
  for (const { kind, severity, streams } of picture.findings) {
    const level = STRADDLED[kind];
    for (const stream of level ? streams : []) {
      const [own, its] = [picture.cores.filter((core) => core.stream === stream), { stream, severity }];
      const crossed = own.flatMap((core, i) => buildBridge(picture, own[i - 1] ?? core, core, level));
      runs.push(...findRuns(own).map((run) => ({ ...padRun(run), ...its })));
      bridges.push(...crossed.map((bridge) => ({ ...bridge, ...its })));
    }
  }
  return { runs, bridges };
}

/** Lead a line from core to core through the gap between their boxes, round rows where it wraps. */
function buildBridge({ boxes, sizes }, a, b, level) {
  const [from, to] = [a.within[level], b.within[level]];
  if (from === to) return [];
  const { gap } = sizes[level === "socket" ? "machine" : "socket"];
  const [ya, yb] = [a.y + a.h / 2, b.y + b.h / 2];
  const [xa, xb] = [from.x + from.w + gap / 2, to.x - gap / 2];
  const wraps = from.y !== to.y;
  const lane = to.y - Math.min(LANE, gap) / 2;
  const line = `M${a.x + a.w} ${ya}H${xa}${wraps ? `V${lane}H${xb}` : ""}V${yb}H${b.x}`;
  if (level !== "socket") return { line };

  const bottom = Math.max(...boxes.map((box) => (box.y === from.y ? box.y + box.h : 0)));
  const [x, y] = wraps ? [(xa + xb) / 2, lane] : [xa, bottom + LANE / 2];
  const words = [`stream ${a.stream} straddles sockets ${from.id} and ${to.id}`];
  const text = fitText(words, wraps ? xa - xb : Math.min(from.w, to.w) + gap, 13);
  return { line: wraps ? line : `${line}M${x} ${ya}V${y - 8}`, x, y, size: 13, text };
}
