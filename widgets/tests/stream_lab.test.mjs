import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { chooseControls, countStreams, limitLoad } from "../deepsched_widgets/static/stream_lab/controls.js";
import { describeRest } from "../deepsched_widgets/static/stream_lab/countdown.js";
import { askStreams } from "../deepsched_widgets/static/stream_lab/findings.js";
import { readNumber } from "../deepsched_widgets/static/stream_lab/number_box.js";
import { describeButtons, describeTune, isInForce } from "../deepsched_widgets/static/stream_lab/run_row.js";
import { isFolded, keepFolded } from "../deepsched_widgets/static/stream_lab/sections.js";

describe("a number box", () => {
  const limits = { min: 1, max: 16 };

  test("gives the number that was typed, whole and within the limits", () => {
    assert.equal(readNumber("4", limits, 2), 4);
    assert.equal(readNumber("4.6", limits, 2), 5);
    assert.equal(readNumber("99", limits, 2), 16);
    assert.equal(readNumber("-3", limits, 2), 1);
    assert.equal(readNumber("1e1", limits, 2), 10);
  });

  test("gives what is in force where no number was typed", () => {
    for (const text of ["", "  ", "four", "4 streams", "NaN"]) assert.equal(readNumber(text, limits, 2), 2, text);
  });

  test("keeps fractions of a rate", () => {
    assert.equal(readNumber("12.5", { min: 0.01, max: 5000, whole: false }, 200), 12.5);
    assert.equal(readNumber("0", { min: 0.01, max: 5000, whole: false }, 200), 0.01);
    assert.equal(readNumber("Infinity", { min: 0.01, max: 5000, whole: false }, 200), 5000);
  });
});

describe("the load's limits", () => {
  const limits = { max_clients: 256, min_rate: 0.5, max_rate: 5000, fixed: [] };

  test("are those of what is chosen", () => {
    assert.deepEqual(limitLoad("clients", limits), { min: 1, max: 256 });
    assert.deepEqual(limitLoad("rate", limits), { min: 0.5, max: 5000, whole: false });
  });

  test("allow no clients where the lab watches an engine", () => {
    assert.equal(limitLoad("clients", { ...limits, fixed: ["model"] }).min, 0);
  });
});

describe("the controls", () => {
  test("are a workload where a run is simulated, a prediction where it is measured", () => {
    const { workload, predict } = chooseControls({ measurable: false, max_threads_per_core: 1 });
    assert.deepEqual([workload, predict], [true, false]);
    const here = chooseControls({ measurable: true, max_threads_per_core: 1 });
    assert.deepEqual([here.workload, here.predict], [false, true]);
  });

  test("have threads per core where a core has several", () => {
    assert.equal(chooseControls({ measurable: true, max_threads_per_core: 1 }).threads_per_core, false);
    assert.equal(chooseControls({ measurable: true, max_threads_per_core: 2 }).threads_per_core, true);
  });

  test("count streams in words", () => {
    assert.deepEqual([1, 2, 16].map(countStreams), ["1 stream", "2 streams", "16 streams"]);
  });
});

describe("the countdown", () => {
  test("starts at the whole time and ends in words", () => {
    assert.equal(describeRest(60, 5000, 5000), "stops by itself in 60 s");
    assert.equal(describeRest(60, 5000, 22_400), "stops by itself in 43 s");
    assert.equal(describeRest(60, 5000, 64_999), "stops by itself in 1 s");
    assert.equal(describeRest(60, 5000, 65_000), "stops by itself now");
    assert.equal(describeRest(60, 5000, 99_000), "stops by itself now");
  });

  test("does not count what began before the page was there", () => {
    assert.equal(describeRest(60, null, 5000), "stops by itself after 60 s");
  });
});

describe("the buttons", () => {
  const [START, TUNE, STOP] = [[true, false], [false, true], [false, false]];
  const read = (button) => [button.words, button.stops, [button.asks.running, button.asks.tuning]];
  const readBoth = (running, tuning) => Object.values(describeButtons(running, tuning)).map(read);

  test("start and tune where nothing is asked for", () => {
    assert.deepEqual(readBoth(false, false), [["Start", false, START], ["Tune", false, TUNE]]);
  });

  test("stop what is asked for, and take over from it", () => {
    assert.deepEqual(readBoth(true, false), [["Stop", true, STOP], ["Tune", false, TUNE]]);
    assert.deepEqual(readBoth(false, true), [["Start", false, START], ["Stop tuning", true, STOP]]);
  });

  test("never ask for both, even in the moment when one takes over from the other", () => {
    assert.deepEqual(readBoth(true, true), [["Stop", true, STOP], ["Stop tuning", true, STOP]]);
  });

  test("say what tune looks for under the load", () => {
    assert.match(describeTune("clients"), /highest throughput$/);
    assert.match(describeTune("rate"), /smallest latency at this rate$/);
  });
});

describe("what tune found", () => {
  const verdict = { scheduler: "multi_stream", num_streams: 2, threads_per_core: 1 };
  const stands = (changes) => isInForce(verdict, (name) => ({ ...verdict, ...changes })[name]);

  test("has nothing to apply where it stands already", () => {
    assert.equal(stands({}), true);
    for (const changes of [{ num_streams: 3 }, { threads_per_core: 2 }, { scheduler: "single_stream" }]) {
      assert.equal(stands(changes), false, JSON.stringify(changes));
    }
  });

  test("is one stream of all cores in single_stream, whatever the slider says", () => {
    const single = { scheduler: "single_stream", num_streams: 1, threads_per_core: 1 };
    assert.equal(isInForce(single, (name) => ({ ...single, num_streams: 5 })[name]), true);
  });
});

describe("a finding's option", () => {
  test("asks for streams, and for the scheduler that has several", () => {
    assert.deepEqual(askStreams(2, false), { num_streams: 2, scheduler: "multi_stream" });
  });

  test("leaves a scheduler that is fixed", () => {
    assert.deepEqual(askStreams(2, true), { num_streams: 2 });
  });
});

/** Give the page a storage, or one that refuses. */
function store(t, get) {
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get });
  t.after(() => delete globalThis.localStorage);
}

describe("a folded section", () => {
  test("is open where the page may not store", (t) => {
    store(t, () => {
      throw new Error("SecurityError");
    });
    keepFolded("sweep", true);
    assert.equal(isFolded("sweep"), false);
  });

  test("stays folded where it may", (t) => {
    const kept = new Map();
    store(t, () => ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) }));
    keepFolded("sweep", true);
    assert.deepEqual([isFolded("sweep"), isFolded("timeline")], [true, false]);
    keepFolded("sweep", false);
    assert.equal(isFolded("sweep"), false);
  });
});
