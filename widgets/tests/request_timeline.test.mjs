import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { chooseTicks, layoutTimelines } from "../deepsched_widgets/static/request_timeline/layout.js";
import { findNeighbour, findSpot, moveWindow, readSpot } from "../deepsched_widgets/static/request_timeline/moves.js";
import { cutText, formatMs, nameBar, tabulate, wrapText } from "../deepsched_widgets/static/request_timeline/words.js";

/** Build what the kernel sends of a run: `each` requests a stream, `ran` ms each, one after another. */
function buildPanel({ lanes, each, ran, depths = [] }) {
  const bars = { request: [], count: [], stream: [], row: [], started: [], ended: [], waited: [], ran: [] };
  for (let stream = 0; stream < lanes; stream++) {
    for (let i = 0; i < each; i++) {
      const row = { request: i * lanes + stream, count: 1, stream, row: i ? (i - 1) % 3 : -1 };
      const times = { started: i * ran, ended: (i + 1) * ran, waited: i ? ran : 0, ran };
      for (const [name, value] of Object.entries({ ...row, ...times })) bars[name].push(value);
    }
  }
  const words = { title: `${lanes} streams`, origin: "measured", sign: "●", summary: "8 requests done", note: "" };
  return { ...words, lanes, rows: depths.length ? 0 : 3, depths, bars };
}

const buildPicture = (panels, start = 0, duration = 100) => ({ start, duration, span: 1000, panels });

const CLASSIC = buildPicture([
  buildPanel({ lanes: 1, each: 16, ran: 5 }),
  buildPanel({ lanes: 4, each: 6, ran: 14 }),
]);
const STREAMS = [1, 2, 16, 128, 512];
const WIDTHS = [360, 480, 640, 800, 1000, 1400];
const SLACK = 1e-6;

describe("layout", () => {
  for (const lanes of STREAMS) {
    test(`everything is inside the picture and apart with ${lanes} streams`, () => {
      for (const width of WIDTHS) {
        const { width: w, height, bars, panels } = layoutTimelines(
          buildPicture([buildPanel({ lanes, each: 3, ran: 30 }), buildPanel({ lanes, each: 3, ran: 50 })]),
          width,
        );
        assert.ok(w <= width + SLACK);
        for (const place of bars.flatMap(({ run, wait }) => [run, wait]).filter(Boolean)) {
          assert.ok(place.x >= 0 && place.x + place.w <= w + SLACK, "in width");
          assert.ok(place.y >= 0 && place.y + place.h <= height + SLACK, "in height");
        }
        for (const panel of panels) {
          for (const { run, stream } of panel.bars.filter((bar) => bar.run)) {
            assert.ok(run.y >= panel.top + stream * panel.lane && run.y + run.h <= panel.top + (stream + 1) * panel.lane);
          }
          for (const { wait } of panel.bars.filter((bar) => bar.wait)) assert.ok(wait.y + wait.h < panel.top);
        }
      }
    });
  }

  test("two runs stand side by side where there is room, on one scale", () => {
    const { panels, columns } = layoutTimelines(CLASSIC, 800);
    const [single, multi] = panels;
    assert.equal(columns, 2);
    assert.equal(single.top, multi.top);
    assert.equal(single.plot.w, multi.plot.w);
    assert.ok(Math.abs(single.bars[0].run.w / 5 - multi.bars[0].run.w / 14) < SLACK);
  });

  test("and below each other where there is none", () => {
    const { panels, columns } = layoutTimelines(CLASSIC, 400);
    assert.equal(columns, 1);
    assert.equal(panels[0].plot.x, panels[1].plot.x);
    assert.ok(panels[1].y >= panels[0].y + panels[0].h);
  });

  test("bars end at the window, and what lies outside is not there", () => {
    const picture = buildPicture([buildPanel({ lanes: 1, each: 16, ran: 5 })], 12, 10);
    const { bars, panels: [panel] } = layoutTimelines(picture, 500);
    // The last of them waits there, and runs later.
    assert.deepEqual(bars.map(({ request }) => request), [2, 3, 4, 5]);
    assert.equal(bars[0].run.x, panel.plot.x);
    assert.ok(Math.abs(bars[2].run.x + bars[2].run.w - panel.plot.x - panel.plot.w) < SLACK);
    assert.equal(bars[3].run, null);
  });

  test("numbers stand only in bars that hold them", () => {
    const text = (width) => layoutTimelines(CLASSIC, width).bars.map((bar) => bar.text);
    assert.ok(text(1400).every(Boolean));
    const { bars } = layoutTimelines(CLASSIC, 360);
    for (const { text, run } of bars.filter((bar) => bar.text)) assert.ok(run.w > 6 * text.length);
  });

  test("a deep queue is one area, as high at its deepest as there is room", () => {
    const picture = buildPicture([buildPanel({ lanes: 2, each: 1, ran: 50, depths: [0, 40, 20] })]);
    const [panel] = layoutTimelines(picture, 600).panels;
    const heights = [...panel.depthLine.matchAll(/V([\d.]+)h/g)].map(([, y]) => panel.top - 3 - Number(y));
    assert.deepEqual(heights, [0, 80, 40]);
  });

  test("the queues of a picture are on one scale", () => {
    const panels = [[40, 0], [10, 20]].map((depths) => buildPanel({ lanes: 2, each: 1, ran: 50, depths }));
    const [, { depthLine, top }] = layoutTimelines(buildPicture(panels), 800).panels;
    const heights = [...depthLine.matchAll(/V([\d.]+)h/g)].map(([, y]) => top - 3 - Number(y));
    assert.deepEqual(heights, [20, 40]);
  });

  test("a note takes the lines that it needs", () => {
    const note = "The first 40 of 128 streams are drawn. Many short requests are drawn as one bar.";
    const place = (width) => layoutTimelines(buildPicture([{ ...buildPanel({ lanes: 2, each: 1, ran: 5 }), note }]), width);
    const [wide, narrow] = [place(1000), place(360)];
    assert.deepEqual(wide.panels[0].notes, [note]);
    assert.equal(narrow.panels[0].notes.join(" "), note);
    assert.ok(narrow.height > wide.height);
  });

  test("no requests are no mistake", () => {
    assert.deepEqual(layoutTimelines(buildPicture([buildPanel({ lanes: 1, each: 0, ran: 1 })]), 600).bars, []);
  });
});

describe("ticks", () => {
  test("are round, inside, apart, and the last bears the unit", () => {
    for (const duration of [0.002, 0.3, 7, 100, 1234, 3e5]) {
      for (const start of [0, duration * 0.37, duration * 12]) {
        const ticks = chooseTicks(start, duration, 400);
        assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks.length} ticks`);
        assert.ok(ticks.every(({ time }) => time >= start - SLACK && time <= start + duration * (1 + SLACK)));
        assert.equal(new Set(ticks.map(({ text }) => text)).size, ticks.length);
        assert.match(ticks.at(-1).text, / ms$/);
      }
    }
  });

  test("of 100 ms are 0, 20, 40, ...", () => {
    assert.deepEqual(chooseTicks(0, 100, 400).map(({ text }) => text), ["0", "20", "40", "60", "80", "100 ms"]);
  });
});

describe("keys", () => {
  const { bars } = layoutTimelines(CLASSIC, 800);
  const lead = (index, key) => bars.indexOf(findNeighbour(bars, index, key));

  test("lead along a lane and to its ends", () => {
    assert.equal(lead(3, "ArrowRight"), 4);
    assert.equal(lead(3, "ArrowLeft"), 2);
    assert.equal(lead(3, "Home"), 0);
    assert.equal(lead(3, "End"), 15);
    assert.equal(lead(0, "ArrowLeft"), -1);
    assert.equal(lead(15, "ArrowRight"), -1);
  });

  test("lead to the bar of that time in the next lane, and from run to run", () => {
    const down = bars[lead(4, "ArrowDown")];
    assert.deepEqual([down.panel, down.stream, down.started], [1, 0, 14]);
    const back = bars[lead(bars.indexOf(down), "ArrowUp")];
    assert.equal(back.panel, 0);
    assert.equal(lead(0, "ArrowUp"), -1);
  });

  test("that mean nothing lead nowhere", () => assert.equal(lead(0, "a"), -1));

  test("reach every bar", () => {
    const reached = new Set([0]);
    for (const index of reached) {
      for (const key of ["ArrowRight", "ArrowDown", "Home", "End"]) {
        const to = lead(index, key);
        if (to >= 0) reached.add(to);
      }
    }
    assert.equal(reached.size, bars.length);
  });
});

describe("a spot", () => {
  const { bars } = layoutTimelines(CLASSIC, 800);

  test("is found again, bar by bar", () => {
    for (const index of bars.keys()) assert.equal(findSpot(bars, readSpot(bars, index)), index);
  });

  test("whose bar is gone is the last of its lane, or the first of all", () => {
    const spot = { panel: 0, stream: 0, place: 99 };
    assert.equal(findSpot(bars, spot), 15);
    assert.equal(findSpot(bars, { ...spot, stream: 7 }), 0);
    assert.equal(findSpot([], spot), -1);
  });
});

describe("buttons", () => {
  test("move by half a window and zoom by two", () => {
    const picture = buildPicture([], 100, 200);
    assert.deepEqual(moveWindow(picture, "earlier"), { start: 0, duration: 200 });
    assert.deepEqual(moveWindow(picture, "later"), { start: 200, duration: 200 });
    assert.deepEqual(moveWindow(picture, "closer"), { start: 100, duration: 100 });
    assert.deepEqual(moveWindow(picture, "wider"), { start: 100, duration: 400 });
  });

  test("that have nothing more to show ask for nothing", () => {
    assert.equal(moveWindow(buildPicture([], 0, 2000), "earlier"), null);
    assert.equal(moveWindow(buildPicture([], 0, 2000), "later"), null);
    assert.equal(moveWindow(buildPicture([], 0, 2000), "wider"), null);
    assert.equal(moveWindow(buildPicture([], 0, 0.001), "closer"), null);
    assert.equal(moveWindow(buildPicture([]), "newest"), null);
    assert.equal(moveWindow(buildPicture([]), undefined), null, "nor does a click between them");
  });

  test("lead back to the newest requests where there are such", () => {
    assert.deepEqual(moveWindow({ ...buildPicture([]), newer: true }, "newest"), { newest: true });
  });
});

describe("words", () => {
  test("name a request by what a person asks", () => {
    const bar = { request: 12, count: 1, stream: 1, waited: 3.14, ran: 12 };
    assert.equal(nameBar(bar), "request 12, stream 1, waited 3.1 ms, ran 12.0 ms");
    assert.match(nameBar({ ...bar, count: 9 }), /^9 requests from 12 on, .* on average$/);
  });

  test("write times as people read them", () => {
    assert.deepEqual([0, 0.0047, 0.12, 3.14, 1234.5].map(formatMs), ["0.0", "0.0047", "0.12", "3.1", "1234.5"]);
  });

  test("of the table are those of the bars", () => {
    const { bars } = layoutTimelines(CLASSIC, 800);
    const { columns, rows } = tabulate(CLASSIC, bars);
    assert.equal(rows.length, bars.length);
    assert.ok(rows.every((row) => row.length === columns.length));
    assert.deepEqual(rows[1], ["1 streams", 1, 0, "0.0", "5.0", "5.0", "10.0"]);
  });

  test("are broken between words", () => {
    assert.deepEqual(wrapText("", 100, 10), []);
    assert.deepEqual(wrapText("one two three", 8 * 5.4, 10), ["one two", "three"]);
    assert.deepEqual(wrapText("immeasurable", 10, 10), ["immeasurable"]);
  });

  test("are cut to their room", () => {
    assert.equal(cutText("single_stream", 500, 14), "single_stream");
    const cut = cutText("x".repeat(300), 100, 14);
    assert.ok(cut.length * 14 * 0.54 <= 100 && cut.endsWith("…"));
  });
});
