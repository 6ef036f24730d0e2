import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { fitText, labelCell, nameBox } from "../deepsched_widgets/static/machine_map/labels.js";
import { layoutMachine } from "../deepsched_widgets/static/machine_map/layout.js";
import { readStreams, readThreads } from "../deepsched_widgets/static/machine_map/reading.js";
import * as words from "../deepsched_widgets/static/machine_map/words.js";
import { GOLDEN, GOLDEN_2, GOLDEN_3, GOLDEN_4, MACHINES, buildPlan } from "./machine_map_data.mjs";

describe("threads", () => {
  test("get their stream from the plan", () => {
    const ofStream1 = readThreads(GOLDEN, GOLDEN_3).filter((t) => t.stream === 1);

    assert.deepEqual(ofStream1.map((t) => t.cpu), [6, 7, 8, 9, 10]);
    assert.ok(readThreads(GOLDEN, {}).every((t) => t.stream === null));
  });

  test("away from their stream's home are remote", () => {
    const remote = readThreads(GOLDEN, GOLDEN_3).filter((t) => t.remote);

    assert.deepEqual(remote.map((t) => t.cpu), [6, 7]);
    assert.ok(!readThreads(GOLDEN, GOLDEN_2).some((t) => t.remote));
  });

  test("are named by all that they belong to", () => {
    const thread = readThreads(GOLDEN, GOLDEN_3)[8];
    const name = (changes, machine = GOLDEN, plan = GOLDEN_3) =>
      words.nameThread({ ...thread, ...changes }, machine, plan);

    assert.equal(name({}, GOLDEN, {}), "cpu 8, core 8, socket 1, L3 1");
    assert.equal(name({}), "cpu 8, core 8, socket 1, L3 1, stream 1");
    assert.match(name(readThreads(GOLDEN, GOLDEN_3)[6]), /stream 1, remote: stream 1's home is socket 1$/);
    assert.match(name({ stray: true }), /stream 1, threads elsewhere$/);
    assert.match(name({ stream: null }), /L3 1, in no stream$/);
    assert.match(name({ allowed: false }), /L3 1, not allowed to this process$/);
    assert.match(name({ l3: null, kind: "performance" }, GOLDEN, {}), /no L3, performance core$/);
    assert.match(name({}, { ...GOLDEN, numa_nodes: 2 }), /socket 1, NUMA node 0, L3 1, stream 1$/);
  });
});

describe("labels", () => {
  const cell = { x: 0, y: 0, w: 40, h: 40, id: 6, stream: 1, threads: [{ kind: null }] };
  const texts = (changes, core = { ...cell, ...changes }) =>
    labelCell({ ...cell, ...changes, within: { core } }).map(({ text }) => text);

  test("the first text that fits is taken, none where none does", () => {
    assert.equal(fitText(["a long text", "short"], 40, 10), "short");
    assert.equal(fitText(["a long text"], 40, 10), "");
  });

  test("a cell bears its stream and its cpu, then its stream, then nothing", () => {
    assert.deepEqual(texts({}), ["S1", "6"]);
    assert.deepEqual(texts({ h: 24 }), ["S1", "6"]);
    assert.deepEqual(texts({ w: 18, h: 13 }), ["S1"]);
    assert.deepEqual(texts({ w: 8, h: 8 }), []);
    assert.deepEqual(texts({ stream: null }), ["6"]);
  });

  test("a longer mark is written smaller rather than not", () => {
    const [label] = labelCell({ ...cell, w: 18, h: 13, stream: 11, within: { core: { stream: 11 } } });

    assert.equal(label.text, "S11");
    assert.ok(label.text.length * label.size * 0.6 <= 18);
  });

  test("a thread in no stream is numbered as those of its core's stream are", () => {
    const [large, small] = [{ stream: null }, { stream: null, w: 18, h: 13 }];

    assert.deepEqual(texts(large, { stream: 1 }), ["6"]);
    assert.deepEqual(texts(small, { stream: 1 }), []);
    assert.deepEqual(texts(small), ["6"]);
  });

  test("a core's kind is a letter before its cpu", () => {
    assert.deepEqual(texts({ threads: [{ kind: "efficiency" }] }), ["S1", "E 6"]);
    assert.deepEqual(texts({ stream: null, threads: [{ kind: "performance" }] }), ["P 6"]);
  });

  test("a stream with threads elsewhere bears a sign", () => {
    const { cells } = layoutMachine(GOLDEN, { ...GOLDEN_2, misplaced: [0] }, 900);

    assert.deepEqual([0, 8].map((i) => labelCell(cells[i])[0].text), ["S0▲", "S1"]);
  });

  test("a box says what it is, how large and who shares it, shorter where it is small", () => {
    const machine = MACHINES["16 cores with 2 threads"];
    const [socket] = layoutMachine(machine, {}, 900).boxes;
    const cacheName = (plan, w) => {
      const [, , l3] = layoutMachine(GOLDEN, plan, 900).boxes;
      return nameBox({ ...l3, w: w ?? l3.w }, GOLDEN);
    };

    assert.equal(nameBox(socket, machine), "socket 0 · NUMA node 0");
    assert.equal(nameBox({ ...socket, w: 80 }, machine), "socket 0");
    assert.equal(nameBox({ ...socket, w: 20 }, machine), "0");
    assert.equal(nameBox({ level: "core", id: 3, w: 80 }, GOLDEN), "");
    assert.equal(cacheName(GOLDEN_2), "L3 0 · 32 MiB");
    assert.equal(cacheName(GOLDEN_4), "L3 0 · 32 MiB · shared by S0, S1");
    assert.equal(cacheName(GOLDEN_4, 160), "L3 0 · 32 MiB · shared");
    assert.equal(cacheName(GOLDEN_4, 60), "L3 0");
  });
});

describe("words", () => {
  test("numbers are written as the shortest list", () => {
    assert.equal(words.formatRanges([11, 0, 1, 2, 8, null]), "0-2,8,11");
    assert.equal(words.formatRanges([null]), "");
  });

  test("a stream is told by its cores, cpus, sockets, NUMA nodes, caches and load", () => {
    const threads = readThreads(GOLDEN, GOLDEN_3);
    threads.forEach((t, i) => (t.load = i === 6 ? -1 : 10 * i));
    const [, its] = readStreams(threads);

    assert.equal(
      words.describeThreads(its),
      "cores: 6-10 · cpus: 6-10 · sockets: 0-1 · NUMA nodes: 0 · L3 caches: 0-1 · load %: 85",
    );
    assert.equal(words.nameStream(its), "S1 · cores: 6-10");
    assert.match(words.nameStream([{ ...its[0], stray: true }]), / ▲ threads elsewhere$/);
  });

  test("the table has a row a stream, with its findings", () => {
    const { columns, rows } = words.tabulateMap(layoutMachine(GOLDEN, GOLDEN_3, 900), GOLDEN);

    assert.deepEqual(columns, [
      ...["stream", "cores", "cpus", "sockets", "NUMA nodes", "L3 caches", "load %", "findings"],
    ]);
    assert.deepEqual(rows[1], ["1", "6-10", "6-10", "0-1", "0", "0-1", "", "socket-straddle, uneven-streams"]);
    assert.equal(rows.length, 3);
  });

  test("or a row an L3 where no plan is shown", () => {
    const { columns, rows } = words.tabulateMap(layoutMachine(GOLDEN, {}, 900), GOLDEN);

    assert.equal(columns[0], "L3");
    assert.deepEqual(rows.map((row) => row[0]), ["L3 0 · 32 MiB", "L3 1 · 32 MiB"]);
    assert.deepEqual(rows.map((row) => row[1]), ["0-7", "8-15"]);
  });

  test("512 streams are named in one reading of the threads", () => {
    const machine = MACHINES["512 cores"];
    const streams = readStreams(readThreads(machine, buildPlan(machine, Array(512).fill(1))));

    assert.deepEqual(streams.map((its) => its.map((t) => t.cpu)), machine.threads.cpu.map((cpu) => [cpu]));
  });
});
