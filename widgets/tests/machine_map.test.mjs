import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import {
  findNeighbour,
  findRuns,
  findSharers,
  fitText,
  labelCell,
  labelRuns,
  layoutMachine,
  markStraddles,
  nameBox,
  nameThread,
  readThreads,
} from "../deepsched_widgets/static/machine_map/widget.js";

/** Build what the kernel sends for a machine of equal parts, cpus numbered in topological order. */
function buildMachine({ sockets = 1, nodes = 1, l3s = 1, cores = 1, smt = 1, withL3 = true }) {
  const threads = { cpu: [], core: [], socket: [], numa_node: [], l3: [], smt: [], kind: [], allowed: [] };
  for (let cpu = 0; cpu < sockets * nodes * l3s * cores * smt; cpu++) {
    const core = Math.floor(cpu / smt);
    const l3 = Math.floor(core / cores);
    const node = Math.floor(l3 / l3s);
    const thread = { cpu, core, socket: Math.floor(node / nodes), numa_node: node, l3: withL3 ? l3 : null };
    const row = { ...thread, smt: cpu % smt, kind: null, allowed: true };
    for (const [name, value] of Object.entries(row)) threads[name].push(value);
  }
  const levels = ["socket", ...(nodes > 1 ? ["numa_node"] : []), "l3", "core", "cpu"];
  const name = (_, i) => (nodes > 1 ? `socket ${i}` : `socket ${i} · NUMA node ${i}`);
  const names = Array.from({ length: sockets }, name);
  return { title: "", numa_nodes: sockets * nodes, levels, socket_names: names, threads };
}

/** Cut the cores into equal streams, a hardware thread of each core; the findings are given. */
function buildPlan(machine, sizes, findings = []) {
  const firsts = machine.threads.cpu.filter((_, i) => machine.threads.smt[i] === 0);
  const streams = sizes.map((size, index) => ({ index, label: `S${index}`, cpus: firsts.splice(0, size) }));
  return { title: "", streams, findings };
}

const finding = (kind, severity, streams) => ({ kind, severity, streams, message: "", suggestion: "" });

function buildGolden() {
  const machine = buildMachine({ sockets: 2, cores: 8 });
  machine.threads.numa_node.fill(0);
  return { ...machine, numa_nodes: 1, socket_names: ["socket 0", "socket 1"] };
}

const GOLDEN = buildGolden();
const GOLDEN_2 = buildPlan(GOLDEN, [8, 8]);
const GOLDEN_3 = buildPlan(GOLDEN, [6, 5, 5], [
  finding("socket-straddle", "warning", [1]),
  finding("uneven-streams", "info", [1, 2]),
]);
const GOLDEN_4 = buildPlan(GOLDEN, [4, 4, 4, 4], [
  finding("l3-shared", "info", [0, 1]),
  finding("l3-shared", "info", [2, 3]),
]);

const MACHINES = {
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
const WIDTHS = [360, 480, 640, 800, 1000, 1400];

const SLACK = 1e-6;
const inside = (inner, outer) =>
  inner.x >= outer.x - SLACK &&
  inner.y >= outer.y - SLACK &&
  inner.x + inner.w <= outer.x + outer.w + SLACK &&
  inner.y + inner.h <= outer.y + outer.h + SLACK;
const apart = (a, b) =>
  a.x + a.w <= b.x + SLACK || b.x + b.w <= a.x + SLACK || a.y + a.h <= b.y + SLACK || b.y + b.h <= a.y + SLACK;

/** Fail if two of the parts overlap. Only those near each other in y are compared. */
function assertApart(parts, what) {
  const sorted = [...parts].sort((a, b) => a.y - b.y);
  sorted.forEach((part, i) => {
    for (let j = i + 1; j < sorted.length && sorted[j].y < part.y + part.h - SLACK; j++) {
      assert.ok(apart(part, sorted[j]), `${what} ${part.id} and ${sorted[j].id} overlap`);
    }
  });
}

describe("layout", () => {
  for (const [name, machine] of Object.entries(MACHINES)) {
    for (const width of WIDTHS) {
      test(`${name} at ${width} px: all there, nothing overlaps, nothing outside`, () => {
        const picture = layoutMachine(machine, {}, width);
        const whole = { x: 0, y: 0, w: picture.width, h: picture.height };

        assert.ok(picture.width <= width, `${picture.width} px`);
        assert.deepEqual(picture.cells.map(({ id }) => id).sort((a, b) => a - b), machine.threads.cpu);
        for (const part of [...picture.boxes, ...picture.cores, ...picture.cells]) {
          assert.ok(part.w > 0 && part.h > 0, `${part.level} ${part.id} has no area`);
          assert.ok(inside(part, whole), `${part.level} ${part.id} is outside`);
          for (const box of Object.values(part.within)) assert.ok(inside(part, box), `${part.level} ${part.id}`);
        }
        for (const level of ["socket", "numa_node", "l3"]) {
          assertApart(picture.boxes.filter((box) => box.level === level), `${level} boxes`);
        }
        assertApart(picture.cores, "cores");
        assertApart(picture.cells, "cells");
      });
    }
  }

  test("does not move when only the plan changes", () => {
    const places = (plan) => layoutMachine(GOLDEN, plan, 900).cells.map(({ id, x, y, w, h }) => [id, x, y, w, h]);

    assert.deepEqual(places(GOLDEN_3), places(GOLDEN_2));
    assert.deepEqual(places({}), places(GOLDEN_2));
  });

  test("the golden machine stands in one line in a notebook's width, in two where it is narrow", () => {
    const lines = (width) => new Set(layoutMachine(GOLDEN, {}, width).cells.map(({ y }) => y)).size;

    assert.equal(lines(900), 1);
    assert.equal(lines(360), 2);
  });

  test("less than 360 px counts as 360", () => {
    assert.deepEqual(layoutMachine(GOLDEN, {}, 0).width, layoutMachine(GOLDEN, {}, 360).width);
  });

  test("each part knows the boxes around it", () => {
    const cell = layoutMachine(MACHINES["64 cores in 8 NUMA nodes"], {}, 900).cells.find(({ id }) => id === 40);

    assert.deepEqual([cell.within.socket.id, cell.within.numa_node.id, cell.within.l3.id], [1, 5, 10]);
  });

  test("cores without an L3 stand in their socket, in a box without a number", () => {
    const machine = buildMachine({ sockets: 2, cores: 4 });
    machine.threads.l3 = machine.threads.l3.map((l3) => (l3 === 1 ? null : l3));

    const caches = layoutMachine(machine, {}, 900).boxes.filter(({ level }) => level === "l3");

    assert.deepEqual(caches.map(({ id, children }) => [id, children.length]), [[0, 4], [null, 4]]);
  });
});

describe("threads", () => {
  test("get their stream from the plan", () => {
    const ofStream1 = readThreads(GOLDEN, GOLDEN_3).filter((t) => t.stream === 1);

    assert.deepEqual(ofStream1.map((t) => t.cpu), [6, 7, 8, 9, 10]);
    assert.ok(readThreads(GOLDEN, {}).every((t) => t.stream === null));
  });

  test("are named by all that they belong to", () => {
    const thread = readThreads(GOLDEN, GOLDEN_3)[6];
    const name = (changes, machine = GOLDEN, plan = {}) => nameThread({ ...thread, ...changes }, machine, plan);

    assert.equal(name({}), "cpu 6, core 6, socket 0, L3 0");
    assert.equal(name({}, GOLDEN, GOLDEN_3), "cpu 6, core 6, socket 0, L3 0, stream 1");
    assert.match(name({ note: "threads elsewhere" }, GOLDEN, GOLDEN_3), /stream 1, threads elsewhere$/);
    assert.match(name({ stream: null }, GOLDEN, GOLDEN_3), /L3 0, in no stream$/);
    assert.match(name({ allowed: false }), /L3 0, not allowed to this process$/);
    assert.match(name({ l3: null, kind: "performance" }), /no L3, performance core$/);
    assert.match(name({}, { ...GOLDEN, numa_nodes: 2 }), /socket 0, NUMA node 0, L3 0$/);
  });
});

describe("labels", () => {
  test("the first text that fits is taken, none where none does", () => {
    assert.equal(fitText(["a long text", "short"], 40, 10), "short");
    assert.equal(fitText(["a long text"], 40, 10), "");
  });

  test("a cell bears its stream and its cpu, then its stream, then nothing", () => {
    const texts = (w, h) => labelCell({ x: 0, y: 0, w, h, id: 6, stream: 1 }).map(({ text }) => text);

    assert.deepEqual(texts(40, 40), ["S1", "6"]);
    assert.deepEqual(texts(40, 24), ["S1"]);
    assert.deepEqual(texts(10, 10), []);
  });

  test("a stream with a note bears a sign, in its cells or across them", () => {
    const note = ({ streams: [first, ...others] }) => ({ streams: [{ ...first, note: "of note" }, ...others] });
    const { cells } = layoutMachine(GOLDEN, note(GOLDEN_2), 900);
    const [run] = labelRuns(layoutMachine(MACHINES["512 cores"], note(buildPlan(MACHINES["512 cores"], [8])), 360));
    assert.deepEqual([0, 8].map((i) => labelCell(cells[i])[0].text), ["S0▲", "S1"]);
    assert.equal(run.text, "S0▲");
  });

  test("streams on cores too small for labels are named once a block of cores", () => {
    // GIVEN 512 cores on a narrow page, of which one stream owns half of an L3
    const machine = MACHINES["512 cores"];
    const picture = layoutMachine(machine, buildPlan(machine, [8]), 360);

    // WHEN they are labelled
    const labels = labelRuns(picture);

    // THEN no cell says it, and each block does
    assert.ok(picture.cells.every((cell) => cell.stream === null || labelCell(cell).length === 0));
    assert.equal(labels.length, findRuns(picture.cores).filter(({ stream }) => stream === 0).length);
    assert.deepEqual(new Set(labels.map(({ text }) => text)), new Set(["S0"]));
    assert.deepEqual(labelRuns(layoutMachine(GOLDEN, GOLDEN_3, 900)), []);
  });

  test("a box says what it is, shorter where it is small", () => {
    const [socket] = layoutMachine(MACHINES["16 cores with 2 threads"], {}, 900).boxes;

    assert.equal(nameBox(socket, MACHINES["16 cores with 2 threads"]), "socket 0 · NUMA node 0");
    assert.equal(nameBox({ ...socket, w: 80 }, MACHINES["16 cores with 2 threads"]), "socket 0");
    assert.equal(nameBox({ ...socket, w: 20 }, MACHINES["16 cores with 2 threads"]), "0");
    assert.equal(nameBox({ level: "core", id: 3, w: 80 }, GOLDEN), "");
  });
});

describe("findings on the map", () => {
  test("two aligned streams leave no mark", () => {
    const picture = layoutMachine(GOLDEN, GOLDEN_2, 900);

    assert.deepEqual(markStraddles(picture, GOLDEN_2), { runs: [], bridges: [] });
    assert.ok(picture.boxes.every((box) => findSharers(box, GOLDEN_2).length === 0));
  });

  test("of three streams the one that straddles is outlined, bridged and said to", () => {
    const picture = layoutMachine(GOLDEN, GOLDEN_3, 900);
    const { runs, bridges } = markStraddles(picture, GOLDEN_3);
    const [before, after] = [7, 8].map((cpu) => picture.cells.find(({ id }) => id === cpu));

    assert.deepEqual(runs.map(({ id, stream }) => [id, stream]), [[6, 1], [8, 1]]);
    assert.ok([...runs, ...bridges].every(({ severity }) => severity === "warning"));
    assert.deepEqual(bridges.map(({ text }) => text), ["stream 1 straddles sockets 0 and 1"]);
    assert.ok(bridges[0].line.startsWith(`M${before.x + before.w} `), "the bridge starts at core 7");
    assert.ok(bridges[0].line.includes(`H${after.x}M`), "and ends at core 8");
  });

  test("the caption stays in the picture and between its neighbours at any width", () => {
    for (const width of WIDTHS) {
      const picture = layoutMachine(GOLDEN, GOLDEN_3, width);
      const [{ x, y, text, size }] = markStraddles(picture, GOLDEN_3).bridges;
      const half = (text.length * size * 0.6) / 2;

      assert.match(text, /^stream 1 straddles/);
      assert.ok(x - half >= 0 && x + half <= picture.width && y + size / 2 <= picture.height, `${width} px`);
    }
  });

  test("bridges cross no core but their own, wherever the sockets stand", () => {
    const machine = buildMachine({ sockets: 4, cores: 6 });
    const findings = [1, 2, 3].map((i) => finding("socket-straddle", "warning", [i]));
    const plan = buildPlan(machine, [5, 5, 5, 5, 4], findings);
    for (const width of WIDTHS) {
      const picture = layoutMachine(machine, plan, width);
      for (const { line } of markStraddles(picture, plan).bridges) {
        for (const stretch of traceLine(line)) {
          const crossed = picture.cores.filter((core) => !apart(core, stretch));
          assert.deepEqual(crossed.map(({ id }) => id), [], `${width} px: ${line}`);
        }
      }
    }
  });

  test("a stream that straddles L3 caches is bridged without a caption", () => {
    const machine = buildMachine({ l3s: 2, cores: 4 });
    const plan = buildPlan(machine, [3, 3, 2], [finding("l3-straddle", "info", [1])]);
    const { runs, bridges } = markStraddles(layoutMachine(machine, plan, 900), plan);

    assert.equal(runs.length, 2);
    assert.deepEqual(bridges.map(({ text, severity }) => [text, severity]), [[undefined, "info"]]);
  });

  test("an L3 that four streams share two by two names them", () => {
    const { boxes } = layoutMachine(GOLDEN, GOLDEN_4, 900);
    const sharers = (level) => boxes.filter((box) => box.level === level).map((box) => findSharers(box, GOLDEN_4));

    assert.deepEqual(sharers("l3"), [[0, 1], [2, 3]]);
    assert.deepEqual(sharers("socket"), [[], []]);
  });

  test("runs join cores along a row, and rows of the same width", () => {
    const l3 = {};
    const core = (id, x, y) => ({ id, x, y, w: 10, h: 10, stream: 0, within: { l3 } });
    const runs = findRuns([core(0, 0, 0), core(1, 12, 0), core(2, 0, 12), core(3, 12, 12), core(4, 0, 24)]);

    assert.deepEqual(runs.map(({ id, w, h }) => [id, w, h]), [[0, 22, 22], [4, 10, 10]]);
  });
});

/** Turn a path of M, H and V commands into thin rectangles. */
function traceLine(line) {
  const stretches = [];
  let [x, y] = [0, 0];
  for (const [, command, ...numbers] of line.matchAll(/([MHV])([-\d.]+)(?: ([-\d.]+))?/g)) {
    const [first, second] = numbers.map(Number);
    const [toX, toY] = { M: [first, second], H: [first, y], V: [x, first] }[command];
    if (command !== "M") {
      stretches.push({ x: Math.min(x, toX), y: Math.min(y, toY), w: Math.abs(toX - x), h: Math.abs(toY - y) });
    }
    [x, y] = [toX, toY];
  }
  return stretches;
}

describe("keys", () => {
  const { cells } = layoutMachine(GOLDEN, {}, 360);
  const from = (cpu, key) => findNeighbour(cells, cpu, key)?.id;

  test("arrows lead along the cpus and between rows, Home and End to the ends", () => {
    assert.deepEqual([from(6, "ArrowRight"), from(6, "ArrowLeft"), from(7, "ArrowRight")], [7, 5, 8]);
    assert.deepEqual([from(2, "ArrowDown"), from(10, "ArrowUp")], [10, 2]);
    assert.deepEqual([from(6, "Home"), from(6, "End")], [0, 15]);
  });

  test("there is nothing beyond the ends, and other keys lead nowhere", () => {
    const nowhere = [from(0, "ArrowLeft"), from(15, "ArrowRight"), from(3, "ArrowUp"), from(3, "a")];

    assert.ok(nowhere.every((id) => id === undefined));
  });
});

describe("colours", () => {
  const css = readFileSync(new URL("../deepsched_widgets/static/machine_map/style.css", import.meta.url), "utf8");

  /** Read the colours of the rule at `selector`: the literal, or a variable's last resort. */
  function readColours(selector) {
    const rule = css.slice(css.indexOf(`${selector} {`)).match(/\{([^}]*)\}/)[1];
    const found = rule.matchAll(/--ds-([\w-]+):[^;]*(#[\da-f]+)/g);
    return Object.fromEntries([...found].map(([, name, hex]) => [name, hex]));
  }

  /** The contrast ratio as WCAG 2 defines it. */
  function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((p, q) => p - q);
    return (high + 0.05) / (low + 0.05);
  }

  function luminance(hex) {
    const long = hex.length === 4 ? hex.replace(/[\da-f]/g, "$&$&") : hex;
    const [r, g, b] = [1, 3, 5].map((i) => {
      const part = parseInt(long.slice(i, i + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  for (const [theme, selector] of [["light", ".ds-map"], ["dark", ".dark .ds-map"]]) {
    const colour = readColours(selector);
    const pairs = (names, grounds) => names.flatMap((name) => grounds.map((ground) => [name, ground]));

    test(`${theme}: text is 4.5 to 1`, () => {
      const texts = [
        ...pairs(["ink", "warning", "info"], ["page"]),
        ...pairs(["label"], ["socket", "node", "l3"]),
        ...pairs(["info"], ["l3"]),
        ...pairs(["idle-ink"], ["idle"]),
      ];
      for (const [text, ground] of texts) {
        assert.ok(contrast(colour[text], colour[ground]) >= 4.5, `${text} on ${ground}`);
      }
    });

    test(`${theme}: graphics are 3 to 1`, () => {
      for (const [shape, ground] of pairs(["frame", "edge", "warning", "info"], ["l3", "socket", "page"])) {
        assert.ok(contrast(colour[shape], colour[ground]) >= 3, `${shape} on ${ground}`);
      }
    });
  }

  test("each of the seven stream colours bears its ink, and its hatch can be seen", () => {
    for (let i = 0; i < 7; i++) {
      const { colour, on = "#000" } = readColours(`.ds-map [data-colour="${i}"]`);
      // The hatch is black at an opacity of 0.75.
      const darken = (part) => Math.round(parseInt(part, 16) * 0.25).toString(16).padStart(2, "0");
      const hatch = colour.replace(/[\da-f]{2}/g, darken);

      assert.ok(contrast(colour, on) >= 4.5, `ink on ${colour}`);
      assert.ok(contrast(colour, hatch) >= 3, `hatch on ${colour}`);
    }
  });

  test("every selector is held to the map", () => {
    const bare = css.replace(/\/\*.*?\*\//gs, "").replace(/@media [^{]*\{/, "");
    const selectors = bare.match(/[^{}]+(?=\{)/g).flatMap((rule) => rule.split(","));

    for (const selector of selectors) assert.match(selector, /\.ds-map(?![\w-])/);
  });
});

test("the module imports nothing and stays below 20 KB: each widget on a page brings its own", () => {
  const source = readFileSync(new URL("../deepsched_widgets/static/machine_map/widget.js", import.meta.url));

  assert.doesNotMatch(source.toString(), /^import /m);
  assert.ok(source.length < 20 * 1024, `${source.length} bytes`);
});
