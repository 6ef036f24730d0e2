import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { fitLayout, mergeLayout } from "../deepsched_widgets/static/chart_view/widget.js";

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

  test("are the narrow ones on a narrow page", () => {
    assert.equal(fitLayout(LAYOUT, NARROW, 360, LIGHT).height, 700);
    assert.equal(fitLayout(LAYOUT, {}, 360, LIGHT).height, 390);
  });
});
