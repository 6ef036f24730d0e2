// @ts-check
/** What is said of hardware threads and streams. */
import { listOf } from "./reading.js";

const PLACES = ["core", "cpu", "socket", "numa_node", "l3"];
const FACTS = ["cores", "cpus", "sockets", "NUMA nodes", "L3 caches", "load %"];

/** Write numbers as the shortest list: 0-2,8. */
export function formatRanges(numbers) {
  const ranges = [];
  for (const n of numbers.filter((n) => n !== null).sort((a, b) => a - b)) {
    if (ranges.at(-1)?.[1] === n - 1) ranges.at(-1)[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map((ends) => [...new Set(ends)].join("-")).join();
}

/** Name a hardware thread by all that it belongs to. */
export function nameThread(t, { numa_nodes }, { owners }) {
  const owner = owners && (t.stream === null ? "in no stream" : `stream ${t.stream}`);
  const parts = [
    `cpu ${t.cpu}, core ${t.core}, socket ${t.socket}`,
    numa_nodes > 1 && `NUMA node ${t.numa_node}`,
    t.l3 === null ? "no L3" : `L3 ${t.l3}`,
    t.kind && `${t.kind} core`,
    t.allowed ? owner : "not allowed to this process",
    t.remote && `remote: ${t.remote}`,
    t.stray && "threads elsewhere",
  ];
  return parts.filter(Boolean).join(", ");
}

/** List all that threads belong to, and their mean load as far as it is known. */
function listFacts(threads) {
  const loads = threads.map(({ load = -1 }) => load).filter((load) => load >= 0);
  const mean = loads.length ? `${Math.round(loads.reduce((a, b) => a + b) / loads.length)}` : "";
  return [...PLACES.map((key) => formatRanges(listOf(threads, key))), mean];
}

/** Say where threads are and how busy. */
export const describeThreads = (threads) =>
  listFacts(threads).flatMap((fact, i) => (fact ? `${FACTS[i]}: ${fact}` : [])).join(" · ");

/** Name a stream in the legend. */
export function nameStream(threads) {
  const [{ stream, stray }] = threads;
  return `S${stream} · cores: ${formatRanges(listOf(threads, "core"))}${stray ? " ▲ threads elsewhere" : ""}`;
}

/** The map as a table: a row a stream or, without a plan, a row an L3. */
export function tabulateMap({ threads, streams, findings }, { names }) {
  const planned = streams.length > 0;
  const groups = planned ? streams : listOf(threads, "l3").map((l3) => threads.filter((t) => t.l3 === l3));
  const rows = groups.map((its, i) => {
    const kinds = listOf(findings.filter((f) => f.streams.includes(i)), "kind").join(", ");
    return [planned ? `${i}` : names.l3[its[0].l3] ?? "none", ...listFacts(its), kinds];
  });
  return { columns: [planned ? "stream" : "L3", ...FACTS, "findings"], rows };
}
