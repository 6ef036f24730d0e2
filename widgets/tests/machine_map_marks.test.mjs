import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { findNeighbour } from "../deepsched_widgets/static/machine_map/keyboard.js";
import { layoutMachine } from "../deepsched_widgets/static/machine_map/layout.js";
import { findRuns, markStraddles } from "../deepsched_widgets/static/machine_map/marks.js";
import { GOLDEN, GOLDEN_2, GOLDEN_3, WIDTHS, apart, buildMachine, buildPlan, finding } from "./machine_map_data.mjs";

describe("findings on the map", () => {
  test("two aligned streams leave no mark", () => {
    assert.deepEqual(markStraddles(layoutMachine(GOLDEN, GOLDEN_2, 900)), { runs: [], bridges: [] });
  });

  test("of three streams the one that straddles is outlined, bridged and said to", () => {
    const picture = layoutMachine(GOLDEN, GOLDEN_3, 900);
    const { runs, bridges } = markStraddles(picture);
    const [before, after] = [7, 8].map((cpu) => picture.cells.find(({ id }) => id === cpu));

    assert.deepEqual(runs.map(({ id, stream }) => [id, stream]), [[6, 1], [8, 1]]);
    assert.ok([...runs, ...bridges].every(({ severity }) => severity === "warning"));
    assert.deepEqual(bridges.map(({ text }) => text), ["stream 1 straddles sockets 0 and 1"]);
    assert.ok(bridges[0].line.startsWith(`M${before.x + before.w} `), "the bridge starts at core 7");
    assert.ok(bridges[0].line.includes(`H${after.x}M`), "and ends at core 8");
  });

  test("the caption stays in the picture at any width", () => {
    for (const width of WIDTHS) {
      const picture = layoutMachine(GOLDEN, GOLDEN_3, width);
      const [{ x, y, text, size }] = markStraddles(picture).bridges;
      const half = (text.length * size * 0.6) / 2;

      assert.match(text, /^stream 1 straddles/);
      assert.ok(x - half >= 0 && x + half <= picture.w && y + size / 2 <= picture.h, `${width} px`);
    }
  });

  test("bridges cross no core but their own, wherever the sockets stand", () => {
    const machine = buildMachine({ sockets: 4, cores: 6 });
    const plan = buildPlan(machine, [5, 5, 5, 5, 4], { findings: [finding("socket-straddle", "warning", [1, 2, 3])] });
    for (const width of WIDTHS) {
      const picture = layoutMachine(machine, plan, width);
      const { bridges } = markStraddles(picture);
      assert.equal(bridges.length, 3);
      for (const stretch of bridges.flatMap(({ line }) => traceLine(line))) {
        const crossed = picture.cores.filter((core) => !apart(core, stretch));
        assert.deepEqual(crossed.map(({ id }) => id), [], `${width} px`);
      }
    }
  });

  test("a stream that straddles L3 caches is bridged without a caption", () => {
    const machine = buildMachine({ l3s: 2, cores: 4 });
    const plan = buildPlan(machine, [3, 3, 2], { findings: [finding("l3-straddle", "info", [1])] });
    const { runs, bridges } = markStraddles(layoutMachine(machine, plan, 900));

    assert.equal(runs.length, 2);
    assert.deepEqual(bridges.map(({ text, severity }) => [text, severity]), [[undefined, "info"]]);
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

  test("arrows lead along the cpus and between rows, Home and End to the ends", () => {
    const from = (cpu, key) => findNeighbour(cells, cpu, key);

    assert.deepEqual([from(6, "ArrowRight"), from(6, "ArrowLeft"), from(7, "ArrowRight")], [7, 5, 8]);
    assert.deepEqual([from(2, "ArrowDown"), from(10, "ArrowUp")], [10, 2]);
    assert.deepEqual([from(6, "Home"), from(6, "End")], [0, 15]);
  });

  test("there is nothing beyond the ends, and other keys lead nowhere", () => {
    const ways = [[0, "ArrowLeft"], [15, "ArrowRight"], [3, "ArrowUp"], [3, "a"]];

    for (const [cpu, key] of ways) assert.equal(cells[findNeighbour(cells, cpu, key)], undefined);
  });
});
