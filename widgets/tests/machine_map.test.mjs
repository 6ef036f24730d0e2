import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { layoutMachine } from "../deepsched_widgets/static/machine_map/layout.js";
import { GOLDEN, GOLDEN_2, GOLDEN_3, GOLDEN_4, MACHINES, WIDTHS } from "./machine_map_data.mjs";
import { apart, buildMachine, buildPlan, inside } from "./machine_map_data.mjs";

/** Fail if two of the parts overlap. Only those near each other in y are compared. */
function assertApart(parts, what) {
  const sorted = [...parts].sort((a, b) => a.y - b.y);
  sorted.forEach((part, i) => {
    for (let j = i + 1; j < sorted.length && sorted[j].y < part.y + part.h - 1e-6; j++) {
      assert.ok(apart(part, sorted[j]), `${what} ${part.id} and ${sorted[j].id} overlap`);
    }
  });
}

describe("layout", () => {
  for (const [name, machine] of Object.entries(MACHINES)) {
    for (const width of WIDTHS) {
      test(`${name} at ${width} px: all there, nothing overlaps, nothing outside`, () => {
        const picture = layoutMachine(machine, {}, width);
        const whole = { x: 0, y: 0, w: picture.w, h: picture.h };

        assert.ok(picture.w <= width, `${picture.w} px`);
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
        assertApart([...picture.cells, ...picture.strips], "cells and strips");
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

  test("less than 360 px counts as 360, also where the view is not on the page yet", () => {
    assert.deepEqual(layoutMachine(GOLDEN, {}, 0).w, layoutMachine(GOLDEN, {}, 360).w);
  });

  test("each part knows the boxes around it", () => {
    const cell = layoutMachine(MACHINES["64 cores in 8 NUMA nodes"], {}, 900).cells.find(({ id }) => id === 40);

    assert.deepEqual([cell.within.socket.id, cell.within.numa_node.id, cell.within.l3.id], [1, 5, 10]);
  });

  test("cores without an L3 stand in their socket, in a row without a box and a strip", () => {
    const machine = buildMachine({ sockets: 2, cores: 4 });
    machine.threads.l3 = machine.threads.l3.map((l3) => (l3 === 1 ? null : l3));

    const { rows, boxes, strips } = layoutMachine(machine, {}, 900);

    assert.deepEqual(rows.map(({ id, children }) => [id, children.length]), [[0, 4], [null, 4]]);
    assert.deepEqual(boxes.filter(({ level }) => level === "l3").map(({ id }) => id), [0]);
    assert.deepEqual(strips.map(({ cache }) => cache), [0]);
  });
});

describe("strips", () => {
  const lengths = ({ strips }) => strips.reduce((sum, s) => ({ ...sum, [s.cache]: (sum[s.cache] ?? 0) + s.w }), {});

  for (const width of WIDTHS) {
    test(`are to scale with the caches at ${width} px, in their boxes above the cores`, () => {
      // GIVEN three L3 caches of 32, 16 and 8 MiB over as many cores
      const machine = buildMachine({ l3s: 3, cores: 8, bytes: { 0: 32, 1: 16, 2: 8 } });
      const picture = layoutMachine(machine, buildPlan(machine, [12, 12]), width);

      const { 0: large, 1: middle, 2: small } = lengths(picture);
      assert.ok(Math.abs(large / middle - 2) < 1e-9 && Math.abs(large / small - 4) < 1e-9);
      for (const strip of picture.strips) {
        const box = picture.rows.find(({ id }) => id === strip.cache);
        assert.ok(inside(strip, box));
        for (const core of box.children) assert.ok(strip.y + strip.h <= core.y);
      }
    });
  }

  test("one of unknown size is as long as there is room", () => {
    const machine = buildMachine({ l3s: 2, cores: 8, bytes: { 0: 32 } });
    const picture = layoutMachine(machine, {}, 900);

    assert.deepEqual(lengths(picture)[1], picture.rows[1].w - 2 * picture.sizes.l3.side);
  });

  test("the streams that use a cache have equal segments, each with its mark", () => {
    const read = (plan) =>
      layoutMachine(GOLDEN, plan, 900).strips.map(({ cache, stream, labels }) => [cache, stream, labels[0].text]);

    assert.deepEqual(read(GOLDEN_2), [[0, 0, "S0"], [1, 1, "S1"]]);
    assert.deepEqual(read(GOLDEN_3), [[0, 0, "S0"], [0, 1, "S1"], [1, 1, "S1"], [1, 2, "S2"]]);
    assert.deepEqual(read({}), [[0, null, ""], [1, null, ""]]);
    const { strips } = layoutMachine(GOLDEN, GOLDEN_4, 900);
    assert.equal(new Set(strips.map(({ w }) => w)).size, 1);
    assert.equal(strips[0].x + strips[0].w, strips[1].x);
  });

  test("more streams than can be seen in it are counted", () => {
    const machine = MACHINES["512 cores in one L3"];
    const { strips } = layoutMachine(machine, buildPlan(machine, Array(512).fill(1)), 700);

    assert.deepEqual(strips.map(({ stream, labels }) => [stream, labels[0].text]), [[null, "512 streams"]]);
  });
});
