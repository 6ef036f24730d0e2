import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { fitColours, fitLayout, isLight, mergeLayout, shareTimes } from "../deepsched_widgets/static/chart_view/fit.js";
import { bringPlotly } from "../deepsched_widgets/static/chart_view/plotly.js";

const LIGHT = { ink: "#111", page: "#fff", line: "#888" };
const LAYOUT = { height: 390, xaxis: { domain: [0, 0.7], title: { text: "seconds" } } };
const NARROW = { height: 700, xaxis: { domain: [0, 1] } };

describe("layouts", () => {
  test("are merged object by object", () => {
    const merged = mergeLayout(LAYOUT, NARROW);
    assert.deepEqual(merged, { height: 700, xaxis: { domain: [0, 1], title: { text: "seconds" } } });
    assert.equal(LAYOUT.xaxis.domain[1], 0.7, "and neither is changed");
  });

  test("replace what is no object by what is, and the other way round", () => {
    assert.deepEqual(mergeLayout({ a: 1, b: { c: 2 }, d: null }, { a: { e: 3 }, b: 4, d: { f: 5 } }), {
      a: { e: 3 }, b: 4, d: { f: 5 },
    });
  });

  test("follow the page's width and colours", () => {
    const fitted = fitLayout(LAYOUT, NARROW, 900, LIGHT);
    assert.equal(fitted.width, 900);
    assert.equal(fitted.height, 390);
    assert.equal(fitted.font.color, "#111");
    assert.equal(fitted.hoverlabel.bgcolor, "#fff");
    assert.equal(fitted.paper_bgcolor, "rgba(0,0,0,0)");
  });

  test("keep what is written over curves legible", () => {
    const described = { ...LAYOUT, template: { layout: { annotationdefaults: { textangle: -90 } } } };
    const { template } = fitLayout(described, NARROW, 900, LIGHT);
    assert.deepEqual(template.layout.annotationdefaults, { textangle: -90, bgcolor: "#fff" });
    assert.equal(template.data.bar[0].error_y.color, "#111");
  });

  test("are the narrow ones on a narrow page", () => {
    assert.equal(fitLayout(LAYOUT, NARROW, 360, LIGHT).height, 700);
    assert.equal(fitLayout(LAYOUT, {}, 360, LIGHT).height, 390);
    assert.equal(fitLayout(LAYOUT, {}, 360, LIGHT).dragmode, false, "where a finger scrolls");
  });
});

test("a dim blue is lighter on a dark page, and only there", () => {
  assert.deepEqual(["rgb(255, 255, 255)", "rgba(31, 35, 40, 1)", "#fff"].map(isLight), [true, false, false]);
  const traces = [{ y: [1, null], line: { color: "#0072B2" }, marker: { symbol: ["circle"], color: "#D55E00" } }];
  const [fitted] = fitColours(traces, "rgb(255, 255, 255)");
  assert.deepEqual(fitted, { ...traces[0], line: { color: "#56B4E9" } });
  assert.equal(fitColours(traces, "rgb(31, 35, 40)"), traces);
});

test("traces without times have those of the first", () => {
  const traces = [{ x: [1, 2], y: [3, 4] }, { y: [5, 6] }, { x: ["1"], y: [7] }];
  assert.deepEqual(shareTimes(traces).map(({ x }) => x), [[1, 2], [1, 2], ["1"]]);
  assert.deepEqual(shareTimes([]), []);
  assert.equal(traces[1].x, undefined, "and stay as they are");
});

describe("plotly", () => {
  /** Build a page with nothing on it, and views that count what they ask for and hear. */
  function buildPage(t) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    globalThis.document = new EventTarget();
    t.after(() => {
      delete globalThis.document;
      delete globalThis.Plotly;
    });
    return (send) => {
      const control = new AbortController();
      const view = { asked: 0, ready: 0, silent: 0, leave: () => control.abort() };
      const model = { on() {}, send: send ?? (() => (view.asked += 1)) };
      const hear = { onReady: () => (view.ready += 1), onSilence: () => (view.silent += 1), signal: control.signal };
      bringPlotly(model, hear);
      return view;
    };
  }

  test("is asked for once a page, and by another chart when the one that asked is gone", (t) => {
    const addView = buildPage(t);
    const [first, second] = [addView(), addView()];
    assert.deepEqual([first.asked, second.asked], [1, 0]);
    first.leave();
    assert.deepEqual([first.asked, second.asked], [1, 1]);
  });

  test("is not asked for where it is", (t) => {
    const addView = buildPage(t);
    globalThis.Plotly = { react() {} };
    assert.equal(addView().asked, 0);
  });

  test("that does not come leaves the table, and a kernel that is gone is no error", (t) => {
    const addView = buildPage(t);
    const view = addView(() => {
      throw new Error("no comm");
    });
    assert.equal(view.silent, 1);
    const waiting = addView();
    t.mock.timers.tick(20_000);
    assert.equal(waiting.silent, 1);
  });
});
