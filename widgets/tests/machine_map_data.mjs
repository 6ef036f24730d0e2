/** Machines and plans as map_data.py sends them, for the tests of the machine map. */

/** Build a machine of equal parts, cpus numbered in topological order. */
export function buildMachine({ sockets = 1, nodes = 1, l3s = 1, cores = 1, smt = 1, withL3 = true, bytes = {} }) {
  const threads = { cpu: [], core: [], socket: [], numa_node: [], l3: [], kind: [], allowed: [] };
  const names = { socket: {}, numa_node: {}, l3: {} };
  for (let cpu = 0; cpu < sockets * nodes * l3s * cores * smt; cpu++) {
    const core = Math.floor(cpu / smt);
    const l3 = Math.floor(core / cores);
    const node = Math.floor(l3 / l3s);
    const socket = Math.floor(node / nodes);
    const row = { cpu, core, socket, numa_node: node, l3: withL3 ? l3 : null, kind: null, allowed: true };
    for (const [name, value] of Object.entries(row)) threads[name].push(value);
    names.socket[socket] = nodes > 1 ? `socket ${socket}` : `socket ${socket} · NUMA node ${node}`;
    names.numa_node[node] = `NUMA node ${node}`;
    names.l3[l3] = `L3 ${l3}${bytes[l3] ? ` · ${bytes[l3]} MiB` : ""}`;
  }
  const levels = ["socket", ...(nodes > 1 ? ["numa_node"] : []), "l3", "core", "cpu"];
  return { title: "", numa_nodes: sockets * nodes, levels, names, l3_bytes: bytes, threads, signs: [] };
}

/** Give the first cores to streams of these sizes, a hardware thread of each core; the rest is given. */
export function buildPlan(machine, sizes, { findings = [], homes = {}, misplaced = [] } = {}) {
  const queue = sizes.flatMap((size, stream) => Array(size).fill(stream));
  const { core } = machine.threads;
  const owners = core.map((id, i) => (core[i - 1] === id ? -1 : queue.shift() ?? -1));
  return { title: "", owners, homes, misplaced, findings };
}

export const finding = (kind, severity, streams) => ({ kind, severity, streams, message: `${kind}!`, suggestion: "" });

function buildGolden() {
  const machine = buildMachine({ sockets: 2, cores: 8, bytes: { 0: 32, 1: 32 } });
  machine.threads.numa_node.fill(0);
  return { ...machine, numa_nodes: 1, names: { ...machine.names, socket: { 0: "socket 0", 1: "socket 1" } } };
}

export const GOLDEN = buildGolden();
export const GOLDEN_2 = buildPlan(GOLDEN, [8, 8]);
export const GOLDEN_3 = buildPlan(GOLDEN, [6, 5, 5], {
  findings: [finding("socket-straddle", "warning", [1]), finding("uneven-streams", "info", [1, 2])],
  homes: { 1: ["socket", 1, "stream 1's home is socket 1"] },
});
export const GOLDEN_4 = buildPlan(GOLDEN, [4, 4, 4, 4], {
  findings: [finding("l3-shared", "info", [0, 1]), finding("l3-shared", "info", [2, 3])],
});

export const MACHINES = {
  "1 core": buildMachine({}),
  "2 cores": buildMachine({ cores: 2 }),
  "16 cores": GOLDEN,
  "16 cores without L3": buildMachine({ sockets: 2, cores: 8, withL3: false }),
  "16 cores with 2 threads": buildMachine({ sockets: 2, cores: 8, smt: 2 }),
  "24 cores with 4 threads": buildMachine({ sockets: 2, l3s: 2, cores: 6, smt: 4 }),
  "112 cores in 2 L3": buildMachine({ sockets: 2, cores: 56 }),
  "128 cores in 16 L3": buildMachine({ sockets: 2, l3s: 8, cores: 8, smt: 2 }),
  "64 cores in 8 NUMA nodes": buildMachine({ sockets: 2, nodes: 4, l3s: 2, cores: 4 }),
  "512 hardware threads": buildMachine({ sockets: 2, l3s: 8, cores: 16, smt: 2 }),
  "512 cores": buildMachine({ sockets: 4, l3s: 8, cores: 16 }),
  "512 cores in one L3": buildMachine({ cores: 512 }),
};
export const WIDTHS = [360, 480, 700, 1000, 1400];

const SLACK = 1e-6;
/** Tell whether one rectangle lies in another. */
export const inside = (inner, outer) =>
  inner.x >= outer.x - SLACK &&
  inner.y >= outer.y - SLACK &&
  inner.x + inner.w <= outer.x + outer.w + SLACK &&
  inner.y + inner.h <= outer.y + outer.h + SLACK;
/** Tell whether two rectangles have nothing in common. */
export const apart = (a, b) =>
  a.x + a.w <= b.x + SLACK || b.x + b.w <= a.x + SLACK || a.y + a.h <= b.y + SLACK || b.y + b.h <= a.y + SLACK;
